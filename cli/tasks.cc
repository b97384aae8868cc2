#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/table.h"

namespace millrace::cli {
namespace {

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

/// The number of the try that was asked for. Nothing: it complained.
std::optional<std::int64_t> try_of(Context& context, const Located& at, int asked, int& code) {
  if (asked > 0) return asked;
  const auto instance = fetch(context, mapped(at));
  if (!instance) {
    code = instance.error();
    return std::nullopt;
  }
  const std::int64_t number = (*instance)["try_number"].integer();
  if (number > 0) return number;
  complain(fmt::format("task '{}' hasn't started; `millrace tasks explain` says what it waits for",
                       at.task.task_id));
  code = refused;
  return std::nullopt;
}

/// By the daemon's own stream, until the try has ended. A stream that was cut goes on where it was.
int follow_log(Context& context, const std::string& log) {
  std::string last_id;
  bool over = false;
  for (int lost = 0; !over;) {
    const auto reply = context.client().listen(
        log + "&follow=1" + (last_id.empty() ? "&offset=0" : ""), last_id, [&](const StreamEvent& event) {
          lost = 0;
          if (!event.id.empty()) last_id = event.id;
          over = event.event == "end";
          if (event.event == "reset") complain("the log was over its limit and was cut");
          if (const auto piece = read_json(event.data); piece && event.event == "log")
            print((*piece)["text"].shown());
          return !over;
        });
    if (over || (reply && reply->status == 204)) return ok;
    if (reply && reply->status >= 300) return explain_refusal(*reply);
    if (!reply && ++lost > 20) return complain(reply.error().message), unreachable;
    pause_ms(500);
  }
  return ok;
}

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
  const auto number = try_of(context, *at, try_number, code);
  if (!number) return code;
  const std::string log = fmt::format("{}/logs/{}?map_index={}", at->task_path, *number, task.map_index);
  if (context.json) {
    const auto reply = context.client().get(log + "&full_content=true", "application/json");
    if (!reply) return complain(reply.error().message), unreachable;
    if (reply->status >= 300) return explain_refusal(*reply);
    print(reply->body + "\n");
    return ok;
  }
  if (follow) {
    if (code = follow_log(context, log); code != ok) return code;
  } else {
    const auto status = context.client().stream(log, 0, print);
    if (!status) return complain(status.error().message), unreachable;
    if (*status >= 400) {
      const auto why = fetch(context, log);
      return why ? refused : why.error();
    }
  }
  const auto attempt = fetch(context, fmt::format("{}/tries/{}", mapped(*at), *number));
  if (!attempt) return attempt.error();
  if (const std::string message = (*attempt)["exit"]["message"].shown(); !message.empty()) complain(message);
  return ok;
}

int tasks_search(Context& context, const SearchOptions& options) {
  int code = ok;
  const auto at = locate(context, options.task, code);
  if (!at) return code;
  const auto number = try_of(context, *at, options.try_number, code);
  if (!number) return code;
  std::string path = fmt::format("{}/logs/{}/search?limit=100", mapped(*at), *number);
  if (!options.text.empty()) path += "&q=" + escaped(options.text);
  if (!options.level.empty()) path += "&level=" + escaped(options.level);
  if (options.ignore_case) path += "&ignore_case=true";
  std::string from, json;
  int found = 0;
  // A call ends after 100 ms or 100 matches; the cursor leads on.
  do {
    const auto answer = fetch(context, path + (from.empty() ? "" : "&from=" + escaped(from)));
    if (!answer) return answer.error();
    for (const Json& match : (*answer)["matches"].items) {
      if (found++ == options.limit) break;
      if (context.json) {
        json += (json.empty() ? "" : ",") + to_json(match);
      } else {
        show_progress(context, "");
        print(fmt::format("{}: {}\n", match["line"].shown(), printable(match["text"].shown())));
      }
    }
    from = (*answer)["next"].shown();
    show_progress(context, render_bar((*answer)["searched"].integer(), (*answer)["size"].integer(), 30));
  } while (!from.empty() && found < options.limit);
  show_progress(context, "");
  if (context.json) print(fmt::format("{{\"matches\":[{}]}}\n", json));
  return found > 0 ? ok : not_found;
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
