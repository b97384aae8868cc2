#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "dags/dag.h"

namespace millrace {

/// What is decided about the ticks of one DAG between its watermark and now. Pure.
struct TickDecision {
  struct Due {
    WallTime tick;
    DataInterval interval;  ///< start = execution_date
  };
  struct Skip {
    WallTime tick;
    std::string reason;  ///< `catchup off`, `catchup window`, `catchup limit`, `before start_date`, …
  };
  std::vector<Due> runs;    ///< oldest first
  std::vector<Skip> skips;  ///< at most a page of them; the rest is in `skipped_more`
  std::int64_t skipped_more = 0;
  std::optional<WallTime> watermark;  ///< the new one
  std::optional<WallTime> next;       ///< when to look again; nothing: never
  std::string hold;                   ///< the clock stepped forward by more than limits::clock_step_hold: why
};

/// Each tick after the watermark ends in `runs` or in `skips`, once. Missed ticks: with catchup off (or
/// `latest`) the newest one runs and the others are skipped; with `all` those within `window` and among the
/// newest `max_runs` run. Ticks whose execution_date is after end_date don't exist.
///
/// `watermark`: the last decided tick; nothing for a DAG seen for the first time. That one begins at
/// start_date with catchup, without it at the newest complete interval, as Airflow does; what ticked before
/// isn't missed and not recorded. Without a start_date it waits for its next tick.
///
/// `last_seen`: the wall time of the last call, to tell a step of the clock from an outage; nothing at start
/// (an outage: the catch-up policy decides). A step over due ticks holds: nothing is decided, `hold` says
/// why. The caller keeps its last_seen while it holds, and gives none to let the policy decide after all.
///
/// `room`: how many runs may be created now; the others stay undecided and the watermark stops before them.
/// Work per call is bounded: `next` equal to `now` means that there is more to decide at once.
///
/// @once runs once, for start_date or for `now`. @continuous, dataset and manual DAGs have no ticks: never.
TickDecision decide_ticks(const Dag&, std::optional<WallTime> watermark, std::optional<WallTime> last_seen,
                          WallTime now, std::size_t room);

}  // namespace millrace
