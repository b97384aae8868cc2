#include "scheduler/ticks.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/limits.h"

namespace millrace {
namespace {

using Policy = Catchup::Policy;

/// Ticks looked at in one call. More wait for the next one (`next` is then `now`): an outage of a year of a
/// cron that ticks each second must not stop the loop.
constexpr int ticks_per_call = 10'000;

constexpr WallTime just_before(WallTime t) { return {t.us - 1}; }
constexpr WallTime just_after(WallTime t) { return {t.us + 1}; }

/// FNV-1a: the same delay for the same tick on every machine.
Duration jitter_of(const Dag& dag, WallTime tick) {
  if (dag.schedule.jitter.count() <= 0) return Duration{0};
  std::uint64_t hash = 14695981039346656037u;
  const auto mix = [&hash](unsigned char byte) { hash = (hash ^ byte) * 1099511628211u; };
  for (const char c : dag.dag_id) mix(static_cast<unsigned char>(c));
  for (int shift = 0; shift < 64; shift += 8) mix(static_cast<unsigned char>(tick.us >> shift));
  return Duration{
      static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(dag.schedule.jitter.count() + 1))};
}

WallTime starts_at(const Dag& dag, WallTime tick) { return tick + jitter_of(dag, tick); }

bool too_late(const Dag& dag, WallTime execution_date) {
  return dag.end_date && execution_date > *dag.end_date;
}
bool too_early(const Dag& dag, WallTime execution_date) {
  return dag.start_date && execution_date < *dag.start_date;
}

/// The newest tick that may start by now.
std::optional<WallTime> last_due(const Dag& dag, WallTime now) {
  auto tick = previous_tick(dag.schedule, just_after(now));
  for (int i = 0; tick && starts_at(dag, *tick) > now && i < ticks_per_call; ++i)
    tick = previous_tick(dag.schedule, *tick);
  return tick;
}

/// The first tick whose run lies within [start_date, end_date].
std::optional<WallTime> first_tick(const Dag& dag, WallTime start_date) {
  const auto date = execution_date_at_or_after(dag.schedule, start_date);
  if (!date || too_late(dag, *date)) return {};
  return due_at(dag.schedule, *date);
}

/// The oldest of the last `max_runs` ticks up to `last`, not looking further back than `from`.
WallTime nth_from_last(const Dag& dag, WallTime last, int max_runs, WallTime from) {
  for (int i = 1; i < max_runs && last > from; ++i) {
    const auto before = previous_tick(dag.schedule, last);
    if (!before) break;
    last = *before;
  }
  return last;
}

/// Why a missed tick doesn't become a run; empty: it does. Fixed for one call.
class CatchupRule {
 public:
  CatchupRule(const Dag& dag, WallTime from, WallTime last, WallTime now) : dag_(dag), last_(last) {
    const Catchup& c = dag.catchup;
    if (c.policy != Policy::all) return;
    if (c.window) window_start_ = now - *c.window;
    if (c.max_runs) limit_start_ = nth_from_last(dag, last, *c.max_runs, std::max(from, window_start_));
  }

  std::string_view skip_reason(WallTime tick) const {
    if (tick >= last_) return {};
    if (dag_.catchup.policy == Policy::none) return "catchup off";
    if (dag_.catchup.policy == Policy::latest) return "catchup latest";
    if (tick < window_start_) return "catchup window";
    if (tick < limit_start_) return "catchup limit";
    return {};
  }
  /// Before this one none becomes a run.
  WallTime start() const {
    return dag_.catchup.policy == Policy::all ? std::max(window_start_, limit_start_) : last_;
  }

