#include "daemon/uncommitted.h"

#include <catch2/catch.hpp>

using namespace millrace;

TEST_CASE("a run that the batch made and ended comes back as it will be stored") {
  RunRow run;
  run.id = RunId{7};
  TaskInstanceRow late, early;
  late.id = TaskInstanceId{2};
  late.run = early.run = run.id;
  late.task = 1;
  early.id = TaskInstanceId{1};
  AttemptRow ended;
  ended.id = AttemptId{1};
  ended.run = run.id;
  ended.outcome = Outcome::success;
  const OutputRow output{early.id, run.id, "rows", "1"};
  std::vector<Change> batch{run, late, early, ended, output};
  batch.push_back(OutputRow{early.id, run.id, "rows", "2"});
  const auto found = with_uncommitted({}, run.id, batch);
  REQUIRE(found);
  CHECK(found->task_instances.at(0).id == early.id);
  CHECK(found->task_instances.at(1).id == late.id);
  CHECK(found->live_attempts.empty());
  REQUIRE(found->outputs.size() == 1);
  CHECK(found->outputs[0].value == "2");
}

TEST_CASE("the batch's rows replace the stored ones, other runs' don't") {
  RunSnapshot stored;
  stored.run.id = RunId{1};
  stored.run.state = RunState::running;
  RunRow fresh = stored.run, other = stored.run;
  fresh.state = RunState::success;
  other.id = RunId{2};
  other.state = RunState::failed;
  const auto found = with_uncommitted(stored, RunId{1}, std::vector<Change>{fresh, other});
  CHECK(found->run.state == RunState::success);
  CHECK_FALSE(with_uncommitted({}, RunId{3}, std::vector<Change>{fresh}));
}

TEST_CASE("a run that the batch deletes is not found, one made of its name is") {
  RunSnapshot stored;
  stored.run.id = RunId{1};
  RunRow again;
  again.id = RunId{2};
  const std::vector<Change> batch{RunDeletion{RunId{1}, 3}, again};
  CHECK_FALSE(with_uncommitted(stored, RunId{1}, batch));
  CHECK(with_uncommitted({}, RunId{2}, batch));
}
