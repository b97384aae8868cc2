#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "api/handlers.h"

namespace millrace {

/// One entity of Airflow's bulk request (`PATCH /pools` and so on).
struct BulkStep {
  enum class Action : std::uint8_t { create, update, remove } action = Action::create;
  std::string name;
  bool overwrite = false;  ///< create may replace what exists
  bool lenient = false;    ///< what exists, or doesn't, is passed over
  Event event = TimeReached{};
};

/// Reads the body's actions, lets `plan` make the event of each entity (`key` is the member that names it),
/// sends them one after the other and answers with Airflow's BulkResponse: what succeeded and what failed, by
/// action. A step that fails stops none of the others.
std::expected<void, Problem> run_bulk(
    const CallPtr&, std::string_view key,
    const std::function<std::expected<void, Problem>(BulkStep&, const JsonValue& entity)>& plan);

}  // namespace millrace
