#include <fmt/format.h>

#include "cli/commands.h"

namespace millrace::cli {
namespace {

std::string path_of(const std::string& dag_id) { return "/api/v2/dags/" + escaped(dag_id); }

std::string words_of(const Json& list) {
  std::string out;
  for (const Json& item : list.items) out += (out.empty() ? "" : ", ") + item.shown();
  return out;
}

}  // namespace

int dags_versions(Context& context, const std::string& dag_id, const ListOptions& options) {
  const auto answer =
      fetch(context, path_of(dag_id) + "/dagVersions?order_by=-version_number&" + options.query());
  if (!answer) return answer.error();
  return print_list(context, *answer, "dag_versions",
                    {{"VERSION", "version_number"},
                     {"CREATED", "created_at", short_time},
                     {"FROM", "bundle_name"},
                     {"CONTENT", "bundle_version",
                      [](const Json& hash) { return hash.shown().substr(0, 12); }}});
}

int dags_diff(Context& context, const std::string& dag_id, int from, int to) {
  std::string path = fmt::format("/api/v2/ui/dags/{}/versions/diff?", escaped(dag_id));
  if (from > 0) path += fmt::format("from_version={}&", from);
  if (to > 0) path += fmt::format("to_version={}", to);
  const auto answer = fetch(context, path);
  if (!answer) return answer.error();
  if (print_json(context, *answer)) return ok;
  const Json& d = *answer;
  print(fmt::format("{}: version {} to {}\n", dag_id, d["from"].shown(), d["to"].shown()));
  bool any = false;
  const std::pair<const char*, char> lists[] = {{"added", '+'}, {"removed", '-'}, {"changed", '~'}};
  for (const auto& [member, sign] : lists)
    for (const Json& task : d[member].items) {
      any = true;
      print(fmt::format("{} {}\n", sign, task.shown()));
    }
  for (const Json& task : d["rewired"].items) {
    any = true;
    print(fmt::format("> {}: after [{}], was [{}]\n", task["task_id"].shown(),
                      words_of(task["upstream_after"]), words_of(task["upstream_before"])));
  }
  if (!any) print("the tasks are the same\n");
  return ok;
}

int dags_preview(Context& context, const std::string& dag_id, int count) {
  const auto answer = fetch(context, fmt::format("{}/schedule/preview?count={}", path_of(dag_id), count));
  if (!answer) return answer.error();
  return print_list(context, *answer, "ticks",
                    {{"EXECUTION DATE", "execution_date", short_time},
                     {"STARTS", "run_after", short_time},
                     {"LOCAL TIME", "local_time"},
                     {"ZONE", "timezone"}});
}

}  // namespace millrace::cli
