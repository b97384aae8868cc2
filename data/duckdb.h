#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

/// data/ knows datasets: what is in them and what they promised to be. It reads files, in processes of their
/// own: big data never passes through the daemon.
namespace millrace {

/// A table of texts; no value is SQL's NULL.
struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
};

/// An in-memory DuckDB, loaded with dlopen so that everything else runs without it. One thread.
class DuckDb {
 public:
  /// `library`: the first that loads is taken. `memory_bytes` bounds the engine; it uses one thread and no
  /// network.
  static Result<std::unique_ptr<DuckDb>> open(const std::vector<std::filesystem::path>& libraries,
                                              std::int64_t memory_bytes);
  ~DuckDb();

  /// The engine's own words on failure.
  Result<Table> query(const std::string& sql);

 private:
  struct Library;
  explicit DuckDb(std::unique_ptr<Library> library);
  std::unique_ptr<Library> library_;
};

/// A text as an SQL literal, a name as an SQL identifier.
std::string sql_text(std::string_view);
std::string sql_name(std::string_view);

}  // namespace millrace
