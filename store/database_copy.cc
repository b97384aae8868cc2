#include "store/database_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/crash_point.h"
#include "store/access_sql.h"
#include "store/kept_database.h"
#include "store/lock_file.h"
#include "store/migrations.h"
#include "store/sqlite.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t shown_problems = 20;  // a broken database has thousands; the first tell the story
constexpr int audit_rows_at_a_time = 10'000;

std::unexpected<Error> in_words(const fs::path& path, const std::exception& problem) {
  return fail(ErrorKind::unavailable, fmt::format("'{}': {}", path.string(), problem.what()));
}

Result<void> sync(const fs::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  const bool synced = fd >= 0 && fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (synced) return {};
  return fail(ErrorKind::unavailable,
              fmt::format("'{}' can't be synced: {}", path.string(), std::strerror(error)));
}

fs::path folder_of(const fs::path& file) { return fs::absolute(file).parent_path(); }

/// Made empty and private, by nobody else.
Result<void> make_private(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST)
    return fail(ErrorKind::conflict,
                fmt::format("'{}' exists: another copy is being made, or one was interrupted; remove it then",
                            path.string()));
  if (fd < 0)
    return fail(ErrorKind::unavailable,
                fmt::format("'{}' can't be made: {}", path.string(), std::strerror(errno)));
  ::close(fd);
  return {};
}

DatabaseFacts facts_of(sqlite::Connection& connection, const fs::path& path) {
  DatabaseFacts facts;
  facts.schema = schema_number(connection, path).value_or(0);
  facts.bytes = connection.integer("PRAGMA page_count").value_or(0) *
                connection.integer("PRAGMA page_size").value_or(0);
  facts.runs = connection.integer("SELECT count(*) FROM dag_run").value_or(0);
  return facts;
}

std::vector<std::string> lines_of(sqlite::Connection& connection, std::string_view sql) {
  std::vector<std::string> out;
  sqlite::Statement rows(connection, sql);
  while (out.size() < shown_problems && rows.step()) out.emplace_back(rows.text(0));
  return out;
}

std::vector<std::string> schema_problems(sqlite::Connection& connection, int schema) {
  const auto known = embedded_migrations();
  if (schema > static_cast<int>(known.size()))
    return {fmt::format("schema {} is newer than this program's ({})", schema, known.size())};
  for (const Migration& migration : known.first(static_cast<std::size_t>(schema)))
    if (auto same = check_applied(connection, migration); !same) return {same.error().message};
  return {};
}

void check_audit(sqlite::Connection& connection, DatabaseCheck& check) {
  const auto reader = make_access_reader(connection);
  for (std::int64_t from = 1;;) {
    const AuditVerdict verdict = reader->verify_audit(from, audit_rows_at_a_time);
    check.audit_rows += verdict.checked;
    if (verdict.broken_at != 0) return check.audit.push_back(verdict.problem);
    if (!verdict.more) return;
    from = verdict.last_id + 1;
  }
}

}  // namespace

Result<DatabaseFacts> copy_database(const fs::path& database, const fs::path& copy) {
  std::error_code error;
  if (!fs::is_regular_file(database, error))
    return fail(ErrorKind::not_found, fmt::format("there is no database '{}'", database.string()));
  const fs::path part = copy.string() + ".part";
  try {
    CRASH_POINT("backup.begins");
    sqlite::Connection connection(database.string(), sqlite::Mode::read_only);
    if (auto schema = schema_number(connection, database); !schema) return std::unexpected(schema.error());
    if (auto made = make_private(part); !made) return std::unexpected(made.error());
    CRASH_POINT("backup.part_made");
    sqlite::Statement vacuum(connection, "VACUUM INTO ?1");
    vacuum.bind_copy(1, part.string());
    vacuum.run();
    CRASH_POINT("backup.copied");
    if (auto synced = sync(part, O_RDONLY); !synced) return std::unexpected(synced.error());
    CRASH_POINT("backup.synced");
    // A hard link is made or refused; a rename would replace what somebody put there meanwhile.
    fs::create_hard_link(part, copy, error);
    if (error == std::errc::file_exists)
      return fs::remove(part), fail(ErrorKind::conflict, fmt::format("'{}' exists", copy.string()));
    if (error) fs::rename(part, copy);
    CRASH_POINT("backup.linked");
    fs::remove(part, error);
    CRASH_POINT("backup.part_removed");
    if (auto synced = sync(folder_of(copy), O_RDONLY | O_DIRECTORY); !synced)
      return std::unexpected(synced.error());
    CRASH_POINT("backup.done");
    sqlite::Connection written(copy.string(), sqlite::Mode::read_only);
    return facts_of(written, copy);
  } catch (const std::exception& problem) {
    fs::remove(part, error);
    return in_words(copy, problem);
  }
}

