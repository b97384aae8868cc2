#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scheduler/rows.h"

namespace millrace {

/// A run as a screen shows it: without what only its own page needs.
struct RunBar {
  RunId id;
  std::string dag_id, run_id;
  WallTime execution_date;
  RunType type = RunType::manual;
  RunState state = RunState::queued;
  std::string reason;
  DagVersionId dag_version;
  bool has_note = false;
  WallTime queued_at;
  std::optional<WallTime> started_at, ended_at;
  std::optional<WallTime> late_at;  ///< when it missed its deadline
};

/// A run as a day of the calendar shows it.
struct CalendarRun {
  WallTime execution_date;
  RunState state = RunState::queued;
  bool late = false;
  std::optional<WallTime> started_at, ended_at;
};

/// A task instance as a cell of the grid.
struct Cell {
  TaskInstanceId id;
  RunId run;
  TaskIndex task = 0;  ///< position in the run's version
  int map_index = -1;
  TaskState state = TaskState::none;
  int try_number = 0;
  bool has_note = false;
  std::optional<WallTime> started_at, ended_at;
};

/// One line of a task instance's record, or of its run's (`task_instance` 0).
struct Transition {
  TaskInstanceId task_instance;
  WallTime at;
  std::string kind, from, to, cause;
};

/// An attempt with the names of what it belongs to.
struct AttemptBar {
  RunId run;
  std::string dag_id, run_id, task_id;
  int map_index = -1, try_number = 1;
  std::string pool;
  std::vector<std::string> devices;
  WallTime created_at;
  std::optional<WallTime> started_at, ended_at;
  std::optional<Outcome> outcome;
};

/// How long something took in the past: of its newest successes, at most 20.
struct PastSeconds {
  double p50 = 0, p90 = 0;
  int samples = 0;
};

/// The reads of screens, each served by an index, none by a scan. Part of a StoreReader: same connection,
/// same thread.
class ViewReader {
 public:
  virtual ~ViewReader() = default;

  /// Of a task's successes in the DAG's 50 newest ended runs; of those runs themselves when `task_id` is
  /// empty.
  virtual std::optional<PastSeconds> past_seconds(std::string_view dag_id, std::string_view task_id) = 0;
  /// The record of one instance and of its run; of all the run's instances when `task_instance` is 0. In
  /// order, at most `limit`.
  virtual std::vector<Transition> transitions(RunId, TaskInstanceId, int limit) = 0;

  /// The newest sequence number of the record: a page is as of this one.
  virtual std::int64_t revision() = 0;

  /// By execution_date, newest first, those at or before `end`.
  virtual std::vector<RunBar> last_runs(std::string_view dag_id, std::optional<WallTime> end, int limit) = 0;
  virtual std::vector<RunBar> active_runs(int limit) = 0;
  /// By end_date, newest first.
  virtual std::vector<RunBar> runs_ended_since(WallTime, int limit) = 0;
  /// How many ended since then, by state.
  virtual std::vector<std::pair<RunState, std::int64_t>> ended_counts(WallTime since) = 0;
  /// DAGs whose newest ended run failed, and ended since then.
  virtual std::vector<std::string> failing_dags(WallTime since) = 0;
  /// A DAG's runs in [from, to), in order.
  virtual std::vector<CalendarRun> runs_in(std::string_view dag_id, WallTime from, WallTime to,
                                           int limit) = 0;
  /// Every instance of these runs, run by run.
  virtual void each_cell(std::span<const RunId>, const std::function<void(const Cell&)>&) = 0;
  /// Attempts of active runs and of runs that ended since `from`, those that overlap [from, to].
  virtual std::vector<AttemptBar> attempts_between(WallTime from, WallTime to, int limit) = 0;
};

}  // namespace millrace
