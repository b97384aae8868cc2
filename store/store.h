#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "scheduler/rows.h"
#include "store/access.h"

/// store/ is the durable truth: rows, events, queries. It writes what the scheduler decided, in one
/// transaction a batch, and knows no rule of scheduling. A 2xx follows its commit.
namespace millrace {

/// One parsed version of a DAG with its source text. Kept for ever.
struct DagVersionRow {
  DagVersionId id;
  std::string dag_id;
  int number = 0;         ///< 1, 2, 3 … within the DAG; 0: the store takes the next one
  std::string hash;       ///< of the canonical form
  std::string source;     ///< the file's bytes
  std::string file_name;  ///< where it came from: relative to the DAG folder, or `api`
  std::string folder;     ///< absolute: the default cwd of its tasks
  WallTime created_at;
};

/// Facts about one import that failed. Replaced or removed as the file changes.
struct ImportErrorRow {
  std::int64_t id = 0;
  std::string file_name;
  std::string message;  ///< rendered diagnostics
  WallTime at;
};

/// By what one value of a DAG's secrets is found again in a text (base/secret_mask.h); never the value.
struct SecretPrintRow {
  std::string dag_id, digest;
  std::string name;  ///< the variable that held it first
  std::int64_t bytes = 0, rolling = 0;
  friend bool operator==(const SecretPrintRow&, const SecretPrintRow&) = default;
};

struct NextIds {
  std::int64_t run = 1, task_instance = 1, attempt = 1, backfill = 1, event = 1, dataset_event = 1,
               dataset_name = 1, dataset_version = 1, dag_version = 1, notification = 1;
};

struct ActiveBackfill {
  BackfillRow row;
  std::vector<BackfillItemRow> open_items;  ///< queued or running
};

class StoreReader;

/// What one transaction writes.
struct Batch {
  std::span<const Change> changes{};
  std::span<const DagVersionRow> versions{};
  std::span<const SecretPrintRow> secrets{};  ///< those that are there stay as they are
  std::span<const AccessRow> access{};
  std::span<const Audited> audits{};  ///< in the order of their changes; ranges don't overlap
  /// Called when all of the above is written and nothing is committed, with a reader that sees it: answers to
  /// keep with their effect. May be called again when a commit is repeated. Empty: none.
  std::function<std::vector<KeptAnswerRow>(StoreReader&)> answers{};
};

/// The one writing connection. One thread. Everything is SQLite in WAL mode with synchronous=FULL. Its reads
/// throw StoreError (store_error.h) when the database can't be read at all.
class Store {
 public:
  virtual ~Store() = default;

  /// Opens or makes the database, applies migrations/ (embedded; forward only, each in one transaction, after
  /// a copy of the file when it isn't new), takes the lock and the next epoch. Refused in words: a newer
  /// schema, a corrupt file (quick_check), a read-only file or folder, a network file system, a second daemon
  /// (with its pid).
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& database);

  /// All of it or nothing, on disk when it returns (fdatasync). Every UPDATE is guarded by version and epoch;
  /// a guard that fails is `conflict` (another daemon has taken over: stop), as is a key that exists. A full
  /// disk is `full` and heals, a lock or a read-only file `unavailable`; after a failed sync (`internal`,
  /// "stop: …") nothing is written any more.
  virtual Result<void> write(const Batch&) = 0;
  Result<void> commit(std::span<const Change> changes) { return write({.changes = changes}); }
  /// Same, with a new DAG version in the same transaction.
  Result<void> commit(std::span<const Change> changes, std::span<const DagVersionRow> versions) {
    return write({.changes = changes, .versions = versions});
  }
  virtual Result<void> set_import_errors(std::span<const ImportErrorRow>) = 0;  ///< replaces the whole set

  /// Reads through the writing connection: what is committed, and what the open transaction has written.
  virtual StoreReader& reader() = 0;

  virtual std::int64_t epoch() const = 0;
  virtual NextIds next_ids() = 0;

  // What a start needs; each row once. Served by partial indexes over active rows. DAGs come with the removed
  // ones
  // (`removed` says so), pools without: making a removed DAG or pool anew may start at version 1 or go on.
  virtual std::vector<DagRow> dags() = 0;
  virtual std::vector<PoolRow> pools() = 0;
  virtual std::vector<std::pair<std::string, std::int64_t>> variables() = 0;  ///< names and row versions
  virtual std::vector<ActiveBackfill> active_backfills() = 0;
  /// A backfill and those it carries on into, each with its failed and cancelled items: what a retry has to
  /// bring back into memory. Empty: there is no such backfill.
  virtual std::vector<ActiveBackfill> backfills_to_retry(BackfillId) = 0;
  /// The backfill and those it carries on into.
  virtual std::vector<BackfillRow> cascade(BackfillId root) = 0;
  virtual std::vector<SecretPrintRow> secret_prints() = 0;
  virtual std::vector<DatasetNameRow> dataset_names() = 0;
  virtual std::vector<QueuedDatasetEventRow> queued_dataset_events() = 0;
  virtual std::vector<NotificationRow> pending_notifications() = 0;
  virtual std::vector<RunId> active_runs() = 0;
  virtual std::optional<RunSnapshot> load_run(RunId) = 0;
  virtual std::optional<DagVersionRow> dag_version(DagVersionId) = 0;
  virtual std::optional<DagVersionRow> dag_version(std::string_view dag_id, std::string_view hash) = 0;

  // Look-ups of the loop.
  virtual std::vector<RunRow> runs_at(std::string_view dag_id, std::span<const WallTime> execution_dates) = 0;
  /// Partitions in [from, to) that have events, oldest first; at most 10,000.
  virtual std::vector<WallTime> partitions(std::string_view dataset, WallTime from, WallTime to) = 0;
  /// By execution_date, from and to included.
  virtual std::vector<BackfillItemRow> backfill_items(BackfillId, WallTime from, WallTime to) = 0;
  virtual bool has_partition(std::string_view dataset, WallTime partition) = 0;
  /// The partition's newest version; 0 when it has none.
  virtual DatasetVersionId current_version(std::string_view dataset, WallTime partition) = 0;
  virtual std::optional<RunRow> run_at(std::string_view dag_id, WallTime execution_date) = 0;
  virtual std::optional<RunRow> run_named(std::string_view dag_id, std::string_view run_id) = 0;
  /// data_interval_start of the newest successful run before `execution_date`.
  virtual std::optional<WallTime> previous_success(std::string_view dag_id, WallTime execution_date) = 0;
  /// A mapped task's is the array of its instances' values, in map order.
  virtual std::optional<JsonText> output(RunId, std::string_view task_id, std::string_view key) = 0;
  /// Moves the WAL into the database file when it is large; called by the reconciler. Returns WAL pages left.
  virtual Result<int> checkpoint() = 0;
  /// Removes answers kept for longer than limits::idempotency_life and sessions that ended, a bounded number
  /// a call; nothing to do costs two index look-ups. Called by the reconciler. How many rows went.
  virtual Result<int> sweep(WallTime now) = 0;
};

}  // namespace millrace
