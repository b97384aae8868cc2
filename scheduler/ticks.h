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
    DataInterval interval;               ///< start = execution_date
  };
  struct Skip {
    WallTime tick;
    std::string reason;                  ///< `catchup off`, `catchup window`, `catchup limit`, `before start_date`, …
  };
  std::vector<Due> runs;                 ///< oldest first
  std::vector<Skip> skips;               ///< at most a page of them; the rest is in `skipped_more`
  std::int64_t skipped_more = 0;
  std::optional<WallTime> watermark;     ///< the new one
  std::optional<WallTime> next;          ///< when to look again; nothing: never
  std::string hold;                      ///< the clock stepped forward by more than limits::clock_step_hold: why
};

/// `watermark`: the last decided tick; nothing for a DAG seen for the first time (then it starts at start_date with
/// catchup, else at the last tick before `now`, as Airflow does). `last_seen`: the wall time of the last call, to tell a
/// clock step from an outage; nothing at start (an outage: the catch-up policy decides). `room`: how many runs may be
/// created now; the others stay undecided and the watermark stops before them.
TickDecision decide_ticks(const Dag&, std::optional<WallTime> watermark, std::optional<WallTime> last_seen,
                          WallTime now, std::size_t room);

}  // namespace millrace
