#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "scheduler/words.h"

/// Why something isn't running, as values that outlive the look at the scheduler.
namespace millrace {

/// Somebody who holds what another needs, or whom it waits for: an instance, or a run when `instance` is 0.
struct Holder {
  TaskInstanceId instance;
  RunId run;
  std::string dag_id, run_id, task_id;
  int map_index = -1;
  std::string state;                   ///< word of the task's or run's state
  std::optional<WallTime> started_at;  ///< of a live process or a running run
  BackfillId backfill;                 ///< its run's; 0: none
  std::vector<std::string> devices;    ///< uuids it holds
  friend bool operator==(const Holder&, const Holder&) = default;
};

/// One condition of a start. `kind`: paused max_active_runs backfill_limit upstream retry_delay sensor
/// child_run not_before pool max_active_tasks cpu memory gpu share.
struct Gate {
  std::string kind;
  bool ok = true;
  std::int64_t have = 0, need = 0;  ///< what is there or free, and what it takes; units by kind
  std::string text;                 ///< for a person: "pool 'cpu': 8 of 8 slots taken"
  std::vector<Holder> blockers;     ///< when not ok: who holds it; the first is the culprit
  std::int64_t more_blockers = 0;   ///< beyond those listed
};

/// How much somebody takes, and for how long he has had it: what a forecast needs of him.
struct Claim {
  std::string dag_id, task_id;  ///< whose past durations count; no task: whole runs
  std::string pool;
  std::int64_t slots = 1, cpu_milli = 0, memory_bytes = 0, gpus = 0;
  RunId run;
  std::optional<WallTime> started_at;
};

/// Who competes for the same things: enough to play the starts ahead through (forecast.h).
struct Contest {
  std::map<std::string, std::int64_t> slots;  ///< in all, by pool
  std::int64_t cpu_milli = 0, memory_bytes = 0, gpus = 0;
  std::map<RunId, std::int64_t> run_limits;   ///< max_active_tasks of each run
  std::vector<Claim> holders;                 ///< have started
  std::vector<Claim> waiting;                 ///< in start order
};

/// An unfinished task before another one, in topological order.
struct Ancestor {
  std::string task_id;
  std::optional<WallTime> started_at;
  std::vector<std::uint32_t> upstream;  ///< places in the same list, all smaller
};

struct Explanation {
  TaskState state = TaskState::none;
  std::vector<Gate> gates;           ///< in evaluation order, up to and with the first that depends on others
  std::int64_t rank = 0;             ///< place among those that wait in its pool; 0: not in line, or too far
  std::int64_t in_line = 0;          ///< how many wait in that pool, counted up to a bound
  std::optional<WallTime> not_before;
  Contest contest;                   ///< the waiting one is the last of `waiting`; empty: not in line
  std::optional<std::vector<Ancestor>> ancestors;  ///< unfinished ones; nothing: not asked, or too many
  Contest runs;                      ///< the same for a run that waits for a place among the active ones
};

/// One that waits for admission.
struct Queued {
  Holder who;
  std::int64_t rank = 0;             ///< over all pools
  std::string pool, share;           ///< share: manual scheduled dataset_triggered backfill
  int priority = 0;
  WallTime since;
  std::vector<Gate> gates;           ///< those that stop it; without blockers
};
/// A run that waits for a place among the active runs of its DAG.
struct QueuedRunSeen {
  Holder who;
  WallTime since;
  Gate gate;
};
/// A backfill whose further dates wait for its own limit, or because it is paused.
struct QueuedDates {
  BackfillId backfill;
  std::string dag_id;
  std::int64_t dates = 0;            ///< not decided yet
  Gate gate;
};
struct QueueSeen {
  std::vector<Queued> tasks;
  std::int64_t tasks_waiting = 0;
  std::vector<QueuedRunSeen> runs;
  std::vector<QueuedDates> backfills;
  Contest contest;                   ///< `waiting` in step with `tasks`
};

struct MachineUse {
  std::int64_t cpu_milli = 0, cpu_taken = 0, memory_bytes = 0, memory_taken = 0;
  std::int64_t attempts = 0;
};

}  // namespace millrace
