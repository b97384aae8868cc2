#include "api/look_up.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/limits.h"

namespace millrace {
namespace {

std::optional<int> to_map_index(std::string_view text) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < -1) return std::nullopt;
  return value;
}

/// The path's, where it has one; a query that says another is looked at nevertheless.
std::expected<int, Problem> map_index_of(const Call& call) {
  std::optional<int> index = to_map_index(call.query_value("map_index").value_or("-1"));
  for (const auto& [name, value] : call.params)
    if (index && name == "map_index") index = to_map_index(value);
  if (!index) return refuse_field("map_index", "a number from -1 on");
  return *index;
}

}  // namespace

std::expected<RunRow, Problem> find_run(const Call& call, StoreReader& reader) {
  auto run = reader.run(call.param("dag_id"), call.param("run_id"));
  if (run) return std::move(*run);
  return refuse(404, "not_found",
                fmt::format("DAG '{}' has no run '{}'", call.param("dag_id"), call.param("run_id")),
                "millrace runs list shows those there are");
}

std::expected<FoundTask, Problem> find_task_instance(const Call& call, StoreReader& reader) {
  auto run = find_run(call, reader);
  if (!run) return std::unexpected(std::move(run.error()));
  const auto map_index = map_index_of(call);
  if (!map_index) return std::unexpected(map_index.error());
  auto instance = reader.task_instance(run->id, call.param("task_id"), *map_index);
  if (instance) return FoundTask{std::move(*run), std::move(*instance)};
  const std::string which = *map_index < 0 ? "" : fmt::format(" with map_index {}", *map_index);
  return refuse(404, "not_found",
                fmt::format("run '{}' has no task '{}'{}", run->run_id, call.param("task_id"), which),
                *map_index < 0 ? "a mapped task needs its map_index" : "");
}

std::expected<std::vector<RunRow>, Problem> runs_around(StoreReader& reader, std::string_view dag_id,
                                                        std::optional<WallTime> from,
                                                        std::optional<WallTime> to) {
  RunFilter filter;
  filter.dag_id = dag_id;
  filter.execution_date_from = from, filter.execution_date_to = to;
  Page page;
  page.limit = static_cast<int>(std::min(limits::runs_per_clear, limits::list_page));
  page.order_by = "logical_date";
  auto listed = reader.runs(filter, page);
  if (!listed) return std::unexpected(to_problem(listed.error()));
  if (listed->total_entries > static_cast<std::int64_t>(limits::runs_per_clear)) {
    return refuse(422, "too_many",
                  fmt::format("that reaches {} runs; one request may change {}", listed->total_entries,
                              limits::runs_per_clear),
                  "a backfill with reprocess_behavior runs any number again");
  }
  return std::move(listed->rows);
}

}  // namespace millrace
