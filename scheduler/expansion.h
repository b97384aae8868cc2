#pragma once

#include <vector>

#include "base/error.h"
#include "dags/dag.h"

namespace millrace {

/// The items of a mapped task: the cross product of its keys' values, first key slowest. An item is the value
/// itself when the only key is called `item`, else an object of the keys. Refused above
/// limits::expand_instances.
Result<std::vector<JsonText>> cross_product(const Expand&, const std::vector<std::vector<JsonText>>& values);

/// For an `expand` without outputs of other tasks. Empty as well when there are too many: expand() then fails
/// the task.
std::vector<JsonText> static_items(const Expand&);

}  // namespace millrace
