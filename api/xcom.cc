#include <fmt/format.h>

#include "api/filters.h"
#include "api/handlers.h"
#include "api/look_up.h"
#include "api/shapes.h"
#include "base/limits.h"

namespace millrace::handlers {
namespace {

void write_entry(JsonWriter& out, const OutputRow& row, const FoundTask& found, bool as_text) {
  out.begin_object().text_field("key", row.key);
  out.text_field("dag_id", found.run.dag_id).text_field("dag_display_name", found.run.dag_id);
  out.text_field("run_id", found.run.run_id).text_field("dag_run_id", found.run.run_id);
  out.text_field("task_id", found.instance.task_id).text_field("task_display_name", found.instance.task_id);
  out.int_field("map_index", found.instance.map_index);
  date_fields(out, found.run.execution_date);
  time_field(out, "run_after",
             found.run.type == RunType::scheduled ? found.run.data_interval_end : found.run.queued_at);
  time_field(out, "timestamp", found.instance.ended_at.value_or(found.run.queued_at));
  if (as_text) {
    out.text_field("value", row.value);
  } else {
    out.raw_field("value", row.value);
  }
  out.end_object();
}

}  // namespace

/// Values are in the list too: a task's outputs are small, and Airflow's clients ignore the member. Without a
/// map_index the entries of all instances of a mapped task; task `~`: of the whole run.
Answer list_xcoms(const Call& call, StoreReader& reader) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  if (call.param("dag_id") == "~" || call.param("run_id") == "~")
    return refuse_field("dag_run_id", "outputs are listed run by run: name the DAG and the run");
  const auto run = find_run(call, reader);
  if (!run) return std::unexpected(run.error());
  TaskInstanceFilter filter;
  filter.run = run->id;
  if (call.param("task_id") != "~") filter.task_id = call.param("task_id");
  for (const std::string_view name : {"map_index", "map_index_filter"}) {
    const auto text = call.query_value(name);
    if (!text) continue;
    const auto value = parse_json(*text);
    if (!value || !value->is(JsonValue::Kind::integer)) return refuse_field(std::string(name), "a number");
    filter.map_indexes = {value->integer};
  }
  const auto instances =
      reader.task_instances(filter, Page{.limit = static_cast<int>(limits::list_page), .counted = false});
  if (!instances) return std::unexpected(to_problem(instances.error()));
  if (instances->rows.empty())
    return refuse(404, "not_found",
                  fmt::format("run '{}' has no task '{}'", run->run_id, call.param("task_id")));
  const auto key = call.query_value("xcom_key");
  const TextMatch pattern = text_match(call, "xcom_key");
  std::vector<std::pair<OutputRow, const TaskInstanceRow*>> rows;
  for (const TaskInstanceRow& instance : instances->rows) {
    for (OutputRow& row : reader.outputs(instance.id)) {
      if (key ? row.key == *key : matches(pattern, row.key)) rows.emplace_back(std::move(row), &instance);
    }
  }
  return list_response("xcom_entries", one_page(rows, *page), static_cast<std::int64_t>(rows.size()),
                       [&](JsonWriter& out, const auto& row) {
                         write_entry(out, row.first, {*run, *row.second}, false);
                       });
}

Answer get_xcom(const Call& call, StoreReader& reader) {
  const auto stringify = flag_in_query(call, "stringify");
  if (!stringify) return std::unexpected(stringify.error());
  const auto found = find_task_instance(call, reader);
  if (!found) return std::unexpected(found.error());
  for (const OutputRow& row : reader.outputs(found->instance.id)) {
    if (row.key != call.param("key")) continue;
    JsonWriter out;
    write_entry(out, row, *found, stringify->value_or(false));
    return json_response(out.take());
  }
  return refuse(404, "not_found",
                fmt::format("task '{}' has no output '{}'", found->instance.task_id, call.param("key")));
}

}  // namespace millrace::handlers
