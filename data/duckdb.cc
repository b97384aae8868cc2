#include "data/duckdb.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace millrace {
namespace {

// The part of DuckDB's C API (1.4) that is used, declared here so that no header has to be fetched. Every
// handle is a pointer; a result is a struct of six words that the library fills and frees.
using Idx = std::uint64_t;
using Handle = void*;
struct RawResult {
  Idx deprecated_columns, deprecated_rows, deprecated_changed;
  void* deprecated_data;
  char* deprecated_error;
  void* internal;
};
constexpr int ok = 0;

}  // namespace

struct DuckDb::Library {
  void* handle = nullptr;
  Handle database = nullptr, connection = nullptr;
  int (*open)(const char*, Handle*) = nullptr;
  int (*connect)(Handle, Handle*) = nullptr;
  void (*disconnect)(Handle*) = nullptr;
  void (*close)(Handle*) = nullptr;
  int (*query)(Handle, const char*, RawResult*) = nullptr;
  const char* (*result_error)(RawResult*) = nullptr;
  Idx (*column_count)(RawResult*) = nullptr;
  Idx (*row_count)(RawResult*) = nullptr;
  const char* (*column_name)(RawResult*, Idx) = nullptr;
  char* (*value)(RawResult*, Idx, Idx) = nullptr;
  void (*free_value)(void*) = nullptr;
  void (*destroy_result)(RawResult*) = nullptr;

  template <class F>
  bool find(F& into, const char* name) {
    into = reinterpret_cast<F>(dlsym(handle, name));
    return into != nullptr;
  }
  bool find_all() {
    return find(open, "duckdb_open") && find(connect, "duckdb_connect") &&
           find(disconnect, "duckdb_disconnect") && find(close, "duckdb_close") &&
           find(query, "duckdb_query") && find(result_error, "duckdb_result_error") &&
           find(column_count, "duckdb_column_count") && find(row_count, "duckdb_row_count") &&
           find(column_name, "duckdb_column_name") && find(value, "duckdb_value_varchar") &&
           find(free_value, "duckdb_free") && find(destroy_result, "duckdb_destroy_result");
  }
};

DuckDb::DuckDb(std::unique_ptr<Library> library) : library_(std::move(library)) {}

DuckDb::~DuckDb() {
  if (library_->connection != nullptr) library_->disconnect(&library_->connection);
  if (library_->database != nullptr) library_->close(&library_->database);
}

Result<std::unique_ptr<DuckDb>> DuckDb::open(const std::vector<std::filesystem::path>& libraries,
                                             std::int64_t memory_bytes) {
  auto library = std::make_unique<Library>();
  std::string tried;
  for (const auto& path : libraries) {
    library->handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library->handle != nullptr) break;
    tried += fmt::format("\n  {}", dlerror());
  }
  if (library->handle == nullptr)
    return fail(ErrorKind::unavailable,
                fmt::format("DuckDB isn't here; 'tools/setup example' brings it. Tried:{}", tried));
  if (!library->find_all())
    return fail(ErrorKind::unavailable, "this libduckdb.so lacks functions of the C API; 1.4 is wanted");
  if (library->open(nullptr, &library->database) != ok ||
      library->connect(library->database, &library->connection) != ok)
    return fail(ErrorKind::internal, "DuckDB can't open a database in memory");
  std::unique_ptr<DuckDb> made{new DuckDb(std::move(library))};
  for (const std::string& setting :
       {std::string{"SET threads=1"}, fmt::format("SET memory_limit='{}B'", memory_bytes),
        std::string{"SET autoinstall_known_extensions=false"}, std::string{"SET TimeZone='UTC'"}})
    if (const auto set = made->query(setting); !set && !setting.contains("TimeZone"))
      return std::unexpected(set.error());
  return made;
}

Result<Table> DuckDb::query(const std::string& sql) {
  RawResult result{};
  const int state = library_->query(library_->connection, sql.c_str(), &result);
  if (state != ok) {
    const char* words = library_->result_error(&result);
    std::string message = words != nullptr ? words : "DuckDB gave no reason";
    library_->destroy_result(&result);
    return fail(ErrorKind::invalid, std::move(message));
  }
  Table table;
  const Idx columns = library_->column_count(&result), rows = library_->row_count(&result);
  for (Idx c = 0; c < columns; ++c) table.columns.emplace_back(library_->column_name(&result, c));
  for (Idx r = 0; r < rows; ++r) {
    auto& row = table.rows.emplace_back();
    for (Idx c = 0; c < columns; ++c) {
      char* text = library_->value(&result, c, r);
      row.push_back(text != nullptr ? std::optional<std::string>{text} : std::nullopt);
      library_->free_value(text);
    }
  }
  library_->destroy_result(&result);
  return table;
}

namespace {

std::string doubled(std::string_view text, char quote) {
  std::string out{quote};
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out + quote;
}

}  // namespace

std::string sql_text(std::string_view text) { return doubled(text, '\''); }
std::string sql_name(std::string_view name) { return doubled(name, '"'); }

}  // namespace millrace
