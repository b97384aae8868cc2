#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <utility>

#include "base/time.h"
#include "cli/commands.h"
#include "cli/table.h"

namespace millrace::cli {
namespace {

std::string list_of(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ",") + json_string(item);
  return "[" + out + "]";
}

std::string path_of(const std::string& id) { return "/api/v2/backfills/" + escaped(id); }

std::string progress_of(const Json& backfill) {
  const Json& n = backfill["counts"];
  const long long done =
      n["success"].integer() + n["failed"].integer() + n["skipped"].integer() + n["cancelled"].integer();
  const Json& pace = backfill["progress"];
  const std::string left = render_seconds(pace["seconds_left"].shown());
  return fmt::format(
      "{}  {} running, {} failed  {}{}", render_bar(done, n["total"].integer(), 30), n["running"].shown(),
      n["failed"].shown(), backfill["state"].shown(),
      left.empty() ? "" : fmt::format("  {}/min, {} left", pace["runs_per_minute"].shown(), left));
}

void print_backfill(const Json& b) {
  const Json& n = b["counts"];
  print(render_facts(
      {{"backfill", b["id"].shown()},
       {"dag", b["dag_id"].shown()},
       {"dates", short_time(b["from_date"]) + " to " + short_time(b["to_date"])},
       {"state", b["state"].shown()},
       {"reprocess", b["reprocess_behavior"].shown()},
       {"at a time", b["max_active_runs"].shown()},
       {"by", b["created_by"].shown()},
       {"created", short_time(b["created_at"])},
       {"ended", short_time(b["completed_at"])},
       {"dates done",
        fmt::format("{} of {}: {} success, {} failed, {} skipped, {} cancelled; {} running, "
                    "{} queued",
                    n["success"].integer() + n["failed"].integer() + n["skipped"].integer() +
                        n["cancelled"].integer(),
                    n["total"].shown(), n["success"].shown(), n["failed"].shown(), n["skipped"].shown(),
                    n["cancelled"].shown(), n["running"].shown(), n["queued"].shown())},
       {"runs a minute", b["progress"]["runs_per_minute"].shown()},
       {"left", render_seconds(b["progress"]["seconds_left"].shown())},
       {"carries on", b["root_backfill_id"].shown()}}));
  for (const Json& other : b["carries_on"].items)
    print(fmt::format("  carries on into {} (backfill {}): {}, {} of {}, {} failed\n",
                      other["dag_id"].shown(), other["id"].shown(), other["state"].shown(),
                      other["done"].shown(), other["total"].shown(), other["failed"].shown()));
}

/// `31 to create, 2 to run again`, without what there is none of.
std::string totals_of(const Json& totals) {
  constexpr std::pair<const char*, const char*> words[] = {{"create", "to create"},
                                                           {"rerun", "to run again"},
                                                           {"skip", "to leave"},
                                                           {"running", "running"},
                                                           {"blocked", "blocked"}};
  std::string out;
  for (const auto& [name, word] : words)
    if (totals[name].integer() > 0)
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", totals[name].shown(), word);
  return out.empty() ? "nothing" : out;
}

/// A letter a date: a line a month, or a day where there are several dates a day.
void print_matrix(const Json& matrix) {
  constexpr std::string_view letters = "qrsfkc", drawn = ".~#x-o";
  const std::string& cells = matrix["cells"].text;
  const auto first = parse_iso(matrix["first_date"].shown());
  if (!first) return;
  const std::int64_t step_us = matrix["step_seconds"].integer() * 1'000'000;
  std::string line, label;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto date = step_us > 0
                          ? std::optional(WallTime{first->us + static_cast<std::int64_t>(i) * step_us})
                          : parse_iso(matrix["dates"].items[i].shown());
    const bool days = step_us > 0 && step_us < 86'400'000'000;
    const std::string wanted = date ? to_date(*date).substr(0, days ? 10 : 7) : "";
    if (wanted != label && !line.empty()) print(fmt::format("{:10}  {}\n", label, std::exchange(line, {})));
    label = wanted;
    const std::size_t at = letters.find(cells[i]);
    line += at == letters.npos ? '?' : drawn[at];
  }
  if (!line.empty()) print(fmt::format("{:10}  {}\n", label, line));
  print(". queued  ~ running  # success  x failed  - skipped  o cancelled\n");
}

void print_failures(const Json& failures) {
  for (const Json& group : failures["groups"].items)
    print(fmt::format("  {} dates: {} {}, first {}\n", group["count"].shown(), group["task_id"].shown(),
                      group["reason"].shown(),
                      short_time(group["dates"].items.empty() ? Json{} : group["dates"].items[0])));
}

