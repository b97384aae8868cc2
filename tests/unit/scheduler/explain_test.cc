#include "explained.h"

using namespace millrace;
using namespace millrace::test;
using std::chrono::seconds;

TEST_CASE("gates are listed in evaluation order up to the one that waits for others") {
  World world;
  world.cpu_slots = 1;
  world.boot();
  world.submit(DagBuilder("d").edges("a -> c, b -> c").build());
  request(world, "2001-01-01");
  const Explanation b = why(world, "b");
  CHECK(kinds(b) == Words{"paused", "max_active_runs", "upstream", "pool", "max_active_tasks"});
  CHECK(closed(b).kind == "pool");
  REQUIRE(closed(b).blockers.size() == 1);
  CHECK(closed(b).blockers[0].task_id == "a");
  CHECK(closed(b).blockers[0].dag_id == "d");
  CHECK(closed(b).blockers[0].started_at.has_value());
  CHECK(b.rank == 1);
  CHECK(b.in_line == 1);
  REQUIRE(b.contest.waiting.size() == 1);
  CHECK(b.contest.waiting[0].task_id == "b");
  CHECK(b.contest.holders.size() == 1);

  const Explanation c = why(world, "c");
  CHECK(kinds(c) == Words{"paused", "max_active_runs", "upstream"});
  CHECK(closed(c).have == 0);
  CHECK(closed(c).need == 2);
  CHECK(closed(c).blockers[0].state == "running");
  CHECK(closed(c).blockers[1].state == "scheduled");
  REQUIRE(c.ancestors.has_value());
  CHECK(c.ancestors->size() == 2);
  CHECK(why(world, "a").state == TaskState::running);
}

TEST_CASE("ancestors come in topological order, finished ones left out") {
  World world;
  world.boot();
  world.submit(DagBuilder("d").edges("a -> b -> c -> d, b -> d").build());
  request(world, "2001-01-01");
  world.finish(*world.ledger.live.begin(), exited(0));
  const auto ancestors = why(world, "d").ancestors;
  REQUIRE(ancestors.has_value());
  REQUIRE(ancestors->size() == 2);
  CHECK((*ancestors)[0].task_id == "b");
  CHECK((*ancestors)[0].started_at.has_value());
  CHECK((*ancestors)[1].task_id == "c");
  CHECK((*ancestors)[1].upstream == std::vector<std::uint32_t>{0});
}

TEST_CASE("a queued run says which runs hold the places and where it stands") {
  World world;
  world.boot();
  world.submit(DagBuilder("d").edges("a").option("", "max_active_runs 1").build());
  for (const char* date : {"2001-01-01", "2001-01-02", "2001-01-03"}) request(world, date);
  const Explanation third = why(world, "a", {3});
  CHECK(closed(third).kind == "max_active_runs");
  REQUIRE(closed(third).blockers.size() == 1);
  CHECK(closed(third).blockers[0].run == RunId{1});
  CHECK_FALSE(closed(third).blockers[0].instance);
  CHECK(third.rank == 2);
  CHECK(third.runs.waiting.size() == 2);
  const QueueSeen queue = world.scheduler->queue(10);
  REQUIRE(queue.runs.size() == 2);
  CHECK(queue.runs[0].who.run == RunId{2});
}

TEST_CASE("the queue is the line over all pools, with what stops each") {
  World world;
  world.cpu_slots = 1;
  world.boot();
  world.submit(DagBuilder("d").edges("a, b, c").build());
  request(world, "2001-01-01");
  const QueueSeen queue = world.scheduler->queue(10);
  REQUIRE(queue.tasks.size() == 2);
  CHECK(queue.tasks[0].who.task_id == "b");
  CHECK(queue.tasks[0].rank == 1);
  CHECK(queue.tasks[0].gates.at(0).kind == "pool");
  CHECK(queue.tasks_waiting == 2);
  CHECK(queue.contest.waiting.size() == 2);
  CHECK(world.scheduler->queue(1).tasks.size() == 1);
}

TEST_CASE("a reason that lasts is written down once, and again when it changes") {
  World world;
  world.cpu_slots = 1;
  world.boot();
  world.submit(DagBuilder("d").edges("a, b").option("", "max_active_tasks 1").build());
  request(world, "2001-01-01");
  const auto noted = [&] {
    Words out;
    for (const Command& command : world.seen)
      if (const auto* record = std::get_if<Record>(&command))
        if (const auto* row = std::get_if<EventRow>(&record->change); row && row->kind == "waits")
          out.push_back(row->from + ">" + row->to);
    return out;
  };
  world.send(TimeReached{});
  CHECK(noted().empty());
  world.advance(seconds{31});
  world.send(TimeReached{});
  CHECK(noted() == Words{">pool"});
  world.advance(seconds{31});
  world.send(TimeReached{});
  CHECK(noted().empty());
  world.send(PoolSet{{}, "cpu", 5, "", "anna"});
  world.advance(seconds{31});
  world.send(TimeReached{});
  CHECK(noted() == Words{"pool>max_active_tasks"});
  CHECK(world.problems.empty());
}
