#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scheduler/admission.h"
#include "scheduler/cascade_plan.h"
#include "scheduler/dag_index.h"
#include "scheduler/dataset_triggers.h"
#include "scheduler/outcome.h"
#include "scheduler/scheduler.h"
#include "scheduler/state.h"
#include "scheduler/ticks.h"

/// The machine behind Scheduler, split over files by concept. Internal to scheduler/.
namespace millrace {

/// Whose move it is: the machine keeps to may_move; a person's clear or mark doesn't have to.
enum class By : std::uint8_t { machine, person };

/// What the sources of a cascade's backfill did: their items of the dates in question, in order of `sources`.
using SourceItems = std::vector<std::vector<BackfillItemRow>>;

struct Core {
  // --- the apply() under way: scheduler.cc, records.cc
  std::vector<Command> apply(const Event&, Now);
  void notice_clock_step(Now);
  void settle();                              ///< until nothing follows from what has happened
  std::vector<Command> take_commands();  ///< Records of all dirty rows, then what to do; forgets ended runs
  void act(Command c) { acts.push_back(std::move(c)); }
  void reply(RequestId, Error);
  void reply(RequestId, decltype(Reply::body));

  /// The only writer of a task state: checks the move, records its cause, keeps queue, timers and counters in
  /// step.
  void move(Run&, InstanceIndex, TaskState to, std::string cause, std::string reason = {}, By = By::machine);
  void move(Run&, RunState to, std::string cause, std::string reason = {}, By = By::machine);
  void move(Backfill&, BackfillState to, std::string cause, By = By::machine);
  void leave(Run&, InstanceIndex);            ///< drops what the present state holds but an attempt
  void recount(Run&, TaskIndex, Bucket from, Bucket to);
  void event(EventRow);
  void task_event(const Run&, const Instance&, std::string from, std::string cause);
  void run_event(const Run&, std::string from, std::string cause);
  void touch(Run&);
  void touch(Run&, InstanceIndex);
  void touch(Attempt&);
  void touch(DagEntry&);
  void touch(Backfill&);
  void touch(Backfill&, WallTime item);
  void touch(Notification&);
  void touch_pool(PoolRow&, bool known);

  // --- facts: one handler each, in the file of its concept
  void on(const MachineFound&);
  void on(const PoolLoaded&);
  void on(const DagLoaded&);
  void on(const BackfillLoaded&);
  void on(const DatasetNameLoaded&);
  void on(const QueuedDatasetEventLoaded&);
  void on(const NotificationLoaded&);
  void on(const NotificationTried&);
  void on(const RunLoaded&);
  void on(const RecoveryDone&);
  void on(const DagSubmitted&);
  void on(const DagRemoved&);
  void on(const DagPaused&);
  void on(const PoolSet&);
  void on(const PoolRemoved&);
  void on(const RunRequested&);
  void on(const DatesLookedUp&);
  void on(const PartitionsLookedUp&);
  void on(const ItemsLookedUp&);
  void on(const CancelRequested&);
  void on(const ClearRequested&);
  void on(const MarkTaskRequested&);
  void on(const RunDeleteRequested&);
  void on(const VariableLoaded&);
  void on(const VariableSet&);
  void on(const VariableRemoved&);
  void on(const MarkRunRequested&);
  void on(const NoteSet&);
  void on(const AttemptStarted&);
  void on(const AttemptFinished&);
  void on(const AttemptRendered&);
  void on(const SensorChecked&);
  void on(const BackfillRequested&);
  void on(const BackfillAction&);
  void on(const DatasetUpdated&);
  void on(const DropQueuedEvents&);
  void on(const TimeReached&);

  // --- lookups.cc: questions to the store and what to do with the answers
  using OnRuns = std::function<void(const std::vector<RunRow>&)>;
  using OnPartitions = std::function<void(const std::vector<std::pair<std::string, WallTime>>&)>;
  void look_up_partitions(std::vector<std::string> datasets, DataInterval, OnPartitions);
  using OnRun = std::function<void(Run*)>;    ///< null: there is no such run
  void look_up(std::string dag_id, std::vector<WallTime> dates, std::string run_id, OnRuns);
  using OnItems = std::function<void(const std::vector<BackfillItemRow>&)>;
  void look_up_items(BackfillId, WallTime from, WallTime to, OnItems);
  void with_run(RunId, OnRun);                ///< at once when it is in memory
  using OnAllRuns = std::function<void(const std::vector<Run*>&)>;
  void with_runs(const std::vector<RunId>&, OnAllRuns);  ///< in that order; null: there is no such run
  /// The one path to a new run: each wish becomes a run, or is told the run that is in its way.
  using OnWish = std::function<void(const RunWish&, Run* made, const RunRow* existing)>;
  void propose(std::vector<RunWish>, OnWish, std::function<void()> after = {});

