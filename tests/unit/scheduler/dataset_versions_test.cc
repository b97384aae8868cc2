#include <catch2/catch.hpp>

#include "dag_builder.h"
#include "world.h"

using namespace millrace;
using namespace millrace::test;

namespace {

const WallTime date{979'084'800'000'000};

std::vector<AttemptId> spawned(const World& world) {
  std::vector<AttemptId> out;
  for (const Command& command : world.seen)
    if (const auto* spawn = std::get_if<Spawn>(&command)) out.push_back(spawn->attempt);
  return out;
}

/// One run of a DAG whose tasks write `raw`; the attempts of its first tasks.
std::vector<AttemptId> start(World& world, std::string_view edges, const std::string& task,
                             std::string_view option) {
  DagBuilder builder("make");
  builder.edges(edges).option(task, option).option(task, "outputs raw");
  world.boot();
  world.submit(builder.build());
  RunRequested asked;
  asked.dag_id = "make";
  asked.execution_date = date;
  world.send(asked);
  return spawned(world);
}

AttemptFinished wrote(AttemptId attempt, int code, std::string hash) {
  AttemptFinished event{attempt, exited(code), {}, {}, 1};
  event.published.push_back({"raw", std::move(hash), "here", 10, 1, 5, "[]"});
  return event;
}

}  // namespace

TEST_CASE("a publishing attempt makes a version of its run's partition, and its event names it") {
  World world;
  const auto attempts = start(world, "a", "a", "retries 0");
  REQUIRE(attempts.size() == 1);
  world.send(wrote(attempts[0], 0, "b3:x"));
  REQUIRE(world.ledger.dataset_versions.size() == 1);
  const DatasetVersionRow& version = world.ledger.dataset_versions[0];
  CHECK(version.hash == "b3:x");
  CHECK(version.partition == date);
  CHECK(version.attempt == attempts[0]);
  CHECK(version.task_id == "a");
  CHECK(version.rows == 5);
  REQUIRE(world.ledger.dataset_events.size() == 1);
  CHECK(world.ledger.dataset_events[0].version == version.id);
}

TEST_CASE("an attempt that was killed after it had published has made a version, and no event") {
  World world;
  const auto attempts = start(world, "a", "a", "retries 0");
  world.send(wrote(attempts.at(0), 137, "b3:x"));
  CHECK(world.ledger.dataset_versions.size() == 1);
  CHECK(world.ledger.dataset_events.empty());
}

TEST_CASE("equal content is a version again; the ids go on after a restart") {
  World world;
  const auto attempts = start(world, "a", "a", "retries 2");
  world.send(wrote(attempts.at(0), 1, "b3:x"));
  world.boot();
  world.advance(std::chrono::hours{1});
  world.send(TimeReached{});
  const auto again = spawned(world);
  REQUIRE(again.size() == 1);
  world.send(wrote(again[0], 0, "b3:x"));
  REQUIRE(world.ledger.dataset_versions.size() == 2);
  CHECK(world.ledger.dataset_versions[0].hash == world.ledger.dataset_versions[1].hash);
  CHECK(world.ledger.dataset_versions[1].id == DatasetVersionId{2});
  CHECK(world.ledger.dataset_events.at(0).version == DatasetVersionId{2});
}

TEST_CASE("what an attempt was given to read is recorded when it is rendered") {
  World world;
  const auto attempts = start(world, "a", "a", "retries 0");
  world.send(AttemptRendered{attempts.at(0), "cat", {{"users", date, {7}}, {"users", {0}, {3}}}});
  REQUIRE(world.ledger.version_inputs.size() == 2);
  CHECK(world.ledger.version_inputs[0].version == DatasetVersionId{7});
  CHECK(world.ledger.version_inputs[1].attempt == attempts[0]);
  CHECK(world.ledger.version_inputs[1].run == world.ledger.runs.begin()->first);
}
