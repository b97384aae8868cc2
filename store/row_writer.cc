#include "store/row_writer.h"

#include <fmt/format.h>

#include "base/crash_point.h"
#include "store/queries.h"

namespace millrace {
namespace {

// A removed DAG or pool leaves its row; being made anew takes the row over.
constexpr const char* revive_dag =
    " ON CONFLICT (dag_id) DO UPDATE SET current_version_id = excluded.current_version_id,"
    " is_paused = excluded.is_paused, removed = excluded.removed, watermark = excluded.watermark,"
    " version = excluded.version WHERE dag.removed = 1";
constexpr const char* revive_pool =
    " ON CONFLICT (name) DO UPDATE SET slots = excluded.slots, description = excluded.description,"
    " removed = excluded.removed, version = excluded.version WHERE pool.removed = 1";
// Before the partition's own row, which says whether the partition is new.
constexpr const char* count_version =
    "INSERT INTO written_dataset (name, versions, partitions, newest_version_id) VALUES (?1, 1, 1, ?3)"
    " ON CONFLICT (name) DO UPDATE SET versions = versions + 1, newest_version_id = ?3,"
    " partitions = partitions + NOT EXISTS (SELECT 1 FROM dataset_partition"
    " WHERE dataset = ?1 AND partition_date = ?2)";
constexpr const char* move_partition =
    "INSERT INTO dataset_partition (dataset, partition_date, dataset_version_id, versions)"
    " VALUES (?1, ?2, ?3, 1) ON CONFLICT (dataset, partition_date) DO UPDATE SET"
    " dataset_version_id = ?3, versions = versions + 1";
// An attempt that never started is rendered again after a restart.
constexpr const char* replace_version_input =
    " ON CONFLICT (task_attempt_id, dataset, partition_date) DO UPDATE SET"
    " dataset_version_id = excluded.dataset_version_id";
constexpr const char* count_of_dag =
    "INSERT INTO task_count SELECT dag_id, ?2 FROM dag_run WHERE id = ?1"
    " ON CONFLICT (dag_id) DO UPDATE SET n = n + ?2";
constexpr const char* replace_output =
    " ON CONFLICT (dag_run_id, task_id, key, task_instance_id) DO UPDATE SET value = excluded.value";

std::string named(const DagRow& r) { return fmt::format("DAG '{}'", r.dag_id); }
std::string named(const DagVersionRow& r) {
  return fmt::format("version {} of DAG '{}'", r.number, r.dag_id);
}
std::string named(const RunRow& r) {
  return fmt::format("run '{}' of DAG '{}' for {}", r.run_id, r.dag_id, to_iso(r.execution_date));
}
std::string named(const TaskInstanceRow& r) {
  return fmt::format("task instance {} ({})", r.id.value, r.task_id);
}
std::string named(const AttemptRow& r) { return fmt::format("attempt {} ({})", r.id.value, r.name); }
std::string named(const OutputRow& r) {
  return fmt::format("output '{}' of task instance {}", r.key, r.task_instance.value);
}
std::string named(const BackfillRow& r) { return fmt::format("backfill {}", r.id.value); }
std::string named(const BackfillItemRow& r) {
  return fmt::format("backfill {}'s item {}", r.backfill.value, to_iso(r.execution_date));
}
std::string named(const PoolRow& r) { return fmt::format("pool '{}'", r.name); }
std::string named(const DatasetVersionRow& r) { return fmt::format("dataset version {}", r.id.value); }
std::string named(const VersionInputRow& r) {
  return fmt::format("input '{}' of attempt {}", r.dataset, r.attempt.value);
}
std::string named(const VariableRow& r) { return fmt::format("variable '{}'", r.key); }
std::string named(const DatasetEventRow& r) { return fmt::format("dataset event {}", r.id); }
std::string named(const DatasetNameRow& r) { return fmt::format("dataset name '{}'", r.name); }
std::string named(const DatasetEventRunRow& r) { return fmt::format("a link of dataset event {}", r.event); }
std::string named(const NotificationRow& r) { return fmt::format("notification {}", r.id.value); }
std::string named(const EventRow& r) { return fmt::format("event {}", r.seq); }

template <class Row>
std::unexpected<Error> exists(const Row& row) {
  return fail(ErrorKind::conflict, named(row) + " collides with a stored one");
}

}  // namespace

RowWriter::RowWriter(sqlite::Connection& c)
    : connection_(c),
      dag_(c, revive_dag),
      run_(c),
      task_instance_(c),
      count_of_dag_(c, count_of_dag),
      count_of_all_(c, "UPDATE task_total SET n = n + ?1"),
      expand_(c, "UPDATE task_instance SET map_index = 0 WHERE id = ?1 AND map_index = -1"),
      attempt_(c),
      backfill_(c),
      backfill_item_(c),
      pool_(c, revive_pool),
      dataset_name_(c),
      notification_(c),
      dataset_version_(c, insert_into<DatasetVersionRow>()),
      count_version_(c, count_version),
      move_partition_(c, move_partition),
      version_input_(c, insert_into<VersionInputRow>() + replace_version_input),
      variable_(c),
      remove_variable_(c, "DELETE FROM variable WHERE key = ?1"),
      output_(c, insert_into<OutputRow>() + replace_output),
      dataset_event_(c, insert_into<DatasetEventRow>()),
      event_(c, insert_into<EventRow>()),
      dag_version_(c, insert_into<DagVersionRow>()),
      dataset_event_run_(c, insert_into<DatasetEventRunRow>()),
      add_reference_(c, insert_into<DatasetReferenceRow>() + " ON CONFLICT DO NOTHING"),
      remove_reference_(c,
                        "DELETE FROM dataset_reference"
                        " WHERE dataset_id = ?1 AND use = ?2 AND dag_id = ?3 AND task_id = ?4"),
      add_queued_(c, insert_into<QueuedDatasetEventRow>() + " ON CONFLICT DO NOTHING"),
      remove_queued_(c,
                     "DELETE FROM queued_dataset_event"
                     " WHERE dag_id = ?1 AND event_id = ?2 AND run_date = ?3 AND rerun_only = ?4") {
  for (const std::string& sql : queries::delete_run()) delete_run_.emplace_back(c, sql);
}

template <class Row>
Result<void> RowWriter::insert(sqlite::Statement& statement, const Row& row) {
  bind_row(statement, row, RowBinder::For::insert);
  try {
    statement.run();
  } catch (const sqlite::Failure& failure) {
    if (failure.unique()) return exists(row);
    throw;
  }
  CRASH_POINT("row.inserted");
  if (connection_.changes() != 1) return exists(row);
  return {};
}

template <class Row>
Result<void> RowWriter::write_versioned(Versioned<Row>& statements, const Row& row,
                                        std::int64_t version_before) {
  if (version_before == 0) return insert(statements.insert, row);
  bind_update(statements.update, row, version_before);
  statements.update.run();
  CRASH_POINT("row.updated");
  if (connection_.changes() == 1) return {};
  return fail(ErrorKind::conflict,
              fmt::format("{}: the stored version isn't {}; somebody else has written it", named(row),
                          version_before));
}

/// map_index carries an index and is not among the columns that every update writes: it moves once, from -1
/// to 0.
Result<void> RowWriter::put(const TaskInstanceRow& row, std::int64_t version_before) {
  if (version_before > 0 && row.map_index == 0) {
    expand_.bind(1, row.id.value);
    expand_.run();
    CRASH_POINT("row.expanded");
  }
  if (version_before == 0) count_later(row.run);
  return write_versioned(task_instance_, row, version_before);
}

void RowWriter::count_later(RunId run) {
  if (uncounted_.empty() || uncounted_.back().first != run) uncounted_.emplace_back(run, 0);
  ++uncounted_.back().second;
}

void RowWriter::count_instances() {
  if (uncounted_.empty()) return;
  std::int64_t all = 0;
  for (const auto& [run, count] : uncounted_) {
    count_of_dag_.bind(1, run.value);
    count_of_dag_.bind(2, count);
    count_of_dag_.run();
    CRASH_POINT("row.instances_counted");
    all += count;
  }
  count_of_all_.bind(1, all);
  count_of_all_.run();
  CRASH_POINT("row.all_instances_counted");
  uncounted_.clear();
}

Result<void> RowWriter::put(const DatasetReferenceRow& row) {
  if (!row.removed) {
    bind_row(add_reference_, row, RowBinder::For::insert);
    add_reference_.run();
    CRASH_POINT("row.reference_added");
    return {};
  }
  remove_reference_.bind(1, row.dataset);
  remove_reference_.bind(2, to_word(row.use));
  remove_reference_.bind(3, std::string_view(row.dag_id));
  remove_reference_.bind(4, std::string_view(row.task_id));
  remove_reference_.run();
  CRASH_POINT("row.reference_removed");
  return {};
}

Result<void> RowWriter::put(const QueuedDatasetEventRow& row) {
  if (!row.removed) {
    bind_row(add_queued_, row, RowBinder::For::insert);
    add_queued_.run();
    CRASH_POINT("row.event_queued");
    return {};
  }
  remove_queued_.bind(1, std::string_view(row.dag_id));
  remove_queued_.bind(2, row.event);
  remove_queued_.bind(3, row.run_date.us);
  remove_queued_.bind(4, std::int64_t{row.rerun_only});
  remove_queued_.run();
  CRASH_POINT("row.event_taken");
  return {};
}

Result<void> RowWriter::put(const DatasetVersionRow& row) {
  if (Result<void> written = insert(dataset_version_, row); !written) return written;
  for (sqlite::Statement* derived : {&count_version_, &move_partition_}) {
    derived->bind(1, std::string_view(row.dataset));
    derived->bind(2, row.partition.us);
    derived->bind(3, row.id.value);
    derived->run();
    CRASH_POINT("row.partition_counted");
  }
  return {};
}

Result<void> RowWriter::put(const VariableRow& row) {
  if (!row.removed) return write_versioned(variable_, row);
  remove_variable_.bind(1, row.key);
  remove_variable_.run();
  CRASH_POINT("row.variable_removed");
  return {};
}

Result<void> RowWriter::put(const RunDeletion& row) {
  count_instances();
  for (sqlite::Statement& statement : delete_run_) {
    statement.bind(1, row.run.value);
    if (&statement == &delete_run_.back()) statement.bind(2, row.version);
    statement.run();
    CRASH_POINT("row.run_deleted_in_part");
  }
  if (connection_.changes() == 1) return {};
  return fail(ErrorKind::conflict, fmt::format("run {}: the stored version isn't {}; somebody else has "
                                               "written it",
                                               row.run.value, row.version));
}

Result<void> RowWriter::write(const Change& change) {
  return std::visit([this](const auto& row) { return put(row); }, change);
}

Result<void> RowWriter::write(const PlannedWrite& planned) {
  if (const auto* row = std::get_if<TaskInstanceRow>(planned.change))
    return put(*row, planned.version_before);
  if (const auto* row = std::get_if<AttemptRow>(planned.change))
    return write_versioned(attempt_, *row, planned.version_before);
  return write(*planned.change);
}

Result<void> RowWriter::write(const DagVersionRow& row) { return insert(dag_version_, row); }

}  // namespace millrace
