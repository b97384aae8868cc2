// What has a bound is refused at it, or goes on in portions.
#include "base/limits.h"
#include "explained.h"

using namespace millrace;
using namespace millrace::test;
using std::chrono::seconds;

namespace {

constexpr RequestId asked{7};

std::string refusal(const World& world) {
  for (const Command& command : world.seen)
    if (const auto* reply = std::get_if<Reply>(&command))
      if (const auto* error = std::get_if<Error>(&reply->body)) return error->message;
  return "";
}

}  // namespace

TEST_CASE("a DAG has so many active runs and not one more, those of backfills counted for themselves") {
  World world;
  world.cpu_slots = 0;
  world.boot();
  DagBuilder dag("d");
  dag.edges("a").option("", "schedule daily").option("", "max_active_runs 1");
  world.submit(dag.build());
  backfill(world, "1990-01-01", "2000-12-31", 5'000);
  while (world.scheduler->next_wake().mono && *world.scheduler->next_wake().mono <= world.now.mono)
    world.send(TimeReached{});
  CHECK(world.ledger.runs.size() == limits::active_runs_per_dag);
  CHECK(world.ledger.backfills.at({1}).counts.queued > 0);
  for (std::size_t i = 0; i < limits::active_runs_per_dag; ++i)
    world.send(RunRequested{
        asked, "d", {}, WallTime{static_cast<std::int64_t>(i) * 1'000'000}, {}, "{}", "", "x"});
  CHECK(refusal(world) == "");
  world.send(RunRequested{asked, "d", {}, date_from("1980-01-01"), {}, "{}", "", "x"});
  CHECK(refusal(world) == "DAG 'd' has 2000 active runs: too many for another one");
  // Nor do its ticks become runs: they wait for room.
  world.advance(std::chrono::hours{24});
  const auto before = world.ledger.runs.size();
  world.send(TimeReached{});
  CHECK(world.ledger.runs.size() == before);
  world.send(CancelRequested{asked, RunId{static_cast<std::int64_t>(before)}, "x"});
  CHECK(world.ledger.runs.size() == before + 1);
  CHECK(world.ledger.runs.rbegin()->second.type == RunType::scheduled);
}

TEST_CASE("a backfill that has all of its places leaves a DAG's ticks theirs") {
  World world;
  world.cpu_slots = 0;
  world.boot();
  world.submit(DagBuilder("d").edges("a").option("", "schedule daily").build());
  backfill(world, "1990-01-01", "2000-12-31", 5'000);
  while (world.scheduler->next_wake().mono && *world.scheduler->next_wake().mono <= world.now.mono)
    world.send(TimeReached{});
  REQUIRE(world.ledger.runs.size() == limits::active_runs_per_dag);
  world.advance(std::chrono::hours{24});
  world.send(TimeReached{});
  REQUIRE(world.ledger.runs.size() == limits::active_runs_per_dag + 1);
  CHECK(world.ledger.runs.rbegin()->second.run_id == "scheduled__2001-01-10T00:00:00+00:00");
}

TEST_CASE("a backfill of many tasks writes so many rows a turn, then the others have theirs") {
  World world;
  world.cpu_slots = 0;
  world.boot();
  DagBuilder wide("d");
  wide.option("", "schedule daily");
  for (int i = 0; i < 300; ++i) wide.task("t" + std::to_string(i));
  world.submit(wide.build());
  backfill(world, "2001-01-01", "2001-01-31", 100);
  CHECK(world.ledger.runs.size() == 7);  // 2,100 rows
  world.act(BackfillAction::Kind::pause, {1});
  world.act(BackfillAction::Kind::unpause, {1});
  CHECK(world.ledger.runs.size() == 7);
  CHECK(*world.scheduler->next_wake().mono <= world.now.mono);
  world.send(TimeReached{});
  CHECK(world.ledger.runs.size() == 14);
  while (world.scheduler->next_wake().mono && *world.scheduler->next_wake().mono <= world.now.mono)
    world.send(TimeReached{});
  CHECK(world.ledger.runs.size() == 31);
  CHECK(world.problems.empty());
}

TEST_CASE("a backfill that is cancelled between two turns has no third") {
  World world;
  world.cpu_slots = 0;
  world.boot();
  DagBuilder wide("d");
  wide.option("", "schedule daily");
  for (int i = 0; i < 300; ++i) wide.task("t" + std::to_string(i));
  world.submit(wide.build());
  backfill(world, "2001-01-01", "2001-01-31", 100);
  world.act(BackfillAction::Kind::cancel_terminate, {1});
  CHECK(world.ledger.backfills.at({1}).state == BackfillState::cancelled);
  world.send(TimeReached{});
  CHECK(world.ledger.runs.size() == 7);
  CHECK_FALSE(world.scheduler->next_wake().mono);
}

TEST_CASE("more notifications than may wait are given up, on record") {
  World world;
  world.boot();
  DagBuilder dag("d");
  dag.edges("a");
  for (std::size_t i = 0; i < limits::pending_notifications / 4 + 1; ++i)
    dag.dag().notify.on_success.push_back({"https://example.org/x", {}, {}});
  world.submit(dag.build());
  for (const char* date : {"2001-01-01", "2001-01-02", "2001-01-03", "2001-01-04"}) {
    request(world, date);
    world.finish(*world.ledger.live.begin(), exited(0));
  }
  std::size_t failed = 0, pending = 0;
  for (const auto& [id, row] : world.ledger.notifications)
    ++(row.state == NotificationState::pending ? pending : failed);
  CHECK(pending == limits::pending_notifications);
  CHECK(failed == 4);
  CHECK(world.ledger.notifications.rbegin()->second.detail == "too many notifications wait");
}

TEST_CASE("more variables than may be kept are refused, the others can be changed") {
  World world;
  world.boot();
  for (std::size_t i = 0; i < limits::variables; ++i) world.send(VariableLoaded{"v" + std::to_string(i), 1});
  world.send(VariableSet{asked, "one", "x", "", VariableSet::Wish::either, "anna"});
  CHECK(refusal(world) == "there are 10000 variables: no more fit");
  world.send(VariableSet{asked, "v7", "x", "", VariableSet::Wish::either, "anna"});
  CHECK(refusal(world) == "");
}

TEST_CASE("a run_id has characters that paths and URLs bear, and a length") {
  World world;
  world.boot();
  world.submit(DagBuilder("d").edges("a").build());
  const auto asks = [&](std::string run_id) {
    world.send(RunRequested{asked, "d", run_id, date_from("2001-01-01"), {}, "{}", "", "x"});
    return refusal(world);
  };
  for (const std::string& bad : {std::string{}, std::string(201, 'x')})
    CHECK(asks(bad) == "run_id must have 1 to 200 characters");
  for (const char* bad : {"a/b", "a b", "a@b", "a[b", "a{b", ".a", "\xc3\xa9"})
    CHECK(asks(bad).starts_with("run_id may have letters, digits and"));
  for (const char* bad : {"scheduled__x", "backfill__x", "dataset__x"})
    CHECK(asks(bad).starts_with("run_id may not start with '"));
  CHECK(asks("By.hand_2001-01-01T00:00:00+00:00~Z9") == "");
  CHECK(asks("another").starts_with("DAG 'd' has the run 'By.hand_"));
}

TEST_CASE("two runs don't share a run_id, whatever their dates") {
  World world;
  world.boot();
  world.submit(DagBuilder("d").edges("a").build());
  const auto asks = [&](const char* date) {
    world.send(RunRequested{asked, "d", "one", date_from(date), {}, "{}", "", "x"});
    return refusal(world);
  };
  CHECK(asks("2001-01-01") == "");
  CHECK(asks("2001-01-02") == "DAG 'd' has the run 'one' (running) already");
  world.finish(*world.ledger.live.begin(), exited(0));
  CHECK(asks("2001-01-02") == "DAG 'd' has the run 'one' (success) already");
  CHECK(asks("2001-01-01") == "DAG 'd' has the run 'one' (success) for 2001-01-01T00:00:00Z");
}

TEST_CASE("a run's interval is the one that was asked for, else the schedule's") {
  World world;
  world.boot();
  world.submit(DagBuilder("d").edges("a").option("", "schedule daily").build());
  const DataInterval week{date_from("2001-01-01"), date_from("2001-01-08")};
  world.send(RunRequested{asked, "d", {}, date_from("2001-01-01"), week, "{}", "", "x"});
  CHECK(world.ledger.runs.at({1}).data_interval_end == week.end);
  world.send(RunRequested{asked, "d", {}, date_from("2001-01-02T06:00:00Z"), {}, "{}", "", "x"});
  CHECK(world.ledger.runs.at({2}).data_interval_start == date_from("2001-01-02"));
  CHECK(world.ledger.runs.at({2}).data_interval_end == date_from("2001-01-03"));
}
