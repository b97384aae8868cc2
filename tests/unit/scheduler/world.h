#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ledger.h"
#include "scheduler/scheduler.h"

namespace millrace::test {

/// A Scheduler with a store in memory and an engine that starts what it is told to. Answers LookUpDates and
/// LoadRun at once, as the daemon does; checks the invariants after each step.
class World {
 public:
  World();
  Now now{WallTime{979'084'800'000'000}, MonoTime{1'000'000'000}};  ///< 2001-01-10
  int cpu_slots = 100;
  int gpus = 0;
  bool auto_start = true;
  Ledger ledger;
  std::unique_ptr<Scheduler> scheduler;
  std::vector<std::string> problems;
  std::vector<Command> seen;               ///< of the present step, answers' included
  std::string transcript;                  ///< all commands as text, when kept
  bool keep_transcript = false;
  std::set<AttemptId> kills;               ///< asked and not ended yet
  std::set<TaskInstanceId> checks;         ///< sensors to be looked at

  void boot();                             ///< first start or, with rows in the ledger, a restart
  void send(const Event&);
  void submit(std::shared_ptr<const Dag>, bool paused = false);
  void finish(AttemptId, ExitFacts, std::vector<Output> = {}, std::string output_problem = {});
  /// As the daemon asks it: a retry brings back what is closed first.
  void act(BackfillAction::Kind, BackfillId, RequestId = {});
  void advance(Duration by) { now.wall = now.wall + by, now.mono = now.mono + by; }
  std::uint64_t seed = 1;

 private:
  void apply(const Event&);
  std::int64_t next_version_ = 1;
  int depth_ = 0;
  std::deque<Event> starts_;
};

ExitFacts exited(int code);
ExitFacts signalled(int number);
/// One line for a command, all of it.
std::string to_text(const Command&);

}  // namespace millrace::test
