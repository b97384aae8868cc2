#include "scheduler/backfill_dates.h"

#include <algorithm>
#include <chrono>

#include "scheduler/date_count.h"
#include "scheduler/dates_dag.h"

namespace millrace {
namespace {

constexpr std::int64_t second_us = 1'000'000;

/// A dataset schedule that maps partitions to the intervals of a cron has the dates of that cron.
Schedule with_ticks(Schedule s) {
  if (s.kind != Schedule::Kind::datasets || s.partition.kind != PartitionMapping::Kind::to) return s;
  s.kind = Schedule::Kind::cron;
  s.cron = s.partition.to;
  return s;
}

}  // namespace

BackfillDates::BackfillDates(const Dag& grid, const Dag& dag, const BackfillSpec& spec)
    : schedule_(std::make_shared<const Schedule>(with_ticks(grid.schedule))),
      ticks_(schedule_has_ticks(*schedule_)),
      backwards_(spec.run_backwards),
      is_range_(spec.dates.empty() && spec.from_date && spec.to_date) {
  const WallTime low = dag.start_date.value_or(WallTime{INT64_MIN / 2});
  const WallTime high = dag.end_date.value_or(WallTime{INT64_MAX / 2});
  if (is_range_) {
    zone_ = clock_of(dag, grid).zone;
    phase_ = *spec.from_date;
    low_ = std::max(low, *spec.from_date);
    high_ = std::min(high, *spec.to_date);
    return;
  }
  for (const WallTime date : spec.dates)
    if (date >= low && date <= high) list_.push_back(date);
  std::ranges::sort(list_);
  list_.erase(std::unique(list_.begin(), list_.end()), list_.end());
}

std::optional<WallTime> BackfillDates::bounded(std::optional<WallTime> date) const {
  return date && *date >= low_ && *date <= high_ ? date : std::nullopt;
}

/// The date of that local day, counted from 1970-01-01; nothing when there was no such day.
std::optional<WallTime> BackfillDates::on_day(std::int64_t day) const {
  if (day == local_day(zone_, phase_)) return phase_;
  Zone::Local local = zone_.to_local(phase_);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  local.year = int{date.year()};
  local.month = static_cast<int>(unsigned{date.month()});
  local.day = static_cast<int>(unsigned{date.day()});
  const std::vector<WallTime> shown = zone_.from_local(local);
  const WallTime whole = shown.empty() ? zone_.gap_end(local) : shown.front();
  if (local_day(zone_, whole) != day) return {};
  const std::int64_t below_a_second = ((phase_.us % second_us) + second_us) % second_us;
  return shown.empty() ? whole : WallTime{whole.us + below_a_second};
}

std::int64_t BackfillDates::count_days(WallTime first, WallTime last) const {
  std::int64_t n = local_day(zone_, last) - local_day(zone_, first) + 1;
  // Where a zone moved over the date line, a day is missing.
  for (const Zone::Offset& stretch : zone_.offsets()) {
    const WallTime change{std::max(stretch.begin_s, std::int64_t{-62'135'596'800}) * second_us};
    if (change <= first || change > last) continue;
    n -= std::max(std::int64_t{0}, local_day(zone_, change) - local_day(zone_, {change.us - 1}) - 1);
  }
  return n;
}

std::optional<WallTime> BackfillDates::at_or_after(WallTime t) const {
  if (!is_range_) {
    const auto at = std::ranges::lower_bound(list_, t);
    return at == list_.end() ? std::nullopt : std::optional(*at);
  }
  t = std::max(t, low_);
  if (t > high_) return {};
  if (ticks_) return bounded(execution_date_at_or_after(*schedule_, t));
  for (std::int64_t day = local_day(zone_, t);; ++day)
    if (const auto date = on_day(day); date && *date >= t) return bounded(date);
}

std::optional<WallTime> BackfillDates::at_or_before(WallTime t) const {
  if (!is_range_) {
    const auto after = std::ranges::upper_bound(list_, t);
    return after == list_.begin() ? std::nullopt : std::optional(*(after - 1));
  }
  t = std::min(t, high_);
  if (t < low_) return {};
  // Execution dates are the schedule's ticks, each covering the time up to the next one.
  if (ticks_) return bounded(previous_tick(*schedule_, {t.us + 1}));
  for (std::int64_t day = local_day(zone_, t);; --day)
    if (const auto date = on_day(day); date && *date <= t) return bounded(date);
}

std::optional<WallTime> BackfillDates::after(WallTime previous) const {
  return backwards_ ? at_or_before({previous.us - 1}) : at_or_after({previous.us + 1});
}

std::int64_t BackfillDates::count() const {
  if (!is_range_) return static_cast<std::int64_t>(list_.size());
  const auto first = earliest(), last = latest();
  if (!first || !last || *last < *first) return 0;
  if (!ticks_) return count_days(*first, *last);
  return count_ticks(*schedule_, *first, *last);
}

std::optional<WallTime> first_common(const BackfillDates& a, const BackfillDates& b, WallTime from) {
  for (auto date = a.at_or_after(from); date;) {
    const auto other = b.at_or_after(*date);
    if (!other || *other == *date) return other;
    date = a.at_or_after(*other);
    if (date && *date == *other) return date;
  }
  return {};
}

}  // namespace millrace
