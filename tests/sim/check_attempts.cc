#include <fmt/format.h>

#include "tests/sim/checks.h"

namespace millrace::sim {

void at_most_one_live_attempt(const Look& look) {
  std::map<std::int64_t, std::int64_t> of;
  for (const auto& [id, attempt] : look.seen.live) {
    const auto [other, first] = of.emplace(attempt.task_instance, id);
    if (!first)
      look.wrong(fmt::format("I1: task instance {} has the live attempts {} and {}", attempt.task_instance,
                             other->second, id));
    const auto run = look.seen.runs.find(attempt.run);
    if (run == look.seen.runs.end() || run->second.is_final())
      look.wrong(fmt::format("I1: attempt {} lives in run {}, which has ended", id, attempt.run));
  }
}

void attempt_numbers_grow_by_one(const Look& look) {
  for (const AttemptSeen& attempt : look.seen.new_attempts) {
    std::int64_t& last = look.memory.last_try[attempt.task_instance];
    if (attempt.try_number != last + 1)
      look.wrong(fmt::format("I2: attempt {} of task instance {} is try {} after {}", attempt.id,
                             attempt.task_instance, attempt.try_number, last));
    last = attempt.try_number;
    const auto row = look.seen.tasks.find(attempt.task_instance);
    if (row != look.seen.tasks.end() && row->second.try_number < attempt.try_number)
      look.wrong(fmt::format("I2: task instance {} says try {}, its attempt {} is try {}",
                             attempt.task_instance, row->second.try_number, attempt.id, attempt.try_number));
  }
}

void slots_held_are_live_attempts(const Look& look) {
  std::map<std::string, std::int64_t> slots;
  std::map<std::string, std::int64_t> holder;  // by device
  for (const auto& [id, attempt] : look.seen.live) {
    const auto row = look.seen.tasks.find(attempt.task_instance);
    if (row == look.seen.tasks.end()) continue;
    const Task* task = look.task_of(row->second);
    slots[row->second.pool] += task != nullptr ? task->pool_slots : 1;
    for (const GpuFact& gpu : look.machine.gpus)
      if (attempt.devices.find('"' + gpu.uuid + '"') != std::string::npos) {
        const auto [other, first] = holder.emplace(gpu.uuid, id);
        if (!first) look.wrong(fmt::format("I11: attempts {} and {} hold {}", other->second, id, gpu.uuid));
      }
  }
  for (const auto& [id, row] : look.seen.tasks) {
    if (!holds_attempt_word(row.state)) continue;
    bool found = false;
    for (const auto& [live, attempt] : look.seen.live) found = found || attempt.task_instance == id;
    if (!found) look.wrong(fmt::format("I11: task instance {} is {} without a live attempt", id, row.state));
  }
  if (look.scheduler == nullptr) return;
  std::set<std::int64_t> alive;
  for (const AttemptId id : look.scheduler->live_attempts()) alive.insert(id.value);
  for (const auto& [id, attempt] : look.seen.live)
    if (alive.erase(id) == 0) look.wrong(fmt::format("I11: the scheduler doesn't know attempt {}", id));
  for (const std::int64_t id : alive)
    look.wrong(fmt::format("I11: the scheduler has attempt {}, the store hasn't", id));
  for (const PoolUse& use : look.scheduler->pools())
    if (use.occupied != slots[use.pool.name])
      look.wrong(fmt::format("I11: pool '{}' has {} slots taken, its live attempts hold {}", use.pool.name,
                             use.occupied, slots[use.pool.name]));
  for (const auto& [gpu, attempt] : look.scheduler->devices()) {
    const auto held = holder.find(gpu.uuid);
    const std::int64_t stored = held == holder.end() ? 0 : held->second;
    if (stored != attempt.value)
      look.wrong(fmt::format("I11: {} is held by attempt {}, in the store by {}", gpu.uuid, attempt.value,
                             stored));
  }
}

}  // namespace millrace::sim
