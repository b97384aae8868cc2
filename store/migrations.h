#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "base/error.h"
#include "store/sqlite.h"

namespace millrace {

/// One file of migrations/. `number` is its place: 1, 2, 3 …
struct Migration {
  int number = 0;
  std::string_view name;
  std::string_view sql;
};

/// All of migrations/, in order; embedded in the binary.
std::span<const Migration> embedded_migrations();

/// The newest migration in a database; 0 for an empty one. `invalid` when it isn't Millrace's.
Result<int> schema_number(sqlite::Connection&, const std::filesystem::path& database);

/// Whether the database was given this very text as that migration; in words if not.
Result<void> check_applied(sqlite::Connection&, const Migration&);

/// Applies what is missing, each in one transaction together with its line in schema_migrations; what is
/// there must have the same checksum. A database that isn't new is copied to `DATABASE.before-NNN` first.
/// Refuses a newer one. Throws sqlite::Failure.
Result<void> migrate(sqlite::Connection&, const std::filesystem::path& database, std::span<const Migration>);

}  // namespace millrace
