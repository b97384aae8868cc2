#include <catch2/catch.hpp>

#include "samples.h"

namespace millrace::test {
namespace {

constexpr unsigned rounds = 40;

void commit(Store& store, std::vector<Change> changes) {
  const auto done = store.commit(changes);
  INFO((done ? "" : done.error().message));
  REQUIRE(done);
}

}  // namespace

TEST_CASE("a run reads back as it was written, also after an update") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  for (unsigned seed = 1; seed <= rounds; ++seed) {
    Samples samples(seed);
    RunRow run = samples.run(seed);
    commit(*store, {run});
    CHECK(reader->run(run.id) == run);
    CHECK(reader->run(run.dag_id, run.run_id) == run);
    CHECK(store->run_at(run.dag_id, run.execution_date) == run);
    RunRow changed = samples.run(seed);
    changed.dag_id = run.dag_id;
    changed.run_id = run.run_id;
    changed.execution_date = run.execution_date;
    changed.version = 2;
    commit(*store, {changed});
    CHECK(reader->run(run.id) == changed);
  }
}

TEST_CASE("task instances, attempts and outputs read back as they were written") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  const RunRow run = plain_run(1);
  commit(*store, {run});
  for (unsigned seed = 1; seed <= rounds; ++seed) {
    Samples samples(seed);
    TaskInstanceRow task = samples.task_instance(seed, run.id);
    AttemptRow first = samples.attempt(2 * seed - 1, task, 1);
    const AttemptRow second = samples.attempt(2 * seed, task, 2);
    const OutputRow a = samples.output(task, "a" + samples.text());
    OutputRow b = samples.output(task, "b" + samples.text());
    commit(*store, {task, first, second, a, b});
    CHECK(reader->task_instance(run.id, task.task_id, task.map_index) == task);
    CHECK(reader->attempts(task.id) == std::vector{first, second});
    CHECK(reader->outputs(task.id) == std::vector{a, b});

    TaskInstanceRow changed = samples.task_instance(seed, run.id);
    changed.task_id = task.task_id;
    changed.map_index = task.map_index;
    changed.version = 2;
    AttemptRow ended = samples.attempt(first.id.value, task, 1);
    ended.name = first.name;
    ended.created_at = first.created_at;
    ended.version = 2;
    b.value = samples.text();
    commit(*store, {changed, ended, b});
    CHECK(reader->task_instance(run.id, task.task_id, task.map_index) == changed);
    CHECK(reader->attempts(task.id) == std::vector{ended, second});
    CHECK(reader->outputs(task.id) == std::vector{a, b});
  }
}

TEST_CASE("the row that stood for a mapped task becomes its first instance") {
  const Folder folder;
  const auto store = open_store(folder);
  Samples samples(1);
  const RunRow run = plain_run(1);
  TaskInstanceRow task = samples.task_instance(1, run.id);
  task.version = 1;
  task.map_index = -1;
  REQUIRE(store->commit(std::vector<Change>{run, task}));
  task.map_index = 0;
  task.version = 2;
  REQUIRE(store->commit(std::vector<Change>{task}));
  CHECK(store->load_run(run.id)->task_instances.at(0).map_index == 0);
}

TEST_CASE("backfills and their items read back as they were written") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  for (unsigned seed = 1; seed <= rounds; ++seed) {
    Samples samples(seed);
    BackfillRow backfill = samples.backfill(seed);
    BackfillItemRow item = samples.item(backfill.id, {samples.number(-99, 99)});
    commit(*store, {backfill, item});
    CHECK(reader->backfill(backfill.id) == backfill);
    CHECK(reader->backfill_items(backfill.id, {}, {})->rows == std::vector{item});
    BackfillRow changed = samples.backfill(seed);
    changed.spec = backfill.spec;  // what was asked doesn't change
    changed.root = backfill.root;
    changed.sources = backfill.sources;
    changed.dates_version = backfill.dates_version;
    changed.version = 2;
    BackfillItemRow moved = samples.item(backfill.id, item.execution_date);
    moved.version = 2;
    commit(*store, {changed, moved});
    CHECK(reader->backfill(backfill.id) == changed);
    CHECK(reader->backfill_items(backfill.id, {}, {})->rows == std::vector{moved});
  }
}