  // --- run_memory.cc: shape of a run
  Run* find_run(RunId);
  DagEntry* find_dag(std::string_view dag_id);
  struct Located { Run* run = nullptr; InstanceIndex index = 0; };
  Located locate(TaskInstanceId) const;
  InstanceIndex append(Run&, TaskIndex, int map_index, JsonText item);
  void index(Run&);                           ///< slots, counts, id ranges from the instances
  void forget(RunId);
  std::optional<JsonText> output(const Run&, TaskIndex, std::string_view key) const;

  // --- runs.cc, run_end.cc
  Run& create(const RunWish&);
  Run& insert(Run);
  void start_runs(DagEntry&);
  void start(Run&);
  void check_end(Run&);
  void end(Run&);
  bool has_room(const DagEntry&) const;

  // --- readiness.cc
  void consider(Run&, TaskIndex);
  void consider_all(Run&);
  void evaluate(Run&, TaskIndex);
  void make_ready(Run&, InstanceIndex, std::string cause);
  void enqueue(Run&, InstanceIndex);          ///< as a candidate of admission
  Candidate candidate(const Run&, InstanceIndex) const;

  // --- past.cc
  void find_past(Run&);
  bool past_allows(const Run&, TaskIndex, std::string* why = nullptr) const;
  void past_changed(Run&, TaskIndex);         ///< a task of `run` became final: who depends on it?
  void past_frozen(const Run&);               ///< `run` leaves memory
  void past_reopened(const Run&);

  // --- attempts.cc
  void admit();
  void start_attempt(Run&, InstanceIndex, const std::vector<std::string>& devices);
  void kill(Run&, InstanceIndex);
  void close(Attempt&, Outcome);
  void finish(Run&, InstanceIndex, const Verdict&, std::uint64_t seed);
  void succeed(Run&, InstanceIndex, std::string cause);
  /// Fails it or plans its next try.
  void fail_or_retry(Run&, InstanceIndex, const Verdict&, std::uint64_t seed);
  void store_outputs(Run&, InstanceIndex, const std::vector<Output>&);
  void store_output(Run&, InstanceIndex, const std::string& key, JsonText value);

  // --- sensors.cc, trigger_dag.cc, expand.cc, branch.cc
  void wait_for_sensor(Run&, InstanceIndex);
  void check_sensor(Run&, InstanceIndex);
  void watch(const Run&, InstanceIndex, bool on);
  void poke_dataset_sensors(const std::string& dataset);
  void poke_run_sensors(const std::string& dag_id, std::string_view task_id);
  void poke(const std::set<TaskInstanceId>&, std::string_view task_id, bool by_task);
  void trigger(Run&, InstanceIndex);
  void attach(Run& parent, InstanceIndex, Run& child);
  void child_ended(const Run& child);
  bool waits_for(RunId waiter, RunId target);
  void resume_trigger(Run&, InstanceIndex);   ///< after a restart
  bool expand(Run&, TaskIndex);               ///< false: nothing is left to make ready
  Result<std::vector<JsonText>> items_of(const Run&, const Expand&) const;
  std::string take_branch(Run&, InstanceIndex, std::vector<TaskIndex>& followed) const;
  void skip_others(Run&, TaskIndex branch, const std::vector<TaskIndex>& followed);
  bool branched_away(const Run&, TaskIndex) const;

  // --- clear.cc, mark.cc, cancel.cc, move_version.cc
  void clear(Run&, const std::vector<InstanceIndex>&, const std::string& cause, const std::string& by);
  void rerun(Run&, const std::string& cause, const std::string& by);
  void reopen(Run&, const std::string& cause);
  void clear_requested(const std::vector<Run*>&, const ClearRequested&);
  Result<void> may_clear(const Run&, const std::vector<InstanceIndex>&, const ClearRequested&) const;
  Result<void> move_version(Run&, DagVersionId, std::shared_ptr<const Dag>, const std::string& by);
  Result<void> move_to_current(Run&, const std::string& by);
  void mark(Run&, InstanceIndex, TaskState to, const std::string& cause, const std::string& by);
  void mark_tasks(const std::vector<Run*>&, const MarkTaskRequested&);
  void mark_in(Run&, const std::vector<InstanceIndex>&, TaskState to, const std::string& by);
  void mark_run(Run*, const MarkRunRequested&);
  void cancel(Run&, std::string reason, std::string cause, bool kill_live);

  // --- schedules.cc
  void schedule(DagEntry&);                   ///< decides what is due and when to look again
  void set_due(DagEntry&, std::optional<WallTime>);
  void schedule_continuous(DagEntry&);
  void ticks_decided(DagEntry&, const TickDecision&);
  void tick_skipped(const std::string& dag_id, WallTime tick, const std::string& why);
  RunWish wish(const DagEntry&, RunType, WallTime execution_date, DataInterval) const;

