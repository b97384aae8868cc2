#include "daemon/uncommitted.h"

#include <algorithm>

namespace millrace {
namespace {

template <class Row, class Key>
void put(std::vector<Row>& rows, const Row& fresh, Key key) {
  const auto old = std::ranges::find_if(rows, [&](const Row& row) { return key(row) == key(fresh); });
  if (old == rows.end()) {
    rows.push_back(fresh);
  } else {
    *old = fresh;
  }
}

}  // namespace

std::optional<RunSnapshot> with_uncommitted(std::optional<RunSnapshot> stored, RunId run,
                                            std::span<const Change> batch) {
  for (const Change& change : batch) {
    if (const auto* row = std::get_if<RunRow>(&change); row != nullptr && row->id == run) {
      if (!stored) stored.emplace();
      stored->run = *row;
    }
    if (const auto* gone = std::get_if<RunDeletion>(&change); gone != nullptr && gone->run == run)
      stored.reset();
    if (!stored) continue;
    if (const auto* row = std::get_if<TaskInstanceRow>(&change); row != nullptr && row->run == run)
      put(stored->task_instances, *row, [](const TaskInstanceRow& r) { return r.id; });
    if (const auto* row = std::get_if<AttemptRow>(&change); row != nullptr && row->run == run)
      put(stored->live_attempts, *row, [](const AttemptRow& r) { return r.id; });
    if (const auto* row = std::get_if<OutputRow>(&change); row != nullptr && row->run == run)
      put(stored->outputs, *row, [](const OutputRow& r) { return std::pair(r.task_instance, r.key); });
  }
  if (stored) {
    std::erase_if(stored->live_attempts, [](const AttemptRow& row) { return row.outcome.has_value(); });
    std::ranges::sort(stored->task_instances, {},
                      [](const TaskInstanceRow& row) { return std::pair(row.task, row.map_index); });
  }
  return stored;
}

}  // namespace millrace