Result<DatabaseCheck> check_database(const fs::path& database) {
  std::error_code error;
  if (!fs::is_regular_file(database, error))
    return fail(ErrorKind::not_found, fmt::format("there is no database '{}'", database.string()));
  try {
    sqlite::Connection connection(database.string(), sqlite::Mode::read_only);
    const sqlite::Transaction snapshot(connection, sqlite::Transaction::Kind::read);
    const Result<int> schema = schema_number(connection, database);
    if (!schema) return std::unexpected(schema.error());
    if (*schema == 0)
      return fail(ErrorKind::invalid,
                  fmt::format("'{}' is empty: no Millrace database", database.string()));
    DatabaseCheck check;
    check.pages = lines_of(connection, "PRAGMA integrity_check(20)");
    if (check.pages == std::vector<std::string>{"ok"}) check.pages.clear();
    check.schema = schema_problems(connection, *schema);
    check.facts = facts_of(connection, database);
    check.references =
        lines_of(connection,
                 "SELECT \"table\" || ' row ' || coalesce(rowid, '?') || ' names a ' || parent || "
                 "' that isn''t there' FROM pragma_foreign_key_check "
                 // What was read to make a version outlives the run that read it.
                 "WHERE NOT (\"table\" = 'version_input' AND parent = 'task_attempt')");
    if (check.schema.empty() && *schema == static_cast<int>(embedded_migrations().size()))
      check_audit(connection, check);
    return check;
  } catch (const std::exception& problem) {
    return in_words(database, problem);
  }
}

Result<void> for_each_current_version(const fs::path& database,
                                      const std::function<void(const DatasetVersionRow&)>& each) {
  try {
    sqlite::Connection connection(database.string(), sqlite::Mode::read_only);
    sqlite::Statement rows(connection,
                           "SELECT v.dataset, v.partition_date, v.hash, v.path, v.bytes "
                           "FROM dataset_partition p JOIN dataset_version v ON v.id = p.dataset_version_id "
                           "ORDER BY p.dataset, p.partition_date");
    while (rows.step()) {
      DatasetVersionRow row;
      row.dataset = rows.text(0);
      row.partition = WallTime{rows.integer(1)};
      row.hash = rows.text(2);
      row.path = rows.text(3);
      row.bytes = rows.integer(4);
      each(row);
    }
    return {};
  } catch (const std::exception& problem) {
    return in_words(database, problem);
  }
}

Result<fs::path> put_in_place(const fs::path& copy, const fs::path& database) {
  try {
    const Result<LockFile> lock = LockFile::take(database);
    if (!lock) return std::unexpected(lock.error());
    CRASH_POINT("restore.locked");
    const fs::path part = database.string() + ".restored";
    // After a restore that was interrupted below the old one has its new name already, and maybe its log.
    const bool moved = !fs::exists(database) && fs::exists(part);
    const fs::path old = moved ? newest_kept(database) : next_kept(database);
    fs::remove(part);
    if (auto made = copy_database(copy, part); !made) return std::unexpected(made.error());
    CRASH_POINT("restore.copied");
    // The old one may be damaged and isn't opened: its log moves along, the index of that is made anew.
    for (const char* suffix : {"", "-wal"})
      if (fs::exists(database.string() + suffix))
        fs::rename(database.string() + suffix, old.string() + suffix);
    CRASH_POINT("restore.old_one_moved");
    fs::remove(database.string() + "-shm");
    CRASH_POINT("restore.index_removed");
    fs::rename(part, database);
    CRASH_POINT("restore.placed");
    if (auto synced = sync(folder_of(database), O_RDONLY | O_DIRECTORY); !synced)
      return std::unexpected(synced.error());
    return fs::exists(old) ? old : fs::path();
  } catch (const std::exception& problem) {
    return in_words(database, problem);
  }
}

}  // namespace millrace
