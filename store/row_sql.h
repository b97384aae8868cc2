#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/invariant.h"
#include "store/columns.h"
#include "store/sqlite.h"
#include "store/words_sql.h"

/// SQL, binding and reading made from visit_columns(). Internal to store/.
namespace millrace {

enum class ColumnKind { key, fixed, field, version };
struct Column {
  const char* name;
  ColumnKind kind;
};

/// Collects the columns of a row type in order: a column's parameter number is its position plus 1.
class ColumnNames {
 public:
  std::vector<Column> columns;

  template <class T>
  void key(const char* name, const T&) {
    columns.push_back({name, ColumnKind::key});
  }
  template <class T>
  void fixed(const char* name, const T&) {
    columns.push_back({name, ColumnKind::fixed});
  }
  template <class T>
  void field(const char* name, const T&) {
    columns.push_back({name, ColumnKind::field});
  }
  void strings(const char* name, const std::vector<std::string>&) {
    columns.push_back({name, ColumnKind::field});
  }
  void times(const char* name, const std::vector<WallTime>&) { columns.push_back({name, ColumnKind::fixed}); }
  void sources(const char* name, const std::vector<BackfillSource>&) {
    columns.push_back({name, ColumnKind::fixed});
  }
  void version(std::int64_t) { columns.push_back({"version", ColumnKind::version}); }
  void start_facts(const std::optional<StartFacts>&);
  void exit_facts(const std::optional<ExitFacts>&);
};

/// Binds a row to the parameters of insert_sql or update_sql.
class RowBinder {
 public:
  enum class For { insert, update };
  RowBinder(sqlite::Statement& statement, For purpose) : statement_(statement), purpose_(purpose) {}

  template <class T>
  void key(const char*, const T& value) {
    put(value);
  }
  template <class Tag>
  void key(const char*, const Id<Tag>& id) {
    INVARIANT(id.value != 0);  // NULL in an INTEGER PRIMARY KEY would make SQLite choose an id
    put(id);
  }
  template <class T>
  void fixed(const char*, const T& value) {
    if (purpose_ == For::insert)
      put(value);
    else
      ++next_;
  }
  template <class T>
  void field(const char*, const T& value) {
    put(value);
  }
  void strings(const char*, const std::vector<std::string>& v) {
    statement_.bind_copy(next_++, json_from(v));
  }
  void times(const char*, const std::vector<WallTime>& v) { list(v); }
  void sources(const char*, const std::vector<BackfillSource>& v) { list(v); }
  void version(std::int64_t value) { put(value); }
  void guard(std::int64_t version_before) { put(version_before); }
  void start_facts(const std::optional<StartFacts>&);
  void exit_facts(const std::optional<ExitFacts>&);

 private:
  template <class T>
  void list(const std::vector<T>& v) {
    if (purpose_ == For::insert)
      statement_.bind_copy(next_++, json_from(v));
    else
      ++next_;
  }
  void put(const std::string& text) { statement_.bind(next_++, std::string_view(text)); }
  void put(WallTime time) { statement_.bind(next_++, time.us); }
  template <class Tag>
  void put(Id<Tag> id) {
    if (id)
      statement_.bind(next_++, id.value);
    else
      statement_.bind_null(next_++);
  }
  template <class T>
    requires std::is_enum_v<T>
  void put(T word) {
    statement_.bind(next_++, to_word(word));
  }
  template <class T>
    requires std::is_integral_v<T>
  void put(T number) {
    statement_.bind(next_++, static_cast<std::int64_t>(number));
  }
  template <class T>
  void put(const std::optional<T>& value) {
    if (value)
      put(*value);
    else
      statement_.bind_null(next_++);
  }
  void put_nulls(int count);

  sqlite::Statement& statement_;
  For purpose_;
  int next_ = 1;
};

/// Reads a row from the columns of select_columns.
class RowReader {
 public:
  explicit RowReader(const sqlite::Statement& statement) : statement_(statement) {}

