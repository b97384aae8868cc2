#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.h"
#include "dags/dag.h"
#include "scheduler/rows.h"

namespace millrace {

/// The execution_dates of a backfill. A range is computed from the schedule, a list is held sorted: each
/// question is a tick or a binary search, however many dates there are. A value of its own.
class BackfillDates {
 public:
  BackfillDates() = default;
  /// `grid`: whose schedule says which dates a range has: its ticks, those of the cron that a dataset
  /// schedule maps partitions to, or days of the clock from from_date. `dag`: whose start_date and end_date
  /// bound them. The same unless datasets start the DAG (dates_dag) or a cascade does.
  BackfillDates(const Dag& grid, const Dag& dag, const BackfillSpec&);

  std::optional<WallTime> at_or_after(WallTime) const;
  std::optional<WallTime> at_or_before(WallTime) const;
  bool contains(WallTime date) const { return at_or_after(date) == date; }
  std::optional<WallTime> earliest() const { return at_or_after({INT64_MIN / 2}); }
  std::optional<WallTime> latest() const { return at_or_before({INT64_MAX / 2}); }
  /// In the backfill's direction.
  std::optional<WallTime> first() const { return backwards_ ? latest() : earliest(); }
  std::optional<WallTime> after(WallTime previous) const;
  bool backwards() const { return backwards_; }
  bool is_list() const { return !is_range_ && !list_.empty(); }
  std::int64_t count() const;

 private:
  std::optional<WallTime> bounded(std::optional<WallTime>) const;
  std::optional<WallTime> on_day(std::int64_t day) const;
  std::int64_t count_days(WallTime first, WallTime last) const;

  std::shared_ptr<const Schedule> schedule_;
  bool ticks_ = false, backwards_ = false, is_range_ = false;
  Zone zone_;            // without ticks: whose days these are,
  WallTime phase_;       // each at the time of day that this has there
  WallTime low_, high_;  // of a range, with the bounds of the DAG
  std::vector<WallTime> list_;
};

/// The first date that both have; nothing: they don't overlap.
std::optional<WallTime> first_common(const BackfillDates&, const BackfillDates&,
                                     WallTime from = {INT64_MIN / 2});

}  // namespace millrace
