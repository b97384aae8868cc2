#include <array>
#include <catch2/catch.hpp>

#include "dag_builder.h"
#include "world.h"

using namespace millrace;
using namespace millrace::test;

namespace {

constexpr RequestId asked{1};

/// One slot, and as many runs of each class as one wishes; `starts` says whose turns they were.
class Crowd {
 public:
  explicit Crowd(int slots = 1) {
    world.cpu_slots = slots;
    world.boot();
    world.submit(DagBuilder("manual").edges("a").option("", "max_active_runs 500").build());
    world.submit(DagBuilder("triggered")
                     .edges("a")
                     .option("", "datasets x")
                     .option("", "max_active_runs 500")
                     .build());
    world.submit(DagBuilder("old").edges("a").option("", "schedule hourly").build());
    world.submit(DagBuilder("older").edges("a").option("", "schedule hourly").build());
  }
  void manual(int runs) {
    for (int i = 0; i < runs; ++i, ++date_.us)
      world.send(RunRequested{asked, "manual", {}, date_, {}, "{}", "", "x"});
  }
  void triggered(int runs) {
    for (int i = 0; i < runs; ++i, date_.us += 3'600'000'000)
      world.send(DatasetUpdated{.request = asked, .dataset = "x", .partition = date_, .by = "x"});
  }
  void scheduled(int runs) {
    DagBuilder dag("scheduled");
    dag.edges("a").option("", "schedule hourly").option("", "max_active_runs 500");
    dag.dag().start_date = WallTime{world.now.wall.us - (runs + 1) * 3'600'000'000};
    dag.dag().catchup.policy = Catchup::Policy::all;
    world.submit(dag.build());
  }
  void backfill(const std::string& dag_id, int runs) {
    BackfillRequested fact{asked, {}};
    fact.spec.dag_id = dag_id;
    fact.spec.from_date = date_from("2000-01-01");
    fact.spec.to_date = WallTime{fact.spec.from_date->us + (runs - 1) * 3'600'000'000};
    fact.spec.max_active_runs = 1'000;
    world.send(fact);
    while (world.scheduler->next_wake().mono && *world.scheduler->next_wake().mono <= world.now.mono)
      world.send(TimeReached{});
  }
  /// Ends `turns` attempts, each time letting the next one start.
  std::array<int, 4> starts(int turns) {
    std::array<int, 4> out{};
    for (int i = 0; i < turns; ++i) {
      REQUIRE_FALSE(world.ledger.live.empty());
      const AttemptId id = *world.ledger.live.begin();
      ++out[static_cast<std::size_t>(type_of(id))];
      world.advance(std::chrono::seconds{1});
      world.finish(id, exited(0));
    }
    return out;
  }
  RunType type_of(AttemptId id) const { return world.ledger.runs.at(world.ledger.attempts.at(id).run).type; }

  World world;

 private:
  WallTime date_ = date_from("2002-01-01");
};

}  // namespace

TEST_CASE("classes that all have work share one pool as 8 : 4 : 4 : 1") {
  Crowd crowd;
  crowd.backfill("old", 300);
  crowd.manual(120);
  crowd.triggered(120);
  crowd.scheduled(120);
  crowd.starts(1);  // who came first
  const auto n = crowd.starts(170);
  CHECK(std::abs(n[static_cast<std::size_t>(RunType::manual)] - 80) <= 2);
  CHECK(std::abs(n[static_cast<std::size_t>(RunType::scheduled)] - 40) <= 2);
  CHECK(std::abs(n[static_cast<std::size_t>(RunType::dataset_triggered)] - 40) <= 2);
  CHECK(std::abs(n[static_cast<std::size_t>(RunType::backfill)] - 10) <= 2);
  CHECK(crowd.world.problems.empty());
}

TEST_CASE("a backfill keeps one turn in five beside a flood of scheduled runs") {
  Crowd crowd;
  crowd.backfill("old", 300);
  crowd.scheduled(300);
  crowd.starts(1);
  const auto n = crowd.starts(100);
  CHECK(std::abs(n[static_cast<std::size_t>(RunType::backfill)] - 20) <= 2);
}

TEST_CASE("an ad-hoc run takes the next free slot, however many backfill runs wait") {
  Crowd crowd;
  crowd.backfill("old", 2'000);
  crowd.backfill("older", 2'000);
  CHECK(crowd.world.scheduler->active_runs() == 2'000);
  crowd.starts(10);
  crowd.manual(1);
  const AttemptId running = *crowd.world.ledger.live.begin();
  crowd.world.finish(running, exited(0));
  CHECK(crowd.type_of(*crowd.world.ledger.live.begin()) == RunType::manual);
}

TEST_CASE("an ad-hoc run of the very DAG finds room beside a thousand runs of its backfills") {
  Crowd crowd;
  crowd.backfill("old", 2'000);
  crowd.world.send(RunRequested{asked, "old", {}, date_from("2002-01-01"), {}, "{}", "", "x"});
  CHECK(crowd.world.ledger.runs.rbegin()->second.type == RunType::manual);
  crowd.world.finish(*crowd.world.ledger.live.begin(), exited(0));
  CHECK(crowd.type_of(*crowd.world.ledger.live.begin()) == RunType::manual);
}
