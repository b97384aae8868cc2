#pragma once

#include <deque>

#include "base/error.h"
#include "store/planned_writes.h"
#include "store/row_sql.h"
#include "store/sqlite.h"

namespace millrace {

/// Writes rows inside a transaction that the caller holds, with statements prepared once. Internal to store/.
class RowWriter {
 public:
  explicit RowWriter(sqlite::Connection&);

  /// Version 1 inserts, a higher one updates the row whose stored version is one less. `conflict`: such a row
  /// exists, or the guard didn't hold. Throws sqlite::Failure for everything else.
  Result<void> write(const Change&);
  /// The same for a row that has moved by more than one version.
  Result<void> write(const PlannedWrite&);
  Result<void> write(const DagVersionRow&);
  /// Adds the task instances written since to the kept counts: before the transaction's end, and before
  /// anybody reads those.
  void count_instances();
  /// The transaction was rolled back.
  void undone() { uncounted_.clear(); }

 private:
  template <class Row>
  struct Versioned {
    explicit Versioned(sqlite::Connection& c, const char* on_conflict = "")
        : insert(c, insert_into<Row>() + on_conflict), update(c, update_of<Row>()) {}
    sqlite::Statement insert, update;
  };

  template <class Row>
  Result<void> write_versioned(Versioned<Row>&, const Row&, std::int64_t version_before);
  template <class Row>
  Result<void> write_versioned(Versioned<Row>& statements, const Row& row) {
    return write_versioned(statements, row, row.version - 1);
  }
  template <class Row>
  Result<void> insert(sqlite::Statement&, const Row&);

  Result<void> put(const DagRow& r) { return write_versioned(dag_, r); }
  Result<void> put(const RunRow& r) { return write_versioned(run_, r); }
  Result<void> put(const TaskInstanceRow& r) { return put(r, r.version - 1); }
  Result<void> put(const TaskInstanceRow&, std::int64_t version_before);
  void count_later(RunId);
  Result<void> put(const AttemptRow& r) { return write_versioned(attempt_, r); }
  Result<void> put(const BackfillRow& r) { return write_versioned(backfill_, r); }
  Result<void> put(const BackfillItemRow& r) { return write_versioned(backfill_item_, r); }
  Result<void> put(const PoolRow& r) { return write_versioned(pool_, r); }
  Result<void> put(const NotificationRow& r) { return write_versioned(notification_, r); }
  Result<void> put(const OutputRow& r) { return insert(output_, r); }
  Result<void> put(const DatasetVersionRow&);
  Result<void> put(const VersionInputRow& r) { return insert(version_input_, r); }
  Result<void> put(const DatasetEventRow& r) { return insert(dataset_event_, r); }
  Result<void> put(const EventRow& r) { return insert(event_, r); }
  Result<void> put(const DatasetNameRow& r) { return write_versioned(dataset_name_, r); }
  Result<void> put(const DatasetEventRunRow& r) { return insert(dataset_event_run_, r); }
  Result<void> put(const DatasetReferenceRow&);
  Result<void> put(const QueuedDatasetEventRow&);
  Result<void> put(const VariableRow&);
  Result<void> put(const RunDeletion&);

  sqlite::Connection& connection_;
  std::vector<std::pair<RunId, std::int64_t>> uncounted_;  ///< new instances, run after run
  Versioned<DagRow> dag_;
  Versioned<RunRow> run_;
  Versioned<TaskInstanceRow> task_instance_;
  sqlite::Statement count_of_dag_, count_of_all_;
  sqlite::Statement expand_;  ///< the row that stood for a mapped task becomes its first instance
  Versioned<AttemptRow> attempt_;
  Versioned<BackfillRow> backfill_;
  Versioned<BackfillItemRow> backfill_item_;
  Versioned<PoolRow> pool_;
  Versioned<DatasetNameRow> dataset_name_;
  Versioned<NotificationRow> notification_;
  sqlite::Statement dataset_version_, count_version_, move_partition_, version_input_;
  Versioned<VariableRow> variable_;
  sqlite::Statement remove_variable_;
  std::deque<sqlite::Statement> delete_run_;  ///< the last one is guarded by the run's version
  sqlite::Statement output_, dataset_event_, event_, dag_version_, dataset_event_run_;
  sqlite::Statement add_reference_, remove_reference_, add_queued_, remove_queued_;
};

}  // namespace millrace