  // --- datasets.cc
  void outputs_renewed(Run&, InstanceIndex);
  void dataset_event(DatasetEventRow);
  void record_versions(const Attempt&, const std::vector<Published>&);
  DatasetVersionId written_by(AttemptId, const std::string& dataset) const;  ///< in this apply(); 0: nothing

  // --- dataset_names.cc
  DatasetNameRow& dataset_named(const std::string& name);
  void declare_datasets(const Dag* before, const Dag* after);
  bool knows_datasets(const Dag&) const;

  // --- dataset_runs.cc: from queued events to runs
  struct Fed {
    std::string dag_id;
    WallTime run_date;                        ///< where the events were queued
    std::vector<QueuedDatasetEvent> events;   ///< never empty, oldest first
  };
  void look_at_events(const std::string& dag_id);  ///< all that wait, again
  void feed(DagEntry&);
  void feed_run(DagEntry&, WallTime run_date);
  bool feed_sets(DagEntry&, WallTime run_date);
  void feed_when_complete(DagEntry&, WallTime run_date);
  void feed_partition(DagEntry&, WallTime run_date);
  void feed_existing(const Fed&, RunId);
  void rerun_only(DagEntry&, WallTime run_date);
  std::optional<RunWish> wish_for(DagEntry&, const Fed&, WallTime date);
  void make_run_of_its_own(RunWish, const Fed&);
  bool may_feed(const DagEntry&) const;
  void link(const Fed&, const Run&);
  void skip(const std::string& dag_id, const QueuedDatasetEvent&, const std::string& why);
  void skip(const Fed&, const std::string& why);
  void skip(const std::vector<DatasetTriggers::Skipped>&);

  // --- backfills.cc
  Result<void> check_overlap(const BackfillSpec&, const Dag& grid, const Dag&) const;
  Backfill& open_backfill(BackfillRow, std::shared_ptr<const Dag>, const DagInForce& grid);
  void load_choice(Backfill&);
  void check_end(Backfill&);
  void pause(Backfill&, bool paused, const std::string& by);
  void cancel(Backfill&, bool terminate, const std::string& by);
  void retry_failed(Backfill&, const std::string& by);
  bool needed(const Backfill&) const;
  void forget_backfills();

  // --- backfill_items.cc
  void advance(Backfill&);
  std::vector<WallTime> dates_to_decide(const Backfill&) const;
  void decide_dates(Backfill&, const std::vector<WallTime>&, const std::vector<RunRow>&,
                    const SourceItems&);
  void decide_date(Backfill&, WallTime, const std::optional<RunRow>& existing, const SourceItems&);
  void create_item(Backfill&, WallTime);
  void rerun_item(Backfill&, WallTime, RunId, bool retry);
  void repeat(Backfill&, Run&, bool retry);
  void set_item(Backfill&, WallTime, ItemState, std::string reason, RunId);
  void item_ended(const Run&);
  bool has_room(Backfill&);

  // --- cascades.cc
  void carry_on(const Backfill& root, const CascadePlan&);
  std::vector<DagInForce> in_force() const;
  std::optional<DagInForce> maker_of(const std::string& dataset) const;
  std::vector<Backfill*> direct_followers(BackfillId);  ///< those in memory
  std::vector<Backfill*> with_followers(Backfill&);  ///< it first, then all downstream of it, by id
  bool settled(const Backfill&, WallTime) const;
  void with_source_items(Backfill&, WallTime from, WallTime to, std::function<void(const SourceItems&)>);
  void follow_date(Backfill&, WallTime, const std::optional<RunRow>& existing, const SourceItems&);
  /// The backfill that will run what the producer's event would start; null: none.
  const Backfill* follower_of(RunId producer, const std::string& dag_id, WallTime run_date) const;

  // --- notifications.cc
  /// `ti`: null when it is about the whole run.
  void notify(const Run&, NotifyOn, const Instance* ti, const std::string& cause);
  void close(Notification&, NotificationState, const std::string& detail);
  void resume(Notification&);
  void arm_clocks(Run&);                      ///< both below, as the version it pins now sets them
  void arm_deadline(Run&);
  void missed_deadline(Run&);

  // --- timers.cc
  void arm(std::optional<MonoTime>& slot, MonoTime at, Timer::Kind, std::int64_t id);
  void disarm(std::optional<MonoTime>& slot, Timer::Kind, std::int64_t id);
  void fire_timers();
  MonoTime mono_at(WallTime) const;

  // --- recovery.cc
  void load(Run);
  void resume(Run&);

  // --- waiting.cc, queries.cc
  std::optional<AttemptContext> context(const Located&) const;
  std::optional<AttemptContext> attempt_context(AttemptId) const;
  std::vector<PoolUse> pool_use() const;
  ActiveCounts active_counts(const DagFilter& of) const;
  std::vector<Wait> waiting_on(TaskInstanceId, Now) const;

