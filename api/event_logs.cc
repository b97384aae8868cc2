#include <fmt/format.h>

#include "api/handlers.h"
#include "api/routes.h"
#include "api/shapes.h"

namespace millrace::handlers {
namespace {

void write_event(JsonWriter& out, StoreReader& reader, const EventRow& row) {
  const auto run = row.run ? reader.run(row.run) : std::nullopt;
  JsonWriter extra;
  extra.begin_object().word_field("from", row.from).word_field("to", row.to).word_field("cause", row.cause);
  extra.end_object();
  out.begin_object().int_field("event_log_id", row.seq);
  time_field(out, "when", row.at);
  out.text_field("event", row.kind)
      .word_field("dag_id", row.dag_id)
      .word_field("dag_display_name", row.dag_id);
  out.word_field("run_id", run ? run->run_id : "").null_field("task_id").null_field("task_display_name");
  out.null_field("map_index").null_field("try_number").null_field("owner");
  date_fields(out, run ? std::optional(run->execution_date) : std::nullopt);
  out.text_field("extra", extra.text());
  out.word_field("from", row.from).word_field("to", row.to).word_field("cause", row.cause);
  out.int_field("task_instance", row.task_instance.value).int_field("attempt", row.attempt.value);
  out.end_object();
}

}  // namespace

Answer list_event_logs(const Call& call, StoreReader& reader) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  EventFilter filter;
  filter.dag_id = call.query_value("dag_id").value_or("");
  if (const auto run_id = call.query_value("run_id")) {
    const auto run = reader.run(filter.dag_id, *run_id);
    if (!run) return refuse_field("run_id", "no such run; give its dag_id too");
    filter.run = run->id;
  }
  if (const auto after = call.query_value("after")) {
    if (!segment_ok("event_log_id", *after)) return refuse_field("after", "an event_log_id");
    filter.after_seq = std::stoll(std::string(*after));
  }
  const auto listed = reader.events(filter, *page);
  if (!listed) return std::unexpected(to_problem(listed.error()));
  return list_response("event_logs", listed->rows, listed->total_entries,
                       [&](JsonWriter& out, const EventRow& row) { write_event(out, reader, row); });
}

Answer get_event_log(const Call& call, StoreReader& reader) {
  EventFilter filter;
  filter.after_seq = call.number("event_log_id") - 1;
  const auto listed = reader.events(filter, Page{1, 0, {}});
  if (!listed) return std::unexpected(to_problem(listed.error()));
  if (listed->rows.empty() || listed->rows.front().seq != call.number("event_log_id")) {
    return refuse(404, "not_found", fmt::format("there is no event {}", call.number("event_log_id")));
  }
  JsonWriter out;
  write_event(out, reader, listed->rows.front());
  return json_response(out.take());
}

}  // namespace millrace::handlers
