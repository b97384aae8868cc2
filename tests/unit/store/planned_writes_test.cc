#include "store/planned_writes.h"

#include <catch2/catch.hpp>

#include "samples.h"

using namespace millrace;

namespace {

std::vector<std::int64_t> versions(const std::vector<PlannedWrite>& plan) {
  std::vector<std::int64_t> out;
  for (const PlannedWrite& planned : plan)
    if (const auto* row = std::get_if<TaskInstanceRow>(planned.change)) out.push_back(row->version);
  return out;
}

/// A run with three instances and their attempts, which move on `steps` times in random order.
std::vector<Change> history(unsigned seed, int steps) {
  test::Samples samples(seed);
  std::vector<Change> changes{test::plain_run(1)};
  std::vector<TaskInstanceRow> instances;
  std::vector<AttemptRow> attempts;
  for (int i = 1; i <= 3; ++i) {
    instances.push_back(test::plain_task(i, {1}, "t" + std::to_string(i)));
    AttemptRow attempt = samples.attempt(i, instances.back(), 1);
    attempt.version = 1, attempt.exit.reset(), attempt.outcome.reset();
    attempts.push_back(std::move(attempt));
    changes.emplace_back(instances.back());
    changes.emplace_back(attempts.back());
  }
  for (int step = 0; step < steps; ++step) {
    const auto at = static_cast<std::size_t>(samples.number(0, 2));
    if (samples.number(0, 1) == 0) {
      instances[at].note = samples.text();
      ++instances[at].version;
      changes.emplace_back(instances[at]);
    } else {
      attempts[at].command = samples.text();
      ++attempts[at].version;
      changes.emplace_back(attempts[at]);
    }
  }
  return changes;
}

}  // namespace

TEST_CASE("a row that moves several times in a batch is written once, in the place of its first state") {
  test::Samples samples(1);
  TaskInstanceRow one = samples.task_instance(1, RunId{1}), other = samples.task_instance(2, RunId{1});
  one.version = 4, other.version = 9;
  std::vector<Change> changes{one, other};
  for (int i = 0; i < 2; ++i) {
    ++one.version;
    changes.emplace_back(one);
  }
  const auto plan = planned_writes(changes);
  CHECK(versions(plan) == std::vector<std::int64_t>{6, 9});
  CHECK(plan[0].version_before == 3);
  CHECK(plan[1].version_before == 8);
}

TEST_CASE("a gap between two versions stays a gap") {
  test::Samples samples(2);
  TaskInstanceRow row = samples.task_instance(1, RunId{1});
  row.version = 2;
  std::vector<Change> changes{row};
  row.version = 4;
  changes.emplace_back(row);
  CHECK(versions(planned_writes(changes)) == std::vector<std::int64_t>{2, 4});
}

TEST_CASE("nothing moves over a deletion") {
  test::Samples samples(3);
  TaskInstanceRow row = samples.task_instance(1, RunId{1});
  row.version = 2;
  std::vector<Change> changes{row, RunDeletion{RunId{1}, 1}};
  row.version = 3;
  changes.emplace_back(row);
  CHECK(planned_writes(changes).size() == 3);
}

TEST_CASE("one batch leaves what a batch for each change leaves") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    const std::vector<Change> changes = history(seed, 30);
    const test::Folder folder_of_one, folder_of_many;
    const auto one = test::open_store(folder_of_one), many = test::open_store(folder_of_many);
    REQUIRE(one->write({.changes = changes}));
    for (const Change& change : changes) REQUIRE(many->write({.changes = {&change, 1}}));
    const auto left = one->load_run(RunId{1}), wanted = many->load_run(RunId{1});
    CHECK(left->task_instances == wanted->task_instances);
    CHECK(left->live_attempts == wanted->live_attempts);
    CHECK(left->live_attempts.size() == 3);
  }
}

TEST_CASE("several states at once are refused when somebody else has written the row") {
  test::Samples samples(5);
  const test::Folder folder;
  const auto store = test::open_store(folder);
  const std::vector<Change> made = history(5, 0);
  REQUIRE(store->write({.changes = made}));
  auto row = std::get<TaskInstanceRow>(made[1]);
  std::vector<Change> moves;
  for (row.version = 2; row.version <= 3; ++row.version) moves.emplace_back(row);
  REQUIRE(store->write({.changes = moves}));
  const auto refused = store->write({.changes = moves});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::conflict);
  CHECK(refused.error().message.contains("the stored version isn't 1"));
}
