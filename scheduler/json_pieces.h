#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dags/dag.h"

/// Takes valid JSON text apart by one level, without building a tree: outputs are lists and names, and may be
/// a MiB.
namespace millrace {

/// The elements of a JSON list; nothing when it is something else.
std::optional<std::vector<JsonText>> json_list(std::string_view);
/// The members of a JSON object in their order, names unescaped; nothing when it is something else.
std::optional<std::vector<std::pair<std::string, JsonText>>> json_object(std::string_view);
/// The text of a JSON string; nothing when it is something else.
std::optional<std::string> json_string(std::string_view);
/// The other way: text as a JSON string.
JsonText to_json_string(std::string_view);

}  // namespace millrace
