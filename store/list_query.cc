#include "store/list_query.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/limits.h"

namespace millrace {

std::string Where::value(std::variant<std::int64_t, std::string> bound) {
  values_.push_back(std::move(bound));
  return fmt::format("?{}", values_.size());
}

void Where::join(std::string_view condition) {
  conditions_ += fmt::format("{}{}", conditions_.empty() ? "" : " AND ", condition);
}

void Where::require(std::string_view condition) { join(condition); }

void Where::add(std::string_view column, std::string_view comparison,
                std::variant<std::int64_t, std::string> bound) {
  join(fmt::format("{} {} {}", column, comparison, value(std::move(bound))));
}

void Where::equals(std::string_view column, std::int64_t value) { add(column, "=", value); }
void Where::equals(std::string_view column, std::string_view value) { add(column, "=", std::string(value)); }
void Where::more_than(std::string_view column, std::int64_t value) { add(column, ">", value); }

void Where::at_least(std::string_view column, const std::optional<WallTime>& time) {
  if (time) add(column, ">=", time->us);
}

void Where::at_most(std::string_view column, const std::optional<WallTime>& time) {
  if (time) add(column, "<=", time->us);
}

void Where::between(std::string_view column, const TimeSpan& span) {
  at_least(column, span.from);
  at_most(column, span.to);
}

void Where::between(std::string_view column, const DurationSpan& span) {
  if (span.from_us) add(column, ">=", *span.from_us);
  if (span.to_us) add(column, "<=", *span.to_us);
}

/// A range of the index, where LIKE and GLOB would give meaning to some characters of the prefix.
void Where::starts_with(std::string_view column, std::string_view prefix) {
  if (prefix.empty()) return;
  add(column, ">=", std::string(prefix));
  std::string beyond(prefix);
  while (!beyond.empty() && static_cast<unsigned char>(beyond.back()) == 0xff) beyond.pop_back();
  if (beyond.empty()) return;
  beyond.back() = static_cast<char>(static_cast<unsigned char>(beyond.back()) + 1);
  add(column, "<", beyond);
}

void Where::text(std::string_view column, const TextMatch& match) {
  if (!match.like.empty()) add(column, "LIKE", "%" + match.like + "%");
  starts_with(column, match.prefix);
}

void Where::any_of(std::string_view text, const std::vector<std::string>& values) {
  if (values.empty()) return;
  std::string any;
  for (const std::string& one : values)
    any += (any.empty() ? "" : " OR ") + fmt::format(fmt::runtime(text), value(one));
  join("(" + any + ")");
}

void Where::holds(std::string_view condition) { join(std::string(condition)); }

void Where::contains(std::string_view column, std::string_view piece) {
  if (!piece.empty()) join(fmt::format("instr({}, {}) > 0", column, value(std::string(piece))));
}

void Where::matches(std::string_view text, std::string_view bound) {
  join(fmt::format(fmt::runtime(text), value(std::string(bound))));
}

void Where::one_of(std::string_view column, const std::vector<std::string>& words, bool negated) {
  if (words.empty()) return;
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "" : ", ") + value(word);
  join(fmt::format("{}{} IN ({})", column, negated ? " NOT" : "", list));
}

void Where::one_of(std::string_view column, const std::vector<std::int64_t>& numbers) {
  if (!numbers.empty()) join(fmt::format("{} IN ({})", column, fmt::join(numbers, ", ")));
}

void Where::of_runs_of(const std::vector<std::string>& dag_ids) {
  std::string list;
  for (const std::string& dag_id : dag_ids) list += (list.empty() ? "" : ", ") + value(dag_id);
  join(fmt::format("dag_run_id IN (SELECT id FROM dag_run WHERE dag_id IN ({}))", list));
}

void Where::through_runs_of(std::string_view dag_id) {
  from_ = fmt::format(
      "(SELECT id AS the_run FROM dag_run WHERE dag_id = {}) CROSS JOIN task_instance",
      value(std::string(dag_id)));
  require("dag_run_id = the_run");
}

std::string Where::with(std::string_view text, const Scope& scope) {
  return fmt::format(fmt::runtime(text),
                     fmt::format("(SELECT value FROM json_each({}))", value(scope.json())));
}

void Where::within(std::string_view column, const Scope& scope) {
  require(with(fmt::format("{} IN {{}}", column), scope));
}

void Where::through_runs_of(const Scope& scope, std::optional<std::int64_t> runs) {
  const std::string first = runs ? fmt::format(" ORDER BY id LIMIT {}", *runs) : "";
  read_from("(SELECT id AS the_run FROM dag_run WHERE dag_id IN {}" + first + ") CROSS JOIN task_instance",
            scope);
  require("dag_run_id = the_run");
}

void Where::bind(sqlite::Statement& statement) const {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const int index = static_cast<int>(i) + 1;
    if (const auto* text = std::get_if<std::string>(&values_[i]))
      statement.bind(index, std::string_view(*text));
    else
      statement.bind(index, std::get<std::int64_t>(values_[i]));
  }
}

Result<std::string> order_clause(const Page& page, std::span<const SortKey> keys, std::string_view by_default,
                                 std::string_view unique) {
  if (page.after_id) return fmt::format(" ORDER BY {}", unique);
  if (page.order_by.empty()) return fmt::format(" ORDER BY {}", by_default);
  std::string clause;
  std::string_view direction;
  bool is_unique = false;
  for (std::string_view rest = page.order_by; !rest.empty();) {
    std::string_view wanted = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), wanted.size() + 1));
    direction = wanted.starts_with('-') ? " DESC" : "";
    if (!direction.empty()) wanted.remove_prefix(1);
    const auto found = std::ranges::find(keys, wanted, &SortKey::first);
    if (found == keys.end()) {
      std::string known;
      for (const auto& [name, column] : keys) known += fmt::format("{}{}", known.empty() ? "" : ", ", name);
      return fail(ErrorKind::invalid, fmt::format("can't order by '{}'; there are: {}", wanted, known));
    }
    is_unique = is_unique || found->second == unique;
    clause += fmt::format("{}{}{}", clause.empty() ? " ORDER BY " : ", ", found->second, direction);
  }
  if (!is_unique) clause += fmt::format(", {}{}", unique, direction);
  return clause;
}

/// Row by row, so that what was counted is known when it takes too long.
void count_rows(sqlite::Connection& connection, const std::string& from, const Where& where,
                std::int64_t& total, bool& at_least) {
  sqlite::Statement rows(connection, "SELECT 1 FROM " + from + where.sql());
  where.bind(rows);
  const sqlite::Use use(rows);
  total = 0;
  try {
    const sqlite::Bound bound(connection, limits::count_steps);
    while (rows.step()) {
      if (++total < limits::list_counted) continue;
      at_least = true;
      return;
    }
  } catch (const sqlite::Failure& failure) {
    if (!failure.bounded()) throw;
    at_least = true;
  }
}

std::unexpected<Error> looks_too_far() {
  return fail(ErrorKind::invalid,
              "this filter or order would look through too much of the history: name a DAG, a run, or a span "
              "of dates, or order by id or execution_date");
}

Result<void> check_page(const Page& page) {
  if (page.limit < 0 || static_cast<std::size_t>(page.limit) > limits::list_page) {
    return fail(ErrorKind::invalid,
                fmt::format("limit {} is outside 0 to {}", page.limit, limits::list_page));
  }
  if (page.offset < 0) return fail(ErrorKind::invalid, fmt::format("offset {} is negative", page.offset));
  return {};
}

}  // namespace millrace
