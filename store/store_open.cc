#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "base/canary.h"
#include "base/crash_point.h"
#include "store/kept_database.h"
#include "store/lock_file.h"
#include "store/migrations.h"
#include "store/sqlite_store.h"
#include "store/store.h"

/// Store::open: every reason not to start, each in words, and nothing changed until all are looked at.
namespace millrace {
namespace {

// quick_check reads every page and every CHECK: about 50 ms for this much, seconds for a long history.
constexpr std::uintmax_t always_checked_bytes = 8u << 20;

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

Error in_words(const sqlite::Failure& failure, const std::filesystem::path& database) {
  const std::string path = database.string();
  if (failure.damaged()) {
    return {ErrorKind::invalid,
            fmt::format("'{}' is damaged or isn't a database: {}. Nothing was changed; restore a "
                        "copy, or move it away to start empty",
                        path, failure.what())};
  }
  if (failure.read_only()) {
    return {ErrorKind::unavailable, fmt::format("'{}' can't be written: {}", path, failure.what())};
  }
  if (failure.full()) {
    return {ErrorKind::unavailable, fmt::format("no room on the disk of '{}': {}", path, failure.what())};
  }
  if (failure.busy()) {
    return {ErrorKind::unavailable,
            fmt::format("'{}' is locked by another program: {}", path, failure.what())};
  }
  return {ErrorKind::internal, fmt::format("'{}': {}", path, failure.what())};
}

/// A check of all pages when the file is small, or when the machine went down under a daemon. After a mere
/// `kill -9` the kernel's page cache holds what was written, so a large database starts without it.
bool needs_check(sqlite::Connection& connection, std::uintmax_t bytes, int schema) {
  if (schema == 0) return false;
  if (bytes <= always_checked_bytes) return true;
  return connection.integer("SELECT stopped_clean FROM daemon_epoch") != 1 &&
         connection.text("SELECT boot_id FROM daemon_epoch") != boot_id();
}

Result<void> check_pages(sqlite::Connection& connection, const std::filesystem::path& database) {
  const std::string verdict = connection.text("PRAGMA quick_check(1)").value_or("no answer");
  if (verdict == "ok") return {};
  return fail(ErrorKind::invalid, fmt::format("'{}' is damaged: {}. Nothing was changed; restore a copy",
                                              database.string(), verdict));
}

/// Between the old database and the new one there is neither (put_in_place); to start empty would look like
/// loss.
bool restore_was_interrupted(const std::filesystem::path& database) {
  return !std::filesystem::exists(database) && std::filesystem::exists(database.string() + ".restored");
}

std::int64_t take_epoch(sqlite::Connection& connection) {
  sqlite::Transaction transaction(connection, sqlite::Transaction::Kind::write);
  sqlite::Statement update(connection,
                           "UPDATE daemon_epoch SET epoch = epoch + 1, stopped_clean = 0, boot_id = ?1");
  update.bind_copy(1, boot_id());
  update.run();
  CRASH_POINT("open.epoch_written");
  const auto epoch = connection.integer("SELECT epoch FROM daemon_epoch");
  if (!epoch) throw StoreError("damaged database: daemon_epoch has no row");
  transaction.commit();
  CRASH_POINT("open.epoch_taken");
  return *epoch;
}

Result<std::unique_ptr<Store>> open_locked(LockFile lock, const std::filesystem::path& database) {
  std::error_code no_file;
  const std::uintmax_t bytes = std::filesystem::file_size(database, no_file);
  auto connection = std::make_unique<sqlite::Connection>(database.string(), sqlite::Mode::read_write_create);
  CRASH_POINT("open.connected");
  if (connection->is_read_only()) {
    return fail(ErrorKind::unavailable,
                fmt::format("'{}' is read-only; the daemon needs to write it", database.string()));
  }
  const Result<int> schema = schema_number(*connection, database);
  if (!schema) return std::unexpected(schema.error());
  const auto migrations = embedded_migrations();
  const bool newer = *schema > static_cast<int>(migrations.size());
  if (!newer && needs_check(*connection, no_file ? 0 : bytes, *schema)) {
    if (auto sound = check_pages(*connection, database); !sound) return std::unexpected(sound.error());
  }
  if (!newer) {
    CRASH_POINT("open.checked");
    const auto mode = connection->text("PRAGMA journal_mode = WAL");
    if (mode != "wal") {
      return fail(ErrorKind::unavailable,
                  fmt::format("'{}' can't use a write-ahead log here (journal mode {})", database.string(),
                              mode.value_or("unknown")));
    }
    CRASH_POINT("open.wal_chosen");
    // FULL: acknowledged means synced. Temporary b-trees never go to /tmp. The WAL file shrinks back after a
    // burst.
    connection->exec(
        "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864;"
        "PRAGMA cache_size = -8192; PRAGMA foreign_keys = OFF");
    // After a failed sync the WAL may hold frames that can be read and aren't on the disk; the next sync says
    // that all is well. What is there goes into the database, which is synced, before anything follows it.
    if (!CANARY("failed_sync_built_on")) connection->checkpoint();
    if (CANARY("commit_unsynced")) connection->exec("PRAGMA synchronous = OFF");
  }
  if (auto migrated = migrate(*connection, database, migrations); !migrated) {
    return std::unexpected(migrated.error());
  }
  CRASH_POINT("open.migrated");
  const std::int64_t epoch = take_epoch(*connection);
  return std::make_unique<SqliteStore>(std::move(lock), std::move(connection), epoch);
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& path) {
  try {
    const auto database = std::filesystem::absolute(path);
    if (!std::filesystem::is_directory(database.parent_path())) {
      return fail(ErrorKind::not_found, fmt::format("no folder '{}'", database.parent_path().string()));
    }
    if (on_network_filesystem(database.parent_path())) {
      return fail(ErrorKind::invalid,
                  fmt::format("'{}' is on a network file system, where SQLite's locks can't be "
                              "trusted; use a local disk",
                              database.string()));
    }
    if (restore_was_interrupted(database)) {
      return fail(ErrorKind::invalid,
                  fmt::format("a restore of '{}' was interrupted: restore again, or move the old database "
                              "back from '{}', and its '-wal' with it",
                              database.string(), newest_kept(database).string()));
    }
    CRASH_POINT("open.begin");
    Result<LockFile> lock = LockFile::take(database);
    if (!lock) return std::unexpected(lock.error());
    CRASH_POINT("open.locked");
    try {
      return open_locked(std::move(*lock), database);
    } catch (const sqlite::Failure& failure) {
      return std::unexpected(in_words(failure, database));
    }
  } catch (const std::exception& problem) {
    return fail(ErrorKind::internal, fmt::format("'{}': {}", path.string(), problem.what()));
  }
}

}  // namespace millrace
