#include <fmt/format.h>

#include "base/time.h"
#include "cli/commands.h"
#include "cli/table.h"

namespace millrace::cli {
namespace {

std::string counts_of(const Json& counts) {
  std::string out;
  for (const auto& [state, count] : counts.members) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count.shown(), state);
  }
  return out;
}

std::string path_of(const OneRun& one, std::string_view run_id) {
  return fmt::format("/api/v2/dags/{}/dagRuns/{}", escaped(one.dag_id), escaped(run_id));
}

}  // namespace

std::optional<std::string> run_id_of(Context& context, const OneRun& one, int& code) {
  if (!parse_iso(one.run_id)) return one.run_id;
  const std::string at = escaped(one.run_id);  // the daemon knows the DAG's zone
  const auto answer =
      fetch(context, fmt::format("/api/v2/dags/{}/dagRuns?limit=2&logical_date_gte={}&logical_date_lte={}",
                                 escaped(one.dag_id), at, at));
  if (!answer) {
    code = answer.error();
    return std::nullopt;
  }
  const auto& runs = (*answer)["dag_runs"].items;
  if (runs.size() == 1) return runs[0]["dag_run_id"].shown();
  complain(fmt::format("DAG '{}' has {} for {}{}", one.dag_id, runs.empty() ? "no run" : "several runs",
                       one.run_id, runs.empty() ? "" : "; name one by its run id"));
  code = not_found;
  return std::nullopt;
}

int runs_list(Context& context, const RunsOptions& options) {
  std::string path =
      fmt::format("/api/v2/dags/{}/dagRuns?{}&order_by=-id", escaped(options.dag_id), options.query());
  for (const std::string& state : options.states) path += "&state=" + escaped(state);
  if (!options.backfill.empty()) path += "&backfill_id=" + escaped(options.backfill);
  const auto answer = fetch(context, path);
  if (!answer) return answer.error();
  return print_list(
      context, *answer, "dag_runs",
      {{"DAG", "dag_id"},
       {"RUN", "dag_run_id"},
       {"EXECUTION DATE", "execution_date", short_time},
       {"STATE", "state"},
       {"REASON", "reason"},
       {"STARTED", "start_date", short_time},
       {"TOOK", "duration", [](const Json& seconds) { return render_seconds(seconds.shown()); }}});
}

int runs_show(Context& context, const OneRun& one) {
  int code = ok;
  const auto run_id = run_id_of(context, one, code);
  if (!run_id) return code;
  const auto run = fetch(context, path_of(one, *run_id));
  if (!run) return run.error();
  if (print_json(context, *run)) return ok;
  const Json& r = *run;
  print(render_facts(
      {{"dag", r["dag_id"].shown()},
       {"run", r["dag_run_id"].shown()},
       {"execution date", short_time(r["execution_date"])},
       {"interval", short_time(r["data_interval_start"]) + " to " + short_time(r["data_interval_end"])},
       {"state", r["state"].shown()},
       {"reason", r["reason"].shown()},
       {"type", r["run_kind"].shown()},
       {"by", r["triggering_user_name"].shown()},
       {"queued", short_time(r["queued_at"])},
       {"started", short_time(r["start_date"])},
       {"ended", short_time(r["end_date"])},
       {"took", render_seconds(r["duration"].shown())},
       {"params", to_json(r["conf"])},
       {"note", r["note"].shown()},
       {"tasks", counts_of(r["task_counts"])}}));
  print("\n");
  TasksOptions tasks;
  tasks.run = {one.dag_id, *run_id};
  return tasks_list(context, tasks);
}

int runs_cancel(Context& context, const OneRun& one) {
  int code = ok;
  const auto run_id = run_id_of(context, one, code);
  if (!run_id) return code;
  const auto run = send(context, "POST", path_of(one, *run_id) + "/cancel");
  if (!run) return run.error();
  if (!print_json(context, *run))
    print(fmt::format("{} {}: its tasks are being ended\n", one.dag_id, *run_id));
  return ok;
}

int runs_clear(Context& context, const OneRun& one, bool only_failed, bool latest_version) {
  int code = ok;
  const auto run_id = run_id_of(context, one, code);
  if (!run_id) return code;
  const auto run = send(context, "POST", path_of(one, *run_id) + "/clear",
                        fmt::format("{{\"dry_run\":false,\"only_failed\":{},\"run_on_latest_version\":{}}}",
                                    only_failed, latest_version));
  if (!run) return run.error();
  if (!print_json(context, *run)) {
    print(fmt::format("{} {} runs again: {}\n", one.dag_id, *run_id, (*run)["state"].shown()));
  }
  return ok;
}

int runs_delete(Context& context, const OneRun& one) {
  int code = ok;
  const auto run_id = run_id_of(context, one, code);
  if (!run_id) return code;
  const auto done = send(context, "DELETE", path_of(one, *run_id));
  if (!done) return done.error();
  if (context.json) {
    print(object_of({text_member("dag_id", one.dag_id), text_member("deleted", *run_id)}) + "\n");
  } else {
    print(fmt::format("{} {} is removed, with its logs and outputs\n", one.dag_id, *run_id));
  }
  return ok;
}

int runs_wait(Context& context, const OneRun& one, bool follow) {
  int code = ok;
  const auto run_id = run_id_of(context, one, code);
  return run_id ? wait_for_run(context, one.dag_id, *run_id, follow) : code;
}

}  // namespace millrace::cli
