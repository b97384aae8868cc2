#include <algorithm>
#include <map>
#include <utility>

#include "base/canary.h"
#include "base/invariant.h"
#include "scheduler/admission_state.h"

namespace millrace {
namespace {

/// A candidate that didn't fit lets this many others pass before what frees up is kept for it. Low enough
/// that a big task waits for a few small ones only, high enough that the pool isn't drained for every big
/// task at once.
constexpr std::int64_t passes_before_reserve = 16;

bool needs_machine(const WaitingLines::Need& need) {
  return need.cpu_milli > 0 || need.memory_bytes > 0 || need.gpu.count > 0;
}

}  // namespace

/// Whether the reservation may stop the entry at all: not its own, not an older one's, and not a candidate of
/// the same class with a higher priority, whose turn it would be anyway.
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
  return need.memory_bytes > 0 && kept.memory_bytes > 0 &&
         memory_free() - need.memory_bytes < kept.memory_bytes;
}

const Admission::State::Reservation* Admission::State::gpus_kept_from(const Entry& entry) const {
  for (const Reservation& r : reservations)
    if (r.of_machine && r.need.gpu.count > 0 && binds(r, entry)) return &r;
  return nullptr;
}

const Admission::State::Reservation* Admission::State::keeper(const Entry& entry, const Pool& pool) const {
  for (const Reservation& r : reservations)
    if (kept_from(entry, pool, r)) return &r;
  const GpuNeed& gpu = entry.shape->need.gpu;
  const Reservation* of_gpus = gpu.count > 0 ? gpus_kept_from(entry) : nullptr;
  return of_gpus && !devices.choose(gpu, &of_gpus->need.gpu) ? of_gpus : nullptr;
}

Admission::State::Lack Admission::State::lack(const Need& need, const Pool& pool, const Entry& entry) const {
  if (pool_free(pool) + (CANARY("one_slot_too_many") ? 1 : 0) < need.slots) return Lack::pool;
  if (need.cpu_milli > 0 && cpu_free() < need.cpu_milli) return Lack::cpu;
  if (need.memory_bytes > 0 && memory_free() < need.memory_bytes) return Lack::memory;
  if (need.gpu.count > 0 && devices.free_for(need.gpu) < need.gpu.count) return Lack::gpu;
  return keeper(entry, pool) ? Lack::reserved : Lack::nothing;
}

bool Admission::State::can_ever(const Need& need) const {
  const auto pool = pools.find(need.pool);
  return pool != pools.end() && pool->second.exists && pool->second.row.slots >= need.slots &&
         cpu_total >= need.cpu_milli && memory_total >= need.memory_bytes &&
         (need.gpu.count == 0 || devices.healthy_for(need.gpu) >= need.gpu.count);
}

/// One reservation for each pool and one for the machine, the longest waiting first. What can't ever run
/// keeps nothing.
void Admission::State::reserve() {
  reservations.clear();
  std::erase_if(starving, [this](const Need& need) {
    const auto shape = lines.shapes().find(need);
    return shape == lines.shapes().end() || shape->second.passes < passes_before_reserve;
  });
  for (const Need& need : starving)
    if (const Entry* first = can_ever(need) ? lines.first(lines.shapes().at(need)) : nullptr)
      reservations.push_back({need, first->order.rank, first->candidate.since, first->candidate.id,
                              first->candidate.dag_id, needs_machine(need)});
  std::ranges::sort(reservations, {}, [](const Reservation& r) { return std::pair{r.since, r.id}; });
  std::vector<Reservation> kept;
  bool machine_taken = false;
  for (Reservation& r : reservations) {
    const bool pool_taken =
        std::ranges::any_of(kept, [&](const Reservation& k) { return k.need.pool == r.need.pool; });
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

/// The class's first shape that fits. What has failed once isn't asked again in this round: things only get
/// scarcer.
WaitingLines::Entry* Admission::State::next_of_class(Open& open, std::size_t share_class,
                                                     std::vector<Failed>& failed) {
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
    if (why != Lack::reserved) failed.push_back({&shape, why, counter(why, *open.pool)});
  }
  cursor.ended = true;
  return nullptr;
}

WaitingLines::Entry* Admission::State::next(std::vector<Open>& open, std::vector<Failed>& failed) {
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
  const Reservation* kept = need.gpu.count > 0 ? gpus_kept_from(entry) : nullptr;
  auto uuids = devices.choose(need.gpu, kept ? &kept->need.gpu : nullptr);
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
    used =
        std::ranges::any_of(reservations, [&](const Reservation& r) { return r.need == entry->shape->need; });
    out.push_back(start(*entry));
  }
  for (const Failed& f : failed) {
    f.shape->passes += counter(f.lack, pools[f.shape->need.pool]) - f.counter;
    if (f.shape->passes >= passes_before_reserve) starving.insert(f.shape->need);
  }
  // A reservation whose run got full meanwhile must not keep the others waiting.
  return any && !reservations.empty();
}

}  // namespace millrace
