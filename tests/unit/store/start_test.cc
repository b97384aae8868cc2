#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "samples.h"

namespace millrace::test {

TEST_CASE("an empty database starts all ids at 1") {
  const Folder folder;
  const NextIds ids = open_store(folder)->next_ids();
  CHECK(ids.run == 1);
  CHECK(ids.task_instance == 1);
  CHECK(ids.attempt == 1);
  CHECK(ids.backfill == 1);
  CHECK(ids.event == 1);
  CHECK(ids.dataset_event == 1);
  CHECK(ids.dataset_version == 1);
  CHECK(ids.dag_version == 1);
}

TEST_CASE("the next ids follow the highest stored ones") {
  const Folder folder;
  const auto store = open_store(folder);
  Samples samples(3);
  const TaskInstanceRow task = samples.task_instance(20, {7});
  const std::vector<DagVersionRow> versions = {samples.dag_version(70, "d", 1)};
  REQUIRE(store->commit(
      std::vector<Change>{samples.run(7), task, samples.attempt(30, task, 1), samples.backfill(40),
                          samples.event(50), samples.dataset_event(60, "x"),
                          samples.dataset_version(65, "x", {7}, {30})},
      versions));
  const NextIds ids = store->next_ids();
  CHECK(ids.run == 8);
  CHECK(ids.task_instance == 21);
  CHECK(ids.attempt == 31);
  CHECK(ids.backfill == 41);
  CHECK(ids.event == 51);
  CHECK(ids.dataset_event == 61);
  CHECK(ids.dataset_version == 66);
  CHECK(ids.dag_version == 71);
}

TEST_CASE("a start finds exactly the active rows that were committed") {
  const Folder folder;
  std::set<std::int64_t> active;
  std::map<std::int64_t, RunSnapshot> snapshots;
  {
    const auto store = open_store(folder);
    Samples samples(11);
    std::int64_t next_task = 1;
    std::int64_t next_attempt = 1;
    for (std::int64_t id = 1; id <= 50; ++id) {
      RunSnapshot snapshot{.run = samples.run(id), .task_instances = {}, .live_attempts = {}, .outputs = {}};
      if (!is_final(snapshot.run.state)) active.insert(id);
      std::vector<Change> batch = {snapshot.run};
      for (std::int64_t n = samples.number(0, 8); n > 0; --n) {
        TaskInstanceRow task = samples.task_instance(next_task++, {id});
        const AttemptRow attempt = samples.attempt(next_attempt++, task, 1);
        const OutputRow output = samples.output(task, "k");
        batch.insert(batch.end(), {task, attempt, output});
        snapshot.task_instances.push_back(task);
        if (!attempt.outcome) snapshot.live_attempts.push_back(attempt);
        snapshot.outputs.push_back(output);
      }
      REQUIRE(store->commit(batch));
      snapshots.emplace(id, std::move(snapshot));
    }
  }
  const auto store = open_store(folder);
  std::set<std::int64_t> found;
  for (const RunId id : store->active_runs()) found.insert(id.value);
  CHECK(found == active);
  for (auto& [id, wanted] : snapshots) {
    auto loaded = store->load_run({id});
    REQUIRE(loaded);
    CHECK(loaded->run == wanted.run);
    const auto in_order = [](const TaskInstanceRow& a, const TaskInstanceRow& b) {
      return std::pair(a.task, a.map_index) < std::pair(b.task, b.map_index);
    };
    std::ranges::sort(wanted.task_instances, in_order);
    CHECK(loaded->task_instances == wanted.task_instances);
    CHECK(loaded->live_attempts == wanted.live_attempts);
    const auto by_instance = [](const OutputRow& row) { return row.task_instance; };
    std::ranges::sort(loaded->outputs, {}, by_instance);
    CHECK(loaded->outputs == wanted.outputs);
  }
  CHECK_FALSE(store->load_run({999}));
}

TEST_CASE("a start finds the backfills that aren't final, with their open items") {
  const Folder folder;
  const auto store = open_store(folder);
  std::vector<std::int64_t> wanted;
  for (std::int64_t id = 1; id <= 6; ++id) {
    BackfillRow row{.id = {id}};
    row.state = static_cast<BackfillState>(id - 1);
    if (!is_final(row.state)) wanted.push_back(id);
    std::vector<Change> batch = {row};
    for (std::int64_t day = 0; day < 6; ++day) {
      batch.push_back(
          BackfillItemRow{.backfill = {id}, .execution_date = {day}, .state = static_cast<ItemState>(day)});
    }
    REQUIRE(store->commit(batch));
  }
  const auto active = store->active_backfills();
  REQUIRE(active.size() == wanted.size());
  for (std::size_t i = 0; i < active.size(); ++i) {
    CHECK(active[i].row.id.value == wanted[i]);
    REQUIRE(active[i].open_items.size() == 2);
    CHECK(active[i].open_items[0].state == ItemState::queued);
    CHECK(active[i].open_items[1].state == ItemState::running);
  }
}

TEST_CASE("a retry finds the whole cascade with what is closed and not well") {
  const Folder folder;
  const auto store = open_store(folder);
  std::vector<Change> batch;
  for (std::int64_t id = 1; id <= 4; ++id) {
    BackfillRow row{.id = {id}};
    row.state = BackfillState::failed;
    if (id > 1 && id < 4) row.root = {1}, row.sources = {{{id - 1}, 7}};
    batch.push_back(row);
    for (std::int64_t day = 0; day < 6; ++day)
      batch.push_back(
          BackfillItemRow{.backfill = {id}, .execution_date = {day}, .state = static_cast<ItemState>(day)});
  }
  REQUIRE(store->commit(batch));
  for (const std::int64_t asked : {1, 2, 3}) {
    const auto found = store->backfills_to_retry({asked});
    REQUIRE(found.size() == 3);
    CHECK(found[0].row.id == BackfillId{1});
    CHECK(found[2].row.sources == std::vector{BackfillSource{{2}, 7}});
    REQUIRE(found[1].open_items.size() == 2);
    CHECK(found[1].open_items[0].state == ItemState::failed);
    CHECK(found[1].open_items[1].state == ItemState::cancelled);
  }
  CHECK(store->backfills_to_retry({4}).size() == 1);
  CHECK(store->backfills_to_retry({5}).empty());
  const auto between = store->backfill_items({2}, {1}, {3});
  REQUIRE(between.size() == 3);
  CHECK(between[0].execution_date == WallTime{1});
}

TEST_CASE("the loop's look-ups by date") {
  const Folder folder;
  const auto store = open_store(folder);
  std::vector<Change> batch;
  for (std::int64_t id = 1; id <= 5; ++id) {
    RunRow run = plain_run(id);
    run.state = id == 2 || id == 3 ? RunState::success : RunState::failed;
    run.data_interval_start = {id * 100};
    batch.push_back(run);
  }
  REQUIRE(store->commit(batch));
  const auto date = [](std::int64_t id) { return plain_run(id).execution_date; };
  const std::vector<WallTime> dates = {date(4), date(9), date(1)};
  const auto found = store->runs_at("d", dates);
  REQUIRE(found.size() == 2);
  CHECK(found[0].id == RunId{4});
  CHECK(found[1].id == RunId{1});
  CHECK(store->runs_at("other", dates).empty());
  CHECK(store->previous_success("d", date(5)) == WallTime{300});
  CHECK(store->previous_success("d", date(3)) == WallTime{200});
  CHECK_FALSE(store->previous_success("d", date(2)));
}

TEST_CASE("an output is one value, or the array of a mapped task's values in map order") {
  const Folder folder;
  const auto store = open_store(folder);
  TaskInstanceRow mapped[3];
  std::vector<Change> batch = {plain_run(1), plain_task(1, {1}, "one")};
  batch.push_back(OutputRow{{1}, {1}, "k", "\"v\""});
  for (const int i : {2, 0, 1}) {
    mapped[i] = plain_task(10 + i, {1}, "many");
    mapped[i].map_index = i;
    batch.push_back(mapped[i]);
    batch.push_back(OutputRow{mapped[i].id, {1}, "k", std::to_string(i * 10)});
  }
  REQUIRE(store->commit(batch));
  CHECK(store->output({1}, "one", "k") == "\"v\"");
  CHECK(store->output({1}, "many", "k") == "[0,10,20]");
  CHECK_FALSE(store->output({1}, "one", "other"));
  CHECK_FALSE(store->output({2}, "one", "k"));
}

}  // namespace millrace::test
