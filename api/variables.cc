#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "api/bulk.h"
#include "api/filters.h"
#include "api/handlers.h"
#include "api/routes.h"
#include "api/shapes.h"
#include "base/limits.h"

namespace millrace::handlers {
namespace {

/// Airflow's list of words that make a name secret.
bool looks_secret(std::string_view name) {
  static constexpr std::string_view words[] = {"access_token", "api_key",       "apikey",     "authorization",
                                               "passphrase",   "passwd",        "password",   "private_key",
                                               "secret",       "token",         "keyfile_dict",
                                               "service_account"};
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(words, [&](std::string_view word) { return lower.find(word) != lower.npos; });
}

/// As Airflow shows it: `***` for a secret-looking name, and for such members of a JSON object.
std::string masked(const VariableRow& row) {
  const auto json = parse_json(row.value);
  if (!json || !json->is(JsonValue::Kind::object)) return looks_secret(row.key) ? "***" : row.value;
  JsonValue shown = *json;
  for (JsonMember& member : shown.members) {
    if (!looks_secret(row.key) && !looks_secret(member.name)) continue;
    if (member.value.is(JsonValue::Kind::null)) continue;
    member.value = JsonValue{};
    member.value.kind = JsonValue::Kind::string;
    member.value.text = "***";
  }
  return to_json(shown);
}

void write_variable(JsonWriter& out, const VariableRow& row) {
  out.begin_object().text_field("key", row.key).text_field("value", masked(row));
  out.word_field("description", row.description).bool_field("is_encrypted", false);
  out.null_field("team_name").end_object();
}

std::unexpected<Problem> no_variable(std::string_view key) {
  return refuse(404, "not_found", fmt::format("there is no variable '{}'", key));
}

/// A value that isn't a string is kept as its JSON text, as Airflow does.
std::optional<std::string> value_of(const JsonValue& body) {
  const JsonValue* value = body.find("value");
  if (value == nullptr) return std::nullopt;
  return value->is(JsonValue::Kind::string) ? value->text : to_json(*value);
}

std::expected<VariableSet, Problem> read_variable(const JsonValue& body, std::string_view by,
                                                  const std::optional<VariableRow>& old) {
  BodyReader in(body);
  VariableSet wish;
  const auto key = in.text("key");
  in.accept("value");
  in.text("team_name");
  const auto description = in.text("description");
  const auto value = value_of(body);
  if (!old && !key) in.refuse("key", "is missing");
  if (key && !segment_ok("variable_key", *key)) in.refuse("key", "must be 1 to 250 printable characters");
  if (old && key && *key != old->key) in.refuse("key", "a variable can't be renamed");
  if (!old && !value) in.refuse("value", "is missing");
  if (value && value->size() > limits::variable_bytes)
    in.refuse("value", fmt::format("is larger than {} bytes", limits::variable_bytes));
  if (description && description->size() > limits::variable_bytes)
    in.refuse("description", fmt::format("is larger than {} bytes", limits::variable_bytes));
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  wish.key = old ? old->key : *key;
  wish.value = value ? *value : old->value;
  wish.description = description ? *description : old ? old->description : "";
  wish.wish = old ? VariableSet::Wish::update : VariableSet::Wish::create;
  wish.by = by;
  return wish;
}

Answer variable_answer(StoreReader& reader, std::string_view key, int status) {
  const auto row = reader.variable(key);
  if (!row) return no_variable(key);
  JsonWriter out;
  write_variable(out, *row);
  return json_response(out.take(), status);
}

}  // namespace

Answer list_variables(const Call& call, StoreReader& reader) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  const auto listed = reader.variables(text_match(call, "variable_key"), *page);
  if (!listed) return std::unexpected(to_problem(listed.error()));
  return list_response("variables", *listed, write_variable);
}

Answer get_variable(const Call& call, StoreReader& reader) {
  return variable_answer(reader, call.param("variable_key"), 200);
}

Started create_variable(const CallPtr& call, StoreReader&) {
  auto body = json_body(*call);
  if (!body) return std::unexpected(std::move(body.error()));
  auto wish = read_variable(*body, call->who.name, {});
  if (!wish) return std::unexpected(std::move(wish.error()));
  const std::string key = wish->key;
  commit(call, std::move(*wish),
         [key](StoreReader& later, const Reply&) { return variable_answer(later, key, 201); });
  return {};
}

Started patch_variable(const CallPtr& call, StoreReader& reader) {
  const auto row = reader.variable(call->param("variable_key"));
  if (!row) return no_variable(call->param("variable_key"));
  auto body = json_body(*call);
  if (!body) return std::unexpected(std::move(body.error()));
  if (auto ok = apply_update_mask(*call, *body, {"key", "value", "description", "team_name"}); !ok)
    return std::unexpected(std::move(ok.error()));
  auto wish = read_variable(*body, call->who.name, row);
  if (!wish) return std::unexpected(std::move(wish.error()));
  const std::string key = row->key;
  commit(call, std::move(*wish),
         [key](StoreReader& later, const Reply&) { return variable_answer(later, key, 200); });
  return {};
}

Started delete_variable(const CallPtr& call, StoreReader&) {
  commit(call, VariableRemoved{{}, std::string(call->param("variable_key")), call->who.name},
         [](StoreReader&, const Reply&) -> Answer { return empty_response(); });
  return {};
}

Started bulk_variables(const CallPtr& call, StoreReader& reader) {
  return run_bulk(call, "key", [&](BulkStep& step, const JsonValue& entity) -> std::expected<void, Problem> {
    if (step.action == BulkStep::Action::remove) {
      step.event = VariableRemoved{{}, step.name, call->who.name};
      return {};
    }
    const auto old = step.action == BulkStep::Action::update ? reader.variable(step.name) : std::nullopt;
    if (step.action == BulkStep::Action::update && !old) return no_variable(step.name);
    auto wish = read_variable(entity, call->who.name, old);
    if (!wish) return std::unexpected(std::move(wish.error()));
    if (step.overwrite) wish->wish = VariableSet::Wish::either;
    step.event = std::move(*wish);
    return {};
  });
}

}  // namespace millrace::handlers
