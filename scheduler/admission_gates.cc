#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "scheduler/admission_state.h"

/// What admission can say of one that waits: each condition with its figures and who stands in the way.
namespace millrace {
namespace {

std::string gib(std::int64_t bytes) {
  return fmt::format("{:.4g} GiB", static_cast<double>(bytes) / static_cast<double>(1ll << 30));
}

std::string cores(std::int64_t milli) { return fmt::format("{:.4g}", static_cast<double>(milli) / 1000.0); }

constexpr std::size_t blockers_listed = 64;  // a person reads fewer; a forecast asks each_holder

}  // namespace

Gate Admission::State::pool_gate(const Candidate& c) const {
  Gate gate{.kind = "pool", .ok = false, .have = 0, .need = c.pool_slots, .text = {}, .blockers = {}};
  const auto at = pools.find(c.pool);
  if (at == pools.end() || !at->second.exists) {
    gate.text = fmt::format("pool '{}' does not exist", c.pool);
    return gate;
  }
  const Pool& pool = at->second;
  gate.have = std::max<std::int64_t>(0, pool_free(pool));
  if (c.pool_slots > pool.row.slots) {
    gate.text =
        fmt::format("pool '{}' has {} slots; this task needs {}", c.pool, pool.row.slots, c.pool_slots);
    return gate;
  }
  gate.ok = pool_free(pool) >= c.pool_slots;
  gate.text = fmt::format("pool '{}': {} of {} slots taken", c.pool, pool.occupied, pool.row.slots);
  if (!gate.ok && c.pool_slots > 1) gate.text += fmt::format("; this task needs {}", c.pool_slots);
  return gate;
}

/// Whoever holds some of what the gate lacks. A reservation has one blocker: whom it is kept for.
void Admission::State::add_blockers(Gate& gate, const Candidate& c, TaskInstanceId kept_for) const {
  const auto add = [&](TaskInstanceId id, const std::vector<std::string>& uuids) {
    if (gate.blockers.size() == blockers_listed) {
      ++gate.more_blockers;
      return;
    }
    Holder& holder = gate.blockers.emplace_back();
    holder.instance = id;
    holder.devices = uuids;
  };
  if (gate.kind == "share") {
    if (kept_for) add(kept_for, {});
    return;
  }
  const bool of_key = gate.text.starts_with("expand");
  for (const auto& [id, holding] : held) {
    const Candidate& other = holding.candidate;
    const bool mine = gate.kind == "pool"                ? other.pool == c.pool
                      : gate.kind == "max_active_tasks" ? (of_key ? other.limit_key == c.limit_key
                                                                   : other.run == c.run)
                      : gate.kind == "cpu"               ? other.cpu_milli > 0
                      : gate.kind == "memory"            ? other.memory_bytes > 0
                                                         : !holding.devices.empty();
    if (mine) add(id, holding.devices);
  }
}

std::vector<Gate> Admission::gates(TaskInstanceId id, bool with_blockers) const {
  const State& s = *state_;
  const WaitingLines::Entry* entry = s.lines.find(id);
  if (!entry) return {};
  const Candidate& c = entry->candidate;
  std::vector<Gate> out;
  const auto add = [&](std::string_view kind, bool ok, std::int64_t have, std::int64_t need,
                       std::string text) {
    out.push_back({std::string(kind), ok, have, need, std::move(text), {}, 0});
  };
  out.push_back(s.pool_gate(c));
  if (c.max_active_tasks_of_run > 0) {
    const int n = s.lines.running_of_run(c);
    add("max_active_tasks", n < c.max_active_tasks_of_run, c.max_active_tasks_of_run - n, 1,
        fmt::format("{} of {} tasks of this run are running", n, c.max_active_tasks_of_run));
  }
  if (!c.limit_key.empty() && c.limit > 0) {
    const int n = s.lines.running_of_key(c);
    add("max_active_tasks", n < c.limit, c.limit - n, 1,
        fmt::format("expand.max_active: {} of {} are running", n, c.limit));
  }
  if (c.cpu_milli > 0)
    add("cpu", s.cpu_free() >= c.cpu_milli, s.cpu_free(), c.cpu_milli,
        fmt::format("{} of {} cores taken; this task needs {}", cores(s.cpu_taken), cores(s.cpu_total),
                    cores(c.cpu_milli)));
  if (c.memory_bytes > 0)
    add("memory", s.memory_free() >= c.memory_bytes, s.memory_free(), c.memory_bytes,
        fmt::format("{} of {} taken; this task needs {}", gib(s.memory_taken), gib(s.memory_total),
                    gib(c.memory_bytes)));
  const GpuNeed& gpu = entry->shape->need.gpu;
  if (gpu.count > 0)
    add("gpu", s.devices.free_for(gpu) >= gpu.count, s.devices.free_for(gpu), gpu.count,
        fmt::format("{} of {} fitting devices free; this task needs {}", s.devices.free_for(gpu),
                    s.devices.healthy_for(gpu), gpu.count));
  TaskInstanceId kept_for;
  const bool all_free = std::ranges::all_of(out, &Gate::ok);
  if (const State::Reservation* keeper = all_free ? s.keeper(*entry, s.pools.at(c.pool)) : nullptr) {
    kept_for = keeper->id;
    // Whose it is its blocker says: this text is recorded, and read by who may not know of that DAG.
    add("share", false, 0, 1, "a bigger task has waited longer and what it needs is kept for it");
  }
  if (with_blockers)
    for (Gate& gate : out)
      if (!gate.ok) s.add_blockers(gate, c, kept_for);
  return out;
}

std::vector<Wait> Admission::blockers(TaskInstanceId id) const {
  std::vector<Wait> out;
  for (Gate& gate : gates(id, false))
    if (!gate.ok) out.push_back({std::move(gate.kind), std::move(gate.text)});
  return out;
}

void Admission::each_holder(
    const std::function<void(const Candidate&, const std::vector<std::string>&)>& visit) const {
  for (const auto& [id, holding] : state_->held) visit(holding.candidate, holding.devices);
}

MachineUse Admission::machine() const {
  const State& s = *state_;
  return {s.cpu_total, s.cpu_taken, s.memory_total, s.memory_taken, static_cast<std::int64_t>(s.held.size())};
}

int Admission::devices_for(const Candidate& c) const {
  if (c.gpu == 0) return 0;
  return state_->devices.healthy_for({c.gpu, c.gpu_memory_bytes, c.gpu_model});
}

}  // namespace millrace
