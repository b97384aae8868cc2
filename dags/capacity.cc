#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "dags/parser.h"

namespace millrace {
namespace {

void check_pool(const Task& task, const Capacity& capacity, Diagnostics& out) {
  // Without a device an optional GPU task goes to the CPU pool.
  const bool falls_back = task.resources.gpu_optional && capacity.gpus == 0;
  const std::string_view name = falls_back && task.pool == "gpu" ? "cpu" : std::string_view{task.pool};
  const auto pool = std::ranges::find(capacity.pools, name, &Capacity::Pool::name);
  if (pool == capacity.pools.end()) {
    if (task.resources.gpu > 0 && capacity.gpus == 0 && !falls_back) return;  // said by check_machine
    std::vector<std::string_view> names;
    for (const auto& candidate : capacity.pools) names.push_back(candidate.name);
    const std::string meant = nearest(name, names);
    out.add(task.pool_place,
            fmt::format("task '{}' wants the pool '{}', which doesn't exist", task.task_id, name),
            meant.empty() ? fmt::format("there are: {}", fmt::join(names, ", "))
                          : fmt::format("did you mean '{}'?", meant));
  } else if (task.pool_slots > pool->slots) {
    out.add(task.pool_place, fmt::format("task '{}' takes {} slots of the pool '{}', which has {}",
                                         task.task_id, task.pool_slots, name, pool->slots));
  }
}

std::string mebibytes(std::int64_t bytes) { return fmt::format("{} MiB", bytes >> 20); }

void check_machine(const Task& task, const Capacity& capacity, Diagnostics& out) {
  const Resources& wanted = task.resources;
  const bool falls_back = wanted.gpu_optional && capacity.gpus == 0;
  if (wanted.gpu > capacity.gpus && !falls_back)
    out.add(task.gpu_place,
            fmt::format("task '{}' asks for {} GPU{}; there {} {}", task.task_id, wanted.gpu,
                        wanted.gpu == 1 ? "" : "s", capacity.gpus == 1 ? "is" : "are", capacity.gpus),
            capacity.gpus == 0 ? "gpu_optional: true lets it run on the CPU" : "");
  if (capacity.cpu_milli > 0 && wanted.cpu_milli > capacity.cpu_milli)
    out.add(task.place, fmt::format("task '{}' asks for {:.1f} CPUs; there are {:.1f}", task.task_id,
                                    static_cast<double>(wanted.cpu_milli) / 1e3,
                                    static_cast<double>(capacity.cpu_milli) / 1e3));
  if (capacity.memory_bytes > 0 && wanted.memory_bytes > capacity.memory_bytes)
    out.add(task.place, fmt::format("task '{}' asks for {} of memory; there are {}", task.task_id,
                                    mebibytes(wanted.memory_bytes), mebibytes(capacity.memory_bytes)));
}

}  // namespace

Diagnostics check_capacity(const Dag& dag, const Capacity& capacity) {
  Diagnostics out;
  for (const Task& task : dag.tasks) {
    check_pool(task, capacity, out);
    check_machine(task, capacity, out);
  }
  out.sort();
  return out;
}

}  // namespace millrace
