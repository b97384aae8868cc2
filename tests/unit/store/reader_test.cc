#include <catch2/catch.hpp>

#include "base/limits.h"
#include "samples.h"

namespace millrace::test {
namespace {

/// Three DAGs of ten runs; run n of each is in state n % 4.
void fill(Store& store) {
  std::vector<Change> batch;
  std::int64_t id = 1;
  for (const std::string dag : {"a", "b", "c"}) {
    for (std::int64_t n = 0; n < 10; ++n, ++id) {
      RunRow run = plain_run(id, dag);
      run.run_id = (n < 5 ? "manual__" : "scheduled__") + std::to_string(n);
      run.type = n < 5 ? RunType::manual : RunType::scheduled;
      run.execution_date = {n * 1'000'000};
      run.state = static_cast<RunState>(n % 4);
      run.backfill = {n == 9 ? 3 : 0};
      run.queued_at = {100 - id};
      run.started_at = WallTime{n * 1'000'000};
      run.ended_at = WallTime{n * 3'000'000};
      batch.push_back(run);
    }
  }
  REQUIRE(store.commit(batch));
}

std::vector<std::int64_t> ids(const Result<Listed<RunRow>>& listed) {
  REQUIRE(listed);
  std::vector<std::int64_t> found;
  for (const RunRow& run : listed->rows) found.push_back(run.id.value);
  return found;
}

}  // namespace

TEST_CASE("runs are filtered, counted and cut into pages") {
  const Folder folder;
  const auto store = open_store(folder);
  fill(*store);
  const auto reader = open_reader(folder);
  CHECK(reader->runs({}, {.limit = 7})->total_entries == 30);
  CHECK(reader->runs({}, {.limit = 7})->rows.size() == 7);
  CHECK(ids(reader->runs({.dag_id = "b"}, {.limit = 2, .offset = 3})) == std::vector<std::int64_t>{14, 15});
  CHECK(ids(reader->runs({.dag_id = "a", .states = {RunState::queued, RunState::failed}}, {})) ==
        std::vector<std::int64_t>{1, 4, 5, 8, 9});
  CHECK(ids(reader->runs({.dag_id = "a", .types = {RunType::scheduled}}, {})) ==
        std::vector<std::int64_t>{6, 7, 8, 9, 10});
  RunFilter dates{.dag_id = "c"};
  dates.execution_date_from = WallTime{2'000'000};
  dates.execution_date_to = WallTime{4'000'000};
  CHECK(ids(reader->runs(dates, {})) == std::vector<std::int64_t>{23, 24, 25});
  CHECK(ids(reader->runs({.backfill = {3}}, {})) == std::vector<std::int64_t>{10, 20, 30});
  CHECK(ids(reader->runs({.dag_id = "a", .run_id_prefix = "scheduled__"}, {})).size() == 5);
  CHECK(ids(reader->runs({.run_id_prefix = "%"}, {})).empty());
  CHECK(reader->runs({}, {.limit = 5, .offset = 100})->rows.empty());
  CHECK(reader->runs({}, {.limit = 0})->total_entries == 30);
}

TEST_CASE("runs are ordered by the API's keys, both ways, ties by id") {
  const Folder folder;
  const auto store = open_store(folder);
  fill(*store);
  const auto reader = open_reader(folder);
  CHECK(ids(reader->runs({}, {.limit = 2, .order_by = "queued_at"})) == std::vector<std::int64_t>{30, 29});
  CHECK(ids(reader->runs({}, {.limit = 4, .order_by = "execution_date"})) ==
        std::vector<std::int64_t>{1, 11, 21, 2});
  CHECK(ids(reader->runs({}, {.limit = 4, .order_by = "-logical_date"})) ==
        std::vector<std::int64_t>{30, 20, 10, 29});
  for (const std::string key : {"id", "dag_id", "run_id", "dag_run_id", "execution_date", "logical_date",
                                "run_after", "data_interval_start", "data_interval_end", "state", "run_type",
                                "queued_at", "start_date", "end_date"}) {
    CHECK(reader->runs({}, {.order_by = key}));
    CHECK(reader->runs({}, {.order_by = "-" + key}));
  }
}

TEST_CASE("an unknown sort key, a bad limit or offset is refused in words") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  for (const std::string key : {"nope", "-", "id; DROP TABLE dag_run", "id DESC", "--id", "note"}) {
    const auto refused = reader->runs({}, {.order_by = key});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::invalid);
    CHECK_THAT(refused.error().message,
               Catch::StartsWith("can't order by '") && Catch::Contains("execution_date"));
  }
  CHECK(reader->runs({}, {.limit = -1}).error().message == "limit -1 is outside 0 to 1000");
  CHECK(reader->runs({}, {.limit = static_cast<int>(limits::list_page)}));
  CHECK_FALSE(reader->runs({}, {.limit = static_cast<int>(limits::list_page) + 1}));
  CHECK(reader->runs({}, {.offset = -5}).error().message == "offset -5 is negative");
}