void print_plan(const Json& plan) {
  constexpr std::size_t shown = 20;
  const auto& spans = plan["spans"].items;
  for (std::size_t i = 0; i < std::min(spans.size(), shown); ++i) {
    const std::string from = short_time(spans[i]["from"]), to = short_time(spans[i]["to"]);
    print(fmt::format("  {}  {:7}  {:>6}  {}\n", from == to ? from : from + " to " + to,
                      spans[i]["action"].shown(), spans[i]["count"].shown(), spans[i]["reason"].shown()));
  }
  if (spans.size() > shown) print(fmt::format("  … and {} more stretches\n", spans.size() - shown));
  print(fmt::format("{} dates: {}\n", plan["total_entries"].shown(), totals_of(plan["totals"])));
  if (const std::string zone = plan["timezone"].shown(); zone != "UTC" && !zone.empty())
    print(fmt::format("dates without an offset are taken in {}, and shown in UTC\n", zone));
  for (const Json& next : plan["cascade"].items)
    print(fmt::format("then {}: {}\n", next["dag_id"].shown(), totals_of(next["totals"])));
  for (const Json& left : plan["left_out"].items)
    print(fmt::format("not into {}: {}\n", left["dag_id"].shown(), left["reason"].shown()));
  const Json& estimate = plan["estimate"];
  const std::string seconds = render_seconds(estimate["seconds"].shown());
  if (seconds.empty()) return;
  const auto hours = [&](std::string_view name) {
    return render_seconds(fmt::format("{}", estimate[name].number() * 3600));
  };
  print(fmt::format("about {} from {} past runs (9 of 10 times within {}); {} of cpu, {} of gpu time\n",
                    seconds, estimate["samples"].shown(), render_seconds(estimate["p90_seconds"].shown()),
                    hours("cpu_h"), hours("gpu_h")));
}

bool confirmed() {
  if (::isatty(STDIN_FILENO) == 0) {
    complain("nobody to ask: give --yes to start it");
    return false;
  }
  print("Start it? [y/N] ");
  std::string line;
  std::getline(std::cin, line);
  return line == "y" || line == "Y" || line == "yes";
}

bool is_over(const std::string& state) {
  return state == "completed" || state == "failed" || state == "cancelled";
}

/// Whether the state of every backfill that this one carries on into is as asked.
bool carried_on(const Json& backfill, bool (*as_asked)(const std::string&)) {
  return std::ranges::all_of(backfill["carries_on"].items,
                             [&](const Json& other) { return as_asked(other["state"].shown()); });
}

int act(Context& context, const std::string& method, const std::string& path) {
  const auto answer = send(context, method, path);
  if (!answer) return answer.error();
  if (!print_json(context, *answer)) print_backfill(*answer);
  return ok;
}

}  // namespace

std::optional<std::string> backfill_body(const BackfillOptions& options) {
  std::string from = options.from, to = options.to;
  if (!options.range.empty()) {
    const std::size_t dots = options.range.find("..");
    from = options.range.substr(0, dots);
    to = dots == std::string::npos ? from : options.range.substr(dots + 2);
  }
  for (const std::string* date : {&from, &to}) {
    if (!date->empty() && !parse_iso(*date)) {
      complain(fmt::format("'{}' is not a date; use 2001-01-31 or 2001-01-01..2001-01-31", *date));
      return std::nullopt;
    }
  }
  if (options.dates.empty() && (from.empty() || to.empty())) {
    complain(
        "say which dates: --dates 2001-01-01..2001-01-31, or --from and --to, or --date for single ones");
    return std::nullopt;
  }
  const auto params = params_object(options.params);
  if (!params) return std::nullopt;
  const auto flag = [](std::string_view name, bool value) {
    return value ? json_string(name) + ":true" : std::string();
  };
  return object_of({text_member("dag_id", options.dag_id), from.empty() ? "" : text_member("from_date", from),
                    to.empty() ? "" : text_member("to_date", to),
                    options.dates.empty() ? "" : "\"dates\":" + list_of(options.dates),
                    text_member("reprocess_behavior", options.reprocess),
                    fmt::format("\"max_active_runs\":{}", options.max_active_runs),
                    flag("run_backwards", options.backwards), flag("cascade", options.cascade),
                    options.tasks.empty() ? "" : "\"task_ids\":" + list_of(options.tasks),
                    flag("include_upstream", options.upstream),
                    flag("include_downstream", options.downstream),
                    options.pinned ? text_member("dag_version", "pinned") : "",
                    options.pool.empty() ? "" : text_member("pool", options.pool),
                    options.priority == 0 ? "" : fmt::format("\"priority\":{}", options.priority),
                    options.description.empty() ? "" : text_member("description", options.description),
                    "\"params\":" + *params});
}

