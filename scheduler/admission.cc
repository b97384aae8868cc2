#include "scheduler/admission.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/invariant.h"
#include "scheduler/admission_state.h"

namespace millrace {
namespace {

std::string gib(std::int64_t bytes) {
  return fmt::format("{:.4g} GiB", static_cast<double>(bytes) / static_cast<double>(1ll << 30));
}

std::string cores(std::int64_t milli) { return fmt::format("{:.4g}", static_cast<double>(milli) / 1000.0); }

}  // namespace

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

std::string Admission::State::pool_detail(const Candidate& c) const {
  const auto at = pools.find(c.pool);
  if (at == pools.end() || !at->second.exists) return fmt::format("pool '{}' does not exist", c.pool);
  const Pool& pool = at->second;
  if (c.pool_slots > pool.row.slots)
    return fmt::format("pool '{}' has {} slots; this task needs {}", c.pool, pool.row.slots, c.pool_slots);
  if (pool_free(pool) >= c.pool_slots) return {};
  std::string out = fmt::format("pool '{}': {} of {} slots taken", c.pool, pool.occupied, pool.row.slots);
  if (c.pool_slots > 1) out += fmt::format("; this task needs {}", c.pool_slots);
  return out;
}

std::vector<Wait> Admission::blockers(TaskInstanceId id) const {
  const State& s = *state_;
  const WaitingLines::Entry* entry = s.lines.find(id);
  if (!entry) return {};
  const Candidate& c = entry->candidate;
  std::vector<Wait> out;
  if (std::string detail = s.pool_detail(c); !detail.empty()) out.push_back({"pool", std::move(detail)});
  if (const int n = s.lines.running_of_run(c);
      c.max_active_tasks_of_run > 0 && n >= c.max_active_tasks_of_run)
    out.push_back({"max_active_tasks",
                   fmt::format("{} of {} tasks of this run are running", n, c.max_active_tasks_of_run)});
  if (const int n = s.lines.running_of_key(c); !c.limit_key.empty() && c.limit > 0 && n >= c.limit)
    out.push_back({"max_active_tasks", fmt::format("expand.max_active: {} of {} are running", n, c.limit)});
  if (c.cpu_milli > 0 && s.cpu_free() < c.cpu_milli)
    out.push_back({"cpu", fmt::format("{} of {} cores taken; this task needs {}", cores(s.cpu_taken),
                                      cores(s.cpu_total), cores(c.cpu_milli))});
  if (c.memory_bytes > 0 && s.memory_free() < c.memory_bytes)
    out.push_back({"memory", fmt::format("{} of {} taken; this task needs {}", gib(s.memory_taken),
                                         gib(s.memory_total), gib(c.memory_bytes))});
  const GpuNeed& gpu = entry->shape->need.gpu;
  if (gpu.count > 0 && s.devices.free_for(gpu) < gpu.count)
    out.push_back({"gpu", fmt::format("{} of {} fitting devices free; this task needs {}",
                                      s.devices.free_for(gpu), s.devices.healthy_for(gpu), gpu.count)});
  if (out.empty() && s.lack(entry->shape->need, s.pools.at(c.pool), *entry) == State::Lack::reserved)
    out.push_back(
        {"share", fmt::format("a bigger task of '{}' has waited longer and what it needs is kept for it",
                              s.reservations.front().dag_id)});
  return out;
}

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
