#include <fmt/format.h>

#include "api/handlers.h"
#include "api/look_up.h"
#include "api/shapes.h"

namespace millrace::handlers {
namespace {

void write_entry(JsonWriter& out, const OutputRow& row, const FoundTask& found) {
  out.begin_object().text_field("key", row.key);
  out.text_field("dag_id", found.run.dag_id).text_field("dag_display_name", found.run.dag_id);
  out.text_field("run_id", found.run.run_id).text_field("dag_run_id", found.run.run_id);
  out.text_field("task_id", found.instance.task_id).text_field("task_display_name", found.instance.task_id);
  out.int_field("map_index", found.instance.map_index);
  date_fields(out, found.run.execution_date);
  time_field(out, "run_after", found.run.queued_at);
  time_field(out, "timestamp", found.instance.ended_at.value_or(found.run.queued_at));
  out.raw_field("value", row.value);
  out.end_object();
}

}  // namespace

/// Values are in the list too: a task's outputs are small, and Airflow's clients ignore the member.
Answer list_xcoms(const Call& call, StoreReader& reader) {
  const auto found = find_task_instance(call, reader);
  if (!found) return std::unexpected(found.error());
  const auto rows = reader.outputs(found->instance.id);
  return list_response("xcom_entries", rows, static_cast<std::int64_t>(rows.size()),
                       [&](JsonWriter& out, const OutputRow& row) { write_entry(out, row, *found); });
}

Answer get_xcom(const Call& call, StoreReader& reader) {
  const auto found = find_task_instance(call, reader);
  if (!found) return std::unexpected(found.error());
  for (const OutputRow& row : reader.outputs(found->instance.id)) {
    if (row.key != call.param("key")) continue;
    JsonWriter out;
    write_entry(out, row, *found);
    return json_response(out.take());
  }
  return refuse(404, "not_found",
                fmt::format("task '{}' has no output '{}'", found->instance.task_id, call.param("key")));
}

}  // namespace millrace::handlers
