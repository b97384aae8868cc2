#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scheduler/admission.h"
#include "scheduler/gpu_devices.h"
#include "scheduler/share.h"
#include "scheduler/waiting_lines.h"

namespace millrace {

/// What Admission keeps. admission.cc answers and takes notes, admission_round.cc decides who starts.
struct Admission::State {
  using Need = WaitingLines::Need;
  using Shape = WaitingLines::Shape;
  using Entry = WaitingLines::Entry;

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

  /// A shape whose first candidate has been passed over too often: what it needs is kept for it. Values,
  /// because the candidate may be taken away before the next admit().
  struct Reservation {
    Need need;
    std::int64_t rank = 0;
    WallTime since;
    TaskInstanceId id;
    std::string dag_id;
    bool of_machine = false;
  };

  /// A shape that didn't fit in this round. It stays where it is: nothing of it starts in the same round.
  struct Failed {
    Shape* shape = nullptr;
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
  std::set<Need> starving;                // shapes passed over too often, perhaps no longer
  std::vector<Reservation> reservations;  // oldest first

  std::int64_t cpu_free() const { return cpu_total - cpu_taken; }
  std::int64_t memory_free() const { return memory_total - memory_taken; }
  static std::int64_t pool_free(const Pool& pool) { return pool.exists ? pool.row.slots - pool.occupied : 0; }

  Lack lack(const Need&, const Pool&, const Entry&) const;
  /// What keeps devices from the entry, wherever it would get some; null: nothing does.
  const Reservation* gpus_kept_from(const Entry&) const;
  /// The reservation that stops an entry for which all is free; null: none does.
  const Reservation* keeper(const Entry&, const Pool&) const;
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
  Gate pool_gate(const Candidate&) const;
  void add_blockers(Gate&, const Candidate&, TaskInstanceId kept_for) const;
};

}  // namespace millrace