  // --- explain.cc
  std::optional<Explanation> explain(TaskInstanceId, Now) const;
  QueueSeen queue(std::size_t limit, const DagFilter& of) const;
  std::int64_t waiting_of(const DagFilter&) const;
  void explain_run(const Run&, Explanation&) const;
  void explain_upstream(const Run&, const Instance&, Explanation&) const;
  void explain_admission(const Run&, InstanceIndex, Explanation&) const;
  std::optional<std::vector<Ancestor>> unfinished_before(const Run&, TaskIndex) const;
  void name_blockers(Gate&) const;
  Contest contest(const Candidate* wanted, std::size_t count) const;
  void queue_dates(const Backfill&, QueueSeen&) const;
  void note_reasons();

  Now now;
  bool acting = false;                        ///< RecoveryDone has come

  std::map<std::string, DagEntry, std::less<>> dags;
  DagIndex dag_index;                         ///< kept by take_commands, set_due and loading
  std::map<std::string, PoolRow> pools;
  std::map<std::string, std::int64_t> variables;  ///< the stored version of each
  std::map<RunId, Run> runs;
  std::map<AttemptId, Attempt> attempts;
  std::map<BackfillId, Backfill> backfills;
  std::map<NotificationId, Notification> notifications;  ///< pending ones
  struct IdRange { std::int64_t count = 0; RunId run; };
  std::map<TaskInstanceId, IdRange> instance_ids;
  Admission admission;
  std::vector<GpuFact> gpus;
  DatasetTriggers triggers;

  MonoTime reasons_due;                       ///< when to ask the front of the line again
  std::map<TaskInstanceId, std::string> reasons;  ///< what it waited for then
  std::set<Timer> timers;
  std::set<std::pair<WallTime, std::string>> dues;
  std::map<RunId, std::set<RunId>> followers; ///< run -> the runs whose past it is
  std::map<RunId, std::set<TaskInstanceId>> parents;  ///< child run -> who waits for it
  std::map<std::string, std::set<TaskInstanceId>, std::less<>> dataset_sensors;  ///< "": any name
  std::map<std::string, std::set<TaskInstanceId>, std::less<>> run_sensors;      ///< likewise
  std::map<std::string, DatasetNameRow> dataset_names;

  std::int64_t last_lookup = 0;
  std::map<LookupId, OnRuns> lookups;
  std::map<LookupId, OnPartitions> partition_lookups;
  std::map<LookupId, OnItems> item_lookups;
  std::map<RunId, std::vector<OnRun>> loads;

  // Work that follows, in order of appearance.
  struct Considered { RunId run; TaskIndex task; };
  std::vector<Considered> worklist;
  std::size_t worked = 0;
  std::vector<RunId> ended;
  std::set<std::string> to_start;             ///< DAGs whose queued runs may start
  std::set<std::string> to_feed;              ///< DAGs whose dataset events may become runs
  std::set<BackfillId> to_advance;
  bool admit_due = false;
  bool backfills_due = false;                 ///< finished ones may be forgotten

  // What this apply() has changed.
  std::vector<Command> acts;
  std::vector<DagEntry*> dirty_dags;
  std::set<std::string> dirty_pools;
  std::vector<Backfill*> dirty_backfills;
  std::vector<Run*> dirty_runs;
  std::vector<std::pair<Run*, InstanceIndex>> dirty_instances;
  std::vector<AttemptId> dirty_attempts;
  std::vector<NotificationId> dirty_notifications;
  std::vector<OutputRow> new_outputs;
  std::vector<DatasetVersionRow> new_versions;
  std::vector<VersionInputRow> new_version_inputs;
  std::vector<DatasetEventRow> new_dataset_events;
  std::vector<DatasetEventRunRow> new_links;
  std::vector<DatasetReferenceRow> new_references;
  std::set<std::string> dirty_dataset_names;
  std::vector<EventRow> new_events;
  std::vector<VariableRow> new_variables;
  std::vector<RunDeletion> deletions;
  std::set<RunId> leaving;                    ///< final runs to forget once nobody asks for them
  RecoveryDone next;                          ///< the next free ids
};

/// A removed instance whose task isn't in the run's version any more: no place among the slots.
bool is_orphan(const Run&, const TaskInstanceRow&);
/// Adds what can be reached from the chosen tasks.
void add_closure(const Adjacency& edges, std::vector<bool>& chosen);
/// How an instance counts for the trigger rules of its downstream.
Bucket bucket_of(const TaskInstanceRow&);
/// What a run started by a `trigger_dag` task says in `triggered_by`.
std::string trigger_name(const RunRow& parent, std::string_view task_id);
std::string no_such_dag(const Core&, std::string_view dag_id);

}  // namespace millrace
