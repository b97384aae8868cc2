#include <fmt/format.h>

#include <algorithm>

#include "api/explain_words.h"
#include "api/handlers.h"
#include "api/look_up.h"
#include "api/shapes.h"

/// Why a task instance isn't running. The scheduler is asked on its thread for what only it knows; past
/// durations and the record of reasons come from the store. docs/explain.md.
namespace millrace::handlers {
namespace {

constexpr int record_lines = 5'000;  // of one instance and its run: clears by the hundred
constexpr std::size_t reasons_shown = 100;

struct Seen {
  std::optional<Explanation> why;
  std::vector<Wait> waits;
  WallTime now;
};

struct Starts {
  std::optional<WallTime> p50, p90;
};

const Gate* first_closed(const Explanation& why) {
  const auto at = std::ranges::find(why.gates, false, &Gate::ok);
  return at == why.gates.end() ? nullptr : &*at;
}

std::optional<WallTime> start_of(const Explanation& why, WallTime now, Past& past, bool p90) {
  if (why.not_before) return why.not_before;
  if (why.state == TaskState::queued) return now;
  const PastDuration lasts = past.quantile(p90);
  if (!why.contest.waiting.empty()) return expected_starts(why.contest, now, lasts).back();
  if (why.state != TaskState::none || !why.ancestors) return std::nullopt;
  WallTime from = now;
  std::string dag_id;
  if (!why.runs.waiting.empty()) {
    const auto start = expected_starts(why.runs, now, lasts).back();
    if (!start) return std::nullopt;
    from = *start;
  }
  const Gate* closed = first_closed(why);
  if (closed == nullptr || closed->kind == "paused") return std::nullopt;
  dag_id = !why.runs.waiting.empty()       ? why.runs.waiting.back().dag_id
           : !closed->blockers.empty() ? closed->blockers.front().dag_id
                                       : std::string{};
  return expected_end(*why.ancestors, from, [&](const std::string& task) {
    Claim claim;
    claim.dag_id = dag_id;
    claim.task_id = task;
    return lasts(claim);
  });
}

std::string verdict_of(const Seen& seen, const TaskInstanceRow& row, const Starts& starts) {
  const WallTime now = seen.now;
  if (is_final(row.state)) {
    const std::string at = row.ended_at ? " at " + clock_text(*row.ended_at, now) : std::string{};
    return fmt::format("Task '{}' ended as {}{}.", row.task_id, to_word(row.state), at);
  }
  if (row.state == TaskState::running)
    return fmt::format("Task '{}' is running since {}.", row.task_id,
                       clock_text(row.started_at.value_or(now), now));
  const Gate* closed = seen.why ? first_closed(*seen.why) : nullptr;
  if (closed == nullptr) return fmt::format("Nothing stops task '{}'; its turn is next.", row.task_id);
  std::string out;
  if (closed->kind == "upstream" && !closed->blockers.empty()) {
    const Holder& first = closed->blockers.front();
    const auto others = static_cast<std::int64_t>(closed->blockers.size()) + closed->more_blockers - 1;
    out = "Waits for " + name_of(first);
    if (others > 0) out += fmt::format(" and {} more", others);
    out += first.started_at && first.state == "running"
               ? ", running since " + clock_text(*first.started_at, now)
               : ", which is " + first.state;
  } else {
    out = fmt::format("Waits for {}: {}", closed->kind, closed->text);
    if (!closed->blockers.empty()) {
      const Holder& culprit = closed->blockers.front();
      out += fmt::format("; {} {}", closed->kind == "share" ? "kept for" : "held by", name_of(culprit));
      if (culprit.started_at) out += " since " + clock_text(*culprit.started_at, now);
    }
  }
  if (seen.why->rank > 0) out += fmt::format("; place {} of {} in line", seen.why->rank, seen.why->in_line);
  if (starts.p50) out += "; starts at about " + clock_text(*starts.p50, now);
  return out + ".";
}

/// The forecast played again with one thing changed.
void write_whatif(JsonWriter& out, const Explanation& why, WallTime now, Past& past) {
  out.key("whatif").begin_array();
  const Gate* closed = first_closed(why);
  if (!why.contest.waiting.empty() && closed != nullptr) {
    const Claim& mine = why.contest.waiting.back();
    const auto add = [&](const std::string& change, std::optional<WallTime> start) {
      if (!start) return;
      out.begin_object().text_field("change", change);
      time_field(out, "starts_at", start);
      out.end_object();
    };
    if (why.contest.waiting.size() > 1) {
      Contest first = why.contest;
      std::ranges::rotate(first.waiting, first.waiting.end() - 1);
      add("it is first in line", expected_starts(first, now, past.quantile(false)).front());
    }
    if (closed->kind == "pool" && why.contest.slots.contains(mine.pool)) {
      Contest wider = why.contest;
      wider.slots[mine.pool] += mine.slots;
      add(fmt::format("pool '{}' has {} more slots", mine.pool, mine.slots),
          expected_starts(wider, now, past.quantile(false)).back());
    }
  }
  out.end_array();
}

void write_gates(JsonWriter& out, const Explanation& why, Past& past, WallTime now) {
  out.key("gates").begin_array();
  for (const Gate& gate : why.gates) gate_object(out, gate, past, now);
  out.end_array().key("culprit");
  const Gate* closed = first_closed(why);
  if (closed == nullptr || closed->blockers.empty()) {
    out.null();
    return;
  }
  const Holder& holder = closed->blockers.front();
  out.begin_object().text_field("kind", closed->kind).text_field("text", name_of(holder));
  holder_fields(out, holder);
  out.end_object();
}

void write_history(JsonWriter& out, const std::vector<Reason>& reasons) {
  out.key("history").begin_array();
  const std::size_t skipped = reasons.size() > reasons_shown ? reasons.size() - reasons_shown : 0;
  for (std::size_t i = skipped; i < reasons.size(); ++i) {
    out.begin_object();
    time_field(out, "from", reasons[i].from);
    time_field(out, "to", reasons[i].to);
    out.text_field("gate", reasons[i].gate).end_object();
  }
  out.end_array();
}

Answer explained(StoreReader& reader, const FoundTask& found, const Seen& seen) {
  const auto& was = found.instance;
  const auto row = reader.task_instance(was.run, was.task_id, was.map_index).value_or(was);
  Past past(reader.views());
  const Explanation why = seen.why.value_or(Explanation{});
  const Starts starts{start_of(why, seen.now, past, false), start_of(why, seen.now, past, true)};
  const Gate* closed = first_closed(why);
  const auto reasons = reasons_of(reader.views().transitions(found.run.id, row.id, record_lines),
                                  closed != nullptr ? closed->kind : std::string{}, seen.now);
  const bool open = !reasons.empty() && !reasons.back().to;
  JsonWriter out;
  out.begin_object().text_field("dag_id", found.run.dag_id).text_field("dag_run_id", found.run.run_id);
  out.text_field("task_id", row.task_id).int_field("map_index", row.map_index);
  out.word_field("state", row.state == TaskState::none ? std::string_view{} : to_word(row.state));
  out.word_field("reason", row.reason);
  time_field(out, "not_before", row.not_before);
  time_field(out, "since",
             open                                ? std::optional(reasons.back().from)
             : row.state == TaskState::running ? row.started_at
                                               : row.ended_at);
  out.text_field("verdict", verdict_of(seen, row, starts));
  starts_at_field(out, starts.p50, starts.p90);
  out.int_field("rank", why.rank).int_field("in_line", why.in_line);
  out.key("waiting_on").begin_array();
  for (const Wait& wait : seen.waits)
    out.begin_object().text_field("kind", wait.kind).text_field("detail", wait.detail).end_object();
  out.end_array();
  write_gates(out, why, past, seen.now);
  write_history(out, reasons);
  write_whatif(out, why, seen.now, past);
  out.end_object();
  return json_response(out.take());
}

/// Others who hold what it needs are counted, not named.
void hide_others(Seen& seen, const DagFilter& of) {
  if (!of || !seen.why) return;
  for (Gate& gate : seen.why->gates) {
    const auto others =
        std::erase_if(gate.blockers, [&](const Holder& holder) { return !of(holder.dag_id); });
    gate.more_blockers += static_cast<std::int64_t>(others);
  }
}

}  // namespace

Started explain_task_instance(const CallPtr& call, StoreReader& reader) {
  const auto found = find_task_instance(*call, reader);
  if (!found) return std::unexpected(found.error());
  const TaskInstanceId id = found->instance.id;
  ask<Seen>(
      call,
      [id, of = call->sees()](const Scheduler& scheduler, Now now) {
        Seen seen{scheduler.explain(id, now), scheduler.waiting_on(id, now), now.wall};
        hide_others(seen, of);
        return seen;
      },
      [found = *found](StoreReader& later, const Seen& seen) { return explained(later, found, seen); });
  return {};
}

}  // namespace millrace::handlers
