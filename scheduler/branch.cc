#include <algorithm>

#include <fmt/format.h>

#include "scheduler/core.h"
#include "scheduler/json_pieces.h"

/// A branch task names in its output `branch` which of its direct downstream tasks go on; the others are
/// skipped, unless they are also downstream of one that goes on (as in Airflow).
namespace millrace {

std::string Core::take_branch(Run& run, InstanceIndex i, std::vector<TaskIndex>& followed) const {
  const TaskIndex t = run.instances[i].row.task;
  const auto it = run.outputs.find({i, "branch"});
  if (it == run.outputs.end()) return "branch: the task wrote no output 'branch'";
  std::vector<JsonText> names{it->second};
  if (auto list = json_list(it->second)) names = std::move(*list);
  const auto [first, last] = run.dag->downstream.of(t);
  for (const JsonText& text : names) {
    const auto name = json_string(text);
    if (!name) return fmt::format("branch: {} isn't a task id", text.substr(0, 100));
    const auto found = run.dag->find(*name);
    if (!found) return fmt::format("branch: there is no task '{}'", *name);
    if (!std::binary_search(first, last, *found))
      return fmt::format("branch: task '{}' isn't directly downstream of '{}'", *name,
                         run.instances[i].row.task_id);
    followed.push_back(*found);
  }
  std::sort(followed.begin(), followed.end());
  return {};
}

void Core::skip_others(Run& run, TaskIndex branch, const std::vector<TaskIndex>& followed) {
  const auto [first, last] = run.dag->downstream.of(branch);
  std::vector<TaskIndex> others;
  std::set_difference(first, last, followed.begin(), followed.end(), std::back_inserter(others));
  if (others.empty()) return;
  std::vector<bool> reached(run.dag->tasks.size(), false);
  std::vector<TaskIndex> stack = followed;
  while (!stack.empty()) {
    const TaskIndex t = stack.back();
    stack.pop_back();
    if (reached[t]) continue;
    reached[t] = true;
    const auto [from, to] = run.dag->downstream.of(t);
    stack.insert(stack.end(), from, to);
  }
  for (const TaskIndex other : others) {
    if (reached[other]) continue;
    for (std::size_t k = 0; k < run.slots[other].size(); ++k) {
      const InstanceIndex i = run.slots[other][k];
      if (run.instances[i].row.state != TaskState::none) continue;
      move(run, i, TaskState::skipped,
           fmt::format("'{}' took another branch", run.dag->tasks[branch].task_id), "branch");
    }
  }
}

/// For a task that was cleared after its branch was taken: the choice still holds.
bool Core::branched_away(const Run& run, TaskIndex t) const {
  const auto [first, last] = run.dag->upstream.of(t);
  for (const TaskIndex* u = first; u != last; ++u) {
    if (!run.dag->tasks[*u].branch) continue;
    const Slot& slot = run.slots[*u];
    if (slot.size() != 1 || run.instances[slot.first].row.state != TaskState::success) continue;
    const auto it = run.outputs.find({slot.first, "branch"});
    if (it == run.outputs.end()) continue;
    std::vector<JsonText> names{it->second};
    if (auto list = json_list(it->second)) names = std::move(*list);
    std::vector<TaskIndex> stack;
    for (const JsonText& name : names)
      if (const auto found = run.dag->find(json_string(name).value_or(""))) stack.push_back(*found);
    std::vector<bool> reached(run.dag->tasks.size(), false);
    while (!stack.empty()) {
      const TaskIndex at = stack.back();
      stack.pop_back();
      if (reached[at]) continue;
      reached[at] = true;
      const auto [from, to] = run.dag->downstream.of(at);
      stack.insert(stack.end(), from, to);
    }
    if (!reached[t]) return true;
  }
  return false;
}

}  // namespace millrace