TEST_CASE("DAGs, pools, events and dataset events read back as they were written") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  std::vector<DagRow> dags;
  std::vector<PoolRow> pools;
  std::vector<EventRow> events;
  for (unsigned seed = 1; seed <= rounds; ++seed) {
    Samples samples(seed);
    const std::string name = std::to_string(1'000 + seed) + samples.text();
    const DatasetEventRow update = samples.dataset_event(seed, name);
    DagRow dag = samples.dag(name);
    dags.push_back(dag);
    pools.push_back(samples.pool(name));
    events.push_back(samples.event(seed));
    commit(*store, {dag, pools.back(), events.back(), update});
    dags.back().watermark = WallTime{static_cast<std::int64_t>(seed)};
    dags.back().paused = !dag.paused;
    dags.back().version = 2;
    pools.back().slots += 1;
    pools.back().version = 2;
    commit(*store, {dags.back(), pools.back()});
    CHECK(reader->dag(name) == dags.back());
    CHECK(reader->dataset_events(name, 9) == std::vector{update});
    CHECK(store->has_partition(name, update.partition));
    CHECK_FALSE(store->has_partition(name, {update.partition.us ^ 1}));
  }
  CHECK(reader->dag_page(100, 0, false).rows == dags);
  CHECK(store->dags() == dags);
  CHECK(reader->pools() == pools);
  CHECK(store->pools() == pools);
  CHECK(reader->events({}, {})->rows == events);
}

TEST_CASE("a DAG version is found by id and by hash, and listed without its source") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  Samples samples(7);
  const std::vector versions = {samples.dag_version(1, "a", 1), samples.dag_version(2, "a", 2)};
  REQUIRE(store->commit({}, versions));
  for (const DagVersionRow& v : versions) {
    for (const auto& found :
         {store->dag_version(v.id), store->dag_version("a", v.hash), reader->dag_version(v.id)}) {
      REQUIRE(found);
      CHECK(std::tie(found->id, found->dag_id, found->number, found->hash, found->source, found->file_name,
                     found->folder, found->created_at) ==
            std::tie(v.id, v.dag_id, v.number, v.hash, v.source, v.file_name, v.folder, v.created_at));
    }
  }
  CHECK_FALSE(store->dag_version("b", versions[0].hash));
  const auto listed = reader->dag_versions("a");
  REQUIRE(listed.size() == 2);
  CHECK(listed[1].number == 2);
  CHECK(listed[1].source.empty());
}

TEST_CASE("import errors are replaced as a set") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  const std::vector<ImportErrorRow> two = {{0, "b.yaml", "two", {5}}, {0, "a.yaml", "one", {4}}};
  REQUIRE(store->set_import_errors(two));
  auto errors = reader->import_errors();
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].file_name == "a.yaml");
  CHECK(errors[0].message == "one");
  CHECK(errors[0].at == WallTime{4});
  CHECK(errors[0].id != errors[1].id);
  REQUIRE(store->set_import_errors({}));
  CHECK(reader->import_errors().empty());
}

TEST_CASE("queued dataset events are kept once and deleted when removed; links stay") {
  const Folder folder;
  const auto store = open_store(folder);
  Samples samples(3);
  const DatasetEventRow event = samples.dataset_event(1, "x");
  const QueuedDatasetEventRow a{"d", 1, {1}, "x", {2}, {3}, false, false};
  QueuedDatasetEventRow b = a;
  b.rerun_only = true;
  commit(*store, {event, a, b, a});
  CHECK(store->queued_dataset_events() == std::vector{a, b});
  QueuedDatasetEventRow gone = a;
  gone.removed = true;
  commit(*store, {gone, gone, DatasetEventRunRow{1, "d", {7}, 0, true, {}, {4}}});
  CHECK(store->queued_dataset_events() == std::vector{b});
}

TEST_CASE("dataset names are found at the next start, references come and go") {
  const Folder folder;
  DatasetNameRow name{5, "raw", "raw", {1}, {1}, 1};
  {
    const auto store = open_store(folder);
    DatasetReferenceRow used{5, DatasetUse::output, "d", "t", {1}, false};
    commit(*store, {name, used, used});
    used.removed = true;
    commit(*store, {used});
    name.uri = "raw/{{ ds }}.csv";
    name.updated_at = {9};
    name.version = 2;
    commit(*store, {name});
  }
  const auto store = open_store(folder);
  CHECK(store->dataset_names() == std::vector{name});
  CHECK(store->next_ids().dataset_name == 6);
}