TEST_CASE("SQL in a filter is a value like any other") {
  const Folder folder;
  const auto store = open_store(folder);
  const std::string evil = "x' OR 1=1; DROP TABLE dag_run; --";
  RunRow run = plain_run(1, evil);
  run.run_id = evil;
  REQUIRE(store->commit(std::vector<Change>{run, plain_run(2)}));
  const auto reader = open_reader(folder);
  CHECK(ids(reader->runs({.dag_id = evil}, {})) == std::vector<std::int64_t>{1});
  CHECK(ids(reader->runs({.dag_id = "' OR ''='"}, {})).empty());
  CHECK(ids(reader->runs({.run_id_prefix = evil}, {})) == std::vector<std::int64_t>{1});
  CHECK(reader->run(evil, evil) == run);
}

TEST_CASE("task instances of a run come in the order of the DAG and are counted by state") {
  const Folder folder;
  const auto store = open_store(folder);
  std::vector<Change> batch = {plain_run(1), plain_run(2)};
  for (std::int64_t i = 0; i < 10; ++i) {
    TaskInstanceRow task = plain_task(10 - i, {1}, "t" + std::to_string(i), static_cast<TaskIndex>(i));
    task.state = i < 3 ? TaskState::success : TaskState::none;
    batch.push_back(task);
  }
  batch.push_back(plain_task(11, {2}, "t0"));
  REQUIRE(store->commit(batch));
  const auto reader = open_reader(folder);
  const auto listed = reader->task_instances({.run = {1}}, {.limit = 4, .offset = 2});
  REQUIRE(listed);
  CHECK(listed->total_entries == 10);
  REQUIRE(listed->rows.size() == 4);
  CHECK(listed->rows[0].task_id == "t2");
  CHECK(reader->task_instances({.dag_id = "d", .task_id = "t0"}, {})->total_entries == 2);
  CHECK(reader->task_instances({.run = {1}, .states = {TaskState::success}}, {.order_by = "-start_date"})
            ->total_entries == 3);
  CHECK(reader->state_counts({1}) ==
        std::vector<std::pair<std::string, std::int64_t>>{{"none", 7}, {"success", 3}});
  CHECK_FALSE(reader->task_instance({2}, "t1", -1));
  CHECK(reader->task_instance({2}, "t0", -1)->id == TaskInstanceId{11});
}

TEST_CASE("events follow a run, a task instance, or what came after a number") {
  const Folder folder;
  const auto store = open_store(folder);
  std::vector<Change> batch = {plain_run(1), plain_run(2), plain_task(1, {1}, "a"), plain_task(2, {2}, "a")};
  for (std::int64_t seq = 1; seq <= 20; ++seq) {
    const std::int64_t run = seq % 2 + 1;
    batch.push_back(EventRow{
        .seq = seq, .dag_id = "d", .run = {run}, .task_instance = {seq > 10 ? run : 0}, .cause = "c"});
  }
  REQUIRE(store->commit(batch));
  const auto reader = open_reader(folder);
  CHECK(reader->events({.run = {1}}, {})->total_entries == 10);
  CHECK(reader->events({.task_instance = {2}}, {})->total_entries == 5);
  CHECK(reader->events({.task_instance = {99}}, {})->total_entries == 0);
  CHECK(reader->events({.dag_id = "d", .after_seq = 15}, {})->rows.front().seq == 16);
  CHECK(reader->events({}, {.limit = 1, .order_by = "-when"})->rows.front().seq == 20);
}

TEST_CASE("events are read again with the names of what they are about") {
  const Folder folder;
  const auto store = open_store(folder);
  TaskInstanceRow task = plain_task(4, {1}, "load");
  task.map_index = 2;
  AttemptRow attempt;
  attempt.id = {9};
  attempt.task_instance = {4};
  attempt.run = {1};
  attempt.try_number = 3;
  std::vector<Change> batch = {plain_run(1), task, attempt};
  batch.push_back(EventRow{.seq = 1, .kind = "run", .dag_id = "d", .run = {1}, .to = "queued"});
  batch.push_back(EventRow{.seq = 2,
                           .kind = "task",
                           .dag_id = "d",
                           .run = {1},
                           .task_instance = {4},
                           .attempt = {9},
                           .from = "queued",
                           .to = "running"});
  batch.push_back(EventRow{.seq = 3, .kind = "pool", .cause = "'a' set to 3 slots by anna"});
  REQUIRE(store->commit(batch));
  const auto reader = open_reader(folder);
  CHECK(reader->last_event() == 3);
  const auto all = reader->named_events(0, 3, 10);
  REQUIRE(all.size() == 3);
  CHECK(all[0].run_id == plain_run(1).run_id);
  CHECK(all[0].execution_date == plain_run(1).execution_date);
  CHECK(all[0].task_id.empty());
  CHECK(all[1].event.to == "running");
  CHECK(all[1].task_id == "load");
  CHECK(all[1].map_index == 2);
  CHECK(all[1].try_number == 3);
  CHECK(all[2].run_id.empty());
  CHECK(all[2].try_number == 0);
  CHECK(reader->named_events(1, 2, 10).size() == 1);
  CHECK(reader->named_events(0, 3, 2).back().event.seq == 2);
  CHECK(reader->named_events(3, 3, 10).empty());
}

