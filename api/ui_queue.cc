#include "api/explain_words.h"
#include "api/handlers.h"
#include "api/shapes.h"
#include "base/limits.h"

namespace millrace::handlers {
namespace {

struct Seen {
  QueueSeen queue;
  WallTime now;
};

void write_task(JsonWriter& out, const Queued& one, std::optional<WallTime> p50,
                std::optional<WallTime> p90) {
  out.begin_object().int_field("rank", one.rank).key("ti").begin_object();
  holder_fields(out, one.who);
  out.end_object();
  out.text_field("pool", one.pool).text_field("share", one.share).int_field("priority", one.priority);
  time_field(out, "since", one.since);
  out.key("waits_for").begin_array();
  for (const Gate& gate : one.gates)
    out.begin_object().text_field("kind", gate.kind).text_field("detail", gate.text).end_object();
  out.end_array();
  starts_at_field(out, p50, p90);
  out.end_object();
}

Answer queue_of(StoreReader& reader, const Seen& seen) {
  Past past(reader.views());
  const auto p50 = expected_starts(seen.queue.contest, seen.now, past.quantile(false));
  const auto p90 = expected_starts(seen.queue.contest, seen.now, past.quantile(true));
  JsonWriter out;
  out.begin_object().key("queue").begin_array();
  for (std::size_t i = 0; i < seen.queue.tasks.size(); ++i) {
    const bool known = i < p50.size() && i < p90.size();
    write_task(out, seen.queue.tasks[i], known ? p50[i] : std::nullopt, known ? p90[i] : std::nullopt);
  }
  out.end_array().int_field("total_entries", seen.queue.tasks_waiting);
  out.key("runs").begin_array();
  for (const QueuedRunSeen& run : seen.queue.runs) {
    out.begin_object().key("run").begin_object();
    holder_fields(out, run.who);
    out.end_object();
    time_field(out, "since", run.since);
    out.key("waits_for");
    gate_object(out, run.gate, past, seen.now);
    out.end_object();
  }
  out.end_array().key("backfills").begin_array();
  for (const QueuedDates& backfill : seen.queue.backfills) {
    out.begin_object().int_field("backfill_id", backfill.backfill.value);
    out.text_field("dag_id", backfill.dag_id).int_field("dates", backfill.dates);
    out.key("waits_for");
    gate_object(out, backfill.gate, past, seen.now);
    out.end_object();
  }
  out.end_array().end_object();
  return json_response(out.take());
}

}  // namespace

/// Everything that waits, in start order, with what for and since when.
Started ui_queue(const CallPtr& call, StoreReader&) {
  const auto page = page_of(*call);
  if (!page) return std::unexpected(page.error());
  const auto limit = static_cast<std::size_t>(page->limit);
  ask<Seen>(
      call,
      [limit, of = call->sees()](const Scheduler& scheduler, Now now) {
        return Seen{scheduler.queue(limit, of), now.wall};
      },
      [](StoreReader& later, const Seen& seen) { return queue_of(later, seen); });
  return {};
}

}  // namespace millrace::handlers
