#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace millrace {

/// What a value may look like. The tables in keys.cc are the only list of keys there is: the checker, the
/// canonical form and the JSON Schema all walk them.
enum class Shape : std::uint8_t {
  null,
  text,
  templated,
  id,
  name,
  boolean,
  integer,
  number,
  duration,
  size,
  moment,
  word,
  any,
  list,
  object,
  one_of,
  later,  ///< known, but not in this version: refused by name
};

struct Key;

struct Form {
  Shape shape = Shape::any;
  std::string_view title{};     ///< "a duration such as 30s": for messages; empty: by shape
  const Form* items = nullptr;  ///< list: each item; object: the value of a key that `keys` lacks
  std::span<const Key> keys{};  ///< object
  std::span<const std::string_view> words{};  ///< word
  std::span<const std::string_view> later_words{};
  std::span<const Form* const> forms{};    ///< one_of: the first that matches
  double minimum = -9e15, maximum = 9e15;  ///< integer and number
  std::size_t at_least = 0;                ///< list, object: fewest items
  bool keys_are_names = false;             ///< object with free keys: names of variables instead of ids
};

struct Key {
  std::string_view name;
  const Form* form = nullptr;
  std::string_view description{};
  bool required = false;
};

/// The whole file.
extern const Form dag_form;
/// One task, and `defaults`.
extern const Form task_form;
/// The keys that say what a task does; a task has exactly one.
std::span<const std::string_view> action_keys();

/// The words of `TriggerRule`, in the enum's order.
std::span<const std::string_view> trigger_rule_words();
std::span<const std::string_view> signal_words();
std::span<const std::string_view> param_type_words();
std::span<const std::string_view> format_words();

}  // namespace millrace
