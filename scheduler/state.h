#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "dags/dag.h"
#include "scheduler/backfill_dates.h"
#include "scheduler/rows.h"
#include "scheduler/trigger_rule.h"

/// What the scheduler holds in memory: active runs and what they need, nothing of history. Internal to
/// scheduler/.
namespace millrace {

/// A task instance's place: TaskIndex names a task of a DAG, this an instance of a run. Stable while the run
/// is here.
using InstanceIndex = std::uint32_t;

/// The reason of instances that a backfill with `task_ids` leaves out; to their downstream they count as
/// done.
inline constexpr std::string_view not_chosen = "not in this backfill";

struct Instance {
  TaskInstanceRow row;
  AttemptId attempt;                 ///< the live one; 0: none
  RunId child;                       ///< the run it waits for
  std::optional<MonoTime> due;       ///< retry or next poke: its place in the timers
  std::optional<MonoTime> deadline;  ///< sensor timeout, likewise
  bool checking = false;             ///< a CheckSensor is out
  bool check_again = false;          ///< something happened meanwhile
  bool fresh = false, dirty = false;
};

/// One task of a run.
struct Slot {
  static constexpr InstanceIndex none = ~InstanceIndex{0};
  InstanceIndex first = none;        ///< map_index -1 or 0
  std::vector<InstanceIndex> more;   ///< by map_index
  UpstreamCounts upstream;
  std::uint32_t waiting = 0;         ///< instances in state none
  bool considered = false;           ///< in the worklist

  std::size_t size() const { return first == none ? 0 : 1 + more.size(); }
  InstanceIndex operator[](std::size_t k) const { return k == 0 ? first : more[k - 1]; }
};

/// What `depends_on_past` looks at: the run of the previous execution_date.
struct Past {
  enum class Kind : std::uint8_t { unneeded, unknown, nothing, active, ended };
  Kind kind = Kind::unneeded;
  WallTime date;
  RunId run;
  std::map<std::string, TaskState, std::less<>> states;  ///< when ended: by task_id
};

struct Run {
  RunRow row;
  std::shared_ptr<const Dag> dag;
  std::vector<Instance> instances;   ///< by id
  std::vector<Slot> slots;           ///< by TaskIndex
  std::map<std::pair<InstanceIndex, std::string>, JsonText> outputs;
  std::uint32_t unfinished = 0;      ///< instances that aren't final
  std::uint32_t live = 0;            ///< attempts without an outcome
  Past past;
  std::optional<MonoTime> deadline;  ///< run_timeout
  std::optional<MonoTime> late;      ///< the DAG's `deadline`
  std::vector<TaskInstanceId> id_ranges;
  bool fresh = false, dirty = false, ending = false;
};

struct Attempt {
  AttemptRow row;
  Run* run = nullptr;
  InstanceIndex index = 0;
  bool fresh = false, dirty = false;
};

/// Who waits for a place among the active runs of a DAG, in order.
struct QueuedRun {
  RunType type;
  WallTime execution_date;
  RunId id;
  friend bool operator<(const QueuedRun& a, const QueuedRun& b) { return a.key() < b.key(); }

 private:
  /// Manual runs first: an ad-hoc run isn't held up by a catch-up. Those of backfills last: they don't wait
  /// for a place, and are taken from the end.
  std::tuple<int, WallTime, RunId> key() const {
    const int rank = type == RunType::manual      ? 0
                     : type == RunType::scheduled ? 1
                     : type == RunType::backfill  ? 3
                                                  : 2;
    return {rank, execution_date, id};
  }
};

/// A run that a backfill runs again is the backfill's, whatever made it.
inline RunType class_of(const RunRow& run) { return run.backfill ? RunType::backfill : run.type; }
inline QueuedRun place_in_line(const RunRow& run) { return {class_of(run), run.execution_date, run.id}; }

struct DagEntry {
  static constexpr std::uint32_t unplaced = ~std::uint32_t{0};

  DagRow row;
  std::shared_ptr<const Dag> dag;
  std::map<WallTime, RunId> active;      ///< runs that aren't final, by execution_date
  std::set<QueuedRun> queued;
  int running = 0;                       ///< against max_active_runs: not those of backfills
  std::size_t backfilling = 0;           ///< active runs of backfills
  std::optional<WallTime> due;           ///< its place in Core::dues
  bool deciding = false;                 ///< a look-up for its ticks is out
  int feeding = 0;                       ///< questions and wishes out for runs fed by dataset events
  bool crowded = false;                  ///< ticks wait for room
  std::string hold;                      ///< why ticks are held
  std::optional<WallTime> held_since;    ///< the last wall time that was believed
  std::uint32_t place = unplaced;        ///< in the DagIndex
  bool fresh = false, dirty = false;
};

struct Backfill {
  BackfillRow row;
  std::shared_ptr<const Dag> dag;
  std::shared_ptr<const Dag> dates_dag;        ///< whose schedule says the dates; null: `dag`
  BackfillDates dates;
  std::vector<bool> chosen;                    ///< by TaskIndex; empty: all
  std::map<WallTime, BackfillItemRow> items;   ///< queued or running, and those for a retry
  std::set<WallTime> again;                    ///< queued items: before the cursor's dates
  std::set<WallTime> blocked;                  ///< queued items: another's run of the date is active
  std::size_t window = 1;                      ///< how many dates to look up next
  int running = 0;
  bool looking = false;
  bool recalled = false;                       ///< a finished one, loaded for retry_failed
  std::int64_t work = 0;                       ///< rows since its last turn
  std::optional<MonoTime> turn;                ///< has done enough: goes on then
  std::set<WallTime> dirty_items;
  bool fresh = false, dirty = false;
};

struct Notification {
  NotificationRow row;
  std::optional<MonoTime> due;       ///< the next try
  bool fresh = false, dirty = false;
};

/// A cancel was asked and its last runs are still ending.
inline bool is_cancelling(const Backfill& backfill) {
  return backfill.row.completed_at && !is_final(backfill.row.state);
}

struct Timer {
  enum class Kind : std::uint8_t { run_deadline, sensor_deadline, due, late, notification, backfill };
  MonoTime at;
  Kind kind = Kind::due;
  std::int64_t id = 0;               ///< task instance, run, notification or backfill
  friend auto operator<=>(const Timer&, const Timer&) = default;
};

/// A run that someone wants.
struct RunWish {
  std::string dag_id;
  std::shared_ptr<const Dag> dag;
  DagVersionId version;
  RunType type = RunType::manual;
  WallTime execution_date;
  DataInterval interval;
  std::string run_id;                ///< empty: by type and date
  JsonText params = "{}";
  std::string note, by, pool;
  int priority = 0;
  BackfillId backfill;
  std::vector<bool> chosen;          ///< by TaskIndex; empty: all
};

}  // namespace millrace
