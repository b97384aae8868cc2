#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scheduler/scheduler.h"

namespace millrace::test {

/// A store in memory: the fold of all Records. Says what is wrong with them the moment it sees it.
class Ledger {
 public:
  std::map<std::string, DagRow> dags;
  std::map<std::string, PoolRow> pools;
  std::map<RunId, RunRow> runs;
  std::map<TaskInstanceId, TaskInstanceRow> task_instances;
  std::map<RunId, std::set<TaskInstanceId>> of_run;
  std::map<AttemptId, AttemptRow> attempts;
  std::set<AttemptId> live;
  std::map<std::pair<TaskInstanceId, std::string>, OutputRow> outputs;
  std::map<BackfillId, BackfillRow> backfills;
  std::map<std::pair<BackfillId, WallTime>, BackfillItemRow> items;
  std::map<std::string, DatasetNameRow> dataset_names;
  std::set<std::tuple<std::int64_t, DatasetUse, std::string, std::string>> references;
  std::map<std::tuple<std::string, std::int64_t, WallTime, bool>, QueuedDatasetEventRow> queued_events;
  std::map<NotificationId, NotificationRow> notifications;
  std::vector<DatasetEventRow> dataset_events;
  std::vector<DatasetEventRunRow> links;
  std::vector<DatasetVersionRow> dataset_versions;
  std::vector<VersionInputRow> version_inputs;
  std::int64_t events = 0;
  std::map<DagVersionId, std::shared_ptr<const Dag>> versions;

  /// Folds the Records of one apply(); all that breaks a rule, a line each.
  std::vector<std::string> take(const std::vector<Command>&);
  /// What holds between applies: limits, slots, live attempts, states as the events tell them.
  std::vector<std::string> check(const Scheduler&) const;

  std::optional<RunSnapshot> snapshot(RunId) const;
  std::vector<RunRow> runs_at(const LookUpDates&) const;
  std::vector<std::pair<std::string, WallTime>> partitions(const LookUpPartitions&) const;
  std::vector<BackfillItemRow> items_at(const LookUpItems&) const;
  /// As a start loads it, or (`closed`) as a retry does.
  BackfillLoaded loaded(BackfillId, bool closed) const;
  RecoveryDone next_ids() const;

 private:
  void fold(const DagRow&);
  void fold(const RunRow&);
  void fold(const TaskInstanceRow&);
  void fold(const AttemptRow&);
  void fold(const OutputRow&);
  void fold(const BackfillRow&);
  void fold(const BackfillItemRow&);
  void fold(const PoolRow&);
  void fold(const DatasetEventRow&);
  void fold(const DatasetNameRow&);
  void fold(const DatasetReferenceRow&);
  void fold(const QueuedDatasetEventRow&);
  void fold(const DatasetEventRunRow&);
  void fold(const DatasetVersionRow& row) { dataset_versions.push_back(row); }
  void fold(const VersionInputRow& row) { version_inputs.push_back(row); }
  void fold(const NotificationRow&);
  void fold(const EventRow&);
  void fold(const VariableRow&);
  void fold(const RunDeletion&);
  void check_backfills(std::vector<std::string>& bad) const;
  void check_dag_list(const Scheduler&, std::vector<std::string>& bad) const;
  void check_started(TaskInstanceId);
  template <class Map, class Key, class Row>
  void put(Map&, const Key&, const Row&, const std::string& what);
  void wrong(std::string what) { problems_.push_back(std::move(what)); }

  std::vector<std::string> problems_;
  std::map<TaskInstanceId, TaskState> told_;   ///< states by the events alone
  std::map<RunId, RunState> told_runs_;
  std::set<RunId> by_hand_;                    ///< runs in which a person has moved something
  std::set<TaskInstanceId> queued_now_;
  std::map<TaskInstanceId, int> tries_;
  RecoveryDone floor_;                         ///< ids of deleted runs are never given again
  std::set<std::string> shrunk_;
};

}  // namespace millrace::test
