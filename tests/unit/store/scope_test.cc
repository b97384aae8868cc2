// What a reader shows that is narrowed to some DAGs: their rows, counts and datasets, and no word of others.
#include "store/scope.h"

#include <catch2/catch.hpp>

#include "samples.h"
#include "store/list_filters.h"
#include "store/queries.h"
#include "store/sqlite.h"
#include "store/view_queries.h"

namespace millrace::test {
namespace {

constexpr WallTime noon{12'000'000};

EventRow line(std::int64_t seq, std::string dag_id, std::string cause = "") {
  EventRow row;
  row.seq = seq;
  row.kind = "run";
  row.dag_id = std::move(dag_id);
  row.cause = std::move(cause);
  return row;
}

/// `ours` and `theirs` with three runs each, in turns: odd ids are theirs. `shared` is made by theirs and
/// read by ours, `secret` is theirs alone, `own` is ours.
void fill(Store& store) {
  Samples samples(1);
  std::vector<Change> batch;
  for (const char* dag_id : {"ours", "theirs"}) {
    DagRow dag = samples.dag(dag_id);
    dag.removed = false;
    batch.push_back(dag);
  }
  for (std::int64_t id = 1; id <= 6; ++id) {
    const std::string dag_id = id % 2 == 0 ? "ours" : "theirs";
    RunRow run = plain_run(id, dag_id);
    run.state = id > 4 ? RunState::running : RunState::success;
    run.execution_date = {id * 1'000'000};
    run.started_at = noon;
    if (id <= 4) run.ended_at = noon;
    run.triggered_by = id == 2 ? "task theirs/r1/start" : "anna";
    batch.push_back(run);
    batch.push_back(plain_task(id, {id}, "t"));
    batch.push_back(line(id, dag_id, id == 2 ? "run again by task theirs/r1/start" : "anna"));
    BackfillRow backfill = samples.backfill(id);
    backfill.spec.dag_id = dag_id;
    backfill.version = 1;
    batch.push_back(backfill);
  }
  std::int64_t id = 0;
  for (const auto& [name, dag_id, use] :
       {std::tuple{"own", "ours", DatasetUse::output}, std::tuple{"shared", "theirs", DatasetUse::output},
        std::tuple{"secret", "theirs", DatasetUse::output}}) {
    DatasetNameRow row;
    row.id = ++id;
    row.name = row.uri = name;
    row.version = 1;
    batch.push_back(row);
    batch.push_back(DatasetReferenceRow{row.id, use, dag_id, "t", noon, false});
    DatasetEventRow event = samples.dataset_event(id, name);
    event.run = {id == 1 ? 2 : 1};
    event.dag_id = dag_id, event.run_id = "r", event.task_id = "t", event.map_index = 3;
    event.created_by = "";
    batch.push_back(event);
    DatasetVersionRow version = samples.dataset_version(id, name, event.run, {id});
    version.dag_id = dag_id, version.run_id = "r", version.task_id = "t";
    batch.push_back(version);
  }
  batch.push_back(DatasetReferenceRow{2, DatasetUse::input, "ours", "t", noon, false});
  REQUIRE(store.commit(batch));
}

struct Two {
  Two() : store(open_store(folder)), reader((fill(*store), open_reader(folder))) {
    reader->see_only(Scope({"ours"}));
  }
  Folder folder;
  std::unique_ptr<Store> store;
  std::unique_ptr<StoreReader> reader;
};

template <class Row>
std::vector<std::int64_t> ids(const Result<Listed<Row>>& listed) {
  REQUIRE(listed);
  std::vector<std::int64_t> out;
  for (const Row& row : listed->rows) {
    if constexpr (requires { row.seq; })
      out.push_back(row.seq);
    else if constexpr (requires { row.id.value; })
      out.push_back(row.id.value);
    else
      out.push_back(row.id);
  }
  CHECK(listed->total_entries == static_cast<std::int64_t>(out.size()));
  return out;
}

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("a narrowed reader lists, counts and finds the rows of its DAGs alone") {
  Two two;
  StoreReader& reader = *two.reader;
  CHECK(reader.dag_ids() == std::vector<std::string>{"ours", "theirs"});
  CHECK(reader.dag_page(10, 0, false).rows.size() == 1);
  CHECK(reader.dag_page(10, 0, false).total_entries == 1);
  CHECK_FALSE(reader.dag("theirs"));
  CHECK(reader.dag("ours"));
  CHECK(ids(reader.runs({}, {})) == Ids{2, 4, 6});
  CHECK(ids(reader.runs({}, {.order_by = "-id"})) == Ids{6, 4, 2});
  CHECK(ids(reader.runs({}, {.order_by = "-execution_date"})) == Ids{6, 4, 2});
  CHECK(ids(reader.runs({.states = {RunState::success}}, {})) == Ids{2, 4});
  CHECK(ids(reader.runs({.states = {RunState::running}}, {})) == Ids{6});
  CHECK(ids(reader.runs({.dag_id = "theirs"}, {})).empty());
  CHECK(ids(reader.runs({.dag_ids = {"theirs"}}, {})).empty());
  const auto second = reader.runs({}, {.limit = 1, .offset = 1});
  CHECK(second->total_entries == 3);
  CHECK(second->rows.at(0).id == RunId{4});
  CHECK(reader.runs({}, {.limit = 5, .after_id = 2})->rows.size() == 2);
  CHECK_FALSE(reader.run(RunId{1}));
  CHECK(reader.run(RunId{2}));
  CHECK_FALSE(reader.run("theirs", plain_run(1).run_id));
  CHECK_FALSE(reader.last_run("theirs"));
  CHECK(reader.runs_between("theirs", {0}, {9'000'000}).empty());
  CHECK(ids(reader.task_instances({}, {})) == Ids{2, 4, 6});
  CHECK(ids(reader.task_instances({}, {.order_by = "-id"})) == Ids{6, 4, 2});
  CHECK(ids(reader.task_instances({.states = {TaskState::none}}, {})) == Ids{6});  // of active runs
  CHECK(ids(reader.task_instances({.run = {1}}, {})).empty());
  CHECK(ids(reader.task_instances({.dag_id = "theirs"}, {})).empty());
  CHECK(reader.task_instances({}, {.limit = 1, .offset = 2})->rows.at(0).id == TaskInstanceId{6});
  CHECK(ids(reader.backfills("", {}, {})) == Ids{2, 4, 6});
  CHECK(ids(reader.backfills("theirs", {}, {})).empty());
  CHECK_FALSE(reader.backfill({1}));
  CHECK(ids(reader.events({}, {})) == Ids{2, 4, 6});
  CHECK(ids(reader.events({}, {.order_by = "-seq"})) == Ids{6, 4, 2});
  CHECK(ids(reader.events({.dag_id = "theirs"}, {})).empty());
  CHECK(ids(reader.events({.kinds = {"run"}}, {})) == Ids{2, 4, 6});
  CHECK(reader.events({.after_seq = 2}, {.limit = 1, .counted = false})->rows.at(0).seq == 4);
}

TEST_CASE("a narrowed reader's screens and words leave the others out") {
  Two two;
  ViewReader& views = two.reader->views();
  const auto of_ours = [](const std::vector<RunBar>& bars) {
    return !bars.empty() && std::ranges::all_of(bars, [](const RunBar& bar) { return bar.dag_id == "ours"; });
  };
  CHECK(of_ours(views.active_runs(10)));
  CHECK(of_ours(views.runs_ended_since({0}, 10)));
  CHECK(views.ended_counts({0}) == std::vector<std::pair<RunState, std::int64_t>>{{RunState::success, 2}});
  CHECK(views.last_runs("theirs", std::nullopt, 10).empty());
  CHECK(views.active_runs(1).at(0).id == RunId{6});  // the limit counts what is shown
  CHECK(two.reader->run(RunId{2})->triggered_by == "a task of another DAG");
  CHECK(two.reader->run(RunId{4})->triggered_by == "anna");
  RunFilter guess;
  guess.by.like = "theirs";
  CHECK(ids(two.reader->runs(guess, {})).empty());
  CHECK(two.reader->events({}, {.limit = 1})->rows.at(0).cause == "run again by a task of another DAG");
}

TEST_CASE("a narrowed reader knows the datasets that its DAGs make or read, and no other's maker") {
  Two two;
  AssetReader& assets = two.reader->assets();
  CHECK(ids(assets.names({}, {})) == Ids{1, 2});
  CHECK(ids(assets.names({.only_active = false}, {})) == Ids{1, 2});
  CHECK(ids(assets.names({.dag_ids = {"theirs"}}, {})).empty());
  CHECK_FALSE(assets.name("secret"));
  CHECK_FALSE(assets.name(3));
  CHECK(assets.name("shared"));
  CHECK(assets.references(2).size() == 1);
  const auto events = assets.events({}, {.order_by = "-source_dag_id"});
  CHECK(ids(events) == Ids{1, 2});
  const DatasetEventRow& shared = events->rows.at(1);
  CHECK((shared.dag_id + shared.run_id + shared.task_id).empty());
  CHECK((shared.map_index == -1 && shared.run == RunId{}));
  CHECK(events->rows.at(0).dag_id == "ours");
  CHECK(ids(assets.events({.dag_id = "theirs"}, {})).empty());
  CHECK(ids(assets.events({.task_id = "t"}, {})) == Ids{1});
  CHECK(assets.newest_event("shared")->dag_id.empty());
  CHECK_FALSE(assets.newest_event("secret"));
  CHECK(two.reader->dataset_events("secret", 5).empty());
  CHECK(two.reader->dataset_events("shared", 5).at(0).run_id.empty());
  VersionReader& versions = two.reader->versions();
  CHECK(versions.find({2})->dag_id.empty());
  CHECK_FALSE(versions.find({2})->attempt);
  CHECK(versions.find({1})->dag_id == "ours");
  CHECK(versions.list({"shared", {}, ""}, {})->rows.at(0).run_id.empty());
}

TEST_CASE("a reader that was narrowed sees everything again") {
  Two two;
  two.reader->see_only(std::nullopt);
  CHECK(ids(two.reader->runs({}, {})) == Ids{1, 2, 3, 4, 5, 6});
  CHECK(ids(two.reader->assets().names({}, {})) == Ids{1, 2, 3});
  two.reader->see_only(Scope({}));
  CHECK(ids(two.reader->runs({}, {})).empty());
  CHECK(ids(two.reader->events({}, {})).empty());
  CHECK(ids(two.reader->assets().names({}, {})).empty());
}

TEST_CASE("the lists of a narrowed reader walk an index of the DAGs") {
  Two two;
  const Scope scope({"ours"});
  const auto plan = [&](const std::string& sql) {
    sqlite::Connection connection(two.folder.database().string(), sqlite::Mode::read_only);
    sqlite::Statement explain(connection, "EXPLAIN QUERY PLAN " + sql);
    std::string out = sql + "\n";
    while (explain.step()) out += std::string(explain.text(3)) + '\n';
    return out;
  };
  const Narrowing only{&scope}, most{&scope, true}, page{&scope, false, 50};
  const Where tasks = where_of(TaskInstanceFilter{}, false, page);
  const auto runs = [](const Where& where, const char* order) {
    return select_from<RunRow>() + where.sql() + order + " LIMIT 50";
  };
  const std::pair<std::string, std::string> all[] = {
      {runs(where_of(RunFilter{}, only), " ORDER BY id"), "dag_run_dag (dag_id=?)"},
      {runs(where_of(RunFilter{}, most), " ORDER BY execution_date DESC, id DESC"), "INDEX dag_run_date"},
      {runs(where_of({.states = {RunState::failed}}, only), " ORDER BY id"),
       "dag_run_failed_of_dag (dag_id=?)"},
      {select_from<EventRow>() + where_of(EventFilter{}, &scope).sql() + " ORDER BY seq LIMIT 50",
       "event_dag (dag_id=?)"},
      {"SELECT task_id FROM " + tasks.from() + tasks.sql() + " ORDER BY the_run, id LIMIT 50",
       "COVERING INDEX dag_run_dag (dag_id=?)"},
      {queries::dag_page(false, true), "dag_present (dag_id=?)"},
      {queries::kept_runs(true), "(dag_id=?)"},
      {queries::active_run_bars(true), "dag_run_active"},
      {queries::runs_ended_since(true), "dag_run_end (end_date>?)"},
      {queries::dataset_references(true), "(dataset_id=?"},
      {queries::dataset_name_in_scope("name"), "(name=?)"},
  };
  for (const auto& [sql, index] : all) {
    const std::string found = plan(sql);
    INFO(found);
    CHECK(found.find(index) != std::string::npos);
    for (const char* table : {"dag_run", "task_instance", "event", "dataset_event"})
      CHECK(found.find(std::string("SCAN ") + table + "\n") == std::string::npos);
  }
}

TEST_CASE("words that name a task of a hidden DAG lose the name, others stay") {
  const auto sees = [](std::string_view dag_id) { return dag_id == "ours"; };
  for (const char* same : {"admitted", "cleared by anna", "task ours/r1/a", "run again by task ours/r1/a",
                           "task 'load' is running", "an upstream task failed: see /srv/x",
                           "multitask theirs/r"})
    CHECK(without_others(same, sees) == same);
  CHECK(without_others("task theirs/r1/a", sees) == "a task of another DAG");
  CHECK(without_others("run again by task theirs/r1/a", sees) == "run again by a task of another DAG");
}

}  // namespace millrace::test
