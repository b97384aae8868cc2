#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "daemon/catalog.h"
#include "daemon/dispatcher.h"
#include "daemon/inbox.h"
#include "daemon/loop_metrics.h"
#include "daemon/notifier.h"
#include "daemon/sensors.h"
#include "executor/executor.h"
#include "scheduler/scheduler.h"
#include "store/store.h"

/// daemon/ joins the rooms: the only code that knows everybody. It decides nothing about runs.
namespace millrace {

/// Facts in, one commit, then deeds. Everything here runs on one thread, the loop's; others use the inbox.
class Loop {
 public:
  struct Ports {
    const Clock& clock;
    Store& store;
    Scheduler& scheduler;
    Catalog& catalog;
    Dispatcher& dispatcher;
    Secrets& secrets;
    Sensors& sensors;
    Notifier& notifier;
    Inbox& inbox;
    std::function<void(const RemoveRunFiles&)> remove_files;
    std::function<std::uint64_t()> seed;         ///< randomness enters here, as part of a fact
    std::function<void(const Error&)> on_fatal;  ///< the store is lost: stop; running tasks go on
    /// What is on disk now, for the event stream, and how many rows the audit log got with it.
    std::function<void(std::vector<Change>, std::size_t audits)> on_committed;
    bool new_dags_paused = false;
  };
  explicit Loop(Ports ports);

  /// The executor is opened after recovery has begun; nothing is spawned before.
  void set_executor(Executor& executor) { executor_ = &executor; }

  /// Takes everything that waits in the inbox, commits it as one transaction, then acts. Again while facts
  /// wait. While the store can't be written it tries again from time to time, and answers questions from
  /// memory, which is ahead of the disk then.
  void turn();
  /// Looks at all that is bound to a clock, then takes a turn.
  void wake();
  /// When to call wake() at the latest. Nothing: the reconciler's turn is soon enough.
  std::optional<Duration> due_in() const;
  /// The reconciler's share of the store: rows that have expired, and the WAL.
  void tend_store();
  /// Applies one event within the turn that runs, or outside of one in a turn of its own.
  void apply_now(Event);
  /// Starts attempts that were committed before this daemon lived and that no runner has ever seen.
  void respawn(const std::vector<AttemptId>&);

  /// True while a commit is being repeated (disk full): nothing moves, questions are answered.
  bool stalled() const { return stalled_; }
  /// Why: `full` or `unavailable`; nothing when it isn't. Any thread.
  std::optional<Error> stalled_because() const;
  /// Any thread may write() them.
  const LoopMetrics& metrics() const { return metrics_; }

 private:
  void take(Message&);
  void bring_back(const Event&);
  bool still_holds(const Request&);
  void await(Await&);
  void watch(const Change&);
  void submit(Submission&);
  void apply(Event);
  void collect(Command&, Now);
  void render(AttemptId, Now);
  DatesLookedUp look_up(const LookUpDates&);
  PartitionsLookedUp look_up(const LookUpPartitions&);
  ItemsLookedUp look_up(const LookUpItems&);
  RunLoaded load(RunId);
  std::vector<InputVersion> versions_of(const std::vector<std::pair<std::string, WallTime>>&);
  bool commit();
  void stall(std::optional<Error> because);
  void note(RequestContext, RequestId, std::size_t first_change, std::size_t first_access);
  std::vector<KeptAnswerRow> answers(StoreReader&);
  void answer_stalled();
  void answer(const std::vector<Look>&);
  static void refuse(Message&, const Error& because);
  void perform(Command&);

  Ports ports_;
  LoopMetrics metrics_;
  Executor* executor_ = nullptr;
  std::deque<Event> first_;      // answers to the scheduler's own questions: before anything else
  std::vector<Change> changes_;  // of this batch, in order
  std::vector<DagVersionRow> new_versions_;
  std::vector<AccessRow> access_;
  std::vector<Audited> audits_;
  /// A request with an Idempotency-Key in this batch; its reply is one of the deeds.
  struct Keyed {
    RequestContext context;
    RequestId request;
  };
  std::vector<Keyed> keyed_;
  std::map<std::pair<std::string, WallTime>, RunRow> uncommitted_runs_;
  std::set<std::pair<std::string, WallTime>> uncommitted_partitions_;  // by dataset
  std::map<std::pair<std::string, WallTime>, DatasetVersionId> uncommitted_versions_;  // by partition
  std::set<RunId> deleted_runs_;            // of this batch
  std::multimap<RunId, std::function<void()>> awaited_;
  std::map<std::pair<BackfillId, WallTime>, BackfillItemRow> uncommitted_items_;
  std::vector<Command> deeds_;  // to perform after the commit
  std::map<AttemptId, AttemptSpec> rendered_;
  std::vector<std::function<void()>> after_commit_;
  std::map<RequestId, Backend::OnReply> replies_;
  std::int64_t next_version_id_ = 0;
  bool stalled_ = false;
  MonoTime retry_at_;  // while stalled: when the commit is tried again
  mutable Mutex stalled_mutex_;
  std::optional<Error> stalled_because_ GUARDED_BY(stalled_mutex_);
};

/// A stored backfill with the DAG versions it pins.
BackfillLoaded to_event(ActiveBackfill, Catalog&);

}  // namespace millrace