TEST_CASE("a reader sees what is committed, and all of a batch at once") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  CHECK(reader->runs({}, {})->total_entries == 0);
  TaskInstanceRow stale = plain_task(1, {1}, "a");
  stale.version = 5;
  CHECK_FALSE(store->commit(std::vector<Change>{plain_run(1), stale}));
  CHECK(reader->runs({}, {})->total_entries == 0);
  REQUIRE(store->commit(std::vector<Change>{plain_run(1), plain_run(2)}));
  CHECK(reader->runs({}, {})->total_entries == 2);
}

TEST_CASE("what a dry run looks at: runs between dates and the last successes") {
  const Folder folder;
  const auto store = open_store(folder);
  fill(*store);
  const auto reader = open_reader(folder);
  const auto between = reader->runs_between("b", {1'000'000}, {3'000'000});
  REQUIRE(between.size() == 3);
  CHECK(between[0].id == RunId{12});
  const auto dated = reader->about_backfills().dated_runs("b", {1'000'000}, {3'000'000});
  REQUIRE(dated.size() == 3);
  CHECK(dated[0].id == between[0].id);
  CHECK(dated[0].state == between[0].state);
  // Run n takes 2n seconds; 2 and 6 succeeded.
  CHECK(reader->mean_run_seconds("b") == Approx(8.0));
  CHECK_FALSE(reader->mean_run_seconds("none"));
  const auto successes = reader->about_backfills().last_successes("b", 20);
  REQUIRE(successes.size() == 2);
  CHECK(successes[0].execution_date > successes[1].execution_date);
  CHECK(reader->about_backfills().last_successes("b", 1).size() == 1);
  CHECK(reader->about_backfills().last_successes("none", 20).empty());
}

TEST_CASE("a reader of a database that isn't there is refused in words") {
  const Folder folder;
  const auto reader = StoreReader::open(folder.database());
  REQUIRE_FALSE(reader);
  CHECK_THAT(reader.error().message, Catch::StartsWith("can't read '" + folder.database().string() + "': "));
  CHECK_FALSE(std::filesystem::exists(folder.database()));
}

TEST_CASE("a pattern on DAGs is matched against their names, and their runs are counted as kept") {
  const Folder folder;
  const auto store = open_store(folder);
  fill(*store);
  const std::vector<Change> dags = {DagRow{.dag_id = "a", .version = 1}, DagRow{.dag_id = "b", .version = 1},
                                    DagRow{.dag_id = "c", .removed = true, .version = 1}};
  REQUIRE(store->commit(dags));
  std::vector<Change> tasks;
  for (std::int64_t id = 1; id <= 30; ++id) tasks.push_back(plain_task(id, {id}, "t"));
  REQUIRE(store->commit(tasks));
  const auto reader = open_reader(folder);
  RunFilter like, prefix, none, both;
  like.dag.like = "B";
  prefix.dag.prefix = "c";
  none.dag.like = "x";
  both.dag.like = "_", both.states = {RunState::failed};
  CHECK(ids(reader->runs(like, {.limit = 3})) == std::vector<std::int64_t>{11, 12, 13});
  CHECK(reader->runs(like, {.limit = 3})->total_entries == 10);
  CHECK(ids(reader->runs(prefix, {.limit = 2, .order_by = "-id"})) == std::vector<std::int64_t>{30, 29});
  CHECK(ids(reader->runs(none, {})).empty());
  CHECK(reader->runs(none, {})->total_entries == 0);
  CHECK(reader->runs(both, {})->total_entries == reader->runs({.states = both.states}, {})->total_entries);
  TaskInstanceFilter of_b;
  of_b.dag.like = "b";
  const auto found = reader->task_instances(of_b, {.limit = 2});
  REQUIRE(found);
  CHECK(found->total_entries == 10);
  REQUIRE(found->rows.size() == 2);
  CHECK(found->rows[0].run == RunId{11});
  of_b.dag.prefix = "c";
  CHECK(reader->task_instances(of_b, {})->rows.empty());
  CHECK(reader->runs_named("manual__3").size() == 3);
  CHECK(reader->runs_named("manual__").empty());
}

}  // namespace millrace::test
