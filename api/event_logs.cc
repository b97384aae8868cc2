#include <fmt/format.h>

#include <map>

#include "api/filters.h"
#include "api/handlers.h"
#include "api/shapes.h"

namespace millrace::handlers {
namespace {

/// Remembers the rows that several lines name.
class EventShapes {
 public:
  explicit EventShapes(StoreReader& reader) : reader_(reader) {}
  void write(JsonWriter& out, const EventRow& row);

 private:
  StoreReader& reader_;
  std::map<RunId, std::optional<RunRow>> runs_;
  std::map<TaskInstanceId, std::optional<TaskInstanceRow>> instances_;
};

void EventShapes::write(JsonWriter& out, const EventRow& row) {
  if (row.run && !runs_.contains(row.run)) runs_[row.run] = reader_.run(row.run);
  if (row.task_instance && !instances_.contains(row.task_instance))
    instances_[row.task_instance] = reader_.task_instance(row.task_instance);
  const RunRow* run = row.run && runs_[row.run] ? &*runs_[row.run] : nullptr;
  const TaskInstanceRow* instance =
      row.task_instance && instances_[row.task_instance] ? &*instances_[row.task_instance] : nullptr;
  const auto attempt = row.attempt ? reader_.attempt(row.attempt) : std::nullopt;
  JsonWriter extra;
  extra.begin_object().word_field("from", row.from).word_field("to", row.to).word_field("cause", row.cause);
  extra.end_object();
  out.begin_object().int_field("event_log_id", row.seq);
  time_field(out, "when", row.at);
  out.text_field("event", row.kind)
      .word_field("dag_id", row.dag_id)
      .word_field("dag_display_name", row.dag_id);
  const std::string_view task_id = instance != nullptr ? instance->task_id : std::string_view{};
  out.word_field("run_id", run != nullptr ? run->run_id : std::string_view{});
  out.word_field("task_id", task_id).word_field("task_display_name", task_id);
  const auto number = [&](std::string_view name, std::optional<int> value) {
    if (value) {
      out.int_field(name, *value);
    } else {
      out.null_field(name);
    }
  };
  number("map_index", instance != nullptr ? std::optional(instance->map_index) : std::nullopt);
  number("try_number", attempt ? std::optional(attempt->try_number) : std::nullopt);
  out.word_field("owner", row.owner);
  date_fields(out, run != nullptr ? std::optional(run->execution_date) : std::nullopt);
  out.text_field("extra", extra.text());
  out.word_field("from", row.from).word_field("to", row.to).word_field("cause", row.cause);
  out.int_field("task_instance", row.task_instance.value).int_field("attempt", row.attempt.value);
  out.end_object();
}

}  // namespace

Answer list_event_logs(const Call& call, StoreReader& reader) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  const auto filter = event_filter(call, reader);
  if (!filter) return std::unexpected(filter.error());
  const auto listed = reader.events(*filter, *page);
  if (!listed) return std::unexpected(to_problem(listed.error()));
  EventShapes shapes(reader);
  return list_response("event_logs", *listed,
                       [&](JsonWriter& out, const EventRow& row) { shapes.write(out, row); });
}

Answer get_event_log(const Call& call, StoreReader& reader) {
  EventFilter filter;
  filter.after_seq = call.number("event_log_id") - 1;
  const auto listed = reader.events(filter, Page{.limit = 1, .counted = false});
  if (!listed) return std::unexpected(to_problem(listed.error()));
  if (listed->rows.empty() || listed->rows.front().seq != call.number("event_log_id")) {
    return refuse(404, "not_found", fmt::format("there is no event {}", call.number("event_log_id")));
  }
  JsonWriter out;
  EventShapes(reader).write(out, listed->rows.front());
  return json_response(out.take());
}

}  // namespace millrace::handlers
