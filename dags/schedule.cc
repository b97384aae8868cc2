#include "dags/schedule.h"

#include <algorithm>

#include "dags/cron_ticks.h"

namespace millrace {
namespace {

using Kind = Schedule::Kind;

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t day_us = 86'400 * second_us;
// Years 1 and 9999: ISO dates end there, and the arithmetic below can't overflow between them.
constexpr WallTime earliest{-62'135'596'800 * second_us};
constexpr WallTime latest{253'402'300'799 * second_us};

bool has_ticks(const Schedule& s) {
  return s.kind == Kind::cron || s.kind == Kind::every || s.kind == Kind::at;
}

/// Whether runs cover the time up to the next tick; moments listed by hand and events cover none.
bool has_intervals(const Schedule& s) {
  return s.interval_previous && (s.kind == Kind::cron || s.kind == Kind::every);
}

/// The cron whose intervals are the runs of a dataset schedule with `partition: {to: …}`.
std::optional<Schedule> grid_of(const Schedule& s) {
  if (s.kind != Kind::datasets || s.partition.kind != PartitionMapping::Kind::to) return std::nullopt;
  Schedule grid;
  grid.kind = Kind::cron;
  grid.cron = s.partition.to;
  grid.zone = s.zone;
  grid.dst = s.dst;
  return grid;
}

std::int64_t floor_to(std::int64_t value, std::int64_t unit) {
  return value / unit - (value % unit < 0 ? 1 : 0);
}

/// The last tick at or before `t`.
std::optional<WallTime> tick_at_or_before(const Schedule& s, WallTime t) {
  return previous_tick(s, WallTime{std::min(t, latest).us + 1});
}

}  // namespace

std::optional<WallTime> next_tick(const Schedule& s, WallTime t) {
  if (t >= latest) return std::nullopt;
  t = std::max(t, WallTime{earliest.us - 1});
  if (s.kind == Kind::cron) {
    const auto tick = cron_tick_at_or_after(s.cron, s.zone, s.dst, floor_to(t.us, second_us) + 1);
    return tick ? std::optional{WallTime{*tick * second_us}} : std::nullopt;
  }
  if (s.kind == Kind::every && s.every.count() > 0) {
    const std::int64_t steps = floor_to(t.us - s.anchor.us, s.every.count()) + 1;
    return WallTime{s.anchor.us + steps * s.every.count()};
  }
  if (s.kind == Kind::at) {
    const auto after = std::ranges::upper_bound(s.at, t);
    return after == s.at.end() ? std::nullopt : std::optional{*after};
  }
  return std::nullopt;
}

std::optional<WallTime> previous_tick(const Schedule& s, WallTime t) {
  if (t <= earliest) return std::nullopt;
  t = std::min(t, WallTime{latest.us + 1});
  if (s.kind == Kind::cron) {
    const auto tick = cron_tick_at_or_before(s.cron, s.zone, s.dst, floor_to(t.us - 1, second_us));
    return tick ? std::optional{WallTime{*tick * second_us}} : std::nullopt;
  }
  if (s.kind == Kind::every && s.every.count() > 0) {
    const std::int64_t steps = floor_to(t.us - 1 - s.anchor.us, s.every.count());
    return WallTime{s.anchor.us + steps * s.every.count()};
  }
  if (s.kind == Kind::at) {
    const auto at = std::ranges::lower_bound(s.at, t);
    return at == s.at.begin() ? std::nullopt : std::optional{*std::prev(at)};
  }
  return std::nullopt;
}

DataInterval interval_at_tick(const Schedule& s, WallTime t) {
  if (!has_intervals(s)) return {t, t};
  return {previous_tick(s, t).value_or(t), t};
}

DataInterval interval_of(const Schedule& s, WallTime d) {
  if (const auto grid = grid_of(s)) return interval_of(*grid, d);
  if (!has_intervals(s)) return {d, d};
  const WallTime start = tick_at_or_before(s, d).value_or(d);
  return {start, next_tick(s, start).value_or(start)};
}

bool is_execution_date(const Schedule& s, WallTime d) {
  if (const auto grid = grid_of(s)) return is_execution_date(*grid, d);
  return !has_ticks(s) || tick_at_or_before(s, d) == d;
}

std::optional<WallTime> execution_date_at_or_after(const Schedule& s, WallTime t) {
  if (const auto grid = grid_of(s)) return execution_date_at_or_after(*grid, t);
  if (has_ticks(s)) return next_tick(s, WallTime{std::max(t, earliest).us - 1});
  if (t > latest) return std::nullopt;
  return WallTime{(floor_to(std::max(t, earliest).us - 1, day_us) + 1) * day_us};
}

WallTime due_at(const Schedule& s, WallTime d) { return has_intervals(s) ? interval_of(s, d).end : d; }

}  // namespace millrace
