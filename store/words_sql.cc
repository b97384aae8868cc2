#include "store/words_sql.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/invariant.h"
#include "store/store_error.h"

namespace millrace {
namespace {

template <class T>
bool take(const std::optional<T>& value, T& out) {
  if (value) out = *value;
  return value.has_value();
}

nlohmann::json array_of(std::string_view text) {
  auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_array()) throw StoreError(fmt::format("damaged row: '{:.80}' isn't a JSON array", text));
  return json;
}

std::string dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string_view to_word(ExitFacts::Kind kind) {
  switch (kind) {
    case ExitFacts::Kind::exited:
      return "exited";
    case ExitFacts::Kind::spawn_failed:
      return "spawn_failed";
    case ExitFacts::Kind::lost:
      return "lost";
  }
  INVARIANT(false);
}

bool from_word(std::string_view word, RunState& out) { return take(run_state_from(word), out); }
bool from_word(std::string_view word, RunType& out) { return take(run_type_from(word), out); }
bool from_word(std::string_view word, TaskState& out) { return take(task_state_from(word), out); }
bool from_word(std::string_view word, Outcome& out) { return take(outcome_from(word), out); }
bool from_word(std::string_view word, BackfillState& out) { return take(backfill_state_from(word), out); }
bool from_word(std::string_view word, ItemState& out) { return take(item_state_from(word), out); }
bool from_word(std::string_view word, NotifyOn& out) { return take(notify_on_from(word), out); }
bool from_word(std::string_view word, NotificationState& out) {
  return take(notification_state_from(word), out);
}

bool from_word(std::string_view word, ExitFacts::Kind& out) {
  using enum ExitFacts::Kind;
  for (const auto kind : {exited, spawn_failed, lost}) {
    if (to_word(kind) == word) return take(std::optional(kind), out);
  }
  return false;
}

bool from_word(std::string_view word, Reprocess& out) {
  for (const auto reprocess : {Reprocess::none, Reprocess::failed, Reprocess::completed}) {
    if (to_word(reprocess) == word) return take(std::optional(reprocess), out);
  }
  return false;
}

bool from_word(std::string_view word, DatasetUse& out) {
  for (const DatasetUse use : {DatasetUse::schedule, DatasetUse::output, DatasetUse::input}) {
    if (to_word(use) == word) return take(std::optional(use), out);
  }
  return false;
}

std::string json_from(const std::vector<std::string>& values) {
  return values.empty() ? "[]" : dump(nlohmann::json(values));
}

std::string json_from(const std::vector<WallTime>& values) {
  if (values.empty()) return "[]";
  auto json = nlohmann::json::array();
  for (const WallTime value : values) json.push_back(value.us);
  return dump(json);
}

std::string json_from(const std::vector<BackfillSource>& values) {
  if (values.empty()) return "[]";
  auto json = nlohmann::json::array();
  for (const BackfillSource& value : values)
    json.push_back(nlohmann::json::array({value.backfill.value, value.window_days}));
  return dump(json);
}

void from_json(std::string_view text, std::vector<std::string>& out) {
  out.clear();
  if (text == "[]") return;
  for (const auto& value : array_of(text)) {
    if (!value.is_string()) throw StoreError("damaged row: a list holds something that isn't a string");
    out.push_back(value.get<std::string>());
  }
}

void from_json(std::string_view text, std::vector<WallTime>& out) {
  out.clear();
  if (text == "[]") return;
  for (const auto& value : array_of(text)) {
    if (!value.is_number_integer()) throw StoreError("damaged row: a list holds something that isn't a time");
    out.push_back({value.get<std::int64_t>()});
  }
}

void from_json(std::string_view text, std::vector<BackfillSource>& out) {
  out.clear();
  if (text == "[]") return;
  for (const auto& value : array_of(text)) {
    if (!value.is_array() || value.size() != 2 || !value[0].is_number_integer() ||
        !value[1].is_number_integer())
      throw StoreError("damaged row: a list holds something that isn't a source");
    out.push_back({BackfillId{value[0].get<std::int64_t>()}, value[1].get<int>()});
  }
}

}  // namespace millrace
