#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/table.h"

namespace millrace::cli {
namespace {

constexpr std::int64_t range_not_satisfiable = 416;

struct Located {
  std::string run_path, task_path;
  OneTask task;
};

std::optional<Located> locate(Context& context, const OneTask& task, int& code) {
  const auto run_id = run_id_of(context, {task.dag_id, task.run_id}, code);
  if (!run_id) return std::nullopt;
  Located out;
  out.task = task;
  out.task.run_id = *run_id;
  out.run_path = fmt::format("/api/v2/dags/{}/dagRuns/{}", escaped(task.dag_id), escaped(*run_id));
  out.task_path = fmt::format("{}/taskInstances/{}", out.run_path, escaped(task.task_id));
  return out;
}

std::string mapped(const Located& at) {
  return at.task.map_index < 0 ? at.task_path : fmt::format("{}/{}", at.task_path, at.task.map_index);
}

bool has_ended(const Json& attempt) { return !attempt["outcome"].is_null(); }

}  // namespace

int tasks_list(Context& context, const TasksOptions& options) {
  int code = ok;
  const auto at = locate(context, {options.run.dag_id, options.run.run_id, "", -1}, code);
  if (!at) return code;
  std::string path = at->run_path + "/taskInstances?" + options.query();
  for (const std::string& state : options.states) path += "&state=" + escaped(state);
  const auto answer = fetch(context, path);
  if (!answer) return answer.error();
  return print_list(
      context, *answer, "task_instances",
      {{"TASK", "task_id"},
       {"MAP", "map_index", [](const Json& i) { return i.integer() < 0 ? "" : i.shown(); }},
       {"STATE", "state", [](const Json& state) { return state.is_null() ? "none" : state.shown(); }},
       {"REASON", "reason"},
       {"TRY", "try_number"},
       {"STARTED", "start_date", short_time},
       {"TOOK", "duration", [](const Json& seconds) { return render_seconds(seconds.shown()); }},
       {"POOL", "pool"}});
}

int tasks_log(Context& context, const OneTask& task, int try_number, bool follow) {
  int code = ok;
  const auto at = locate(context, task, code);
  if (!at) return code;
  const auto instance = fetch(context, mapped(*at));
  if (!instance) return instance.error();
  const std::int64_t number = try_number > 0 ? try_number : (*instance)["try_number"].integer();
  if (number == 0) {
    complain(fmt::format("task '{}' hasn't started; `millrace tasks explain` says what it waits for",
                         task.task_id));
    return refused;
  }
  const std::string log = fmt::format("{}/logs/{}?map_index={}", at->task_path, number, task.map_index);
  const std::string attempt_path = fmt::format("{}/tries/{}", mapped(*at), number);
  std::int64_t offset = 0;
  for (;;) {
    // Whether it has ended is asked before the log is read: nothing is written after.
    const auto attempt = fetch(context, attempt_path);
    if (!attempt) return attempt.error();
    const auto status = context.client().stream(log, offset, [&](std::string_view piece) {
      offset += static_cast<std::int64_t>(piece.size());
      print(piece);
    });
    if (!status) return complain(status.error().message), unreachable;
    if (*status >= 400 && *status != range_not_satisfiable) {
      const auto why = fetch(context, log);
      return why ? refused : why.error();
    }
    if (!follow || has_ended(*attempt)) {
      const std::string message = (*attempt)["exit"]["message"].shown();
      if (!message.empty()) complain(message);
      return ok;
    }
    pause_ms(400);
  }
}

int tasks_explain(Context& context, const OneTask& task) {
  int code = ok;
  const auto at = locate(context, task, code);
  if (!at) return code;
  const auto answer = fetch(context, mapped(*at) + "/explain");
  if (!answer) return answer.error();
  if (print_json(context, *answer)) return ok;
  const std::string state = (*answer)["state"].shown();
  const std::string reason = (*answer)["reason"].shown();
  print(fmt::format("{} is {}{}\n", task.task_id, state.empty() ? "none" : state,
                    reason.empty() ? "" : " (" + reason + ")"));
  print((*answer)["verdict"].shown() + "\n");
  for (const Json& wait : (*answer)["waiting_on"].items) {
    print(fmt::format("  waits for {}: {}\n", wait["kind"].shown(), wait["detail"].shown()));
  }
  for (const Json& past : (*answer)["history"].items) {
    const std::string to = past["to"].shown();
    print(fmt::format("  {} to {}: {}\n", past["from"].shown(), to.empty() ? "now" : to,
                      past["gate"].shown()));
  }
  return ok;
}

int tasks_mark(Context& context, const OneTask& task, const std::string& state, const std::string& note) {
  int code = ok;
  const auto at = locate(context, task, code);
  if (!at) return code;
  const auto answer =
      send(context, "PATCH", mapped(*at),
           object_of({text_member("new_state", state), note.empty() ? "" : text_member("note", note)}));
  if (!answer) return answer.error();
  if (!print_json(context, *answer)) print(fmt::format("{} is marked {}\n", task.task_id, state));
  return ok;
}

int tasks_clear(Context& context, const ClearOptions& options) {
  int code = ok;
  const auto at = locate(context, options.task, code);
  if (!at) return code;
  const std::string ids =
      options.task.map_index < 0
          ? json_string(options.task.task_id)
          : fmt::format("[{},{}]", json_string(options.task.task_id), options.task.map_index);
  const auto flag = [](std::string_view name, bool value) {
    return fmt::format("{}:{}", json_string(name), value);
  };
  const std::string body =
      object_of({text_member("dag_run_id", at->task.run_id), "\"task_ids\":[" + ids + "]",
                 flag("dry_run", options.dry_run), flag("only_failed", options.only_failed),
                 flag("include_upstream", options.upstream), flag("include_downstream", options.downstream)});
  const auto answer =
      send(context, "POST", "/api/v2/dags/" + escaped(options.task.dag_id) + "/clearTaskInstances", body);
  if (!answer) return answer.error();
  if (print_json(context, *answer)) return ok;
  print(fmt::format("{} {} task instance{}\n", options.dry_run ? "would clear" : "cleared",
                    (*answer)["total_entries"].shown(),
                    (*answer)["total_entries"].integer() == 1 ? "" : "s"));
  for (const Json& one : (*answer)["task_instances"].items) print("  " + one["task_id"].shown() + "\n");
  return ok;
}

}  // namespace millrace::cli
