#include "store/list_query.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.h"

namespace millrace {

void Where::add(std::string_view column, std::string_view comparison,
                std::variant<std::int64_t, std::string> value) {
  values_.push_back(std::move(value));
  conditions_ +=
      fmt::format("{}{} {} ?{}", conditions_.empty() ? "" : " AND ", column, comparison, values_.size());
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

void Where::starts_with(std::string_view column, std::string_view prefix) {
  if (prefix.empty()) return;
  // LIKE and GLOB would give meaning to some characters of the prefix.
  values_.emplace_back(std::string(prefix));
  conditions_ += fmt::format("{}substr({}, 1, length(?{})) = ?{}", conditions_.empty() ? "" : " AND ", column,
                             values_.size(), values_.size());
}

void Where::matches(std::string_view text, std::string_view value) {
  values_.emplace_back(std::string(value));
  if (!conditions_.empty()) conditions_ += " AND ";
  conditions_ += fmt::format(fmt::runtime(text), fmt::format("?{}", values_.size()));
}

void Where::any_of(std::string_view text, const std::vector<std::string>& values) {
  if (values.empty()) return;
  std::string any;
  for (const std::string& value : values) {
    values_.emplace_back(value);
    any += (any.empty() ? "" : " OR ") +
           fmt::format(fmt::runtime(text), fmt::format("?{}", values_.size()));
  }
  holds("(" + any + ")");
}

void Where::holds(std::string_view condition) {
  if (!conditions_.empty()) conditions_ += " AND ";
  conditions_ += condition;
}

void Where::one_of_texts(std::string_view column, std::vector<std::string> words) {
  if (words.empty()) return;
  std::string list;
  for (std::string& word : words) {
    values_.emplace_back(std::move(word));
    list += fmt::format("{}?{}", list.empty() ? "" : ", ", values_.size());
  }
  conditions_ += fmt::format("{}{} IN ({})", conditions_.empty() ? "" : " AND ", column, list);
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
  if (page.order_by.empty()) return fmt::format(" ORDER BY {}", by_default);
  const bool descending = page.order_by.starts_with('-');
  const auto wanted = std::string_view(page.order_by).substr(descending ? 1 : 0);
  const auto found = std::ranges::find(keys, wanted, &SortKey::first);
  if (found == keys.end()) {
    std::string known;
    for (const auto& [name, column] : keys) known += fmt::format("{}{}", known.empty() ? "" : ", ", name);
    return fail(ErrorKind::invalid, fmt::format("can't order by '{}'; there are: {}", wanted, known));
  }
  const std::string_view direction = descending ? " DESC" : "";
  if (found->second == unique) return fmt::format(" ORDER BY {}{}", unique, direction);
  return fmt::format(" ORDER BY {}{}, {}{}", found->second, direction, unique, direction);
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
