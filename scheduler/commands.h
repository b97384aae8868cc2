#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "scheduler/events.h"
#include "scheduler/rows.h"

/// What the scheduler wants done. Records are committed first, in one transaction for the whole batch; only then is
/// anything else performed.
namespace millrace {

struct Record { Change change; };

/// Start this attempt. The dispatcher asks Scheduler::attempt_context for the rest.
struct Spawn { AttemptId attempt; };
/// End it: TERM, grace, KILL. `finished` follows. Repeated after a restart.
struct Kill { AttemptId attempt; };
/// Its outcome is recorded: the engine may forget it.
struct Acknowledge { AttemptId attempt; };

/// Which runs exist for these execution_dates? Answered by DatesLookedUp before any other event.
struct LookUpDates { LookupId lookup; std::string dag_id; std::vector<WallTime> dates; };
/// Bring this finished run back into memory. Answered by RunLoaded before any other event.
struct LoadRun { RunId run; };
/// Look whether the sensor's condition holds. Answered by SensorChecked, some time.
struct CheckSensor { TaskInstanceId task_instance; };

struct Done {};
struct Cleared { RunRow run; std::vector<TaskInstanceRow> task_instances; };  ///< what was or would be cleared
/// The answer to the caller of a request; sent after the commit.
struct Reply {
  RequestId request;
  std::variant<Error, Done, RunRow, TaskInstanceRow, Cleared, BackfillRow, PoolRow, DagRow, DatasetEventRow> body;
};

using Command = std::variant<Record, Spawn, Kill, Acknowledge, LookUpDates, LoadRun, CheckSensor, Reply>;

}  // namespace millrace