  template <class T>
  void key(const char*, T& out) {
    take(out);
  }
  template <class T>
  void fixed(const char*, T& out) {
    take(out);
  }
  template <class T>
  void field(const char*, T& out) {
    take(out);
  }
  void strings(const char*, std::vector<std::string>& out) { from_json(statement_.text(next_++), out); }
  void times(const char*, std::vector<WallTime>& out) { from_json(statement_.text(next_++), out); }
  void sources(const char*, std::vector<BackfillSource>& out) { from_json(statement_.text(next_++), out); }
  void version(std::int64_t& out) { take(out); }
  void start_facts(std::optional<StartFacts>&);
  void exit_facts(std::optional<ExitFacts>&);

 private:
  void take(std::string& out) { out = statement_.text(next_++); }
  void take(WallTime& out) { out.us = statement_.integer(next_++); }
  template <class Tag>
  void take(Id<Tag>& out) {
    out.value = statement_.integer(next_++);
  }
  template <class T>
    requires std::is_enum_v<T>
  void take(T& out) {
    const auto word = statement_.text(next_++);
    if (!from_word(word, out)) throw StoreError("damaged row: unknown word '" + std::string(word) + "'");
  }
  template <class T>
    requires std::is_integral_v<T>
  void take(T& out) {
    out = static_cast<T>(statement_.integer(next_++));
  }
  template <class T>
  void take(std::optional<T>& out) {
    if (statement_.is_null(next_)) {
      out.reset();
      ++next_;
    } else {
      take(out.emplace());
    }
  }

  const sqlite::Statement& statement_;
  int next_ = 0;
};

std::string insert_sql(const char* table, const std::vector<Column>&, const char* derived, const char* value);
/// `UPDATE … WHERE <keys> AND version = ?`; that last parameter comes after those of the columns.
std::string update_sql(const char* table, const std::vector<Column>&);
std::string select_sql(const char* table, const std::vector<Column>&);

template <class Row>
const std::vector<Column>& columns_of() {
  static const std::vector<Column> columns = [] {
    ColumnNames names;
    const Row row{};
    visit_columns(names, row);
    return names.columns;
  }();
  return columns;
}

template <class Row>
std::string insert_into() {
  return insert_sql(Table<Row>::name, columns_of<Row>(), Table<Row>::derived, Table<Row>::derived_value);
}
template <class Row>
std::string update_of() {
  return update_sql(Table<Row>::name, columns_of<Row>());
}
/// `SELECT <columns> FROM <table> `, to be followed by WHERE and so on.
template <class Row>
std::string select_from() {
  return select_sql(Table<Row>::name, columns_of<Row>()) + ' ';
}

template <class Row>
void bind_row(sqlite::Statement& statement, const Row& row, RowBinder::For purpose) {
  RowBinder binder(statement, purpose);
  visit_columns(binder, row);
}

/// For update_of<Row>(): the row as it shall be, and the version that it must have now.
template <class Row>
void bind_update(sqlite::Statement& statement, const Row& row, std::int64_t version_before) {
  RowBinder binder(statement, RowBinder::For::update);
  visit_columns(binder, row);
  binder.guard(version_before);
}

template <class Row>
Row read_row(const sqlite::Statement& statement) {
  Row row;
  RowReader reader(statement);
  visit_columns(reader, row);
  return row;
}

/// All rows of a statement whose parameters are bound; resets it.
template <class Row>
std::vector<Row> read_all(sqlite::Statement& statement) {
  const sqlite::Use use(statement);
  std::vector<Row> rows;
  while (statement.step()) rows.push_back(read_row<Row>(statement));
  return rows;
}

template <class Row>
std::optional<Row> read_one(sqlite::Statement& statement) {
  const sqlite::Use use(statement);
  if (!statement.step()) return std::nullopt;
  return read_row<Row>(statement);
}

}  // namespace millrace
