#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "dags/dag.h"
#include "scheduler/backfill_dates.h"
#include "scheduler/rows.h"

namespace millrace {

/// What a backfill would do with one date.
struct PlannedDate {
  enum class Action : std::uint8_t { create, rerun, skip, active } action = Action::create;
  WallTime execution_date;
  std::string reason;  ///< `no run yet`, `last run failed`, `already succeeded`, `a run is active`, …
};

/// Checks a spec against the DAG: end before start, no date at all, dates outside [start_date, end_date],
/// unknown task ids (with suggestion), max_active_runs < 1. The message names the field.
/// `grid`: its dates_dag.
Result<void> check_backfill(const Dag&, const Dag& grid, const BackfillSpec&);

/// The first date to decide, or the one after `previous` in the backfill's direction; nothing at the end.
/// These and first_overlap are of a DAG whose own schedule says its dates.
std::optional<WallTime> first_date(const Dag&, const BackfillSpec&);
std::optional<WallTime> date_after(const Dag&, const BackfillSpec&, WallTime previous);
/// How many dates there are. 87,672 hourly ones within milliseconds.
std::int64_t count_dates(const Dag&, const BackfillSpec&);

/// Decides one date from what is known of its run (nothing: there is none).
PlannedDate plan_date(const BackfillSpec&, WallTime execution_date, const std::optional<RunRow>& existing);

/// Whether two backfills of one DAG would touch the same date; names the first such date.
std::optional<WallTime> first_overlap(const Dag&, const BackfillSpec&, const BackfillSpec&);

/// The first dates that both have, as text; empty when they have none in common.
std::string name_common(const BackfillDates&, const BackfillDates&);

/// The tasks of a backfill with `task_ids` (and their closure if asked); all when it names none. Ascending.
std::vector<TaskIndex> chosen_tasks(const Dag&, const BackfillSpec&);

}  // namespace millrace
