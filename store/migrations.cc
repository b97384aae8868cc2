#include "store/migrations.h"

#include <fmt/format.h>

#include "base/crash_point.h"
#include "base/sha256.h"

namespace millrace {
namespace {

constexpr const char* make_table =
    "CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
    "checksum TEXT NOT NULL) STRICT";

bool has_table(sqlite::Connection& connection) {
  return connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'") == 1;
}

void copy_database(sqlite::Connection& connection, const std::filesystem::path& database, int next) {
  const std::string copy = fmt::format("{}.before-{:03}", database.string(), next);
  CRASH_POINT("migration.copy_begins");
  std::filesystem::remove(copy);  // left by a start that ended in the middle
  sqlite::Statement statement(connection, "VACUUM INTO ?1");
  statement.bind(1, copy);
  statement.run();
  CRASH_POINT("migration.copied");
}

void apply(sqlite::Connection& connection, const Migration& migration) {
  sqlite::Transaction transaction(connection, sqlite::Transaction::Kind::write);
  connection.exec(make_table);
  CRASH_POINT("migration.table_made");
  connection.exec(std::string(migration.sql));
  CRASH_POINT("migration.applied");
  sqlite::Statement record(connection, "INSERT INTO schema_migrations VALUES (?1, ?2, ?3)");
  record.bind(1, migration.number);
  record.bind(2, migration.name);
  record.bind_copy(3, sha256_hex(migration.sql));
  record.run();
  CRASH_POINT("migration.before_commit");
  transaction.commit();
  CRASH_POINT("migration.committed");
}

}  // namespace

Result<void> check_applied(sqlite::Connection& connection, const Migration& migration) {
  const auto stored = connection.text(
      fmt::format("SELECT checksum FROM schema_migrations WHERE number = {}", migration.number));
  if (stored == sha256_hex(migration.sql)) return {};
  return fail(
      ErrorKind::invalid,
      fmt::format("migration {:03}_{} was applied with another text than this binary's: it belongs to "
                  "another build of millrace",
                  migration.number, migration.name));
}

Result<int> schema_number(sqlite::Connection& connection, const std::filesystem::path& database) {
  if (has_table(connection)) {
    return static_cast<int>(connection.integer("SELECT max(number) FROM schema_migrations").value_or(0));
  }
  if (connection.integer("SELECT count(*) FROM sqlite_schema").value_or(0) == 0) return 0;
  return fail(ErrorKind::invalid,
              fmt::format("'{}' is an SQLite database, but not Millrace's", database.string()));
}

Result<void> migrate(sqlite::Connection& connection, const std::filesystem::path& database,
                     std::span<const Migration> migrations) {
  const Result<int> stored = schema_number(connection, database);
  if (!stored) return std::unexpected(stored.error());
  const int known = static_cast<int>(migrations.size());
  if (*stored > known) {
    return fail(ErrorKind::invalid,
                fmt::format("'{}' was written by a newer millrace (schema {}; this one knows {}): "
                            "install that version, or restore a copy made before it",
                            database.string(), *stored, known));
  }
  for (const Migration& migration : migrations.first(static_cast<std::size_t>(*stored))) {
    if (auto same = check_applied(connection, migration); !same) return same;
  }
  if (*stored > 0 && *stored < known) copy_database(connection, database, *stored + 1);
  CRASH_POINT("migration.begins");
  for (const Migration& migration : migrations.subspan(static_cast<std::size_t>(*stored))) {
    apply(connection, migration);
  }
  return {};
}

}  // namespace millrace
