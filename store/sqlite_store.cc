#include "store/sqlite_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/canary.h"
#include "base/crash_point.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/audit_diff.h"
#include "store/queries.h"
#include "store/secret_texts.h"
#include "store/sqlite_reader.h"

namespace millrace {
namespace {

// 16 MiB of WAL: copied inside a commit when the reconciler's turn is too far away; readers search it page by
// page.
constexpr int checkpoint_frames_in_commit = 4'096;
// 1 MiB: not worth a sync of the database file.
constexpr int checkpoint_frames_idle = 256;

}  // namespace

SqliteStore::SqliteStore(LockFile lock, std::unique_ptr<sqlite::Connection> connection, std::int64_t epoch)
    : lock_(std::move(lock)),
      connection_(std::move(connection)),
      epoch_(epoch),
      writer_(*connection_),
      access_writer_(*connection_),
      stored_epoch_(*connection_, "SELECT epoch FROM daemon_epoch"),
      dags_(*connection_, select_from<DagRow>() + "ORDER BY dag_id"),
      pools_(*connection_, select_from<PoolRow>() + "WHERE removed = 0 ORDER BY name"),
      backfills_(*connection_, queries::active_backfills()),
      open_items_(*connection_, queries::open_items()),
      items_between_(*connection_, queries::items_between()),
      dataset_names_(*connection_, select_from<DatasetNameRow>() + "ORDER BY id"),
      queued_events_(*connection_,
                     select_from<QueuedDatasetEventRow>() + "ORDER BY dag_id, event_id, run_date"),
      active_runs_(*connection_, queries::active_runs()),
      run_(*connection_, queries::run_by_id()),
      instances_(*connection_, queries::instances_of_run()),
      live_attempts_(*connection_, queries::live_attempts()),
      run_outputs_(*connection_, queries::outputs_of_run()),
      version_by_id_(*connection_, select_from<DagVersionRow>() + "WHERE id = ?1"),
      version_by_hash_(*connection_, select_from<DagVersionRow>() +
                                         "WHERE dag_id = ?1 AND hash = ?2 ORDER BY id DESC LIMIT 1"),
      run_at_(*connection_, queries::run_at()),
      run_named_(*connection_, queries::run_by_name()),
      has_partition_(*connection_, queries::has_partition()),
      partitions_(*connection_, queries::partitions()),
      current_version_(*connection_, queries::current_version()),
      previous_success_(*connection_, queries::previous_success()),
      output_(*connection_, queries::output_values()) {}

SqliteStore::~SqliteStore() {
  if (!stopped_because_.empty()) return;
  CRASH_POINT("store.stopping");
  try {
    connection_->exec(fmt::format("UPDATE daemon_epoch SET stopped_clean = 1 WHERE epoch = {}", epoch_));
    CRASH_POINT("store.stopped");
  } catch (const sqlite::Failure& failure) {
    log::warn("store: the stop isn't recorded as clean: {}", failure.what());
  }
}

/// An SQLite failure of a write as the caller shall see it; the transaction is undone already.
std::unexpected<Error> SqliteStore::refused(const sqlite::Failure& failure) {
  if (failure.full()) {
    return fail(ErrorKind::full,
                fmt::format("the disk of the database is full, nothing was written: {}", failure.what()));
  }
  if (failure.busy()) {
    return fail(ErrorKind::unavailable,
                fmt::format("the database is locked by another program: {}", failure.what()));
  }
  if (failure.read_only()) {
    return fail(ErrorKind::unavailable, fmt::format("the database can't be written: {}", failure.what()));
  }
  if (failure.io() || failure.damaged()) {
    // After a failed fsync the kernel may have dropped the pages: what a retry reports means nothing. The
    // next start reads the truth from the WAL.
    connection_->leave_as_it_is();
    stopped_because_ = fmt::format("stop: the database's disk failed: {}", failure.what());
    return fail(ErrorKind::internal, stopped_because_);
  }
  return fail(ErrorKind::internal, failure.what());
}

template <class Body>
Result<void> SqliteStore::in_transaction(Body body) {
  if (!stopped_because_.empty()) return fail(ErrorKind::internal, stopped_because_);
  CRASH_POINT("store.begin");
  try {
    sqlite::Transaction transaction(*connection_, sqlite::Transaction::Kind::write);
    {
      // Nobody can take the next epoch while this transaction holds the write lock.
      const sqlite::Use use(stored_epoch_);
      const bool ours = stored_epoch_.step() && stored_epoch_.integer(0) == epoch_;
      if (!ours && !CANARY("epoch_forgotten")) {
        return fail(ErrorKind::conflict, "another daemon has taken over this database: stop");
      }
    }
    CRASH_POINT("store.epoch_checked");
    if (Result<void> written = body(); !written) {
      undone();
      return written;
    }
    CRASH_POINT("store.before_commit");
    transaction.commit();
    CRASH_POINT("store.committed");
  } catch (const sqlite::Failure& failure) {
    undone();
    return refused(failure);
  }
  if (connection_->wal_frames() >= checkpoint_frames_in_commit) {
    // Committed is committed: a checkpoint that fails stops the next write, not this answer.
    if (const auto left = checkpoint(); !left) log::warn("store: checkpoint: {}", left.error().message);
  }
  return {};
}

void SqliteStore::undone() {
  writer_.undone();
  access_writer_.undone();
}

Result<void> SqliteStore::write(const Batch& batch) {
  if (batch.changes.empty() && batch.versions.empty() && batch.secrets.empty() && batch.access.empty() &&
      !batch.answers)
    return {};
  return in_transaction([&] { return write_rows(batch); });
}

Result<void> SqliteStore::write_rows(const Batch& batch) {
  for (DagVersionRow row : batch.versions) {
    if (row.number == 0) row.number = next_version_number(row.dag_id);
    if (auto written = writer_.write(row); !written) return written;
  }
  if (!batch.secrets.empty()) {
    sqlite::Statement insert(*connection_, insert_into<SecretPrintRow>() + " ON CONFLICT DO NOTHING");
    for (const SecretPrintRow& row : batch.secrets) {
      bind_row(insert, row, RowBinder::For::insert);
      insert.run();
    }
  }
  CRASH_POINT("store.versions_written");
  if (batch.audits.empty()) {
    for (const PlannedWrite& planned : planned_writes(batch.changes)) {
      if (auto written = writer_.write(planned); !written) return written;
      CRASH_POINT("store.change_written");
    }
  }
  // The row as it was is read just before it is written: within a batch one request may follow another.
  std::vector<AuditDiff> diffs;
  for (const Audited& audited : batch.audits) diffs.emplace_back(audited.row.who);
  std::size_t at = 0;
  for (std::size_t i = 0; !diffs.empty() && i < batch.changes.size(); ++i) {
    while (at < diffs.size() && batch.audits[at].end_change <= i) ++at;
    if (at < diffs.size() && batch.audits[at].first_change <= i) {
      diffs[at].note(*connection_, batch.changes[i]);
    }
    if (auto written = writer_.write(batch.changes[i]); !written) return written;
    CRASH_POINT("store.audited_change_written");
  }
  writer_.count_instances();
  at = 0;
  for (std::size_t i = 0; i < batch.access.size(); ++i) {
    while (at < diffs.size() && batch.audits[at].end_access <= i) ++at;
    if (at < diffs.size() && batch.audits[at].first_access <= i) {
      diffs[at].note(*connection_, batch.access[i]);
    }
    access_writer_.write(batch.access[i]);
    CRASH_POINT("store.access_written");
  }
  for (std::size_t i = 0; i < diffs.size(); ++i) {
    AuditRow row = batch.audits[i].row;
    row.changes = diffs[i].take();
    if (batch.audits[i].mask) row.changes = hidden_json(row.changes, *batch.audits[i].mask);
    access_writer_.append(std::move(row));
    CRASH_POINT("store.audited");
  }
  if (!batch.answers) return {};
  CRASH_POINT("store.answering");
  for (const KeptAnswerRow& row : batch.answers(reader())) access_writer_.write(row);
  return {};
}

StoreReader& SqliteStore::reader() {
  if (!inside_) inside_ = make_reader(*connection_);
  return *inside_;
}

Result<int> SqliteStore::sweep(WallTime now) {
  const WallTime border{now.us - std::chrono::microseconds{limits::idempotency_life}.count()};
  int gone = 0;
  const auto swept = in_transaction([&]() -> Result<void> {
    gone = access_writer_.sweep(border, now, limits::swept_at_a_time);
    CRASH_POINT("store.swept");
    return {};
  });
  if (!swept) return std::unexpected(swept.error());
  return gone;
}

int SqliteStore::next_version_number(std::string_view dag_id) {
  sqlite::Statement newest(*connection_, queries::newest_version());
  newest.bind(1, dag_id);
  const sqlite::Use use(newest);
  return newest.step() ? static_cast<int>(newest.integer(0)) + 1 : 1;
}

Result<void> SqliteStore::set_import_errors(std::span<const ImportErrorRow> rows) {
  return in_transaction([&]() -> Result<void> {
    connection_->exec("DELETE FROM import_error");
    CRASH_POINT("store.import_errors_cleared");
    sqlite::Statement insert(*connection_, insert_into<ImportErrorRow>());
    std::int64_t next = 1;
    for (ImportErrorRow row : rows) {
      row.id = row.id != 0 ? row.id : next;
      next = std::max(next, row.id) + 1;
      bind_row(insert, row, RowBinder::For::insert);
      insert.run();
      CRASH_POINT("store.import_error_written");
    }
    return {};
  });
}

NextIds SqliteStore::next_ids() {
  const auto next = [this](const char* table, const char* column = "id") {
    return connection_->integer(queries::max_id(table, column)).value_or(0) + 1;
  };
  // Ids of deleted runs are named by events and must not come again.
  const auto after = [this](std::int64_t id, const char* floor) {
    const auto taken = connection_->integer(std::string("SELECT ") + floor + " FROM id_floor");
    return std::max(id, taken.value_or(0) + 1);
  };
  return {.run = after(next("dag_run"), "run"),
          .task_instance = after(next("task_instance"), "task_instance"),
          .attempt = after(next("task_attempt"), "task_attempt"),
          .backfill = next("backfill"),
          .event = next("event", "seq"),
          .dataset_event = next("dataset_event"),
          .dataset_name = next("dataset_name"),
          .dataset_version = next("dataset_version"),
          .dag_version = next("dag_version"),
          .notification = next("notification")};
}

std::vector<DagRow> SqliteStore::dags() { return read_all<DagRow>(dags_); }
std::vector<PoolRow> SqliteStore::pools() { return read_all<PoolRow>(pools_); }
std::vector<std::pair<std::string, std::int64_t>> SqliteStore::variables() {
  sqlite::Statement statement(*connection_, "SELECT key, version FROM variable");
  std::vector<std::pair<std::string, std::int64_t>> all;
  while (statement.step()) all.emplace_back(statement.text(0), statement.integer(1));
  return all;
}
std::vector<SecretPrintRow> SqliteStore::secret_prints() {
  sqlite::Statement all(*connection_, select_from<SecretPrintRow>() + "ORDER BY dag_id, digest");
  return read_all<SecretPrintRow>(all);
}
std::vector<DatasetNameRow> SqliteStore::dataset_names() { return read_all<DatasetNameRow>(dataset_names_); }
std::vector<QueuedDatasetEventRow> SqliteStore::queued_dataset_events() {
  return read_all<QueuedDatasetEventRow>(queued_events_);
}

std::vector<NotificationRow> SqliteStore::pending_notifications() {
  sqlite::Statement pending(*connection_, queries::pending_notifications());
  return read_all<NotificationRow>(pending);
}

std::vector<ActiveBackfill> SqliteStore::active_backfills() {
  std::vector<ActiveBackfill> all;
  for (BackfillRow& row : read_all<BackfillRow>(backfills_)) {
    open_items_.bind(1, row.id.value);
    all.push_back({std::move(row), read_all<BackfillItemRow>(open_items_)});
  }
  return all;
}

std::vector<BackfillRow> SqliteStore::cascade(BackfillId root) {
  sqlite::Statement first(*connection_, queries::backfill_by_id());
  first.bind(1, root.value);
  std::vector<BackfillRow> rows = read_all<BackfillRow>(first);
  sqlite::Statement others(*connection_, queries::backfills_of_cascade());
  others.bind(1, root.value);
  for (BackfillRow& row : read_all<BackfillRow>(others)) rows.push_back(std::move(row));
  return rows;
}

std::vector<ActiveBackfill> SqliteStore::backfills_to_retry(BackfillId id) {
  sqlite::Statement asked(*connection_, queries::backfill_by_id());
  asked.bind(1, id.value);
  const std::optional<BackfillRow> row = read_one<BackfillRow>(asked);
  if (!row) return {};
  std::vector<ActiveBackfill> all;
  sqlite::Statement items(*connection_, queries::items_to_retry());
  for (BackfillRow& one : cascade(root_of(*row))) {
    items.bind(1, one.id.value);
    all.push_back({std::move(one), read_all<BackfillItemRow>(items)});
  }
  return all;
}

std::vector<BackfillItemRow> SqliteStore::backfill_items(BackfillId id, WallTime from, WallTime to) {
  items_between_.bind(1, id.value);
  items_between_.bind(2, from.us);
  items_between_.bind(3, to.us);
  return read_all<BackfillItemRow>(items_between_);
}

std::vector<RunId> SqliteStore::active_runs() {
  const sqlite::Use use(active_runs_);
  std::vector<RunId> ids;
  while (active_runs_.step()) ids.push_back({active_runs_.integer(0)});
  return ids;
}

std::optional<RunSnapshot> SqliteStore::load_run(RunId id) {
  run_.bind(1, id.value);
  auto run = read_one<RunRow>(run_);
  if (!run) return std::nullopt;
  RunSnapshot snapshot{.run = std::move(*run), .task_instances = {}, .live_attempts = {}, .outputs = {}};
  instances_.bind(1, id.value);
  snapshot.task_instances = read_all<TaskInstanceRow>(instances_);
  std::ranges::sort(snapshot.task_instances, {},
                    [](const TaskInstanceRow& row) { return std::pair(row.task, row.map_index); });
  live_attempts_.bind(1, id.value);
  snapshot.live_attempts = read_all<AttemptRow>(live_attempts_);
  run_outputs_.bind(1, id.value);
  snapshot.outputs = read_all<OutputRow>(run_outputs_);
  return snapshot;
}

std::optional<DagVersionRow> SqliteStore::dag_version(DagVersionId id) {
  version_by_id_.bind(1, id.value);
  return read_one<DagVersionRow>(version_by_id_);
}

std::optional<DagVersionRow> SqliteStore::dag_version(std::string_view dag_id, std::string_view hash) {
  version_by_hash_.bind(1, dag_id);
  version_by_hash_.bind(2, hash);
  return read_one<DagVersionRow>(version_by_hash_);
}

std::vector<RunRow> SqliteStore::runs_at(std::string_view dag_id, std::span<const WallTime> execution_dates) {
  std::vector<RunRow> runs;
  for (const WallTime date : execution_dates) {
    if (auto run = run_at(dag_id, date)) runs.push_back(std::move(*run));
  }
  return runs;
}

std::vector<WallTime> SqliteStore::partitions(std::string_view dataset, WallTime from, WallTime to) {
  partitions_.bind(1, dataset);
  partitions_.bind(2, from.us);
  partitions_.bind(3, to.us);
  const sqlite::Use use(partitions_);
  std::vector<WallTime> out;
  while (partitions_.step()) out.push_back({partitions_.integer(0)});
  return out;
}

bool SqliteStore::has_partition(std::string_view dataset, WallTime partition) {
  has_partition_.bind(1, dataset);
  has_partition_.bind(2, partition.us);
  const sqlite::Use use(has_partition_);
  return has_partition_.step();
}

DatasetVersionId SqliteStore::current_version(std::string_view dataset, WallTime partition) {
  current_version_.bind(1, dataset);
  current_version_.bind(2, partition.us);
  const sqlite::Use use(current_version_);
  return {current_version_.step() ? current_version_.integer(0) : 0};
}

std::optional<RunRow> SqliteStore::run_named(std::string_view dag_id, std::string_view run_id) {
  run_named_.bind(1, dag_id);
  run_named_.bind(2, run_id);
  return read_one<RunRow>(run_named_);
}

std::optional<RunRow> SqliteStore::run_at(std::string_view dag_id, WallTime execution_date) {
  run_at_.bind(1, dag_id);
  run_at_.bind(2, execution_date.us);
  return read_one<RunRow>(run_at_);
}

std::optional<WallTime> SqliteStore::previous_success(std::string_view dag_id, WallTime execution_date) {
  previous_success_.bind(1, dag_id);
  previous_success_.bind(2, execution_date.us);
  const sqlite::Use use(previous_success_);
  if (!previous_success_.step()) return std::nullopt;
  return WallTime{previous_success_.integer(0)};
}

std::optional<JsonText> SqliteStore::output(RunId run, std::string_view task_id, std::string_view key) {
  output_.bind(1, run.value);
  output_.bind(2, task_id);
  output_.bind(3, key);
  const sqlite::Use use(output_);
  std::string list;
  while (output_.step()) {
    if (output_.integer(1) < 0) return JsonText(output_.text(0));
    list += fmt::format("{}{}", list.empty() ? "[" : ",", output_.text(0));
  }
  if (list.empty()) return std::nullopt;
  return list + "]";
}

Result<int> SqliteStore::checkpoint() {
  if (!stopped_because_.empty()) return fail(ErrorKind::internal, stopped_because_);
  if (connection_->wal_frames() < checkpoint_frames_idle) return connection_->wal_frames();
  try {
    return connection_->checkpoint();
  } catch (const sqlite::Failure& failure) {
    return refused(failure);
  }
}

}  // namespace millrace
