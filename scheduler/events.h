#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/exit_facts.h"
#include "base/id.h"
#include "scheduler/rows.h"

/// Facts: everything the scheduler ever hears. Times come as `Now` beside the event.
namespace millrace {

using LookupId = Id<struct LookupTag>;

// At start, in this order: machine, pools, dataset names, DAGs, backfills, queued dataset events, runs,
// RecoveryDone.

struct GpuFact {
  std::string uuid, model;
  std::int64_t memory_bytes = 0;
  bool healthy = true;
  friend bool operator==(const GpuFact&, const GpuFact&) = default;
};
/// What tasks may use together. Sent at start and when a device's health changes.
struct MachineFound {
  std::int64_t cpu_milli = 0, memory_bytes = 0;
  std::vector<GpuFact> gpus;
};
struct PoolLoaded { PoolRow row; };
struct DagLoaded {
  DagRow row;
  std::shared_ptr<const Dag> dag;  ///< shared with every run that pins this version
};
/// At start the active ones and the rest of their cascades; later the finished ones that a retry may revive.
struct BackfillLoaded {
  BackfillRow row;
  std::vector<BackfillItemRow> open_items;  ///< queued or running; for a retry failed and cancelled ones
  std::shared_ptr<const Dag> dag;           ///< the version it pins
  std::shared_ptr<const Dag> dates_dag;     ///< of `dates_version`; null when there is none
};
struct DatasetNameLoaded { DatasetNameRow row; };
struct QueuedDatasetEventLoaded { QueuedDatasetEventRow row; };
struct NotificationLoaded { NotificationRow row; };
/// A run and the version it pins; at start for each run that isn't final, later as the answer to LoadRun.
/// No snapshot: there is no such run.
struct RunLoaded {
  RunId id;
  std::optional<RunSnapshot> snapshot;
  std::shared_ptr<const Dag> dag;
};
/// The next free ids; from here on the scheduler acts.
struct RecoveryDone {
  std::int64_t next_run = 1, next_task_instance = 1, next_attempt = 1, next_backfill = 1, next_event = 1,
               next_dataset_event = 1, next_dataset_name = 1, next_dataset_version = 1,
               next_notification = 1;
};

// DAGs and pools

struct DagSubmitted {
  RequestId request;
  DagVersionId version;
  std::shared_ptr<const Dag> dag;
  bool paused = false;  ///< a DAG seen for the first time starts like this
  std::string by;
};
struct DagRemoved { RequestId request; std::string dag_id; std::string by; };
struct DagPaused { RequestId request; std::string dag_id; bool paused = false; std::string by; };
struct PoolSet {
  RequestId request;
  std::string name;
  int slots = 0;
  std::string description;
  std::string by;
};
struct PoolRemoved { RequestId request; std::string name; std::string by; };

/// Variables are kept for Airflow's clients; no decision reads one.
struct VariableLoaded { std::string key; std::int64_t version = 1; };
struct VariableSet {
  RequestId request;
  std::string key, value, description;
  enum class Wish : std::uint8_t { create, update, either } wish = Wish::either;
  std::string by;
};
struct VariableRemoved { RequestId request; std::string key; std::string by; };

// Runs

struct RunRequested {
  RequestId request;
  std::string dag_id;
  std::optional<std::string> run_id;
  std::optional<WallTime> execution_date;  ///< default: now
  std::optional<DataInterval> interval;    ///< default: by the schedule
  JsonText params = "{}";                  ///< already resolved against the DAG's params
  std::string note, by;
};
/// The answer to LookUpDates: the stored runs of these dates; a date without a run isn't listed.
struct DatesLookedUp { LookupId lookup; std::vector<RunRow> runs; };
/// The answer to LookUpPartitions: those of which an event exists, by dataset and time.
struct PartitionsLookedUp {
  LookupId lookup;
  std::vector<std::pair<std::string, WallTime>> partitions;
};
/// The answer to LookUpItems: those there are, by execution_date.
struct ItemsLookedUp { LookupId lookup; std::vector<BackfillItemRow> items; };
struct CancelRequested { RequestId request; RunId run; std::string by; };
struct ClearRequested {
  RequestId request;
  RunId run;
  std::vector<std::string> task_ids;                   ///< empty, and no `instances`: all
  std::vector<std::pair<std::string, int>> instances;  ///< (task_id, map_index) of mapped tasks
  bool upstream = false, downstream = false, only_failed = false, only_running = false;
  bool latest_version = false;      ///< move the run to the DAG's current version
  bool dry_run = false;
  std::string by;
  std::vector<RunId> more_runs = {};  ///< cleared with it in one transaction; what they lack is passed over
  bool prevent_running = false;     ///< refuse when one of them is running
  bool keep_runs = false;           ///< refuse what would take a finished run up again
  std::optional<std::string> note = {};  ///< of each cleared instance
  std::optional<std::string> run_note = {};
};
struct MarkTaskRequested {
  RequestId request;
  RunId run;
  TaskInstanceId task_instance;
  TaskState to = TaskState::success;  ///< success, failed or skipped
  std::string by, note;
  bool all_mapped = false;            ///< all instances of its task
  bool upstream = false, downstream = false;
  std::vector<RunId> more_runs = {};       ///< the same tasks there
  bool dry_run = false;
};
/// A finished run goes, with its task instances, attempts, outputs and logs; its events stay.
struct RunDeleteRequested { RequestId request; RunId run; std::string by; };
struct MarkRunRequested { RequestId request; RunId run; RunState to = RunState::success; std::string by; };
struct NoteSet {
  RequestId request;
  RunId run;
  TaskInstanceId task_instance;
  std::string note;
  std::string by;
};

// Attempts

struct AttemptStarted { AttemptId attempt; StartFacts facts; };
struct Output { std::string key; JsonText value; };
/// A dataset that the attempt has put into its place: the run's partition holds this from now on.
struct Published {
  std::string dataset, hash, path;
  std::int64_t bytes = 0, files = 0;
  std::optional<std::int64_t> rows;
  JsonText schema;
  friend bool operator==(const Published&, const Published&) = default;
};
struct AttemptFinished {
  AttemptId attempt;
  ExitFacts facts;
  std::vector<Output> outputs;
  std::string output_problem;  ///< why $MILLRACE_OUTPUT couldn't be read: a success then fails with it
  std::uint64_t seed = 0;      ///< for jitter: the randomness is in the fact
  std::vector<Published> published = {};  ///< also of an attempt that was killed after it
};
/// What the daemon rendered for an attempt, for people; before it starts.
struct InputVersion { std::string dataset; WallTime partition; DatasetVersionId version; };
struct AttemptRendered {
  AttemptId attempt;
  std::string command;
  std::vector<InputVersion> inputs = {};
};

struct SensorChecked {
  enum class Answer : std::uint8_t { met, not_met, failed } answer = Answer::not_met;
  TaskInstanceId task_instance;
  std::string detail;
};

// Backfills and datasets

struct BackfillRequested { RequestId request; BackfillSpec spec; };
struct BackfillAction {
  enum class Kind : std::uint8_t { pause, unpause, cancel_drain, cancel_terminate, retry_failed } kind;
  RequestId request;
  BackfillId backfill;
  std::string by;
};
/// A partition came from outside (API).
struct DatasetUpdated {
  RequestId request;
  std::string dataset;
  std::optional<WallTime> partition;  ///< default: now
  JsonText extra = "{}";
  std::string by;
};
/// Take events out of the queue: on record they are skipped. `not_found` when none is there.
struct DropQueuedEvents {
  RequestId request;
  std::string dag_id, dataset;        ///< empty: all; not both
  std::optional<WallTime> before;     ///< only events that came before
  std::string by;
};

// Notifications

/// One delivery has been tried.
struct NotificationTried {
  NotificationId notification;
  bool delivered = false;
  bool hopeless = false;  ///< refused for good: another try would end the same
  std::string detail;
};

// Time

/// `next_wake` has come, or the reconciler's turn: look at every clock-bound thing again.
struct TimeReached {};

using Event = std::variant<MachineFound, PoolLoaded, DagLoaded, BackfillLoaded, DatasetNameLoaded,
                           QueuedDatasetEventLoaded, NotificationLoaded, RunLoaded, RecoveryDone,
                           NotificationTried, DagSubmitted, DagRemoved, DagPaused, PoolSet, PoolRemoved,
                           RunRequested, DatesLookedUp, PartitionsLookedUp, ItemsLookedUp, CancelRequested,
                           ClearRequested, MarkTaskRequested, RunDeleteRequested, VariableLoaded, VariableSet,
                           VariableRemoved, MarkRunRequested, NoteSet, AttemptStarted, AttemptFinished,
                           AttemptRendered, SensorChecked, BackfillRequested, BackfillAction, DatasetUpdated,
                           DropQueuedEvents, TimeReached>;

}  // namespace millrace
