#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "store/access_sql.h"
#include "store/lock_file.h"
#include "store/reader.h"
#include "store/row_writer.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace millrace {

/// Store on SQLite. Owns the lock, the only writing connection and its kept statements. Made by Store::open.
class SqliteStore final : public Store {
 public:
  SqliteStore(LockFile, std::unique_ptr<sqlite::Connection>, std::int64_t epoch);
  ~SqliteStore() override;  ///< a clean stop: says so in the database

  Result<void> write(const Batch&) override;
  Result<void> set_import_errors(std::span<const ImportErrorRow>) override;

  StoreReader& reader() override;
  std::int64_t epoch() const override { return epoch_; }
  NextIds next_ids() override;

  std::vector<DagRow> dags() override;
  std::vector<PoolRow> pools() override;
  std::vector<std::pair<std::string, std::int64_t>> variables() override;
  std::vector<ActiveBackfill> active_backfills() override;
  std::vector<ActiveBackfill> backfills_to_retry(BackfillId) override;
  std::vector<BackfillRow> cascade(BackfillId root) override;
  std::vector<SecretPrintRow> secret_prints() override;
  std::vector<DatasetNameRow> dataset_names() override;
  std::vector<QueuedDatasetEventRow> queued_dataset_events() override;
  std::vector<NotificationRow> pending_notifications() override;
  std::vector<RunId> active_runs() override;
  std::optional<RunSnapshot> load_run(RunId) override;
  std::optional<DagVersionRow> dag_version(DagVersionId) override;
  std::optional<DagVersionRow> dag_version(std::string_view dag_id, std::string_view hash) override;

  std::vector<RunRow> runs_at(std::string_view dag_id, std::span<const WallTime> execution_dates) override;
  std::vector<WallTime> partitions(std::string_view dataset, WallTime from, WallTime to) override;
  std::vector<BackfillItemRow> backfill_items(BackfillId, WallTime from, WallTime to) override;
  bool has_partition(std::string_view dataset, WallTime partition) override;
  DatasetVersionId current_version(std::string_view dataset, WallTime partition) override;
  std::optional<RunRow> run_at(std::string_view dag_id, WallTime execution_date) override;
  std::optional<RunRow> run_named(std::string_view dag_id, std::string_view run_id) override;
  std::optional<WallTime> previous_success(std::string_view dag_id, WallTime execution_date) override;
  std::optional<JsonText> output(RunId, std::string_view task_id, std::string_view key) override;
  Result<int> checkpoint() override;
  Result<int> sweep(WallTime now) override;

 private:
  int next_version_number(std::string_view dag_id);
  template <class Body>
  Result<void> in_transaction(Body);
  std::unexpected<Error> refused(const sqlite::Failure&);
  Result<void> write_rows(const Batch&);
  void undone();

  LockFile lock_;  ///< first: let go last
  std::unique_ptr<sqlite::Connection> connection_;
  std::int64_t epoch_;
  std::string stopped_because_;  ///< the disk failed: nothing is written any more
  RowWriter writer_;
  AccessWriter access_writer_;
  std::unique_ptr<StoreReader> inside_;  ///< sees what the open transaction has written; made on first use
  sqlite::Statement stored_epoch_, dags_, pools_, backfills_, open_items_, items_between_, dataset_names_,
      queued_events_, active_runs_, run_, instances_, live_attempts_, run_outputs_, version_by_id_,
      version_by_hash_, run_at_, run_named_, has_partition_, partitions_, current_version_,
      previous_success_, output_;
};

}  // namespace millrace
