#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "scheduler/events.h"
#include "scheduler/rows.h"

/// What the scheduler wants done. Records are committed first, in one transaction for the whole batch; only
/// then is anything else performed.
namespace millrace {

struct Record { Change change; };

/// Start this attempt. The dispatcher asks Scheduler::attempt_context for the rest.
struct Spawn { AttemptId attempt; };
/// End it: TERM, grace, KILL. `finished` follows. Repeated after a restart.
struct Kill { AttemptId attempt; };
/// Its outcome is recorded: the engine may forget it.
struct Acknowledge { AttemptId attempt; };

/// Which runs exist for these execution_dates, or with this run_id (empty: don't ask)? Answered by
/// DatesLookedUp before any other event and in the same transaction as what caused it, so that a cause is
/// never stored without its effect.
struct LookUpDates { LookupId lookup; std::string dag_id; std::vector<WallTime> dates; std::string run_id; };
/// Of which partitions in [from, to) do these datasets have events? Answered by PartitionsLookedUp like
/// LookUpDates.
struct LookUpPartitions { LookupId lookup; std::vector<std::string> datasets; WallTime from, to; };
/// The items of a backfill with execution_dates in [from, to]. Answered by ItemsLookedUp like LookUpDates.
struct LookUpItems { LookupId lookup; BackfillId backfill; WallTime from, to; };
/// Bring this finished run back into memory. Answered by RunLoaded before any other event, like LookUpDates.
struct LoadRun { RunId run; };
/// Look whether the sensor's condition holds. Answered by SensorChecked, some time.
struct CheckSensor { TaskInstanceId task_instance; };

/// Tell them. Answered by NotificationTried, some time; asked again after a restart.
struct Deliver { NotificationRow notification; };
/// A run is deleted: its logs and output files may go.
struct RemoveRunFiles { std::string dag_id, run_id; };

struct Done {};
/// What was or would be cleared.
struct Cleared {
  RunRow run;  ///< the one that was named; instances may be of others too
  std::vector<TaskInstanceRow> task_instances;
};
/// What was or would be marked.
struct Marked {
  std::vector<TaskInstanceRow> task_instances;
};
/// The answer to the caller of a request; sent after the commit.
struct Reply {
  RequestId request;
  std::variant<Error, Done, RunRow, TaskInstanceRow, Cleared, Marked, BackfillRow, PoolRow, DagRow,
               DatasetEventRow>
      body;
};

using Command = std::variant<Record, Spawn, Kill, Acknowledge, LookUpDates, LookUpPartitions, LookUpItems,
                             LoadRun, CheckSensor, Deliver, RemoveRunFiles, Reply>;

}  // namespace millrace
