#include "api/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/limits.h"

namespace millrace {
namespace {

/// Builds a JsonValue from nlohmann's events, with our bounds. The library's own tree recurses when it is
/// copied or dropped; this one can't be deeper than limits::json_depth.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return put({}); }
  bool boolean(bool value) override {
    JsonValue v;
    v.kind = JsonValue::Kind::boolean;
    v.boolean = value;
    return put(std::move(v));
  }
  bool number_integer(number_integer_t value) override { return put_integer(value); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(INT64_MAX))
      return refuse(fmt::format("{} is out of range", value));
    return put_integer(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t& written) override {
    if (!std::isfinite(value)) return refuse(fmt::format("{} is out of range", written));
    if (written.find_first_of(".eE") == written.npos)
      return refuse(fmt::format("{} is out of range", written));
    JsonValue v;
    v.kind = JsonValue::Kind::number;
    v.text = written;
    return put(std::move(v));
  }
  bool string(string_t& value) override {
    JsonValue v;
    v.kind = JsonValue::Kind::string;
    v.text = std::move(value);
    return put(std::move(v));
  }
  bool binary(binary_t&) override { return refuse("not JSON"); }
  bool start_object(std::size_t) override { return open(JsonValue::Kind::object); }
  bool start_array(std::size_t) override { return open(JsonValue::Kind::array); }
  bool end_object() override {
    names_.pop_back();
    return close();
  }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (!names_.back().insert(name).second) return refuse(fmt::format("'{}' is given twice", name));
    key_.back() = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& e) override {
    // 406: the library's word for a number that doesn't fit a double.
    return refuse(e.id == 406 ? fmt::format("a number at byte {} is out of range", position)
                              : fmt::format("not valid JSON at byte {}", position));
  }

  std::string problem;
  JsonValue root;

 private:
  bool refuse(std::string why) {
    problem = std::move(why);
    return false;
  }
  bool put_integer(std::int64_t value) {
    JsonValue v;
    v.kind = JsonValue::Kind::integer;
    v.integer = value;
    v.text = std::to_string(value);
    return put(std::move(v));
  }
  bool open(JsonValue::Kind kind) {
    if (stack_.size() >= static_cast<std::size_t>(limits::json_depth)) {
      return refuse(fmt::format("nested deeper than {} levels", limits::json_depth));
    }
    stack_.emplace_back();
    stack_.back().kind = kind;
    key_.emplace_back();
    if (kind == JsonValue::Kind::object) names_.emplace_back();
    return true;
  }
  bool close() {
    JsonValue done = std::move(stack_.back());
    stack_.pop_back();
    key_.pop_back();
    return put(std::move(done));
  }
  bool put(JsonValue value) {
    if (stack_.empty()) {
      root = std::move(value);
    } else if (stack_.back().kind == JsonValue::Kind::array) {
      stack_.back().items.push_back(std::move(value));
    } else {
      stack_.back().members.emplace_back(std::move(key_.back()), std::move(value));
    }
    return true;
  }

  std::vector<JsonValue> stack_;
  std::vector<std::string> key_;              // the pending member name of each open level
  std::vector<std::set<std::string>> names_;  // of each open object
};

void write_value(JsonWriter& out, const JsonValue& value) {
  switch (value.kind) {
    case JsonValue::Kind::null:
      out.null();
      return;
    case JsonValue::Kind::boolean:
      out.boolean(value.boolean);
      return;
    case JsonValue::Kind::integer:
    case JsonValue::Kind::number:
      out.raw(value.text);
      return;
    case JsonValue::Kind::string:
      out.string(value.text);
      return;
    case JsonValue::Kind::array:
      out.begin_array();
      for (const JsonValue& item : value.items) write_value(out, item);
      out.end_array();
      return;
    case JsonValue::Kind::object:
      out.begin_object();
      for (const auto& [name, member] : value.members) {
        out.key(name);
        write_value(out, member);
      }
      out.end_object();
      return;
  }
}

/// Length of the valid UTF-8 sequence at `text[i]`, or 0.
std::size_t utf8_length(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char lead = byte(i);
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (length == 1) return 1;
  if (lead < 0xc2 || lead > 0xf4 || i + length > text.size()) return 0;
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = byte(i + 1);
  if (lead == 0xe0 && second < 0xa0) return 0;
  if (lead == 0xed && second > 0x9f) return 0;  // surrogates
  if (lead == 0xf0 && second < 0x90) return 0;
  if (lead == 0xf4 && second > 0x8f) return 0;
  return length;
}

}  // namespace

const JsonValue* JsonValue::find(std::string_view name) const {
  const auto at = std::ranges::find(members, name, &JsonMember::name);
  return at == members.end() ? nullptr : &at->value;
}

Result<JsonValue> parse_json(std::string_view text) {
  Builder builder;
  try {
    if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
      return fail(ErrorKind::invalid, builder.problem.empty() ? "not valid JSON" : builder.problem);
    }
  } catch (const std::exception&) {
    return fail(ErrorKind::invalid, "not valid JSON");
  }
  return std::move(builder.root);
}

std::string to_json(const JsonValue& value) {
  JsonWriter out;
  write_value(out, value);
  return out.take();
}

void JsonWriter::comma() {
  if (!first_) out_ += ',';
  first_ = false;
}

JsonWriter& JsonWriter::begin_object() {
  comma();
  out_ += '{';
  first_ = true;
  return *this;
}
JsonWriter& JsonWriter::end_object() {
  out_ += '}';
  first_ = false;
  return *this;
}
JsonWriter& JsonWriter::begin_array() {
  comma();
  out_ += '[';
  first_ = true;
  return *this;
}
JsonWriter& JsonWriter::end_array() {
  out_ += ']';
  first_ = false;
  return *this;
}
JsonWriter& JsonWriter::key(std::string_view name) {
  string(name);
  out_ += ':';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  comma();
  out_ += '"';
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
      ++i;
    } else if (byte < 0x20 || byte == 0x7f) {
      if (c == '\n')
        out_ += "\\n";
      else if (c == '\t')
        out_ += "\\t";
      else if (c == '\r')
        out_ += "\\r";
      else
        out_ += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
      ++i;
    } else if (const std::size_t length = utf8_length(text, i); length != 0) {
      out_ += text.substr(i, length);
      i += length;
    } else {
      out_ += "\xef\xbf\xbd";
      ++i;
    }
  }
  out_ += '"';
  return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
  comma();
  out_ += std::to_string(value);
  return *this;
}
JsonWriter& JsonWriter::number(double value) {
  if (!std::isfinite(value)) return null();
  comma();
  out_ += fmt::format("{}", value);
  return *this;
}
JsonWriter& JsonWriter::boolean(bool value) {
  comma();
  out_ += value ? "true" : "false";
  return *this;
}
JsonWriter& JsonWriter::null() {
  comma();
  out_ += "null";
  return *this;
}
JsonWriter& JsonWriter::raw(std::string_view json_text) {
  comma();
  out_ += json_text.empty() ? std::string_view{"null"} : json_text;
  return *this;
}

}  // namespace millrace
