#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/table.h"

namespace millrace::cli {
namespace {

std::string path_of(const std::string& dag_id) { return "/api/v2/dags/" + escaped(dag_id); }

std::string names_of(const Json& list, std::string_view member) {
  std::string out;
  for (const Json& item : list.items) {
    out += (out.empty() ? "" : ", ") + (member.empty() ? item.shown() : item[member].shown());
  }
  return out;
}

}  // namespace

int dags_list(Context& context, const DagsOptions& options) {
  std::string path = "/api/v2/dags?" + options.query();
  if (!options.pattern.empty()) path += "&dag_id_pattern=" + escaped(options.pattern);
  for (const std::string& tag : options.tags) path += "&tags=" + escaped(tag);
  const auto answer = fetch(context, path);
  if (!answer) return answer.error();
  return print_list(context, *answer, "dags",
                    {{"DAG", "dag_id"},
                     {"STAGE", "stage"},
                     {"SCHEDULE", "timetable_summary"},
                     {"PAUSED", "is_paused"},
                     {"NEXT", "next_dagrun_logical_date", short_time},
                     {"TASKS", "task_count"},
                     {"TAGS", "tags", [](const Json& tags) { return names_of(tags, "name"); }}});
}

int dags_show(Context& context, const std::string& dag_id) {
  const auto dag = fetch(context, path_of(dag_id) + "/details");
  if (!dag) return dag.error();
  const auto tasks = fetch(context, path_of(dag_id) + "/tasks");
  if (!tasks) return tasks.error();
  if (context.json) {
    print(fmt::format("{{\"dag\":{},\"tasks\":{}}}\n", to_json(*dag), to_json((*tasks)["tasks"])));
    return ok;
  }
  const Json& d = *dag;
  print(render_facts({{"dag", d["dag_id"].shown()},
                      {"description", d["description"].shown()},
                      {"stage", d["stage"].shown()},
                      {"owner", names_of(d["owners"], "")},
                      {"tags", names_of(d["tags"], "name")},
                      {"schedule", d["timetable_summary"].shown()},
                      {"timezone", d["timezone"].shown()},
                      {"paused", d["is_paused"].shown()},
                      {"next", short_time(d["next_dagrun_logical_date"])},
                      {"from", short_time(d["start_date"])},
                      {"until", short_time(d["end_date"])},
                      {"catchup", d["catchup"].shown()},
                      {"max active", fmt::format("{} runs, {} tasks a run", d["max_active_runs"].shown(),
                                                 d["max_active_tasks"].shown())},
                      {"version", d["version_number"].shown()},
                      {"file", d["fileloc"].shown()}}));
  print("\n");
  return print_list(
      context, *tasks, "tasks",
      {{"TASK", "task_id"},
       {"DOES", "operator_name"},
       {"AFTER", "upstream_task_ids", [](const Json& list) { return names_of(list, ""); }},
       {"RULE", "trigger_rule"},
       {"RETRIES", "retries"},
       {"POOL", "pool"},
       {"GPU", "resources", [](const Json& r) { return r["gpu"].shown() == "0" ? "" : r["gpu"].shown(); }}});
}

int dags_pause(Context& context, const std::string& dag_id, bool paused) {
  const auto answer = send(context, "PATCH", path_of(dag_id), fmt::format("{{\"is_paused\":{}}}", paused));
  if (!answer) return answer.error();
  if (!print_json(context, *answer))
    print(fmt::format("{} is {}\n", dag_id, paused ? "paused" : "on its schedule"));
  return ok;
}

int dags_delete(Context& context, const std::string& dag_id) {
  const auto answer = send(context, "DELETE", path_of(dag_id));
  if (!answer) return answer.error();
  if (!context.json) print(fmt::format("{} is removed; its runs stay\n", dag_id));
  return ok;
}

}  // namespace millrace::cli
