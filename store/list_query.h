#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/limits.h"
#include "store/reader.h"
#include "store/row_sql.h"
#include "store/sqlite.h"

namespace millrace {

/// The name of a sort key in the API and the column it means.
using SortKey = std::pair<std::string_view, std::string_view>;

/// A WHERE clause and its values. Values are only ever bound; the text holds none of them.
class Where {
 public:
  void equals(std::string_view column, std::int64_t value);
  void equals(std::string_view column, std::string_view value);
  void at_least(std::string_view column, const std::optional<WallTime>&);  ///< nothing when empty
  void at_most(std::string_view column, const std::optional<WallTime>&);
  void between(std::string_view column, const TimeSpan&);
  void between(std::string_view column, const DurationSpan&);
  void more_than(std::string_view column, std::int64_t value);
  void text(std::string_view column, const TextMatch&);
  void contains(std::string_view column, std::string_view piece);
  /// Nothing when empty.
  void one_of(std::string_view column, const std::vector<std::string>&, bool negated = false);
  void one_of(std::string_view column, const std::vector<std::int64_t>&);
  /// Task instances of a DAG's runs, by way of the runs: in their order, each looked up by its id.
  void through_runs_of(std::string_view dag_id);
  /// Task instances of these DAGs, few as they are.
  void of_runs_of(const std::vector<std::string>& dag_ids);
  /// The same for the runs of several DAGs; of the first `runs` by id alone, where that many are enough.
  void through_runs_of(const Scope&, std::optional<std::int64_t> runs);
  void within(std::string_view column, const Scope&);
  /// `text` with one `{}` for the scope, as the set of an IN.
  std::string with(std::string_view text, const Scope&);
  /// What stands instead of the table; with one `{}` for the scope.
  void read_from(std::string_view text, const Scope& scope) { from_ = with(text, scope); }
  /// A condition without a value.
  void require(std::string_view condition);
  void starts_with(std::string_view column, std::string_view prefix);
  template <class Word>
    requires std::is_enum_v<Word>
  void one_of(std::string_view column, const std::vector<Word>& words) {
    std::vector<std::string> texts;
    for (const Word word : words) texts.emplace_back(to_word(word));
    one_of(column, texts);
  }
  /// `text` with one `{}` for the value.
  void matches(std::string_view text, std::string_view value);
  /// The same for any of several values; nothing when there are none.
  void any_of(std::string_view text, const std::vector<std::string>& values);
  /// A condition without values.
  void holds(std::string_view condition);

  /// The tables: empty, or what stands instead of the one alone.
  const std::string& from() const { return from_; }
  /// ` WHERE …`, or empty.
  std::string sql() const { return conditions_.empty() ? "" : " WHERE " + conditions_; }
  void bind(sqlite::Statement&) const;
  int size() const { return static_cast<int>(values_.size()); }

 private:
  void add(std::string_view column, std::string_view comparison, std::variant<std::int64_t, std::string>);
  void join(std::string_view condition);
  std::string value(std::variant<std::int64_t, std::string>);

  std::string from_;
  std::string conditions_;
  std::vector<std::variant<std::int64_t, std::string>> values_;
};

/// ` ORDER BY …` of a page; `invalid`, naming the keys there are, for an unknown one. Ends in `unique` so
/// that pages never overlap. `by_default` when the page asks for none.
Result<std::string> order_clause(const Page&, std::span<const SortKey>, std::string_view by_default,
                                 std::string_view unique);
/// `invalid` for a limit outside 0 to limits::list_page or a negative offset.
Result<void> check_page(const Page&);

/// How many rows match: exactly, or at_least when that takes too long.
void count_rows(sqlite::Connection&, const std::string& from, const Where&, std::int64_t& total,
                bool& at_least);
/// What a page says that no index serves: `invalid`.
std::unexpected<Error> looks_too_far();

/// One page and the number of all rows that match, from one snapshot. `known_total` where it is kept.
template <class Row>
Result<Listed<Row>> list_rows(sqlite::Connection& connection, const Where& where, const std::string& order,
                              const Page& page, std::optional<std::int64_t> known_total = std::nullopt) {
  if (auto sane = check_page(page); !sane) return std::unexpected(sane.error());
  sqlite::Transaction transaction(connection, sqlite::Transaction::Kind::read);
  Listed<Row> listed;
  const std::string from = where.from().empty() ? Table<Row>::name : where.from();
  if (known_total && !page.after_id) {
    listed.total_entries = known_total.value_or(0);  // `*` makes g++ 12 see an unset value here
  } else if (page.counted && !page.after_id) {
    count_rows(connection, from, where, listed.total_entries, listed.at_least);
  }
  sqlite::Statement rows(connection, select_sql(from.c_str(), columns_of<Row>()) + where.sql() + order +
                                         " LIMIT ?" +
                                         std::to_string(where.size() + 1) + " OFFSET ?" +
                                         std::to_string(where.size() + 2));
  where.bind(rows);
  rows.bind(where.size() + 1, std::int64_t{page.limit} + (listed.at_least ? 1 : 0));
  rows.bind(where.size() + 2, std::int64_t{page.offset});
  try {
    const sqlite::Bound bound(connection, limits::list_steps);
    listed.rows = read_all<Row>(rows);
  } catch (const sqlite::Failure& failure) {
    if (!failure.bounded()) throw;
    return looks_too_far();
  }
  // Whoever pages until the total goes on as long as there is a row more.
  if (listed.at_least)
    listed.total_entries = std::max(listed.total_entries, page.offset + std::ssize(listed.rows));
  if (std::ssize(listed.rows) > page.limit) listed.rows.pop_back();
  return listed;
}

}  // namespace millrace
