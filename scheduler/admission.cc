#include "scheduler/admission.h"

#include <map>
#include <utility>

#include "base/invariant.h"
#include "scheduler/admission_state.h"

namespace millrace {
Admission::Admission() : state_(std::make_unique<State>()) {}
Admission::~Admission() = default;

void Admission::set_machine(const MachineFound& machine) {
  state_->cpu_total = machine.cpu_milli;
  state_->memory_total = machine.memory_bytes;
  state_->devices.set(machine.gpus);
  state_->changed = true;
}

void Admission::set_pool(const PoolRow& row) {
  State::Pool& pool = state_->pools[row.name];
  pool.row = row;
  pool.exists = !row.removed;
  state_->changed = true;
}

void Admission::remove_pool(const std::string& name) {
  if (const auto at = state_->pools.find(name); at != state_->pools.end()) at->second.exists = false;
  state_->changed = true;
}

void Admission::add(Candidate candidate) {
  INVARIANT(!state_->held.contains(candidate.id));
  state_->pools[candidate.pool];
  state_->lines.add(std::move(candidate));
  state_->changed = true;
}

void Admission::remove(TaskInstanceId id) {
  if (state_->lines.remove(id)) state_->changed = true;
}

std::vector<Admission::Admitted> Admission::admit() {
  std::vector<Admitted> out;
  if (!std::exchange(state_->changed, false)) return out;
  while (state_->round(out)) {
  }
  return out;
}

void Admission::take(const Candidate& candidate, const std::vector<std::string>& devices) {
  INVARIANT(!state_->held.contains(candidate.id));
  remove(candidate.id);
  state_->hold(candidate, devices);
}

void Admission::release(TaskInstanceId id) {
  const auto at = state_->held.find(id);
  if (at == state_->held.end()) return;
  const State::Held held = std::move(at->second);
  state_->held.erase(at);
  state_->pools[held.candidate.pool].occupied -= held.candidate.pool_slots;
  state_->cpu_taken -= held.candidate.cpu_milli;
  state_->memory_taken -= held.candidate.memory_bytes;
  state_->devices.release(held.devices, id);
  state_->lines.count(held.candidate, -1);
  state_->changed = true;
}

bool Admission::waits(TaskInstanceId id) const { return state_->lines.find(id) != nullptr; }

std::vector<PoolUse> Admission::pools() const {
  std::vector<PoolUse> out;
  for (const auto& [name, pool] : state_->pools) {
    if (!pool.exists) continue;
    PoolUse use{.pool = pool.row};
    use.occupied = static_cast<int>(pool.occupied);
    use.scheduled = static_cast<int>(state_->lines.slots_waiting(name));
    out.push_back(std::move(use));
  }
  return out;
}

std::vector<std::pair<GpuFact, TaskInstanceId>> Admission::devices() const { return state_->devices.list(); }

bool Admission::pool_exists(const std::string& name) const {
  const auto at = state_->pools.find(name);
  return at != state_->pools.end() && at->second.exists;
}

}  // namespace millrace
