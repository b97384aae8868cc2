#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/commands.h"
#include "cli/table.h"

namespace millrace::cli {
namespace {

constexpr std::size_t short_hash = 15;  // `b3:` and 12 digits: enough for people, accepted by all commands

std::string path_of(const std::string& dataset) { return "/api/v2/datasets/" + escaped(dataset); }

std::string shortened(const Json& hash) { return hash.shown().substr(0, short_hash); }

std::string bytes_text(const Json& bytes) {
  double size = bytes.number();
  if (size < 1024) return fmt::format("{:.0f} B", size);
  size /= 1024;
  for (const char* unit : {"KiB", "MiB", "GiB"}) {
    if (size < 1024) return fmt::format("{:.1f} {}", size, unit);
    size /= 1024;
  }
  return fmt::format("{:.1f} TiB", size);
}

std::string users_of(const Json& list) {
  std::string out;
  for (const Json& user : list.items) {
    const std::string task = user["task_id"].shown();
    out += (out.empty() ? "" : ", ") + user["dag_id"].shown() + (task.empty() ? "" : "." + task);
  }
  return out;
}

std::vector<Column> version_columns() {
  return {{"ID", "id"},
          {"PARTITION", "partition", short_time},
          {"VERSION", "version", shortened},
          {"BYTES", "bytes", bytes_text},
          {"FILES", "files"},
          {"ROWS", "rows"},
          {"WRITTEN", "created_at", short_time},
          {"DAG", "dag_id"},
          {"RUN", "run_id"},
          {"TASK", "task_id"}};
}

/// What a person calls a node of lineage.
std::string label_of(const Json& node) {
  const std::string kind = node["kind"].shown();
  const std::string task = node["dag_id"].shown() + "." + node["task_id"].shown();
  if (kind == "dataset") return node["dataset"].shown();
  if (kind == "dag") return "DAG " + node["dag_id"].shown();
  if (kind == "task") return task;
  if (kind == "version")
    return fmt::format("{} {} {}", node["dataset"].shown(), short_time(node["partition"]),
                       shortened(node["version"]));
  const std::string index =
      node["map_index"].integer() < 0 ? "" : fmt::format("[{}]", node["map_index"].shown());
  return fmt::format("{}{} try {} of {}", task, index, node["try_number"].shown(), node["run_id"].shown());
}

}  // namespace

int datasets_list(Context& context, const DatasetsOptions& options) {
  std::string path = "/api/v2/datasets?" + options.query();
  if (!options.pattern.empty()) path += "&name_pattern=" + escaped(options.pattern);
  const auto answer = fetch(context, path);
  if (!answer) return answer.error();
  const auto time_of = [](const char* name) {
    return [name](const Json& version) { return short_time(version[name]); };
  };
  return print_list(context, *answer, "datasets",
                    {{"DATASET", "name"},
                     {"DAG", "dag_id"},
                     {"FORMAT", "format"},
                     {"PARTITIONS", "partitions"},
                     {"VERSIONS", "versions"},
                     {"NEWEST", "newest_version", time_of("partition")},
                     {"VERSION", "newest_version", [](const Json& v) { return shortened(v["version"]); }},
                     {"WRITTEN", "newest_version", time_of("created_at")}});
}

int datasets_show(Context& context, const std::string& dataset) {
  const auto answer = fetch(context, path_of(dataset));
  if (!answer) return answer.error();
  if (print_json(context, *answer)) return ok;
  const Json& d = *answer;
  const Json& newest = d["newest_version"];
  print(render_facts({{"dataset", d["name"].shown()},
                      {"description", d["description"].shown()},
                      {"path", d["uri"].shown()},
                      {"format", d["format"].shown()},
                      {"made by", users_of(d["producers"])},
                      {"read by", users_of(d["consumers"])},
                      {"starts", users_of(d["triggers"])},
                      {"partitions", d["partitions"].shown()},
                      {"versions", d["versions"].shown()},
                      {"newest", newest["version"].shown()},
                      {"of", short_time(newest["partition"])},
                      {"written", short_time(newest["created_at"])},
                      {"bytes", newest.is_null() ? "" : bytes_text(newest["bytes"])},
                      {"rows", newest["rows"].shown()},
                      {"at", newest["path"].shown()}}));
  return ok;
}

int datasets_versions(Context& context, const VersionsOptions& options) {
  std::string path = path_of(options.dataset) + "/versions?" + options.query();
  if (!options.partition.empty()) path += "&partition=" + escaped(options.partition);
  if (!options.version.empty()) path += "&version=" + escaped(options.version);
  const auto answer = fetch(context, path);
  if (!answer) return answer.error();
  return print_list(context, *answer, "versions", version_columns());
}

int datasets_partitions(Context& context, const VersionsOptions& options) {
  const auto answer = fetch(context, path_of(options.dataset) + "/partitions?" + options.query());
  if (!answer) return answer.error();
  return print_list(context, *answer, "partitions",
                    {{"PARTITION", "partition", short_time},
                     {"VERSIONS", "versions"},
                     {"NEWEST", "newest_version", [](const Json& v) { return shortened(v["version"]); }},
                     {"BYTES", "newest_version", [](const Json& v) { return bytes_text(v["bytes"]); }},
                     {"ROWS", "newest_version", [](const Json& v) { return v["rows"].shown(); }},
                     {"RUN", "newest_version", [](const Json& v) { return v["run_id"].shown(); }}});
}

int lineage(Context& context, const LineageOptions& options) {
  const char* direction = options.upstream == options.downstream ? "both"
                          : options.upstream                     ? "upstream"
                                                                 : "downstream";
  const auto answer = fetch(context, fmt::format("/api/v2/lineage?node={}&depth={}&direction={}",
                                                 escaped(options.node), options.depth, direction));
  if (!answer) return answer.error();
  if (print_json(context, *answer)) return ok;
  std::map<std::string, std::string> labels;
  for (const Json& node : (*answer)["nodes"].items) labels[node["id"].shown()] = label_of(node);
  std::vector<std::vector<std::string>> rows;
  for (const Json& edge : (*answer)["edges"].items)
    rows.push_back({labels[edge["from"].shown()], "->", labels[edge["to"].shown()]});
  if (rows.empty()) {
    for (const auto& [id, label] : labels) rows.push_back({label, "", ""});
  }
  print(render_table({"FROM", "", "TO"}, rows, context.color));
  if ((*answer)["truncated"].is_true()) complain("there is more: ask for fewer steps with --depth");
  return ok;
}

}  // namespace millrace::cli