int backfill_create(Context& context, const BackfillOptions& options) {
  auto body = backfill_body(options);
  if (!body) return usage;
  if (!options.yes || options.dry_run) {
    const auto plan = send(context, "POST", "/api/v2/backfills/dry_run", *body);
    if (!plan) return plan.error();
    if (options.dry_run && print_json(context, *plan)) return ok;
    if (!context.json) print_plan(*plan);
    if (options.dry_run) return ok;
    if ((*plan)["counts"]["create"].integer() + (*plan)["counts"]["rerun"].integer() == 0) {
      complain("nothing to do; --reprocess completed runs the dates again");
      return ok;
    }
    if (!confirmed()) return refused;
    // What was shown is what starts, or nothing does.
    body =
        body->substr(0, body->size() - 1) + "," + text_member("revision", (*plan)["revision"].shown()) + "}";
  }
  const auto backfill = send(context, "POST", "/api/v2/backfills", *body);
  if (!backfill) return backfill.error();
  const std::string id = (*backfill)["id"].shown();
  if (options.wait) return wait_for_backfill(context, id);
  if (!print_json(context, *backfill)) {
    print(fmt::format("backfill {} is {}\nwatch it: millrace backfill show {} --matrix\n", id,
                      (*backfill)["state"].shown(), id));
  }
  return ok;
}

int wait_for_backfill(Context& context, const std::string& id) {
  for (;;) {
    const auto backfill = fetch(context, path_of(id));
    if (!backfill) return backfill.error();
    const std::string state = (*backfill)["state"].shown();
    show_progress(context, progress_of(*backfill));
    if (is_over(state) && carried_on(*backfill, is_over)) {
      show_progress(context, "");
      if (!print_json(context, *backfill)) print_backfill(*backfill);
      const auto good = [](const std::string& word) { return word == "completed"; };
      return good(state) && carried_on(*backfill, good) ? ok : refused;
    }
    pause_ms(500);
  }
}

int backfill_list(Context& context, const std::string& dag_id, const ListOptions& options) {
  std::string path = "/api/v2/backfills?" + options.query();
  if (!dag_id.empty()) path += "&dag_id=" + escaped(dag_id);
  const auto answer = fetch(context, path);
  if (!answer) return answer.error();
  const auto done = [](const Json& n) {
    return fmt::format(
        "{}/{}",
        n["success"].integer() + n["failed"].integer() + n["skipped"].integer() + n["cancelled"].integer(),
        n["total"].shown());
  };
  return print_list(context, *answer, "backfills",
                    {{"ID", "id"},
                     {"DAG", "dag_id"},
                     {"FROM", "from_date", short_time},
                     {"TO", "to_date", short_time},
                     {"STATE", "state"},
                     {"DONE", "counts", done},
                     {"FAILED", "counts", [](const Json& n) { return n["failed"].shown(); }},
                     {"CREATED", "created_at", short_time}});
}

int backfill_show(Context& context, const std::string& id, const BackfillShown& what) {
  const auto backfill = fetch(context, path_of(id));
  if (!backfill) return backfill.error();
  if (!what.items && !what.matrix && print_json(context, *backfill)) return ok;
  if (!context.json) {
    print_backfill(*backfill);
    if ((*backfill)["counts"]["failed"].integer() > 0) {
      const auto failures = fetch(context, path_of(id) + "/failures");
      if (!failures) return failures.error();
      print_failures(*failures);
    }
  }
  if (what.matrix) {
    const auto matrix = fetch(context, path_of(id) + "/dagRuns");
    if (!matrix) return matrix.error();
    if (!print_json(context, *matrix)) print_matrix(*matrix);
    return ok;
  }
  if (!what.items) return ok;
  const auto list = fetch(context, path_of(id) + "/items?limit=1000");
  if (!list) return list.error();
  if (!context.json) print("\n");
  return print_list(context, *list, "items",
                    {{"EXECUTION DATE", "execution_date", short_time},
                     {"STATE", "state"},
                     {"REASON", "reason"},
                     {"RUN", "dag_run_id"}});
}

int backfill_pause(Context& context, const std::string& id, bool paused) {
  return act(context, "PUT", path_of(id) + (paused ? "/pause" : "/unpause"));
}
int backfill_cancel(Context& context, const std::string& id, bool terminate) {
  return act(context, "PUT", path_of(id) + "/cancel?mode=" + (terminate ? "terminate" : "drain"));
}
int backfill_retry(Context& context, const std::string& id) {
  return act(context, "POST", path_of(id) + "/retryFailed");
}

}  // namespace millrace::cli
