#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dags/dag.h"
#include "scheduler/scheduler.h"
#include "tests/sim/observer.h"

/// The invariants of the system, each a function of its own: what holds after every step, whatever has gone
/// wrong. They read the stored rows and ask the scheduler's public questions; they share no code with what
/// they check but the parser, for the shape of DAGs.
namespace millrace::sim {

/// A task instance or a run as the events alone tell it.
struct Told {
  std::string state, cause;
};

/// What the checks remember from look to look.
struct Memory {
  std::map<std::int64_t, Told> tasks, runs;
  std::int64_t last_event = 0;
  std::map<std::int64_t, std::int64_t> last_try;                       ///< by task instance
  std::map<std::pair<std::string, std::int64_t>, std::int64_t> dates;  ///< (dag, execution_date): the run
  std::map<std::pair<std::string, std::string>, std::int64_t> names;   ///< (dag, run_id): the run
  std::map<std::string, DagSeen> dags;
  std::map<std::string, PoolSeen> pools;
  std::map<std::string, std::int64_t> occupied;  ///< slots, by pool
};

/// One look and all that is known beside it.
struct Look {
  const Seen& seen;
  Memory& memory;
  /// The shape of a stored version; null when there is none.
  const std::function<std::shared_ptr<const Dag>(std::int64_t dag_version)>& dag_of;
  const Scheduler* scheduler = nullptr;  ///< null while its rows aren't the stored ones
  Now now;
  const MachineFound& machine;
  bool booted = false;  ///< a daemon started since the last look: more than one commit, configuration too
  std::vector<std::string>& problems;

  void wrong(std::string text) const { problems.push_back(std::move(text)); }
  std::shared_ptr<const Dag> dag_of_run(std::int64_t run) const;
  const Task* task_of(const TaskSeen&) const;  ///< null: gone from the version
};

// I1 and the words of its kind: attempts.cc
void at_most_one_live_attempt(const Look&);         ///< I1
void attempt_numbers_grow_by_one(const Look&);      ///< I2
void slots_held_are_live_attempts(const Look&);     ///< I11
// Told in the order of events: fold.cc
void events_tell_the_state(const Look&);            ///< I3, I4, I9: folds, and compares with the rows
// limits.cc
void limits_hold(const Look&);                      ///< I5
// dates.cc
void one_run_a_date(const Look&);                   ///< I6
void each_tick_is_decided(const Look&);             ///< I12
// wakers.cc
void what_waits_has_a_waker(const Look&);           ///< I10

/// All of the above, in an order in which each may rest on the ones before.
void check(const Look&);
/// Every row of a whole database against the fold.
void check_all_rows(const Seen& all, const Memory&, std::vector<std::string>& problems);

bool is_final_word(const std::string& state);
bool holds_attempt_word(const std::string& state);

/// What a trigger rule says of these upstream states, by docs/dag-language.md.
enum class Permission : std::uint8_t { waits, may_start, wont_start };
Permission permission(TriggerRule, const std::vector<Told>& upstream);
/// The states of the upstream instances of a task, as told so far.
std::vector<Told> upstream_of(const Look&, const TaskSeen&, const Dag&);

}  // namespace millrace::sim
