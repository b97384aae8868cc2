#include "scheduler/admission.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/invariant.h"
#include "scheduler/gpu_devices.h"
#include "scheduler/share.h"
#include "scheduler/waiting_lines.h"

namespace millrace {
namespace {

using Need = WaitingLines::Need;
using Shape = WaitingLines::Shape;
using Entry = WaitingLines::Entry;

/// A candidate that didn't fit lets this many others pass before what frees up is kept for it. Low enough that a big
/// task waits for a few small ones only, high enough that the pool isn't drained for every big task at once.
constexpr std::int64_t passes_before_reserve = 16;

/// Why a shape doesn't fit now; `pool` to `gpu` also number the counters of what was admitted.
enum class Lack : std::uint8_t { pool, cpu, memory, gpu, reserved, nothing };

struct Pool {
  PoolRow row;
  bool exists = false;
  std::int64_t occupied = 0;
  std::int64_t admitted = 0;
  std::uint64_t turn = 0;
  Stride classes;
};

/// A shape whose first candidate has been passed over too often: what it needs is kept for it. Values, because the
/// candidate may be taken away before the next admit().
struct Reservation {
  Need need;
  std::int64_t rank = 0;
  WallTime since;
  TaskInstanceId id;
  std::string dag_id;
  bool of_machine = false;
};

bool needs_machine(const Need& need) {
  return need.cpu_milli > 0 || need.memory_bytes > 0 || need.gpu.count > 0;
}

std::string gib(std::int64_t bytes) {
  return fmt::format("{:.4g} GiB", static_cast<double>(bytes) / static_cast<double>(1ll << 30));
}

std::string cores(std::int64_t milli) { return fmt::format("{:.4g}", static_cast<double>(milli) / 1000.0); }

}  // namespace

struct Admission::State {
  struct Failed {
    Need need;
    Lack lack = Lack::nothing;
    std::int64_t counter = 0;  // of admissions that took what it lacks, when it failed
  };
  struct Cursor {
    std::optional<WaitingLines::Order> after;  // shapes up to here don't fit any more in this round
    bool ended = false;
  };
  struct Open {
    Pool* pool = nullptr;
    WaitingLines::Lines* lines = nullptr;
    std::array<Cursor, Stride::classes> cursors;
  };
  struct Held {
    Candidate candidate;
    std::vector<std::string> devices;
  };

  WaitingLines lines;
  std::map<std::string, Pool> pools;
  std::map<TaskInstanceId, Held> held;
  GpuDevices devices;
  std::int64_t cpu_total = 0, cpu_taken = 0, memory_total = 0, memory_taken = 0;
  std::array<std::int64_t, 4> machine_admitted{};  // by Lack
  std::uint64_t turn = 0;                          // of pools: who is furthest behind is next
  bool changed = false;
  std::vector<Reservation> reservations;  // oldest first

  std::int64_t cpu_free() const { return cpu_total - cpu_taken; }
  std::int64_t memory_free() const { return memory_total - memory_taken; }
  static std::int64_t pool_free(const Pool& pool) { return pool.exists ? pool.row.slots - pool.occupied : 0; }

  Lack lack(const Need&, const Pool&, const Entry&) const;
  const GpuNeed* gpus_kept_from(const Entry&) const;
  bool kept_from(const Entry&, const Pool&, const Reservation&) const;
  bool binds(const Reservation&, const Entry&) const;
  bool can_ever(const Need&) const;
  void reserve();
  std::int64_t counter(Lack, const Pool&) const;
  Entry* next_of_class(Open&, std::size_t share_class, std::vector<Failed>&);
  Entry* next(std::vector<Open>&, std::vector<Failed>&);
  Admitted start(Entry&);
  bool round(std::vector<Admitted>&);
  void hold(const Candidate&, const std::vector<std::string>&);
  std::string pool_detail(const Candidate&) const;
};

/// Whether the reservation may stop the entry at all: not its own, not an older one's, and not a candidate of the same
/// class with a higher priority, whose turn it would be anyway.
bool Admission::State::binds(const Reservation& r, const Entry& entry) const {
  if (r.need.share == entry.shape->need.share && entry.order.rank < r.rank) return false;
  for (const Reservation& other : reservations) {
    if (other.need == entry.shape->need) return false;
    if (&other == &r) return true;
  }
  return true;
}

bool Admission::State::kept_from(const Entry& entry, const Pool& pool, const Reservation& r) const {
  if (!binds(r, entry)) return false;
  const Need& need = entry.shape->need;
  const Need& kept = r.need;
  if (kept.pool == need.pool && pool_free(pool) - need.slots < kept.slots) return true;
  if (!r.of_machine) return false;
  if (need.cpu_milli > 0 && kept.cpu_milli > 0 && cpu_free() - need.cpu_milli < kept.cpu_milli) return true;
  return need.memory_bytes > 0 && kept.memory_bytes > 0 && memory_free() - need.memory_bytes < kept.memory_bytes;
}

const GpuNeed* Admission::State::gpus_kept_from(const Entry& entry) const {
  for (const Reservation& r : reservations)
    if (r.of_machine && r.need.gpu.count > 0 && binds(r, entry)) return &r.need.gpu;
  return nullptr;
}

Lack Admission::State::lack(const Need& need, const Pool& pool, const Entry& entry) const {
  if (pool_free(pool) < need.slots) return Lack::pool;
  if (need.cpu_milli > 0 && cpu_free() < need.cpu_milli) return Lack::cpu;
  if (need.memory_bytes > 0 && memory_free() < need.memory_bytes) return Lack::memory;
  if (need.gpu.count > 0 && devices.free_for(need.gpu) < need.gpu.count) return Lack::gpu;
  for (const Reservation& r : reservations)
    if (kept_from(entry, pool, r)) return Lack::reserved;
  if (need.gpu.count > 0 && !devices.choose(need.gpu, gpus_kept_from(entry))) return Lack::reserved;
  return Lack::nothing;
}

bool Admission::State::can_ever(const Need& need) const {
  const auto pool = pools.find(need.pool);
  return pool != pools.end() && pool->second.exists && pool->second.row.slots >= need.slots &&
         cpu_total >= need.cpu_milli && memory_total >= need.memory_bytes &&
         (need.gpu.count == 0 || devices.healthy_for(need.gpu) >= need.gpu.count);
}

/// One reservation for each pool and one for the machine, the longest waiting first. What can't ever run keeps nothing.
void Admission::State::reserve() {
  reservations.clear();
  for (auto& [need, shape] : lines.shapes()) {
    if (shape.passes < passes_before_reserve || !can_ever(need)) continue;
    if (const Entry* first = lines.first(shape))
      reservations.push_back({need, first->order.rank, first->candidate.since, first->candidate.id,
                              first->candidate.dag_id, needs_machine(need)});
  }
  std::ranges::sort(reservations, {}, [](const Reservation& r) { return std::pair{r.since, r.id}; });
  std::vector<Reservation> kept;
  bool machine_taken = false;
  for (Reservation& r : reservations) {
    const bool pool_taken = std::ranges::any_of(
        kept, [&](const Reservation& k) { return k.need.pool == r.need.pool; });
    r.of_machine = r.of_machine && !machine_taken;
    if (pool_taken && !r.of_machine) continue;
    machine_taken = machine_taken || r.of_machine;
    kept.push_back(r);
  }
  reservations = std::move(kept);
}

std::int64_t Admission::State::counter(Lack lack, const Pool& pool) const {
  if (lack == Lack::pool) return pool.admitted;
  if (lack <= Lack::gpu) return machine_admitted[static_cast<std::size_t>(lack)];
  return 0;
}

/// The class's first shape that fits. What has failed once isn't asked again in this round: things only get scarcer.
Entry* Admission::State::next_of_class(Open& open, std::size_t share_class, std::vector<Failed>& failed) {
  WaitingLines::Line& line = (*open.lines)[share_class];
  Cursor& cursor = open.cursors[share_class];
  while (!cursor.ended) {
    const auto at = cursor.after ? line.upper_bound(*cursor.after) : line.begin();
    if (at == line.end()) break;
    Shape& shape = *at->second;
    const WaitingLines::Order listed = at->first;
    Entry* entry = lines.first(shape);
    // Holding some moved the shape back in the line (or out of it).
    if (!entry || entry->order != listed) continue;
    const Lack why = lack(shape.need, *open.pool, *entry);
    if (why == Lack::nothing) return entry;
    cursor.after = listed;
    if (why != Lack::reserved) failed.push_back({shape.need, why, counter(why, *open.pool)});
  }
  cursor.ended = true;
  return nullptr;
}

Entry* Admission::State::next(std::vector<Open>& open, std::vector<Failed>& failed) {
  while (!open.empty()) {
    const auto behind =
        std::ranges::min_element(open, {}, [this](const Open& o) { return std::max(o.pool->turn, turn); });
    if (pool_free(*behind->pool) > 0)
      for (const std::size_t share_class : behind->pool->classes.order())
        if (Entry* entry = next_of_class(*behind, share_class, failed)) return entry;
    open.erase(behind);
  }
  return nullptr;
}

void Admission::State::hold(const Candidate& c, const std::vector<std::string>& uuids) {
  Pool& pool = pools[c.pool];
  pool.occupied += c.pool_slots;
  cpu_taken += c.cpu_milli;
  memory_taken += c.memory_bytes;
  devices.take(uuids, c.id);
  lines.count(c, 1);
  held[c.id] = {c, uuids};
}

Admission::Admitted Admission::State::start(Entry& entry) {
  Pool& pool = pools[entry.candidate.pool];
  const Need need = entry.shape->need;
  auto uuids = devices.choose(need.gpu, gpus_kept_from(entry));
  INVARIANT(uuids.has_value());
  turn = std::max(pool.turn, turn);
  pool.turn = turn + 1;
  pool.classes.charge(static_cast<std::size_t>(need.share));
  ++pool.admitted;
  if (need.cpu_milli > 0) ++machine_admitted[static_cast<std::size_t>(Lack::cpu)];
  if (need.memory_bytes > 0) ++machine_admitted[static_cast<std::size_t>(Lack::memory)];
  if (need.gpu.count > 0) ++machine_admitted[static_cast<std::size_t>(Lack::gpu)];
  entry.shape->passes = 0;
  Admitted out{entry.candidate, std::move(*uuids)};
  hold(out.candidate, out.devices);
  lines.remove(out.candidate.id);
  return out;
}

/// Admits until nothing fits, or until a reservation is used. Whether it ought to look again.
bool Admission::State::round(std::vector<Admitted>& out) {
  reserve();
  std::vector<Open> open;
  for (auto& [name, pool] : pools)
    if (WaitingLines::Lines* of_pool = pool_free(pool) > 0 ? lines.lines_of(name) : nullptr)
      open.push_back({&pool, of_pool, {}});
  std::vector<Failed> failed;
  bool any = false, used = false;
  while (!used) {
    Entry* entry = next(open, failed);
    if (!entry) break;
    any = true;
    used = std::ranges::any_of(reservations, [&](const Reservation& r) { return r.need == entry->shape->need; });
    out.push_back(start(*entry));
  }
  for (const Failed& f : failed)
    if (const auto shape = lines.shapes().find(f.need); shape != lines.shapes().end())
      shape->second.passes += counter(f.lack, pools[f.need.pool]) - f.counter;
  // A reservation whose run got full meanwhile must not keep the others waiting.
  return any && !reservations.empty();
}

Admission::Admission() : state_(std::make_unique<State>()) {}
Admission::~Admission() = default;

void Admission::set_machine(const MachineFound& machine) {
  state_->cpu_total = machine.cpu_milli;
  state_->memory_total = machine.memory_bytes;
  state_->devices.set(machine.gpus);
  state_->changed = true;
}

void Admission::set_pool(const PoolRow& row) {
  Pool& pool = state_->pools[row.name];
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
  const Entry* entry = s.lines.find(id);
  if (!entry) return {};
  const Candidate& c = entry->candidate;
  std::vector<Wait> out;
  if (std::string detail = s.pool_detail(c); !detail.empty()) out.push_back({"pool", std::move(detail)});
  if (const int n = s.lines.running_of_run(c); c.max_active_tasks_of_run > 0 && n >= c.max_active_tasks_of_run)
    out.push_back({"max_active_tasks", fmt::format("{} of {} tasks of this run are running", n,
                                                   c.max_active_tasks_of_run)});
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
    out.push_back({"gpu", fmt::format("{} of {} fitting devices free; this task needs {}", s.devices.free_for(gpu),
                                      s.devices.healthy_for(gpu), gpu.count)});
  if (out.empty() && s.lack(entry->shape->need, s.pools.at(c.pool), *entry) == Lack::reserved)
    out.push_back({"share", fmt::format("a bigger task of '{}' has waited longer and what it needs is kept for it",
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
