#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/exit_facts.h"
#include "scheduler/rows.h"
#include "scheduler/words.h"

/// Values that are text in the database: state words and JSON lists. Internal to store/.
namespace millrace {

std::string_view to_word(ExitFacts::Kind);

/// Reads a word into `out`; false when it isn't one.
bool from_word(std::string_view, RunState& out);
bool from_word(std::string_view, RunType& out);
bool from_word(std::string_view, TaskState& out);
bool from_word(std::string_view, Outcome& out);
bool from_word(std::string_view, BackfillState& out);
bool from_word(std::string_view, ItemState& out);
bool from_word(std::string_view, NotifyOn& out);
bool from_word(std::string_view, NotificationState& out);
bool from_word(std::string_view, ExitFacts::Kind& out);
bool from_word(std::string_view, Reprocess& out);
bool from_word(std::string_view, DatasetUse& out);

/// JSON arrays; bytes that aren't UTF-8 become U+FFFD. Reading throws StoreError on anything else than such
/// an array.
std::string json_from(const std::vector<std::string>&);
std::string json_from(const std::vector<WallTime>&);
/// `[[backfill_id, window_days], …]`
std::string json_from(const std::vector<BackfillSource>&);
void from_json(std::string_view, std::vector<std::string>& out);
void from_json(std::string_view, std::vector<WallTime>& out);
void from_json(std::string_view, std::vector<BackfillSource>& out);

}  // namespace millrace
