#include "api/schema_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace {

/// api/schemas/*.json; made by the build.
std::span<const EmbeddedFile> embedded_schemas();

namespace {

using Names = std::set<std::string>;

constexpr std::array<std::string_view, 6> plain_types = {"string",  "integer", "number",
                                                         "boolean", "null",    "object"};
constexpr std::array<std::string_view, 4> holds_one = {"items", "additionalProperties", "not", "contains"};
constexpr std::array<std::string_view, 3> written_apart = {"extends", "gives", "properties"};
constexpr std::array<std::string_view, 4> holds_list = {"anyOf", "oneOf", "allOf", "prefixItems"};

bool one_of(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// `string` for an enum of strings, with null where the enum has it; empty: no single type.
std::string type_of_enum(const JsonValue& list) {
  bool strings = true, null = false;
  for (const JsonValue& item : list.items) {
    null = null || item.is(JsonValue::Kind::null);
    strings = strings && (item.is(JsonValue::Kind::string) || item.is(JsonValue::Kind::null));
  }
  if (!strings) return {};
  return null ? R"(["string","null"])" : R"("string")";
}

void described(JsonWriter& out, std::string_view description) {
  if (!description.empty()) out.text_field("description", description);
}

}  // namespace

SchemaBook::SchemaBook(std::span<const EmbeddedFile> files) {
  for (const EmbeddedFile& file : files) {
    auto root = parse_json(file.bytes);
    if (!root || !root->is(JsonValue::Kind::object)) {
      faults_.push_back(fmt::format("api/schemas/{}: {}", file.name,
                                    root ? "must be a JSON object" : root.error().message));
      continue;
    }
    const bool parameters = file.name == "parameters.json";
    for (JsonMember& member : root->members) {
      if (parameters) {
        for (JsonMember& one : member.value.members) parameters_[member.name].emplace(one.name, one.value);
      } else if (!schemas_.emplace(member.name, std::move(member.value)).second) {
        faults_.push_back(
            fmt::format("api/schemas/{}: '{}' is described in another file too", file.name, member.name));
      }
    }
  }
  for (const auto& [name, value] : schemas_) {
    JsonWriter ignored;
    Names refers_to;
    if (const JsonValue* base = value.find("extends"); base != nullptr) refers_to.insert(base->text);
    write(ignored, value, &refers_to);
    for (const std::string& other : refers_to) {
      if (schema(other) == nullptr)
        faults_.push_back(
            fmt::format("api/schemas/: '{}' refers to '{}', which no file describes", name, other));
    }
  }
}

const SchemaBook& SchemaBook::embedded() {
  static const SchemaBook book(embedded_schemas());
  return book;
}

const JsonValue* SchemaBook::schema(std::string_view name) const {
  const auto at = schemas_.find(name);
  return at == schemas_.end() ? nullptr : &at->second;
}

const SchemaBook::Entries& SchemaBook::parameters(std::string_view place) const {
  static const Entries none;
  const auto at = parameters_.find(place);
  return at == parameters_.end() ? none : at->second;
}

const JsonValue* SchemaBook::parameter(std::string_view place, std::string_view key) const {
  const Entries& entries = parameters(place);
  const auto at = entries.find(key);
  return at == entries.end() ? nullptr : &at->second;
}

std::vector<std::string> SchemaBook::parameter_keys(std::string_view place, std::string_view words) const {
  std::vector<std::string> out;
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    if (word.empty()) continue;
    const JsonValue* known = parameter(place, word);
    if (known == nullptr || !known->is(JsonValue::Kind::array)) {
      out.emplace_back(word);
      continue;
    }
    for (const JsonValue& one : known->items) out.push_back(one.text);
  }
  return out;
}

std::vector<SchemaBook::Property> SchemaBook::properties(const JsonValue& schema) const {
  std::vector<Property> out;
  if (const JsonValue* base = schema.find("extends"); base != nullptr) {
    if (const JsonValue* other = this->schema(base->text); other != nullptr) out = properties(*other);
  }
  const JsonValue* own = schema.find("properties");
  if (own == nullptr) return out;
  for (const JsonMember& member : own->members) {
    const bool optional = member.name.ends_with('?');
    out.push_back(
        {optional ? member.name.substr(0, member.name.size() - 1) : member.name, &member.value, !optional});
  }
  return out;
}

