#include <fmt/format.h>

#include <map>

#include "cli/commands.h"
#include "cli/table.h"

namespace millrace::cli {
namespace {

std::string path_of_run(const std::string& dag_id, const std::string& run_id) {
  return fmt::format("/api/v2/dags/{}/dagRuns/{}", escaped(dag_id), escaped(run_id));
}

/// Prints each task whose state isn't what it was when last looked at.
int print_moves(Context& context, const std::string& path, std::map<std::string, std::string>& seen) {
  for (int offset = 0;; offset += 1'000) {
    const auto answer = fetch(context, fmt::format("{}/taskInstances?limit=1000&offset={}", path, offset));
    if (!answer) return answer.error();
    for (const Json& task : (*answer)["task_instances"].items) {
      std::string name = task["task_id"].shown();
      if (task["map_index"].integer() >= 0) name += "[" + task["map_index"].shown() + "]";
      std::string state = task["state"].shown();
      if (const std::string reason = task["reason"].shown(); !reason.empty()) state += " (" + reason + ")";
      if (state.empty() || seen[name] == state) continue;
      seen[name] = state;
      show_progress(context, "");
      print(fmt::format("{}  {}\n", name, state));
    }
    if (offset + 1'000 >= (*answer)["total_entries"].integer()) return ok;
  }
}

}  // namespace

std::string run_progress(const Json& run) {
  long long done = 0, all = 0;
  for (const auto& [state, count] : run["task_counts"].members) {
    all += count.integer();
    const bool final = state == "success" || state == "failed" || state == "skipped" ||
                       state == "upstream_failed" || state == "removed";
    if (final) done += count.integer();
  }
  return render_bar(done, all, 30) + "  " + run["state"].shown();
}

int wait_for_run(Context& context, const std::string& dag_id, const std::string& run_id, bool follow) {
  const std::string path = path_of_run(dag_id, run_id);
  std::map<std::string, std::string> seen;
  for (;;) {
    const auto run = fetch(context, path);
    if (!run) return run.error();
    const std::string state = (*run)["state"].shown();
    if (follow && !context.json) {
      if (const int code = print_moves(context, path, seen); code != ok) return code;
    }
    show_progress(context, run_progress(*run));
    if (state == "success" || state == "failed") {
      show_progress(context, "");
      if (!print_json(context, *run)) {
        const std::string reason = (*run)["reason"].shown();
        print(fmt::format("{} {}: {}{} in {}\n", dag_id, run_id, state,
                          reason.empty() ? "" : " (" + reason + ")",
                          render_seconds((*run)["duration"].shown())));
      }
      return state == "success" ? ok : refused;
    }
    pause_ms(400);
  }
}

std::optional<std::string> run_body(const RunOptions& options) {
  const auto conf = params_object(options.params);
  if (!conf) return std::nullopt;
  return object_of({options.date.empty() ? "" : text_member("logical_date", options.date),
                    options.run_id.empty() ? "" : text_member("dag_run_id", options.run_id),
                    options.note.empty() ? "" : text_member("note", options.note), "\"conf\":" + *conf});
}

int run(Context& context, const RunOptions& options) {
  const auto body = run_body(options);
  if (!body) return usage;
  const auto answer = send(context, "POST", "/api/v2/dags/" + escaped(options.dag_id) + "/dagRuns", *body);
  if (!answer) return answer.error();
  const std::string run_id = (*answer)["dag_run_id"].shown();
  if (options.wait || options.follow) {
    if (!context.json)
      print(fmt::format("{} {} is {}\n", options.dag_id, run_id, (*answer)["state"].shown()));
    return wait_for_run(context, options.dag_id, run_id, options.follow);
  }
  if (!print_json(context, *answer)) {
    print(fmt::format("{} {} is {}\nwatch it: millrace runs show {} {}\n", options.dag_id, run_id,
                      (*answer)["state"].shown(), options.dag_id, run_id));
  }
  return ok;
}

}  // namespace millrace::cli
