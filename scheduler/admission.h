#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "scheduler/events.h"
#include "scheduler/explain.h"
#include "scheduler/scheduler.h"

namespace millrace {

enum class ShareClass : std::uint8_t { manual, scheduled, dataset_triggered, backfill };

/// A task instance that wants to start. The order among candidates of a class: priority (high first),
/// execution_date, task index, id. Total and stable.
struct Candidate {
  TaskInstanceId id;
  RunId run;
  std::string dag_id;
  TaskIndex task = 0;
  ShareClass share = ShareClass::manual;
  int priority = 0;
  WallTime execution_date;
  WallTime since;  ///< when it became ready: the longest waiting may reserve
  std::string pool;
  int pool_slots = 1;
  std::int64_t cpu_milli = 0, memory_bytes = 0;
  int gpu = 0;
  std::int64_t gpu_memory_bytes = 0;
  std::vector<std::string> gpu_model;
  int max_active_tasks_of_run = 0;  ///< the DAG's limit, counted per run; 0: none
  std::string limit_key;            ///< `expand.max_active`: a shared counter's name (empty: none) …
  int limit = 0;                    ///< … and its bound
};

/// Slots, cpu, memory and devices: who may start now. Pure; O(log n) a candidate; no scan of all that wait.
/// Classes share by weights 8:4:4:1 with a minimum share each: stride scheduling over the classes that have
/// candidates. Starvation: the candidate that has waited longest and doesn't fit reserves what frees up, in
/// its pool or of the machine, once it has been passed over `passes_before_reserve` times.
class Admission {
 public:
  Admission();
  ~Admission();

  void set_machine(const MachineFound&);
  void set_pool(const PoolRow&);  ///< shrinking below what is taken takes nothing back
  void remove_pool(const std::string& name);

  void add(Candidate);
  /// Cancelled, cleared, marked. Unknown ids: nothing happens.
  void remove(TaskInstanceId);

  struct Admitted {
    Candidate candidate;
    std::vector<std::string> devices;  ///< uuids
  };
  /// All that may start now, in order; what they need is taken.
  std::vector<Admitted> admit();

  /// At recovery: what a live attempt holds is taken without asking.
  void take(const Candidate&, const std::vector<std::string>& devices);
  /// Gives back what the admitted instance holds.
  void release(TaskInstanceId);

  bool waits(TaskInstanceId) const;
  /// The gates in the order they are evaluated that don't let it start now, with figures; empty: it would
  /// start.
  std::vector<Wait> blockers(TaskInstanceId) const;
  /// All gates in the order they are evaluated. Blockers have their `instance` and nothing else; without
  /// `with_blockers` none are looked for. Empty: it doesn't wait.
  std::vector<Gate> gates(TaskInstanceId, bool with_blockers) const;
  /// Those that wait, in the order in which they would start if all fitted: pools and classes take turns as
  /// in admit(). Ends when `visit` says false. `pool` empty: all. O(n log n) for the n visited.
  void in_start_order(std::string_view pool, const std::function<bool(const Candidate&)>& visit) const;
  /// Those that have started and hold something.
  void each_holder(
      const std::function<void(const Candidate&, const std::vector<std::string>& devices)>& visit) const;
  MachineUse machine() const;
  /// Devices that could serve the candidate, busy or not.
  int devices_for(const Candidate&) const;
  /// How many wait in the pool; empty: in all.
  std::size_t waiting(std::string_view pool) const;
  std::vector<PoolUse> pools() const;  ///< occupied and scheduled only
  std::vector<std::pair<GpuFact, TaskInstanceId>> devices() const;
  bool pool_exists(const std::string&) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace
