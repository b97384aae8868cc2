#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "scheduler/cascade_plan.h"
#include "scheduler/commands.h"
#include "scheduler/dag_list.h"
#include "scheduler/events.h"
#include "scheduler/explain.h"

/// scheduler/ decides; it never acts. It knows DAGs, runs, pools and time as a value; it doesn't know of
/// clocks, files, processes, threads, databases or HTTP. Same events and times in, same commands out, byte
/// for byte.
namespace millrace {

/// Why an instance isn't running. `kind` is one of: upstream pool max_active_tasks max_active_runs cpu memory
/// gpu paused not_before retry_delay sensor child_run backfill_limit share.
struct Wait {
  std::string kind;
  std::string detail;  ///< for a person: "task 'load' is running", "pool 'cpu': 8 of 8 slots taken"
  friend bool operator==(const Wait&, const Wait&) = default;
};

/// All that rendering an attempt needs. Views and pointers live until the next apply().
struct AttemptContext {
  const Dag* dag = nullptr;
  const Task* task = nullptr;
  const RunRow* run = nullptr;
  const TaskInstanceRow* task_instance = nullptr;
  const AttemptRow* attempt = nullptr;
};

struct PoolUse {
  PoolRow pool;
  int occupied = 0;                ///< slots of queued and running instances
  int running = 0, queued = 0, scheduled = 0, deferred = 0;  ///< slots by state
};

/// How much of each there is; final ones aren't in memory and don't count, nor do states that nobody is in.
struct ActiveCounts {
  std::map<RunState, std::size_t> runs;
  std::map<TaskState, std::size_t> task_instances;
  std::map<BackfillState, std::size_t> backfills;
  std::size_t dags = 0, paused_dags = 0;
};

struct NextWake {
  std::optional<MonoTime> mono;    ///< retries, sensors, run timeouts
  std::optional<WallTime> wall;    ///< schedules
};

/// Which DAGs a look is about, by dag_id; empty: all.
using DagFilter = std::function<bool(std::string_view)>;

/// Not thread-safe: one thread owns it.
class Scheduler {
 public:
  Scheduler();
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Takes one fact. The Records among the commands are the whole change of state, in order.
  std::vector<Command> apply(const Event&, Now);

  /// When to send TimeReached at the latest; recomputed by each apply.
  NextWake next_wake() const;

  /// Nothing for an attempt that isn't live.
  std::optional<AttemptContext> attempt_context(AttemptId) const;
  /// For a sensor that waits (task_instance without attempt).
  std::optional<AttemptContext> task_context(TaskInstanceId) const;
  /// The output of a task of an active run; of all its mapped instances as a JSON list when it is mapped.
  std::optional<JsonText> output(RunId, std::string_view task_id, std::string_view key) const;

  /// Empty for running, final and unknown instances.
  std::vector<Wait> waiting_on(TaskInstanceId, Now) const;
  /// Why it isn't running, with all gates and what a forecast needs; nothing for one that isn't in memory.
  std::optional<Explanation> explain(TaskInstanceId, Now) const;
  /// Who waits for admission, the first `limit` in start order; runs and dates that wait, likewise bounded.
  /// Of some DAGs alone: places in line are still those among all, and there is no contest to forecast from.
  QueueSeen queue(std::size_t limit, const DagFilter& of = {}) const;
  MachineUse machine() const;
  /// One page of DAGs, without a walk over all of them.
  DagPage dags(const DagWish&) const;
  DagCounts dag_counts() const;
  /// The tags (label_of_tag("")), pools … of DAGs that may be seen (null: of all), in order.
  std::vector<std::string> dag_words(std::string_view kind,
                                     const std::function<bool(std::string_view dag_id)>& may_see) const;
  /// The next ticks of all schedules in time order: (when, dag_id).
  std::vector<std::pair<WallTime, std::string>> due(WallTime until, std::size_t limit,
                                                    const DagFilter& of = {}) const;
  std::vector<PoolUse> pools() const;
  /// Which attempt holds each device; 0: free.
  std::vector<std::pair<GpuFact, AttemptId>> devices() const;
  /// The version new runs are made from; null when there is no such DAG.
  std::shared_ptr<const Dag> dag(std::string_view dag_id) const;
  std::optional<DagRow> dag_row(std::string_view dag_id) const;
  /// A run in memory; null when it is final or unknown. Lives until the next apply().
  const RunRow* run(RunId) const;
  /// What a backfill with `cascade` would carry on into. The spec is checked already.
  Result<CascadePlan> cascade(const BackfillSpec&) const;
  /// For tests and the reconciler: attempts that should be alive or be starting.
  std::vector<AttemptId> live_attempts() const;
  std::size_t active_runs() const;
  /// Looks at each active task instance once. `dags` are all, whatever the filter.
  ActiveCounts active_counts(const DagFilter& of = {}) const;
  /// Queued or running.
  bool is_active(RunId) const;
  /// Why scheduled runs are held (the clock stepped forward), by dag_id; empty: they aren't.
  std::vector<std::pair<std::string, std::string>> holds() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace
