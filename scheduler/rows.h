#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/exit_facts.h"
#include "base/id.h"
#include "base/time.h"
#include "dags/dag.h"
#include "scheduler/words.h"

/// The durable values: what the store keeps and the API shows. The scheduler makes them, the store writes
/// them as they are. `version` starts at 1 and grows by 1 with each write: the store's UPDATE is guarded by
/// it.
namespace millrace {

struct DagRow {
  std::string dag_id;
  DagVersionId current;                  ///< the version new runs are made from
  bool paused = false;
  bool removed = false;                  ///< its file is gone; history stays
  std::optional<WallTime> watermark;     ///< last decided tick; only moves forward
  std::int64_t version = 1;
  friend bool operator==(const DagRow&, const DagRow&) = default;
};

struct RunRow {
  RunId id;
  std::string dag_id;
  std::string run_id;                    ///< `scheduled__2001-01-05T00:00:00+00:00`
  WallTime execution_date;
  WallTime data_interval_start, data_interval_end;
  RunType type = RunType::manual;
  RunState state = RunState::queued;
  std::string reason;                    ///< `cancelled`, `timed_out`, …; empty when the state says all
  DagVersionId dag_version;
  BackfillId backfill;                   ///< 0: none
  JsonText params = "{}";                ///< complete: defaults filled in
  std::string note;
  std::string triggered_by;  ///< who or what: a token's name, `schedule`, `dataset flights_raw`, `backfill 3`
  std::string pool;                      ///< overrides the tasks' CPU pool (backfills); empty: none
  int priority = 0;                      ///< added to each task's priority (backfills)
  bool cancel_requested = false;         ///< wanted state; the attempts are being ended
  std::int64_t rerun = 0;                ///< how often it was cleared
  std::optional<WallTime> late_at;       ///< when it missed its deadline
  WallTime queued_at;
  std::optional<WallTime> started_at, ended_at;
  std::int64_t version = 1;
  friend bool operator==(const RunRow&, const RunRow&) = default;
};

struct TaskInstanceRow {
  TaskInstanceId id;
  RunId run;
  std::string task_id;
  TaskIndex task = 0;                    ///< position in the run's pinned version
  int map_index = -1;                    ///< -1: not mapped
  JsonText item;                         ///< the mapped value; empty when not mapped
  TaskState state = TaskState::none;
  std::string reason;                    ///< `exit:1`, `signal:KILL`, `timed_out`, `oom`, `lost`, `marked`, …
  int try_number = 0;                    ///< of the newest attempt; 0: never started
  int max_tries = 1;                     ///< retries.limit + 1, plus what clears added
  std::string pool;
  int priority = 0;                      ///< effective: own + downstream weight + run's
  std::int64_t memory_bytes = 0;         ///< request of the next attempt; grows at oom
  std::optional<WallTime> scheduled_at, queued_at, started_at, ended_at;
  std::optional<WallTime> not_before;    ///< retry or next poke
  std::string note;
  std::string changed_by;                ///< who marked or cleared it last
  std::int64_t version = 1;
  friend bool operator==(const TaskInstanceRow&, const TaskInstanceRow&) = default;
};

struct AttemptRow {
  AttemptId id;
  TaskInstanceId task_instance;
  RunId run;
  int try_number = 1;
  std::string name;                      ///< see attempt_name()
  std::vector<std::string> devices;      ///< uuids bound to it
  std::int64_t memory_bytes = 0;
  bool kill_requested = false;           ///< wanted state; repeated after a restart
  std::string command;                   ///< rendered, for people
  WallTime created_at;                   ///< the intent
  std::optional<StartFacts> start;
  std::optional<ExitFacts> exit;
  std::optional<Outcome> outcome;
  std::int64_t version = 1;
  friend bool operator==(const AttemptRow&, const AttemptRow&) = default;
};

/// A task's output (Airflow: XCom entry). Replaced by a later try.
struct OutputRow {
  TaskInstanceId task_instance;
  RunId run;
  std::string key;
  JsonText value;
  friend bool operator==(const OutputRow&, const OutputRow&) = default;
};

enum class Reprocess : std::uint8_t { none, failed, completed };
std::string_view to_word(Reprocess);

struct BackfillSpec {
  std::string dag_id;
  std::optional<WallTime> from_date, to_date;  ///< inclusive execution_dates
  std::vector<WallTime> dates;                 ///< or exactly these
  Reprocess reprocess = Reprocess::none;
  int max_active_runs = 10;
  bool run_backwards = false;
  std::vector<std::string> task_ids;           ///< empty: all
  bool include_upstream = false, include_downstream = false;
  JsonText params = "{}";
  bool latest_version = true;                  ///< false: reruns keep the version they were pinned to
  std::string pool;
  int priority = 0;
  bool cascade = false;                        ///< carries on into the DAGs that read what this one makes
  std::string description, created_by;
  friend bool operator==(const BackfillSpec&, const BackfillSpec&) = default;
};

struct BackfillCounts {
  std::int64_t total = 0, queued = 0, running = 0, success = 0, failed = 0, skipped = 0, cancelled = 0;
  friend bool operator==(const BackfillCounts&, const BackfillCounts&) = default;
};

/// What a backfill of a cascade follows: its run at t reads the dates of `backfill` in the `window_days` days
/// that end with t.
struct BackfillSource {
  BackfillId backfill;
  int window_days = 1;
  friend bool operator==(const BackfillSource&, const BackfillSource&) = default;
};

struct BackfillRow {
  BackfillId id;
  BackfillSpec spec;
  BackfillState state = BackfillState::queued;
  BackfillId root;                             ///< the backfill that carries on into this one; 0: none
  std::vector<BackfillSource> sources;         ///< likewise; empty: none
  DagVersionId dag_version;                    ///< pinned at creation
  DagVersionId dates_version;                  ///< whose schedule says the dates; 0: dag_version's
  /// The next execution_date to decide; empty: all are decided. A cancelled backfill keeps its place for a
  /// retry.
  std::optional<WallTime> cursor;
  BackfillCounts counts;                       ///< `queued` counts undecided dates too
  bool terminate = false;                      ///< cancel?mode=terminate was asked
  WallTime created_at;
  std::optional<WallTime> started_at, completed_at;
  std::int64_t version = 1;
  friend bool operator==(const BackfillRow&, const BackfillRow&) = default;
};

/// Names the cascade that it belongs to; its own for one that follows none.
inline BackfillId root_of(const BackfillRow& row) { return row.root ? row.root : row.id; }

struct BackfillItemRow {
  BackfillId backfill;
  WallTime execution_date;
  ItemState state = ItemState::queued;
  std::string reason;  ///< `create`, `rerun`, `already succeeded`, `a run is active`, …
  RunId run;                                   ///< 0: none
  std::int64_t version = 1;
  friend bool operator==(const BackfillItemRow&, const BackfillItemRow&) = default;
};

struct PoolRow {
  std::string name;
  int slots = 0;
  std::string description;
  bool removed = false;
  std::int64_t version = 1;
  friend bool operator==(const PoolRow&, const PoolRow&) = default;
};

/// What Airflow calls a variable: a text under a name. A removed one leaves no row.
struct VariableRow {
  std::string key, value, description;
  bool removed = false;
  std::int64_t version = 1;
  friend bool operator==(const VariableRow&, const VariableRow&) = default;
};

/// A run goes with its task instances, attempts and outputs. Its events stay; its ids are never given again.
struct RunDeletion {
  RunId run;
  std::int64_t version = 1;  ///< of its row
  friend bool operator==(const RunDeletion&, const RunDeletion&) = default;
};

/// One write of a partition: what it holds from then on. Append-only; the same content written twice is two
/// rows with the same hash.
struct DatasetVersionRow {
  DatasetVersionId id;
  std::string dataset;
  WallTime partition;
  std::string hash;                            ///< `b3:` and 64 hex digits (docs/dataset-versions.md)
  RunId run;
  AttemptId attempt;                           ///< the producer
  std::string dag_id, run_id, task_id;         ///< its names: the record outlives the run
  int map_index = -1;
  std::string path;                            ///< absolute: where it was published
  std::int64_t bytes = 0, files = 0;
  std::optional<std::int64_t> rows;            ///< empty: the format doesn't say
  JsonText schema;                             ///< JSON array of {name, type}; empty: the format doesn't say
  WallTime created_at;
  friend bool operator==(const DatasetVersionRow&, const DatasetVersionRow&) = default;
};

/// An attempt was given this version to read: the partition's newest when the attempt was admitted.
struct VersionInputRow {
  AttemptId attempt;
  RunId run;
  std::string dataset;
  WallTime partition;
  DatasetVersionId version;
  friend bool operator==(const VersionInputRow&, const VersionInputRow&) = default;
};

/// A new or renewed partition of a dataset. Append-only. Names its producer in words too: the record outlives
/// the run.
struct DatasetEventRow {
  std::int64_t id = 0;
  std::string dataset;
  WallTime partition;                          ///< see partition_of()
  RunId run;                                   ///< producer; 0: from outside
  std::string dag_id, run_id, task_id;         ///< its names; empty: from outside
  int map_index = -1;
  JsonText extra = "{}";                       ///< what an event from outside brought along
  std::string created_by;                      ///< who sent it; empty: a task
  DatasetVersionId version;                    ///< what was written; 0: from outside, or marked
  WallTime at;
  friend bool operator==(const DatasetEventRow&, const DatasetEventRow&) = default;
};

/// The partition that a run makes: its execution_date, but for runs made one per event, whose execution_date
/// has to be their own.
inline WallTime partition_of(const RunRow& run) {
  return run.type == RunType::dataset_triggered ? run.data_interval_start : run.execution_date;
}

/// A name that a DAG or an event has used, numbered once for ever: Airflow's clients know assets by number.
struct DatasetNameRow {
  std::int64_t id = 0;
  std::string name;
  std::string uri;                             ///< its path as its producer declares it; else the name
  WallTime created_at, updated_at;
  std::int64_t version = 1;
  friend bool operator==(const DatasetNameRow&, const DatasetNameRow&) = default;
};

enum class DatasetUse : std::uint8_t { schedule, output, input };
std::string_view to_word(DatasetUse);

/// Who uses a dataset: the current version of each DAG, as its schedule or as a task's input or output.
struct DatasetReferenceRow {
  std::int64_t dataset = 0;
  DatasetUse use = DatasetUse::schedule;
  std::string dag_id;
  std::string task_id;                         ///< empty for `schedule`
  WallTime at;                                 ///< since when
  bool removed = false;
  friend bool operator==(const DatasetReferenceRow&, const DatasetReferenceRow&) = default;
};

/// An event that waits to become, or to join, a run of this DAG. Becomes a DatasetEventRunRow.
struct QueuedDatasetEventRow {
  std::string dag_id;
  std::int64_t event = 0;
  WallTime run_date;                           ///< which run: see run_of_partition()
  std::string dataset;
  WallTime partition;
  WallTime at;
  bool rerun_only = false;                     ///< of a window: only a run that exists is run again
  bool removed = false;
  friend bool operator==(const QueuedDatasetEventRow&, const QueuedDatasetEventRow&) = default;
};

/// What became of an event for one of the DAGs that wait for its dataset. Append-only, never deleted.
struct DatasetEventRunRow {
  std::int64_t event = 0;
  std::string dag_id;
  RunId run;                                   ///< 0: skipped, see `reason`
  std::int64_t rerun = 0;                      ///< which round of the run it fed
  bool triggering = false;                     ///< the newest event of those that made or reran it
  std::string reason;                          ///< why it was skipped
  WallTime at;
  friend bool operator==(const DatasetEventRunRow&, const DatasetEventRunRow&) = default;
};

/// Something a DAG wants said, to one target. Pending until it is delivered or given up.
struct NotificationRow {
  NotificationId id;
  std::string dag_id;
  RunId run;
  NotifyOn on = NotifyOn::failure;
  std::string webhook;                         ///< empty: `command`
  std::vector<std::string> command;
  JsonText body;
  NotificationState state = NotificationState::pending;
  int tries = 0;
  std::optional<WallTime> not_before;          ///< the next try
  std::string detail;                          ///< how the last try ended
  WallTime created_at;
  std::optional<WallTime> ended_at;
  std::int64_t version = 1;
  friend bool operator==(const NotificationRow&, const NotificationRow&) = default;
};

/// One line of the append-only record: what moved, from where to where, why. The state is the fold of these.
struct EventRow {
  std::int64_t seq = 0;                        ///< grows by 1, no gaps
  WallTime at;
  std::string kind;  ///< `task`, `run`, `backfill`, `tick_skipped`, `dag`, `pool`, `hold`, …
  std::string dag_id;
  RunId run;
  TaskInstanceId task_instance;
  AttemptId attempt;
  std::string from, to;                        ///< state words; empty where there is none
  std::string cause;  ///< `exit:1`, `upstream load failed`, `admitted`, `cleared by anna`, …
  std::string owner{};  ///< whose request it was; empty: nobody's. The loop's to fill in
  friend bool operator==(const EventRow&, const EventRow&) = default;
};

/// One row to write. version 1 inserts; a higher one updates the row whose stored version is one less.
using Change = std::variant<DagRow, RunRow, TaskInstanceRow, AttemptRow, OutputRow, BackfillRow,
                            BackfillItemRow, PoolRow, DatasetVersionRow, VersionInputRow, DatasetNameRow,
                            DatasetReferenceRow, DatasetEventRow, QueuedDatasetEventRow, DatasetEventRunRow,
                            NotificationRow, VariableRow, RunDeletion, EventRow>;

/// A run with all that the scheduler must know of it: how recovery and a late clear bring it back into
/// memory.
struct RunSnapshot {
  RunRow run;
  std::vector<TaskInstanceRow> task_instances;  ///< by (task, map_index)
  std::vector<AttemptRow> live_attempts;        ///< without an outcome
  std::vector<OutputRow> outputs;
};

/// `flights_ingest/scheduled__2001-01-05T00:00:00+00:00/partition/-1/1`: a function of its arguments, unique
/// for ever, safe as a relative path (every part is checked at submit or made here). A cleared run counts its
/// tries on.
std::string attempt_name(std::string_view dag_id, std::string_view run_id, std::string_view task_id,
                         int map_index, int try_number);

}  // namespace millrace
