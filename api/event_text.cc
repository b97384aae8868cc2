#include "api/event_text.h"

#include <fmt/format.h>

#include "api/event_topics.h"
#include "api/json.h"
#include "api/shapes.h"

namespace millrace {
namespace {

/// `none` is null in JSON.
void state_field(JsonWriter& out, std::string_view name, std::string_view word) {
  out.word_field(name, word == "none" ? std::string_view{} : word);
}

std::string message(std::string_view type, const JsonWriter& payload) {
  return fmt::format("event: {}\ndata: {}\n\n", type, payload.text());
}

void moved(JsonWriter& out, const EventRow& event, std::string_view cause) {
  state_field(out, "state", event.to);
  state_field(out, "from", event.from);
  out.word_field("cause", cause);
  time_field(out, "at", event.at);
}

void write_task(JsonWriter& out, const NamedEvent& named) {
  out.text_field("dag_id", named.event.dag_id).text_field("run_id", named.run_id);
  out.text_field("task_id", named.task_id).int_field("map_index", named.map_index);
  out.int_field("try_number", named.try_number);
  moved(out, named.event, named.event.cause);
}

void write_run(JsonWriter& out, const NamedEvent& named) {
  out.text_field("dag_id", named.event.dag_id).text_field("run_id", named.run_id);
  time_field(out, "execution_date", named.execution_date);
  out.text_field("run_type", airflow_word(named.run_type));
  if (named.backfill) out.int_field("backfill_id", named.backfill.value);
  moved(out, named.event, named.event.cause);
}

void write_backfill(JsonWriter& out, const EventRow& event) {
  out.int_field("backfill_id", backfill_of(event).value).text_field("dag_id", event.dag_id);
  const std::size_t colon = event.cause.find(": ");
  moved(out, event,
        colon == std::string::npos ? event.cause : std::string_view(event.cause).substr(colon + 2));
}

void write_other(JsonWriter& out, const NamedEvent& named) {
  const EventRow& event = named.event;
  out.text_field("kind", event.kind).word_field("dag_id", event.dag_id).word_field("run_id", named.run_id);
  if (!named.task_id.empty())
    out.text_field("task_id", named.task_id).int_field("map_index", named.map_index);
  out.word_field("from", event.from).word_field("to", event.to).word_field("cause", event.cause);
  time_field(out, "at", event.at);
}

}  // namespace

std::string event_text(const NamedEvent& named) {
  const std::string_view type = event_type(named.event.kind);
  JsonWriter out;
  out.begin_object();
  if (type == "ti") {
    write_task(out, named);
  } else if (type == "run") {
    write_run(out, named);
  } else if (type == "backfill") {
    write_backfill(out, named.event);
  } else {
    write_other(out, named);
  }
  out.end_object();
  return fmt::format("id: {}\n{}", named.event.seq, message(type, out));
}

std::string progress_text(const BackfillRow& row) {
  JsonWriter out;
  out.begin_object().int_field("backfill_id", row.id.value).text_field("dag_id", row.spec.dag_id);
  out.text_field("state", to_word(row.state)).key("counts").begin_object();
  out.int_field("total", row.counts.total).int_field("queued", row.counts.queued);
  out.int_field("running", row.counts.running).int_field("success", row.counts.success);
  out.int_field("failed", row.counts.failed).int_field("skipped", row.counts.skipped);
  out.int_field("cancelled", row.counts.cancelled).end_object().end_object();
  return message("backfill", out);
}

std::string renewed_text(const NamedDatasetEvent& named) {
  JsonWriter out;
  out.begin_object().text_field("dataset", named.row.dataset);
  time_field(out, "partition", named.row.partition);
  out.word_field("dag_id", named.dag_id).word_field("run_id", named.run_id);
  out.word_field("task_id", named.row.task_id).int_field("map_index", named.row.map_index);
  time_field(out, "at", named.row.at);
  out.end_object();
  return message("dataset", out);
}

std::string log_text(std::string_view dag_id, std::string_view run_id, std::string_view task_id,
                     int map_index, int try_number, std::int64_t size) {
  JsonWriter out;
  out.begin_object().text_field("dag_id", dag_id).text_field("run_id", run_id).text_field("task_id", task_id);
  out.int_field("map_index", map_index).int_field("try_number", try_number).int_field("size", size);
  out.end_object();
  return message("log", out);
}

std::string capacity_text(const std::vector<PoolUse>& pools) {
  JsonWriter out;
  out.begin_object().key("pools").begin_array();
  for (const PoolUse& use : pools) {
    out.begin_object().text_field("name", use.pool.name).int_field("slots", use.pool.slots);
    out.int_field("occupied_slots", use.occupied).int_field("running_slots", use.running);
    out.int_field("queued_slots", use.queued).int_field("scheduled_slots", use.scheduled);
    out.int_field("deferred_slots", use.deferred).end_object();
  }
  out.end_array().end_object();
  return message("capacity", out);
}

std::string audit_text(const AuditRow& row) {
  JsonWriter out;
  write_audit(out, row);
  return message("audit", out);
}

std::string ping_text(std::int64_t seq) { return fmt::format(": ping\nid: {}\n\n", seq); }

std::string hello_text(std::optional<std::int64_t> seq) {
  return seq ? fmt::format("retry: 3000\nid: {}\n\n", *seq) : "retry: 3000\n\n";
}

std::string reset_text(std::int64_t seq, std::string_view why) {
  JsonWriter out;
  out.begin_object().text_field("reason", why).end_object();
  return fmt::format("id: {}\n{}", seq, message("reset", out));
}

std::string resync_text() {
  return "event: resync\ndata: {\"reason\":\"this reader is too slow; reconnect with Last-Event-ID\"}\n\n";
}

}  // namespace millrace
