#include "scheduler/date_count.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <optional>

namespace millrace {
namespace {

constexpr std::int64_t day_us = 86'400'000'000;

std::int64_t walk(const Schedule& schedule, WallTime from, WallTime to) {
  std::int64_t n = 0;
  for (auto t = next_tick(schedule, {from.us - 1}); t && *t < to; t = next_tick(schedule, *t)) ++n;
  return n;
}

bool runs_on(const Cron& cron, std::chrono::sys_days date) {
  const std::chrono::year_month_day ymd{date};
  const std::chrono::weekday weekday{date};
  if (!(cron.months >> unsigned{ymd.month()} & 1u)) return false;
  const bool day = cron.days >> unsigned{ymd.day()} & 1u;
  const bool of_week = cron.weekdays >> weekday.c_encoding() & 1u;
  if (cron.day_restricted && cron.weekday_restricted) return day || of_week;
  return day && of_week;
}

/// The first instant of a local day.
WallTime midnight(const Zone& zone, std::chrono::sys_days date) {
  const std::chrono::year_month_day ymd{date};
  const Zone::Local local{int{ymd.year()},
                          static_cast<int>(unsigned{ymd.month()}),
                          static_cast<int>(unsigned{ymd.day()}),
                          0,
                          0,
                          0};
  const auto instants = zone.from_local(local);
  return instants.empty() ? zone.gap_end(local) : instants.front();
}

std::int64_t count_cron(const Schedule& schedule, WallTime first, WallTime last) {
  const Cron& cron = schedule.cron;
  const std::int64_t per_day =
      std::int64_t{std::popcount(cron.hours)} * std::popcount(cron.minutes) * std::popcount(cron.seconds);
  const Zone::Local local = schedule.zone.to_local(first);
  auto date =
      std::chrono::sys_days{std::chrono::year{local.year} / local.month / local.day} + std::chrono::days{1};
  WallTime start = midnight(schedule.zone, date);
  std::int64_t n = walk(schedule, first, std::min(start, WallTime{last.us + 1}));
  while (start <= last) {
    date += std::chrono::days{1};
    const WallTime end = midnight(schedule.zone, date);
    if (end.us - start.us == day_us && end <= last)
      n += runs_on(cron, date - std::chrono::days{1}) ? per_day : 0;
    else
      n += walk(schedule, start, std::min(end, WallTime{last.us + 1}));
    start = end;
  }
  return n;
}

}  // namespace

WallTime local_midnight(const Zone& zone, std::int64_t day) {
  return midnight(zone, std::chrono::sys_days{std::chrono::days{day}});
}

std::int64_t local_day(const Zone& zone, WallTime t) {
  const Zone::Local local = zone.to_local(t);
  return std::chrono::sys_days{std::chrono::year{local.year} / local.month / local.day}
      .time_since_epoch()
      .count();
}

bool schedule_has_ticks(const Schedule& s) {
  return s.kind == Schedule::Kind::cron || s.kind == Schedule::Kind::every || s.kind == Schedule::Kind::at;
}

std::int64_t count_ticks(const Schedule& schedule, WallTime first, WallTime last) {
  switch (schedule.kind) {
    case Schedule::Kind::every:
      return (last.us - first.us) / schedule.every.count() + 1;
    case Schedule::Kind::at:
      return std::ranges::upper_bound(schedule.at, last) - std::ranges::lower_bound(schedule.at, first);
    default:
      return count_cron(schedule, first, last);
  }
}

}  // namespace millrace
