#include "dags/dag.h"

#include <algorithm>

#include "dags/keys.h"

namespace millrace {

std::string_view to_word(TriggerRule rule) { return trigger_rule_words()[static_cast<std::size_t>(rule)]; }

std::optional<TaskIndex> Dag::find(std::string_view task_id) const {
  const auto found =
      std::ranges::lower_bound(by_name, task_id, {}, &std::pair<std::string_view, TaskIndex>::first);
  if (found == by_name.end() || found->first != task_id) return {};
  return found->second;
}

}  // namespace millrace