 private:
  const Dag& dag_;
  WallTime last_;
  WallTime window_start_{INT64_MIN}, limit_start_{INT64_MIN};
};

void skip(TickDecision& out, WallTime tick, std::string_view reason) {
  if (out.skips.size() < limits::list_page)
    out.skips.push_back({tick, std::string{reason}});
  else
    ++out.skipped_more;
}

/// Decides the ticks after `from` up to `last`.
void walk(const Dag& dag, WallTime from, WallTime last, WallTime now, std::size_t room, TickDecision& out) {
  const CatchupRule rule(dag, from, last, now);
  auto tick = next_tick(dag.schedule, from);
  for (int looked_at = 0; tick && *tick <= last; tick = next_tick(dag.schedule, *tick)) {
    if (looked_at++ == ticks_per_call) {
      out.next = now;
      return;
    }
    const DataInterval interval = interval_at_tick(dag.schedule, *tick);
    if (too_late(dag, interval.start)) return;
    if (too_early(dag, interval.start)) {
      skip(out, *tick, "before start_date");
    } else if (const auto reason = rule.skip_reason(*tick); !reason.empty()) {
      skip(out, *tick, reason);
    } else if (out.runs.size() < room) {
      out.runs.push_back({*tick, interval});
    } else {
      out.next = now + limits::reconcile_interval;
      return;
    }
    out.watermark = *tick;
  }
  if (!tick || too_late(dag, interval_at_tick(dag.schedule, *tick).start)) return;
  // `last` may lie before a tick whose jitter has passed already: then again at once.
  out.next = std::max(starts_at(dag, *tick), now);
}

/// A DAG without a watermark. What ticked before it was known isn't missed, so nothing is skipped: it begins
/// at the first tick that becomes a run.
TickDecision first_sight(const Dag& dag, WallTime now, std::size_t room) {
  TickDecision out;
  const auto last = last_due(dag, now);
  if (!dag.start_date) {
    out.watermark = last.value_or(now);
    walk(dag, *out.watermark, *out.watermark, now, room, out);
    return out;
  }
  const auto first = first_tick(dag, *dag.start_date);
  if (!first) return out;
  if (!last || *last < *first) {
    out.next = std::max(starts_at(dag, *first), now);
    return out;
  }
  const CatchupRule rule(dag, just_before(*first), *last, now);
  walk(dag, just_before(std::max(*first, rule.start())), *last, now, room, out);
  if (!out.watermark && !out.next) out.watermark = last;
  return out;
}

/// One run, for start_date or for the moment the DAG is first seen.
TickDecision decide_once(const Dag& dag, std::optional<WallTime> watermark, WallTime now, std::size_t room) {
  TickDecision out;
  out.watermark = watermark;
  if (watermark) return out;
  const WallTime date = dag.start_date.value_or(now);
  if (too_late(dag, date)) return out;
  if (date > now) {
    out.next = date;
  } else if (room == 0) {
    out.next = now + limits::reconcile_interval;
  } else {
    out.runs.push_back({date, {date, date}});
    out.watermark = date;
  }
  return out;
}

/// A step of the wall clock that isn't an outage: more time went by between two calls than calls are ever
/// apart.
bool stepped_forward(std::optional<WallTime> last_seen, WallTime now) {
  return last_seen && now - *last_seen > Duration{limits::clock_step_hold};
}

}  // namespace

TickDecision decide_ticks(const Dag& dag, std::optional<WallTime> watermark,
                          std::optional<WallTime> last_seen, WallTime now, std::size_t room) {
  room = std::min(room, limits::catchup_runs_default);
  if (dag.schedule.kind == Schedule::Kind::once) return decide_once(dag, watermark, now, room);
  TickDecision out;
  out.watermark = watermark;
  const bool ticks = dag.schedule.kind == Schedule::Kind::cron ||
                     dag.schedule.kind == Schedule::Kind::every || dag.schedule.kind == Schedule::Kind::at;
  if (!ticks) return out;
  if (!watermark) return first_sight(dag, now, room);

  const auto last = last_due(dag, now);
  if (last && *last > *watermark && stepped_forward(last_seen, now)) {
    const auto tick = next_tick(dag.schedule, *watermark);
    if (tick && too_late(dag, interval_at_tick(dag.schedule, *tick).start)) return out;
    out.next = now + limits::reconcile_interval;
    out.hold = fmt::format(
        "the clock went from {} to {} at once; no runs are made for the time between until the DAG is "
        "unpaused or the clock is back",
        to_iso(*last_seen), to_iso(now));
    return out;
  }
  walk(dag, *watermark, std::max(*watermark, last.value_or(*watermark)), now, room, out);
  return out;
}

}  // namespace millrace
