#include "schedule_matching.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::test {
namespace {

constexpr std::int64_t second_us = 1'000'000;
WallTime at(std::int64_t s) { return {s * second_us}; }

}  // namespace

void ScheduleMatching::follow(const Dag& dag, const ReferenceCron& cron, const LibraryZone& zone) {
  dag_ = &dag, cron_ = &cron, zone_ = &zone;
}

void ScheduleMatching::wrong(WallTime now, const std::string& what) {
  problems.push_back(
      fmt::format("{}, '{}', at {}: {}", dag_->schedule.zone.name(), cron_->text, to_iso(now), what));
}

std::vector<std::int64_t> ScheduleMatching::due(std::int64_t after_s, std::int64_t to_s) const {
  return cron_->between(*zone_, dag_->schedule.dst, after_s + 1, to_s + 1);
}

/// Why the DAG's `catchup` skips a due time, by docs/dag-language.md; empty: it runs.
std::string ScheduleMatching::policy_skips(WallTime tick, const std::vector<std::int64_t>& due,
                                           WallTime now) const {
  if (dag_->start_date) {
    const auto date = cron_->previous(*zone_, dag_->schedule.dst, tick.us / second_us);
    if (!date || at(*date) < *dag_->start_date) return "before start_date";
  }
  const Catchup& c = dag_->catchup;
  if (tick.us / second_us == due.back()) return {};
  if (c.policy == Catchup::Policy::none) return "catchup off";
  if (c.policy == Catchup::Policy::latest) return "catchup latest";
  if (c.window && tick < now - *c.window) return "catchup window";
  const auto later = std::ranges::count_if(due, [&](std::int64_t other) { return at(other) >= tick; });
  if (c.max_runs && later > *c.max_runs) return "catchup limit";
  return {};
}

/// What runs of a DAG that is seen for the first time: nothing before that was missed. A window holds for the
/// newest one too.
std::vector<std::int64_t> ScheduleMatching::first_ones(const std::vector<std::int64_t>& due,
                                                       WallTime now) const {
  std::vector<std::int64_t> out;
  const Catchup& c = dag_->catchup;
  for (const std::int64_t t : due) {
    const bool windowed = c.policy == Catchup::Policy::all && c.window && at(t) < now - *c.window;
    if (!windowed && policy_skips(at(t), due, now).empty()) out.push_back(t);
  }
  return out;
}

void ScheduleMatching::take(const Decided& decided, WallTime now) {
  runs += std::ssize(decided.runs);
  std::vector<std::pair<WallTime, std::string>> told;  // in order; a run has no reason
  for (const Decided::Run& run : decided.runs) told.emplace_back(run.tick, "");
  std::map<WallTime, std::int64_t> more;
  for (const Decided::Skip& skip : decided.skips) {
    told.emplace_back(skip.tick, skip.reason);
    more[skip.tick] = skip.more;
  }
  if (told.empty()) return;
  std::ranges::sort(told);
  // Up to its jitter a due time may wait or not: which is the newest isn't known then.
  const bool jitters = dag_->schedule.jitter.count() > 0;
  const std::int64_t from = last_ ? last_->us / second_us : now.us / second_us - 60 * 86'400;
  const std::vector<std::int64_t> all = due(from, now.us / second_us);
  std::vector<std::int64_t> expected = last_ || jitters ? all : first_ones(all, now);
  if (!last_)
    std::erase_if(expected,
                  [&](std::int64_t t) { return at(t) < told.front().first && (jitters || t <= passed_s_); });

  std::size_t next = 0;
  for (const auto& [tick, reason] : told) {
    if (next == expected.size() || at(expected[next]) != tick)
      return wrong(now,
                   fmt::format("{} is {} instead of {}", to_iso(tick), reason.empty() ? "run" : "skipped",
                               next == expected.size() ? "nothing" : to_iso(at(expected[next]))));
    const std::int64_t times = 1 + (more.contains(tick) ? more[tick] : 0);
    if (!reason.empty()) skips += times;
    for (std::int64_t i = 0; i < times; ++i, ++next) {
      if (next == expected.size()) return wrong(now, "more is skipped than was due");
      const bool taken = reason.starts_with("run '");
      const std::string why = jitters ? reason : policy_skips(at(expected[next]), all, now);
      if (!jitters && why != (taken ? "" : reason))
        wrong(now,
              fmt::format("{} is told '{}', the policy says '{}'", to_iso(at(expected[next])), reason, why));
      last_ = at(expected[next]);
    }
  }
  for (const Decided::Run& run : decided.runs) {
    const auto before = cron_->previous(*zone_, dag_->schedule.dst, run.tick.us / second_us);
    if (!before || run.execution_date != at(*before))
      wrong(now, fmt::format("the run of {} has the date {}", to_iso(run.tick), to_iso(run.execution_date)));
  }
}

void ScheduleMatching::nothing_is_left(WallTime now) {
  const std::int64_t to = (now - dag_->schedule.jitter).us / second_us;
  std::vector<std::int64_t> left = due(last_ ? last_->us / second_us : to - 60 * 86'400, to);
  if (!last_) {
    left = first_ones(left, now);
    std::erase_if(left, [&](std::int64_t t) { return t <= passed_s_; });
    passed_s_ = std::max(passed_s_, to);
  }
  if (!left.empty())
    wrong(now, fmt::format("{} due times are left, the first is {}", left.size(), to_iso(at(left[0]))));
}

}  // namespace millrace::test
