#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "scheduler/rows.h"

namespace millrace {

struct DatabaseFacts {
  int schema = 0;  ///< number of its newest migration
  std::int64_t bytes = 0, runs = 0;
};

/// Writes a whole, consistent copy of `database` to `copy` (mode 0600, on disk when this returns); a daemon
/// may be writing meanwhile, the copy has what was committed when it began. `conflict`: `copy` exists.
Result<DatabaseFacts> copy_database(const std::filesystem::path& database, const std::filesystem::path& copy);

/// What is wrong with a database, in words; empty: nothing. Nothing is written.
struct DatabaseCheck {
  DatabaseFacts facts;
  std::vector<std::string> pages;       ///< integrity_check
  std::vector<std::string> references;  ///< foreign_key_check: rows that name one that isn't there
  std::vector<std::string> schema;      ///< migrations that this program doesn't know, or other ones
  std::vector<std::string> audit;       ///< the hash chain of the audit log
  std::int64_t audit_rows = 0;
};
/// Reads every page. An error: it can't be read at all, or isn't Millrace's.
Result<DatabaseCheck> check_database(const std::filesystem::path& database);

/// Calls `each` with every partition's newest version, by dataset and partition.
Result<void> for_each_current_version(const std::filesystem::path& database,
                                      const std::function<void(const DatasetVersionRow&)>& each);

/// Puts `copy` in the place of `database`, whose daemon must not run (`conflict`). The one that was there
/// stays beside it (store/kept_database.h), and so does what earlier calls kept. On disk when this returns.
/// Its new name; empty: there was none.
Result<std::filesystem::path> put_in_place(const std::filesystem::path& copy,
                                           const std::filesystem::path& database);

}  // namespace millrace
