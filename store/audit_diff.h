#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "store/access_columns.h"
#include "store/row_sql.h"

/// What one request changed, as JSON: which row, and of its columns those that differ. Internal to store/.
namespace millrace {

/// The columns of a row as JSON texts.
class RowTexts {
 public:
  struct Value {
    const char* name;
    std::string json;
    bool is_key;
  };
  std::vector<Value> values;

  template <class T>
  void key(const char* name, const T& value) {
    values.push_back({name, text_of(value), true});
  }
  template <class T>
  void fixed(const char* name, const T& value) {
    values.push_back({name, text_of(value), false});
  }
  template <class T>
  void field(const char* name, const T& value) {
    fixed(name, value);
  }
  void strings(const char* name, const std::vector<std::string>& v) {
    values.push_back({name, json_from(v), false});
  }
  void times(const char* name, const std::vector<WallTime>& v) {
    values.push_back({name, json_from(v), false});
  }
  void sources(const char* name, const std::vector<BackfillSource>& v) {
    values.push_back({name, json_from(v), false});
  }
  void version(std::int64_t) {}
  void start_facts(const std::optional<StartFacts>&) {}
  void exit_facts(const std::optional<ExitFacts>&) {}

 private:
  static std::string text_of(const std::string& text) { return quoted(text); }
  static std::string text_of(WallTime time) { return quoted(to_iso(time)); }
  static std::string text_of(bool value) { return value ? "true" : "false"; }
  template <class Tag>
  static std::string text_of(Id<Tag> id) {
    return std::to_string(id.value);
  }
  template <class T>
    requires std::is_enum_v<T>
  static std::string text_of(T word) {
    return quoted(to_word(word));
  }
  template <class T>
    requires std::is_integral_v<T>
  static std::string text_of(T number) {
    return std::to_string(number);
  }
  template <class T>
    requires std::is_floating_point_v<T>
  static std::string text_of(T number) {
    return std::to_string(number);
  }
  template <class T>
  static std::string text_of(const std::optional<T>& value) {
    return value ? text_of(*value) : "null";
  }
  static std::string quoted(std::string_view);
};

/// Binds the key columns of a row, in order, to parameters 1, 2 …
class KeyBinder {
 public:
  explicit KeyBinder(sqlite::Statement& statement) : statement_(statement) {}
  void key(const char*, const std::string& text) { statement_.bind(next_++, std::string_view(text)); }
  void key(const char*, WallTime time) { statement_.bind(next_++, time.us); }
  template <class Tag>
  void key(const char*, Id<Tag> id) {
    statement_.bind(next_++, id.value);
  }
  template <class T>
    requires std::is_integral_v<T>
  void key(const char*, T number) {
    statement_.bind(next_++, static_cast<std::int64_t>(number));
  }
  template <class T>
  void fixed(const char*, const T&) {}
  template <class T>
  void field(const char*, const T&) {}
  void strings(const char*, const std::vector<std::string>&) {}
  void times(const char*, const std::vector<WallTime>&) {}
  void sources(const char*, const std::vector<BackfillSource>&) {}
  void version(std::int64_t) {}
  void start_facts(const std::optional<StartFacts>&) {}
  void exit_facts(const std::optional<ExitFacts>&) {}

 private:
  sqlite::Statement& statement_;
  int next_ = 1;
};

/// The stored row with the keys of `row`; nothing when there is none yet.
template <class Row>
std::optional<Row> stored_row(sqlite::Connection& connection, const Row& row) {
  std::string where;
  int parameter = 0;
  for (const Column& column : columns_of<Row>()) {
    if (column.kind != ColumnKind::key) continue;
    where += std::string(where.empty() ? "WHERE " : " AND ") + column.name + " = ?" +
             std::to_string(++parameter);
  }
  sqlite::Statement statement(connection, select_from<Row>() + where);
  KeyBinder binder(statement);
  visit_columns(binder, row);
  return read_one<Row>(statement);
}

/// Collects the changes of one request.
class AuditDiff {
 public:
  explicit AuditDiff(std::string who) : who_(std::move(who)) {}
  /// Call before `row` is written.
  void note(sqlite::Connection&, const Change& row);
  void note(sqlite::Connection&, const AccessRow& row);
  /// The JSON array; the list is cut at its bound and says how many more there were.
  std::string take();

 private:
  template <class Row>
  void compare(sqlite::Connection&, const Row&);
  void add(const char* object, const std::vector<RowTexts::Value>* before,
           const std::vector<RowTexts::Value>* after);

  std::string who_;
  std::string list_;
  std::size_t listed_ = 0, left_out_ = 0;
};

}  // namespace millrace
