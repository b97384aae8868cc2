#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dag_builder.h"
#include "world.h"

namespace millrace::test {

/// A scenario file: header lines (`dag`, `pool`, `gpus`, `start`, `show dates`, `paused`), then steps
/// `MM:SS  event  => what follows`. docs: tests/unit/scheduler/scenarios/README.md.
class Scenario {
 public:
  explicit Scenario(std::string_view text);
  /// Plays all steps; the file as it should read. Rule breaches go to `problems`.
  std::string play();
  std::vector<std::string> problems;

 private:
  struct Name { std::string dag, date, task; int map_index = -1; bool mapped = false; };

  void header(const std::string& line);
  void boot();
  void step(const std::string& event);
  void exit_step(const std::vector<std::string>& words);
  void request(const std::vector<std::string>& words);
  void clear(const std::vector<std::string>& words);
  void mark(const std::vector<std::string>& words);
  void backfill(const std::vector<std::string>& words);
  void backfill_action(const std::vector<std::string>& words);
  void waits(const std::string& name);
  void links();
  std::string outcome();
  std::string told(const Command&);
  std::string told(const Change&);

  Name parse(const std::string&) const;
  AttemptId attempt(const std::string& name) const;
  const TaskInstanceRow& instance(const std::string& name) const;
  RunId run(const std::string& name) const;      ///< `[dag:][date]`; empty: the newest
  std::string name_of(const TaskInstanceRow&) const;
  std::string prefix(RunId) const;
  std::string clock(WallTime) const;
  void send(const Event& event) { world_.send(event); }

  std::vector<std::string> lines_;
  World world_;
  std::vector<DagBuilder> builders_;
  bool dates_ = false, paused_ = false, booted_ = false;
  WallTime zero_;
  std::string said_;                              ///< answers of `waits` and the like
  std::map<TaskInstanceId, TaskState> states_;
  std::map<RunId, RunState> runs_;
  std::map<BackfillId, BackfillState> backfills_;
  std::map<std::pair<BackfillId, WallTime>, ItemState> items_;
};

}  // namespace millrace::test
