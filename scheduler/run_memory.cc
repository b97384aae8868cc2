#include <algorithm>
#include <utility>

#include "scheduler/core.h"

namespace millrace {

Run* Core::find_run(RunId id) {
  const auto it = runs.find(id);
  return it == runs.end() ? nullptr : &it->second;
}

DagEntry* Core::find_dag(std::string_view dag_id) {
  const auto it = dags.find(dag_id);
  return it == dags.end() ? nullptr : &it->second;
}

Core::Located Core::locate(TaskInstanceId id) const {
  auto range = instance_ids.upper_bound(id);
  if (range == instance_ids.begin()) return {};
  --range;
  if (id.value >= range->first.value + range->second.count) return {};
  const auto found = runs.find(range->second.run);
  if (found == runs.end()) return {};
  const std::vector<Instance>& all = found->second.instances;
  const auto it = std::lower_bound(all.begin(), all.end(), id, [](const Instance& ti, TaskInstanceId wanted) {
    return ti.row.id < wanted;
  });
  if (it == all.end() || it->row.id != id) return {};
  return {const_cast<Run*>(&found->second), static_cast<InstanceIndex>(it - all.begin())};
}

InstanceIndex Core::append(Run& run, TaskIndex t, int map_index, JsonText item) {
  const Task& task = run.dag->tasks[t];
  const auto i = static_cast<InstanceIndex>(run.instances.size());
  Instance& ti = run.instances.emplace_back();
  ti.row.id = {next.next_task_instance++};
  ti.row.run = run.row.id;
  ti.row.task_id = task.task_id;
  ti.row.task = t;
  ti.row.map_index = map_index;
  ti.row.item = std::move(item);
  ti.row.max_tries = task.retries.limit + 1;
  ti.row.pool = !run.row.pool.empty() && task.resources.gpu == 0 ? run.row.pool : task.pool;
  ti.row.memory_bytes = task.resources.memory_bytes;
  ti.fresh = true;
  touch(run, i);
  return i;
}

bool is_orphan(const Run& run, const TaskInstanceRow& row) {
  return row.state == TaskState::removed &&
         (row.task >= run.dag->tasks.size() || run.dag->tasks[row.task].task_id != row.task_id);
}

void Core::index(Run& run) {
  run.slots.assign(run.dag->tasks.size(), Slot{});
  run.unfinished = 0;
  std::vector<InstanceIndex> order(run.instances.size());
  for (InstanceIndex i = 0; i < order.size(); ++i) order[i] = i;
  const auto key = [&](InstanceIndex i) {
    const TaskInstanceRow& row = run.instances[i].row;
    return std::pair{row.task, row.map_index};
  };
  std::sort(order.begin(), order.end(), [&](InstanceIndex a, InstanceIndex b) { return key(a) < key(b); });
  for (const InstanceIndex i : order) {
    const TaskInstanceRow& row = run.instances[i].row;
    if (is_orphan(run, row)) continue;
    Slot& slot = run.slots[row.task];
    if (slot.first == Slot::none) slot.first = i;
    else slot.more.push_back(i);
    if (row.state == TaskState::none) ++slot.waiting;
    if (!is_final(row.state)) ++run.unfinished;
    const auto [first, last] = run.dag->downstream.of(row.task);
    for (const TaskIndex* d = first; d != last; ++d) ++run.slots[*d].upstream[bucket_of(row)];
  }
  for (const TaskInstanceId first : std::exchange(run.id_ranges, {})) instance_ids.erase(first);
  std::int64_t expected = 0;
  for (const Instance& ti : run.instances) {
    const bool continues = !run.id_ranges.empty() && ti.row.id.value == expected;
    if (!continues) {
      run.id_ranges.push_back(ti.row.id);
      instance_ids[ti.row.id] = {0, run.row.id};
    }
    ++instance_ids[run.id_ranges.back()].count;
    expected = ti.row.id.value + 1;
  }
}

void Core::forget(RunId id) {
  Run* run = find_run(id);
  if (!run || !is_final(run->row.state) || run->live > 0) return;
  past_frozen(*run);
  followers.erase(id);
  for (const TaskInstanceId first : run->id_ranges) instance_ids.erase(first);
  runs.erase(id);
}

std::optional<JsonText> Core::output(const Run& run, TaskIndex t, std::string_view key) const {
  const Slot& slot = run.slots[t];
  if (slot.first == Slot::none) return std::nullopt;
  const auto one = [&](InstanceIndex i) -> const JsonText* {
    const auto it = run.outputs.find({i, std::string(key)});
    return it == run.outputs.end() ? nullptr : &it->second;
  };
  if (!run.dag->tasks[t].expand) {
    const JsonText* value = one(slot.first);
    return value ? std::optional(*value) : std::nullopt;
  }
  JsonText list = "[";
  for (std::size_t k = 0; k < slot.size(); ++k) {
    if (run.instances[slot[k]].row.state == TaskState::removed) continue;
    if (list.size() > 1) list += ',';
    const JsonText* value = one(slot[k]);
    list += value ? *value : "null";
  }
  return list += ']';
}

}  // namespace millrace