std::vector<std::string> SchemaBook::required(const JsonValue& schema) const {
  std::vector<std::string> out;
  for (const Property& property : properties(schema)) {
    if (property.required) out.push_back(property.name);
  }
  return out;
}

const JsonValue* SchemaBook::gives(const JsonValue& schema) const {
  if (const JsonValue* own = schema.find("gives"); own != nullptr) return own;
  const JsonValue* base = schema.find("extends");
  const JsonValue* other = base == nullptr ? nullptr : this->schema(base->text);
  return other == nullptr ? nullptr : gives(*other);
}

void SchemaBook::write_short(JsonWriter& out, std::string_view text, Names* refers_to) const {
  const std::string_view type = text.substr(0, text.find(' '));
  write_type(out, type, text.substr(std::min(text.size(), type.size() + 1)), refers_to);
}

void SchemaBook::write_type(JsonWriter& out, std::string_view type, std::string_view description,
                            Names* refers_to) const {
  out.begin_object();
  if (type.ends_with('?')) {
    type.remove_suffix(1);
    if (one_of(plain_types, type)) {
      out.key("type").begin_array().string(type).string("null").end_array();
    } else {
      out.key("anyOf").begin_array();
      write_type(out, type, {}, refers_to);
      out.begin_object().text_field("type", "null").end_object().end_array();
    }
  } else if (type.starts_with('[') || type.starts_with('{')) {
    const bool list = type[0] == '[';
    out.text_field("type", list ? "array" : "object").key(list ? "items" : "additionalProperties");
    write_type(out, type.substr(1, type.size() - 2), {}, refers_to);
  } else if (one_of(plain_types, type)) {
    out.text_field("type", type);
  } else {
    if (refers_to != nullptr) refers_to->emplace(type);
    out.text_field("$ref", fmt::format("#/components/schemas/{}", type));
  }
  described(out, description);
  out.end_object();
}

void SchemaBook::write_member(JsonWriter& out, const JsonMember& member, Names* refers_to) const {
  if (one_of(holds_one, member.name) && !member.value.is(JsonValue::Kind::boolean)) {
    out.key(member.name);
    write(out, member.value, refers_to);
  } else if (one_of(holds_list, member.name)) {
    out.key(member.name).begin_array();
    for (const JsonValue& item : member.value.items) write(out, item, refers_to);
    out.end_array();
  } else {
    out.raw_field(member.name, to_json(member.value));
  }
}

void SchemaBook::write(JsonWriter& out, const JsonValue& schema, Names* refers_to) const {
  if (schema.is(JsonValue::Kind::string)) return write_short(out, schema.text, refers_to);
  out.begin_object();
  const std::vector<Property> own = properties(schema);
  const JsonValue* list = schema.find("enum");
  if (schema.find("type") == nullptr) {
    const std::string word = list != nullptr                        ? type_of_enum(*list)
                             : schema.find("pattern") != nullptr    ? R"("string")"
                             : schema.find("properties") != nullptr ? R"("object")"
                                                                    : "";
    if (!word.empty()) out.raw_field("type", word);
  }
  for (const JsonMember& member : schema.members) {
    if (one_of(written_apart, member.name)) continue;
    write_member(out, member, refers_to);
  }
  if (schema.find("properties") != nullptr) {
    out.key("properties").begin_object();
    for (const Property& property : own) {
      out.key(property.name);
      write(out, *property.schema, refers_to);
    }
    out.end_object();
    if (const auto names = required(schema); !names.empty()) {
      out.key("required").begin_array();
      for (const std::string& name : names) out.string(name);
      out.end_array();
    }
  }
  out.end_object();
}

std::set<std::string> SchemaBook::reachable(std::set<std::string> names) const {
  std::vector<std::string> open(names.begin(), names.end());
  while (!open.empty()) {
    const JsonValue* value = schema(open.back());
    open.pop_back();
    if (value == nullptr) continue;
    JsonWriter ignored;
    Names refers_to;
    write(ignored, *value, &refers_to);
    for (const std::string& name : refers_to) {
      if (names.insert(name).second) open.push_back(name);
    }
  }
  return names;
}

}  // namespace millrace
