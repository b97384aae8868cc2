#include "cli/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace millrace::cli {
namespace {

constexpr int deepest = 64;  // the daemon's own answers are flat; params go to 32

Json convert(const nlohmann::ordered_json& from, int depth) {
  Json out;
  if (depth > deepest) return out;
  switch (from.type()) {
    case nlohmann::ordered_json::value_t::boolean:
      out.kind = Json::Kind::boolean;
      out.boolean = from.get<bool>();
      break;
    case nlohmann::ordered_json::value_t::number_integer:
    case nlohmann::ordered_json::value_t::number_unsigned:
    case nlohmann::ordered_json::value_t::number_float:
      out.kind = Json::Kind::number;
      out.text = from.dump();
      break;
    case nlohmann::ordered_json::value_t::string:
      out.kind = Json::Kind::string;
      out.text = from.get<std::string>();
      break;
    case nlohmann::ordered_json::value_t::array:
      out.kind = Json::Kind::array;
      for (const auto& item : from) out.items.push_back(convert(item, depth + 1));
      break;
    case nlohmann::ordered_json::value_t::object:
      out.kind = Json::Kind::object;
      for (const auto& [name, value] : from.items())
        out.members.emplace_back(name, convert(value, depth + 1));
      break;
    default:
      break;
  }
  return out;
}

}  // namespace

const Json& Json::operator[](std::string_view name) const {
  static const Json nothing;
  const auto at = std::ranges::find(members, name, &Member::name);
  return at == members.end() ? nothing : at->value;
}

std::int64_t Json::integer() const {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

double Json::number() const {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string Json::shown() const {
  switch (kind) {
    case Kind::null:
      return "";
    case Kind::boolean:
      return boolean ? "yes" : "no";
    case Kind::number:
    case Kind::string:
      return text;
    case Kind::array:
    case Kind::object:
      return to_json(*this);
  }
  return "";
}

std::optional<Json> read_json(std::string_view text) {
  try {
    // The depth is bounded while parsing: the library would build and then recurse over any depth.
    const auto shallow = [](int depth, nlohmann::ordered_json::parse_event_t, nlohmann::ordered_json&) {
      return depth <= deepest;
    };
    return convert(nlohmann::ordered_json::parse(text.begin(), text.end(), shallow), 0);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string json_string(std::string_view text) {
  try {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  } catch (const std::exception&) {
    return "\"\"";
  }
}

std::string to_json(const Json& value) {
  std::string out;
  switch (value.kind) {
    case Json::Kind::null:
      return "null";
    case Json::Kind::boolean:
      return value.boolean ? "true" : "false";
    case Json::Kind::number:
      return value.text;
    case Json::Kind::string:
      return json_string(value.text);
    case Json::Kind::array:
      for (const Json& item : value.items) out += (out.empty() ? "" : ",") + to_json(item);
      return "[" + out + "]";
    case Json::Kind::object:
      for (const auto& [name, member] : value.members) {
        out += (out.empty() ? "" : ",") + json_string(name) + ":" + to_json(member);
      }
      return "{" + out + "}";
  }
  return "null";
}

std::optional<std::string> param_member(std::string_view pair) {
  const std::size_t equals = pair.find('=');
  if (equals == pair.npos || equals == 0) return std::nullopt;
  const std::string_view value = pair.substr(equals + 1);
  const auto json = read_json(value);
  return fmt::format("{}:{}", json_string(pair.substr(0, equals)),
                     json ? std::string(value) : json_string(value));
}

}  // namespace millrace::cli
