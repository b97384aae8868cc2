#pragma once

#include <functional>
#include <optional>
#include <string>

#include "dags/template.h"
#include "scheduler/state.h"

namespace millrace {

/// The values of templates that the scheduler itself renders (`trigger_dag`): dates, ids, params, item and
/// outputs. `output` answers `tasks.X.output.Y`. The lookup holds references: use it at once.
TemplateLookup run_values(
    const Run&, const Instance&,
    std::function<std::optional<JsonText>(const std::string& task_id, const std::string& key)> output);

}  // namespace millrace
