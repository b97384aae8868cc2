#include "store/planned_writes.h"

#include <algorithm>
#include <unordered_map>

namespace millrace {
namespace {

std::int64_t version_before(const Change& change) {
  return std::visit(
      [](const auto& row) -> std::int64_t {
        if constexpr (requires { row.version - std::int64_t{1}; })
          return row.version - 1;
        else
          return 0;
      },
      change);
}

/// Rows of one table that the batch has written so far, by id: where in the plan.
using Places = std::unordered_map<std::int64_t, std::size_t>;

/// Whether `row` took over the place of its earlier state. A gap between two versions is left to the guard.
template <class Row>
bool takes_over(const Row& row, const Change& change, Places& places, std::vector<PlannedWrite>& plan) {
  const auto [place, is_first] = places.emplace(row.id.value, plan.size());
  if (is_first) return false;
  PlannedWrite& earlier = plan[place->second];
  if (version_before(*earlier.change) + 1 != row.version - 1) {
    place->second = plan.size();
    return false;
  }
  earlier.change = &change;
  return true;
}

}  // namespace

std::vector<PlannedWrite> planned_writes(std::span<const Change> changes) {
  std::vector<PlannedWrite> plan;
  plan.reserve(changes.size());
  const bool deletes = std::ranges::any_of(
      changes, [](const Change& change) { return std::holds_alternative<RunDeletion>(change); });
  Places instances, attempts;
  for (const Change& change : changes) {
    if (!deletes) {  // a row may not move to where it is deleted
      const auto* instance = std::get_if<TaskInstanceRow>(&change);
      if (instance != nullptr && takes_over(*instance, change, instances, plan)) continue;
      const auto* attempt = std::get_if<AttemptRow>(&change);
      if (attempt != nullptr && takes_over(*attempt, change, attempts, plan)) continue;
    }
    plan.push_back({&change, version_before(change)});
  }
  return plan;
}

}  // namespace millrace
