#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace millrace {

struct JsonMember;

/// A value read from a request's JSON. Plain; keeps the order of members and the digits of numbers.
struct JsonValue {
  enum class Kind : std::uint8_t { null, boolean, integer, number, string, array, object };
  Kind kind = Kind::null;
  bool boolean = false;
  std::int64_t integer = 0;
  std::string text;  ///< the string, or the number as written
  std::vector<JsonValue> items;
  std::vector<JsonMember> members;

  /// The member of that name; null when this isn't an object or has none.
  const JsonValue* find(std::string_view name) const;
  bool is(Kind k) const { return kind == k; }
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

/// Strict: UTF-8, one value, at most limits::json_depth deep, no duplicate member, no number that a 64-bit
/// integer or a double can't hold. The message says what and at which byte.
Result<JsonValue> parse_json(std::string_view);
/// Compact text of a value.
std::string to_json(const JsonValue&);

/// Writes JSON text as it goes; commas are its business, nesting the caller's. Invalid UTF-8 becomes U+FFFD.
class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view);
  JsonWriter& string(std::string_view);
  JsonWriter& integer(std::int64_t);
  JsonWriter& number(double);
  JsonWriter& boolean(bool);
  JsonWriter& null();
  JsonWriter& raw(std::string_view json_text);  ///< valid JSON already

  JsonWriter& text_field(std::string_view name, std::string_view value) { return key(name).string(value); }
  /// null when empty
  JsonWriter& word_field(std::string_view name, std::string_view value) {
    return value.empty() ? key(name).null() : key(name).string(value);
  }
  JsonWriter& int_field(std::string_view name, std::int64_t value) { return key(name).integer(value); }
  JsonWriter& bool_field(std::string_view name, bool value) { return key(name).boolean(value); }
  JsonWriter& null_field(std::string_view name) { return key(name).null(); }
  JsonWriter& raw_field(std::string_view name, std::string_view json) { return key(name).raw(json); }

  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  void comma();
  std::string out_;
  bool first_ = true;
};

}  // namespace millrace
