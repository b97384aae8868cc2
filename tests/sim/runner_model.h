#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "executor/executor.h"
#include "executor/local.h"
#include "tests/sim/agenda.h"
#include "tests/sim/faults.h"
#include "tests/sim/trace.h"
#include "tests/unit/scheduler/dice.h"

namespace millrace::sim {

using test::Dice;

/// How often things go wrong with attempts and their reports, in percent.
struct RunnerRates {
  int task_fails = 15, spawn_failure = 0, killed = 0, out_of_memory = 0, slow_to_die = 0;
  int start_lost = 0, start_late = 0, exit_lost = 0, exit_late = 0, exit_doubled = 0;
};

/// The runner and the tasks: what outlives a daemon. As docs/runner-protocol.md has it: started once, known
/// until acknowledged, said again to who connects anew; the journal answers for a runner that died.
class RunnerModel {
 public:
  RunnerModel(Agenda& agenda, Dice& dice, Trace& trace, FaultCounts& faults)
      : agenda_(agenda), dice_(dice), trace_(trace), faults_(faults) {}

  RunnerRates rates;
  Duration longest_task = std::chrono::minutes{20};
  /// A process begins. Before anything else happens.
  std::function<void(const AttemptSpec&)> begins;

  /// Takes the place of the connection before: what that one sent and nobody read is dropped.
  int connect(ExecutorReports);
  /// Requests that are under way arrive or are lost with the daemon.
  void disconnect(int connection);
  void start(int connection, AttemptSpec);
  void kill(int connection, AttemptId);
  void acknowledge(int connection, AttemptId);
  /// As LocalExecutor::recover.
  std::vector<AttemptId> recover(int connection, const std::vector<Outstanding>&);

  /// The runner dies; its tasks may go on, but nobody will know how they end.
  void die();
  /// The host went down: no process is left, and perhaps no journal.
  void reboot(bool journal_lost);

  const std::set<AttemptId>& living() const { return living_; }
  const std::string& name_of(AttemptId id) const { return held_.at(id).spec.name; }
  std::int64_t processes_begun() const { return pids_; }

 private:
  struct Held {
    AttemptSpec spec;
    std::optional<StartFacts> start;
    std::optional<ExitFacts> exit;
    bool killed = false, orphaned = false;
    std::int64_t life = 0;  ///< which process an agenda item is about
    MonoTime next_report;   ///< facts of one attempt come in their order
  };
  void arrive(AttemptSpec);
  void arrive_kill(AttemptId);
  void begin(AttemptId);
  void end(AttemptId, std::int64_t life, ExitFacts);
  ExitFacts natural_end(const AttemptSpec&);
  Duration some_time();
  void say_started(AttemptId);
  void say_finished(AttemptId);
  void say(AttemptId, Duration after, bool finished, int connection);
  void report_lost(int connection, AttemptId, const std::string& why);
  Duration latency() { return Duration{static_cast<std::int64_t>(100 + dice_.below(2'000))}; }

  Agenda& agenda_;
  Dice& dice_;
  Trace& trace_;
  FaultCounts& faults_;
  std::map<int, ExecutorReports> connections_;
  struct Request {
    int connection = 0;
    std::function<void()> arrive;
  };
  std::map<std::int64_t, Request> under_way_;
  void send(int connection, std::function<void()>);
  std::map<AttemptId, Held> held_;
  std::set<AttemptId> living_;
  std::int64_t pids_ = 0, sent_ = 0, lives_ = 0;
  int last_connection_ = 0, boots_ = 1, marked_boot_ = 1;
  std::set<AttemptId> traceless_;  ///< as Local's: the mark stays until all of it is stored
};

}  // namespace millrace::sim
