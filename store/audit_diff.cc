#include "store/audit_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "store/secret_texts.h"

namespace millrace {
namespace {

using Json = nlohmann::json;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool has_secret_key(const std::vector<RowTexts::Value>& values) {
  return std::ranges::any_of(values,
                             [](const RowTexts::Value& v) { return v.is_key && secret_name(v.json); });
}

/// What the record shows of one column.
std::string shown(const RowTexts::Value& column, bool secret_row) {
  const std::string_view name = column.name;
  if (secret_name(name)) return "\"***\"";
  if (secret_row && name == "value") return "\"***\"";
  if (column.json.size() < 2 || column.json.front() != '"') return column.json;
  const Json text = Json::parse(column.json, nullptr, false);
  if (!text.is_string()) return column.json;
  const std::string masked_text = masked(text.get_ref<const std::string&>());
  if (masked_text.size() <= limits::audit_value_bytes) return dump(Json(masked_text));
  return dump(Json(fmt::format("{}… ({} bytes)", std::string_view(masked_text).substr(0, 200),
                               masked_text.size())));
}

}  // namespace

std::string RowTexts::quoted(std::string_view text) { return dump(Json(text)); }

void AuditDiff::add(const char* object, const std::vector<RowTexts::Value>* before,
                    const std::vector<RowTexts::Value>* after) {
  const auto& columns = after != nullptr ? *after : *before;
  const bool secret_row = has_secret_key(columns);
  std::string keys, old_values, new_values;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const char* name = columns[i].name;
    if (columns[i].is_key) keys += fmt::format("{}\"{}\":{}", keys.empty() ? "" : ",", name, columns[i].json);
    const bool same = before != nullptr && after != nullptr && (*before)[i].json == (*after)[i].json;
    if (columns[i].is_key || same) continue;
    for (const auto& [values, out] : {std::pair{before, &old_values}, std::pair{after, &new_values}}) {
      if (values != nullptr)
        *out += fmt::format("{}\"{}\":{}", out->empty() ? "" : ",", name, shown((*values)[i], secret_row));
    }
  }
  if (old_values.empty() && new_values.empty() && before != nullptr && after != nullptr) return;
  if (listed_ == limits::audit_changes) {
    ++left_out_;
    return;
  }
  ++listed_;
  list_ += fmt::format("{}{{\"object\":\"{}\",\"key\":{{{}}},\"before\":{},\"after\":{}}}",
                       list_.empty() ? "" : ",", object, keys,
                       before == nullptr ? "null" : "{" + old_values + "}",
                       after == nullptr ? "null" : "{" + new_values + "}");
}

/// Rows that are written again and again: their version counts the writes.
template <class Row>
concept Versioned = requires(const Row row) { requires std::is_same_v<decltype(row.version), std::int64_t>; };

template <class Row>
void AuditDiff::compare(sqlite::Connection& connection, const Row& row) {
  if (listed_ == limits::audit_changes) {
    ++left_out_;  // counted, not compared: a clear may touch 100,000
    return;
  }
  RowTexts after;
  visit_columns(after, row);
  bool exists = true;
  if constexpr (Versioned<Row>) exists = row.version > 1;
  const auto stored = exists ? stored_row(connection, row) : std::nullopt;
  if (!stored) return add(Table<Row>::name, nullptr, &after.values);
  RowTexts before;
  visit_columns(before, *stored);
  bool removed = false;
  if constexpr (requires { row.removed; }) removed = row.removed;
  add(Table<Row>::name, &before.values, removed ? nullptr : &after.values);
}

/// What a person asked for. What follows from it by the rules is in the event log.
void AuditDiff::note(sqlite::Connection& connection, const Change& change) {
  if (const auto* instance = std::get_if<TaskInstanceRow>(&change)) {
    // New instances follow from their run, moves from the rules; what a person did bears their name.
    const bool theirs = instance->changed_by == who_ || !instance->note.empty();
    if (instance->version > 1 && theirs) compare(connection, *instance);
  } else if (const auto* queued = std::get_if<QueuedDatasetEventRow>(&change)) {
    RowTexts gone;
    visit_columns(gone, *queued);
    if (queued->removed) add(Table<QueuedDatasetEventRow>::name, &gone.values, nullptr);
  } else if (const auto* deletion = std::get_if<RunDeletion>(&change)) {
    RunRow run;
    run.id = deletion->run;
    RowTexts gone;
    const auto stored = stored_row(connection, run);
    if (stored) visit_columns(gone, *stored);
    if (stored) add(Table<RunRow>::name, &gone.values, nullptr);
  } else {
    std::visit(
        [&]<class Row>(const Row& row) {
          constexpr bool follows = std::is_same_v<Row, AttemptRow> || std::is_same_v<Row, BackfillItemRow> ||
                                   std::is_same_v<Row, NotificationRow> || std::is_same_v<Row, RunDeletion>;
          if constexpr ((Versioned<Row> && !follows) || std::is_same_v<Row, DatasetEventRow>) {
            compare(connection, row);
          }
        },
        change);
  }
}

void AuditDiff::note(sqlite::Connection& connection, const AccessRow& row) {
  if (const auto* token = std::get_if<TokenRow>(&row)) compare(connection, *token);
  if (const auto* session = std::get_if<SessionRow>(&row)) compare(connection, *session);
}

std::string AuditDiff::take() {
  std::string out = "[" + list_;
  if (left_out_ > 0) out += fmt::format("{}{{\"left_out\":{}}}", list_.empty() ? "" : ",", left_out_);
  return out + "]";
}

}  // namespace millrace
