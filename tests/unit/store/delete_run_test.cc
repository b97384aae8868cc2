// A deleted run leaves no row but its events, and its ids are never given again.
#include <catch2/catch.hpp>

#include "probe.h"
#include "samples.h"
#include "store/list_query.h"
#include "store/queries.h"
#include "store/sqlite.h"

namespace millrace::test {
namespace {

std::int64_t count(const Folder& folder, const char* table) {
  sqlite::Connection connection(folder.database().string(), sqlite::Mode::read_only);
  return connection.integer(std::string("SELECT count(*) FROM ") + table).value_or(-1);
}

}  // namespace

TEST_CASE("a deleted run goes with all that belongs to it, another stays") {
  const Folder folder;
  const auto store = open_store(folder);
  Samples samples(5);
  std::vector<Change> batch;
  for (const std::int64_t id : {7, 8}) {
    RunRow run = samples.run(id);
    run.version = 1;
    batch.push_back(run);
    const TaskInstanceRow task = samples.task_instance(id * 10, {id});
    batch.insert(batch.end(), {task, samples.attempt(id * 100, task, 1), samples.output(task, "k")});
    EventRow event = samples.event(id);
    event.run = {id};
    batch.push_back(event);
  }
  REQUIRE(store->commit(batch));
  REQUIRE(store->commit(std::vector<Change>{RunDeletion{{8}, 1}}));
  for (const char* table : {"dag_run", "task_instance", "task_attempt", "xcom"}) {
    INFO(table);
    CHECK(count(folder, table) == 1);
  }
  CHECK(count(folder, "event") == 2);
  CHECK(open_reader(folder)->run(RunId{7}));
  const NextIds ids = store->next_ids();
  CHECK(ids.run == 9);
  CHECK(ids.task_instance == 81);
  CHECK(ids.attempt == 801);
}

TEST_CASE("a run that somebody else has written is not deleted") {
  const Folder folder;
  const auto store = open_store(folder);
  RunRow run = Samples(5).run(7);
  run.version = 1;
  REQUIRE(store->commit(std::vector<Change>{run}));
  const auto refused = store->commit(std::vector<Change>{RunDeletion{{7}, 3}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::conflict);
  CHECK(open_reader(folder)->run(RunId{7}));
}

TEST_CASE("deleting a run reads nothing but its own rows") {
  const Folder folder;
  const auto store = open_store(folder);
  sqlite::Connection connection(folder.database().string(), sqlite::Mode::read_only);
  for (const std::string& sql : queries::delete_run()) {
    sqlite::Statement explain(connection, "EXPLAIN QUERY PLAN " + sql);
    while (explain.step()) {
      const std::string line(explain.text(3));
      INFO(sql << "\n" << line);
      CHECK((line.find("SCAN") == std::string::npos || line == "SCAN id_floor" || line == "SCAN task_total"));
    }
  }
}

TEST_CASE("variables are kept, changed, found by name, and leave nothing when they are removed") {
  const Folder folder;
  const auto store = open_store(folder);
  REQUIRE(store->commit(std::vector<Change>{VariableRow{.key = "b", .value = "1", .description = "first"},
                                            VariableRow{.key = "a_x", .value = "2"}}));
  REQUIRE(store->commit(std::vector<Change>{
      VariableRow{.key = "b", .value = "3", .description = "then", .removed = false, .version = 2}}));
  const auto reader = open_reader(folder);
  CHECK(reader->variable("b")->value == "3");
  CHECK(reader->variables({}, {})->total_entries == 2);
  CHECK(reader->variables({.like = "_x", .prefix = "a"}, {})->rows.front().key == "a_x");
  CHECK(store->variables() == std::vector<std::pair<std::string, std::int64_t>>{{"a_x", 1}, {"b", 2}});
  REQUIRE(store->commit(std::vector<Change>{VariableRow{.key = "b", .removed = true}}));
  CHECK_FALSE(reader->variable("b"));
}

}  // namespace millrace::test
