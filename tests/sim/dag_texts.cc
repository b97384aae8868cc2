#include "tests/sim/dag_texts.h"

#include <fmt/format.h>

namespace millrace::sim {
namespace {

std::string any_of(Dice& dice, const std::vector<std::string>& words) {
  return words[dice.below(words.size())];
}

std::string schedule(Dice& dice, const DagTaste& taste, const std::string& dag_id) {
  if (dag_id == "reader" && taste.datasets) {
    const char* how[] = {"{datasets: [made]}", "{datasets: [made], partition: none}",
                         "{datasets: [made], policy: one_run_per_event}",
                         "{datasets: [made], partition: {to: \"@daily\"}}",
                         "{datasets: [made], partition: {window: 2d}}"};
    return how[dice.below(5)];
  }
  if (dag_id == "child") return dice.chance(70) ? "null" : "\"@continuous\"";
  const char* crons[] = {"@hourly",      "@daily",      "30 2 * * *",
                         "*/30 * * * *", "0 */4 * * *", "15 1,2,3 * * *"};
  if (dice.chance(15)) return "{every: 45m}";
  std::string out =
      fmt::format("{{cron: \"{}\", timezone: {}", crons[dice.below(6)], any_of(dice, taste.zones));
  if (dice.chance(25)) out += ", jitter: 3m";
  if (dice.chance(20)) out += ", data_interval: none";
  if (dice.chance(20)) out += ", dst: {missing: skip, duplicate: both}";
  return out + "}";
}

std::string action(Dice& dice, const DagTaste& taste, const std::string& dag_id, std::size_t t) {
  // The kind of a task stays that of its name: t1 is a sensor wherever there are any.
  if (t == 1 && taste.sensors && dag_id != "child") {
    if (taste.datasets && dice.chance(50))
      return "    sensor: {dataset: made, poke_interval: 5m, timeout: 9h}\n";
    return "    sensor: {run: {dag_id: child}, poke_interval: 10m, timeout: 3h}\n";
  }
  if (t == 2 && taste.child_runs && dag_id == "caller")
    return fmt::format("    trigger_dag: {{dag_id: child{}}}\n", dice.chance(20) ? ", wait: false" : "");
  return "    command: [run]\n";
}

std::string task(Dice& dice, const DagTaste& taste, const std::string& dag_id, std::size_t t) {
  std::string out = fmt::format("  t{}:\n", t) + action(dice, taste, dag_id, t);
  const bool is_command = out.find("command") != std::string::npos;
  std::string upstream;
  for (std::size_t u = 0; u < t; ++u)
    if (dice.chance(35)) upstream += fmt::format("{}t{}", upstream.empty() ? "" : ", ", u);
  if (!upstream.empty()) out += fmt::format("    depends_on: [{}]\n", upstream);
  const char* rules[] = {"all_success", "all_failed",  "all_done",    "one_success",
                         "one_failed",  "one_done",    "none_failed", "none_failed_min_one_success",
                         "none_skipped", "all_skipped", "always"};
  if (dice.chance(30)) out += fmt::format("    trigger_rule: {}\n", rules[dice.below(11)]);
  if (dice.chance(60))
    out += fmt::format("    retries: {{limit: {}, delay: {}s, backoff: {}, jitter: {}, on_lost: {}}}\n",
                       dice.below(4), dice.below(900), 1 + dice.below(2), dice.chance(30), dice.chance(50));
  if (dice.chance(10)) out += "    depends_on_past: true\n";
  if (dice.chance(20)) out += fmt::format("    priority: {}\n", dice.below(5));
  if (!is_command) return out;
  if (dice.chance(20)) out += "    timeout: 7m\n";
  if (dice.chance(15)) out += "    idempotent: true\n";
  if (taste.gpus && dice.chance(30)) {
    out += fmt::format("    resources: {{gpu: 1, memory: {}GiB}}\n", 1 + dice.below(4));
    return out;
  }
  if (dice.chance(25)) out += "    pool: small\n";
  if (dice.chance(20)) out += "    pool_slots: 2\n";
  if (dice.chance(20)) out += fmt::format("    resources: {{cpu: {}, memory: 2GiB}}\n", 1 + dice.below(3));
  if (taste.mapped && dice.chance(20)) {
    const bool later = t > 0 && dice.chance(50) && upstream.ends_with(fmt::format("t{}", t - 1));
    out += later ? fmt::format("    expand: {{item: \"{{{{ tasks.t{}.output.n }}}}\"}}\n", t - 1)
                 : "    expand: {item: [1, 2, 3], max_active: 2}\n";
  } else if (taste.branches && dice.chance(15)) {
    out += "    branch: true\n";
  }
  return out;
}

}  // namespace

const std::vector<std::string>& dag_names() {
  static const std::vector<std::string> names{"maker", "reader", "caller", "child", "other"};
  return names;
}

std::string dag_text(Dice& dice, const DagTaste& taste, const std::string& dag_id) {
  std::string out = fmt::format("dag_id: {}\nschedule: {}\n", dag_id, schedule(dice, taste, dag_id));
  out += fmt::format("max_active_runs: {}\nmax_active_tasks: {}\n", 1 + dice.below(4), 1 + dice.below(5));
  const bool has_ticks = out.find("cron") != std::string::npos || out.find("every") != std::string::npos;
  if (has_ticks && dice.chance(60)) {
    const char* policies[] = {"true", "false", "{policy: latest}", "{policy: all, window: 6h}",
                              "{policy: all, max_runs: 5}"};
    out += fmt::format("start_date: {}\ncatchup: {}\n", taste.start_date, policies[dice.below(5)]);
  }
  if (dice.chance(15)) out += "depends_on_past: true\n";
  if (dice.chance(15)) out += "run_timeout: 2h\n";
  if (dice.chance(15)) out += "notify: {on_failure: [{command: [tell]}], on_retry: [{command: [tell]}]}\n";
  if (dice.chance(10)) out += "deadline: {after: queued, within: 1h, notify: [{command: [tell]}]}\n";
  if (dag_id == "maker" && taste.datasets) out += "datasets: {made: {path: \"made/{{ ts_nodash }}.csv\"}}\n";
  out += "tasks:\n";
  const std::size_t count = 2 + dice.below(5);
  for (std::size_t t = 0; t < count; ++t) out += task(dice, taste, dag_id, t);
  if (dag_id == "maker" && taste.datasets)
    out += "  write: {command: [run], depends_on: [t0], outputs: [made], trigger_rule: all_done}\n";
  return out;
}

std::string broken_dag_text(Dice& dice, const std::string& dag_id) {
  const char* ends[] = {"tasks: {a: {command: [run], depends_on: [b]}}\n",
                        "tasks: {a: {command: [run]}, b: {command: [run], depends_on: [b]}}\n",
                        "tasks: {a: {command: [run], pool: nowhere}}\n", "tasks: {a: {command: [run]\n",
                        "schedule: \"0 0 31 2 *\"\ntasks: {a: {command: [run]}}\n"};
  return fmt::format("dag_id: {}\n{}", dag_id, ends[dice.below(5)]);
}

}  // namespace millrace::sim
