#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::cli {

struct Member;

/// A value of an answer, read once and looked at. What isn't there reads as empty.
struct Json {
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  bool boolean = false;
  std::string text;  ///< the string, or the number as written
  std::vector<Json> items;
  std::vector<Member> members;

  const Json& operator[](std::string_view name) const;
  bool is_null() const { return kind == Kind::null; }
  bool is_true() const { return boolean; }
  std::int64_t integer() const;
  double number() const;
  /// For a table: strings as they are, null as nothing, lists and objects as compact JSON.
  std::string shown() const;
};

struct Member {
  std::string name;
  Json value;
};

std::optional<Json> read_json(std::string_view);
std::string to_json(const Json&);
/// A JSON string with quotes and escapes.
std::string json_string(std::string_view);
/// `k=v` → `"k":v`, the value as JSON when it is JSON, as a string otherwise. Nothing without a `=`.
std::optional<std::string> param_member(std::string_view);

}  // namespace millrace::cli