TEST_CASE("assets are found by pattern, prefix and who uses them") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  commit(*store, {DatasetNameRow{1, "sales_raw", "raw/s.csv", {1}, {1}, 1},
                  DatasetNameRow{2, "Sales_100%", "x", {1}, {1}, 1},
                  DatasetNameRow{3, "old", "old", {1}, {1}, 1},
                  DatasetReferenceRow{1, DatasetUse::output, "make", "t", {1}, false},
                  DatasetReferenceRow{2, DatasetUse::schedule, "use", "", {1}, false}});
  const auto ids = [&](AssetFilter filter, Page page = {}) {
    const auto listed = reader->assets().names(filter, page);
    REQUIRE(listed);
    std::vector<std::int64_t> out;
    for (const DatasetNameRow& row : listed->rows) out.push_back(row.id);
    return out;
  };
  using Ids = std::vector<std::int64_t>;
  CHECK(ids({}) == Ids{1, 2});
  CHECK(ids({.only_active = false}, {.limit = 2, .offset = 1, .order_by = "-id"}) == Ids{2, 1});
  CHECK(ids({.name_pattern = "SALES"}) == Ids{1, 2});
  CHECK(ids({.name_pattern = "s_les%w"}) == Ids{1});
  CHECK(ids({.name_pattern = "raw|100"}) == Ids{1, 2});
  CHECK(ids({.name_prefix = "sales"}) == Ids{1});
  CHECK(ids({.uri_prefix = "raw/"}) == Ids{1});
  CHECK(ids({.dag_ids = {"use", "nobody"}}) == Ids{2});
  CHECK_FALSE(reader->assets().names({}, {.order_by = "nonsense"}));
  CHECK(reader->assets().name("old")->id == 3);
  CHECK(reader->assets().references(1).size() == 1);
}

TEST_CASE("dataset events are found by each of their filters, and with what became of them") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  std::vector<Change> changes;
  for (std::int64_t id = 1; id <= 4; ++id) {
    DatasetEventRow row;
    row.id = id;
    row.dataset = id < 3 ? "a" : "b";
    row.dag_id = id == 1 ? "one" : "two";
    row.run_id = "r" + std::to_string(id);
    row.task_id = id == 2 ? "t" : "u";
    row.map_index = id == 4 ? 0 : -1;
    row.at = {id * 10};
    changes.emplace_back(row);
  }
  changes.emplace_back(DatasetEventRunRow{1, "d", {7}, 0, false, {}, {1}});
  changes.emplace_back(DatasetEventRunRow{3, "d", {7}, 0, true, {}, {1}});
  changes.emplace_back(DatasetEventRunRow{3, "e", {}, 0, false, "gone", {1}});
  commit(*store, changes);
  const auto ids = [&](AssetEventFilter filter) {
    std::vector<std::int64_t> out;
    const auto found = reader->assets().events(filter, {});
    for (const DatasetEventRow& row : found->rows) out.push_back(row.id);
    return out;
  };
  using Ids = std::vector<std::int64_t>;
  CHECK(reader->assets().events({}, {.limit = 1})->total_entries == 4);
  CHECK(reader->assets().events({.dataset = "a"}, {.limit = 1})->total_entries == 2);
  CHECK(ids({.dataset = "a"}) == Ids{1, 2});
  CHECK(ids({.name_pattern = "B"}) == Ids{3, 4});
  CHECK(ids({.dag_id = "two", .task_id = "u"}) == Ids{3, 4});
  CHECK(ids({.run_id = "r2"}) == Ids{2});
  CHECK(ids({.map_index = 0}) == Ids{4});
  CHECK(ids({.from = WallTime{20}, .to = WallTime{30}}) == Ids{2, 3});
  CHECK(reader->assets().newest_event("a")->id == 2);
  CHECK(reader->assets().events_of_run({7}).size() == 2);
  CHECK(reader->assets().links(3).at(1).reason == "gone");
}

TEST_CASE("the partitions of a stretch of time come once each, in order") {
  const Folder folder;
  const auto store = open_store(folder);
  std::vector<Change> changes;
  std::int64_t id = 0;
  for (const std::int64_t at : {3, 1, 2, 2, 4}) {
    DatasetEventRow row;
    row.id = ++id;
    row.dataset = "x";
    row.partition = {at};
    changes.emplace_back(row);
  }
  commit(*store, changes);
  CHECK(store->partitions("x", {1}, {4}) == std::vector<WallTime>{{1}, {2}, {3}});
  CHECK(store->partitions("y", {1}, {4}).empty());
}

}  // namespace millrace::test
