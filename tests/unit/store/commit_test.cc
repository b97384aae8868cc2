#include <sys/mount.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "samples.h"
#include "store/sqlite.h"

namespace millrace::test {
namespace {

Error refused(Store& store, const std::vector<Change>& changes) {
  const auto done = store.commit(changes);
  REQUIRE_FALSE(done);
  return done.error();
}

}  // namespace

TEST_CASE("an update whose stored version isn't one less is a conflict and changes nothing") {
  const Folder folder;
  const auto store = open_store(folder);
  RunRow run = plain_run(1);
  REQUIRE(store->commit(std::vector<Change>{run}));
  run.note = "late";
  for (const std::int64_t version : {3, 9}) {
    run.version = version;
    const Error error = refused(*store, {run});
    CHECK(error.kind == ErrorKind::conflict);
    CHECK(error.message == "run 'run_1' of DAG 'd' for 1970-01-02T00:00:00Z: the stored version isn't " +
                               std::to_string(version - 1) + "; somebody else has written it");
  }
  CHECK(store->run_at("d", run.execution_date)->note.empty());
}

TEST_CASE("an update of a row that isn't there is a conflict") {
  const Folder folder;
  const auto store = open_store(folder);
  TaskInstanceRow task = plain_task(1, {1}, "a");
  task.version = 2;
  CHECK(refused(*store, {task}).kind == ErrorKind::conflict);
}

TEST_CASE("what masks a secret is stored once and read back, also when it comes again") {
  const Folder folder;
  const auto store = open_store(folder);
  const SecretPrintRow first{"d", "digest 1", "DB_URL", 12, -7}, second{"e", "digest 1", "KEY", 8, 9};
  const std::vector<SecretPrintRow> both{first, second};
  REQUIRE(store->write({.secrets = both}));
  const std::vector<SecretPrintRow> again{{"d", "digest 1", "OTHER", 12, -7}};
  REQUIRE(store->write({.secrets = again}));
  CHECK(store->secret_prints() == both);
}

TEST_CASE("a stale epoch can't write") {
  const Folder folder;
  const auto store = open_store(folder);
  sqlite::Connection other(folder.database().string(), sqlite::Mode::read_write_create);
  other.exec("UPDATE daemon_epoch SET epoch = epoch + 1");
  const Error error = refused(*store, {plain_run(1)});
  CHECK(error.kind == ErrorKind::conflict);
  CHECK(error.message == "another daemon has taken over this database: stop");
  CHECK(store->active_runs().empty());
  CHECK_FALSE(store->set_import_errors({}));
}

TEST_CASE("the epoch grows with each open") {
  const Folder folder;
  const std::int64_t first = open_store(folder)->epoch();
  CHECK(first == 1);
  CHECK(open_store(folder)->epoch() == first + 1);
}

TEST_CASE("a batch with one bad row writes nothing of it") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  TaskInstanceRow stale = plain_task(1, {1}, "a");
  stale.version = 2;
  const std::vector<DagVersionRow> versions = {Samples(1).dag_version(1, "d", 1)};
  const std::vector<Change> batch = {plain_run(1), EventRow{.seq = 1, .kind = "run"}, PoolRow{"p", 1}, stale};
  CHECK_FALSE(store->commit(batch, versions));
  CHECK_FALSE(reader->run(RunId{1}));
  CHECK(reader->events({}, {})->total_entries == 0);
  CHECK(reader->pools().empty());
  CHECK(reader->dag_versions("d").empty());
  REQUIRE(store->commit(std::vector<Change>{plain_run(1)}));  // and the store works on
}

TEST_CASE("a second row under a taken key is a conflict") {
  const Folder folder;
  const auto store = open_store(folder);
  REQUIRE(store->commit(std::vector<Change>{plain_run(1), plain_task(1, {1}, "a"), PoolRow{"p", 1},
                                            DagRow{.dag_id = "d"}, EventRow{.seq = 1}, BackfillRow{.id = {1}},
                                            BackfillItemRow{.backfill = {1}, .execution_date = {5}}}));
  RunRow same_date = plain_run(1);
  same_date.id = {2};
  same_date.run_id = "other";
  RunRow same_run_id = plain_run(2);
  same_run_id.run_id = "run_1";
  const std::vector<Change> taken = {same_date,
                                     same_run_id,
                                     plain_run(1),
                                     plain_task(2, {1}, "a"),
                                     PoolRow{"p", 2},
                                     DagRow{.dag_id = "d"},
                                     EventRow{.seq = 1},
                                     BackfillRow{.id = {1}},
                                     BackfillItemRow{.backfill = {1}, .execution_date = {5}}};
  for (std::size_t i = 0; i < taken.size(); ++i) {
    INFO(i);
    CHECK(refused(*store, {taken[i]}).kind == ErrorKind::conflict);
  }
  CHECK(refused(*store, {same_date}).message ==
        "run 'other' of DAG 'd' for 1970-01-02T00:00:00Z collides with a stored one");
}

TEST_CASE("a removed DAG or pool may come back at version 1 or go on") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto put = [&](const Change& change) { REQUIRE(store->commit(std::vector{change})); };
  for (const std::int64_t back_at : {std::int64_t{1}, std::int64_t{3}}) {
    const std::string name = "x" + std::to_string(back_at);
    put(PoolRow{name, 1});
    put(PoolRow{.name = name, .slots = 1, .removed = true, .version = 2});
    put(DagRow{.dag_id = name});
    put(DagRow{.dag_id = name, .removed = true, .version = 2});
    CHECK(store->dags().back().removed);
    put(PoolRow{.name = name, .slots = 7, .version = back_at});
    put(DagRow{.dag_id = name, .paused = true, .version = back_at});
    CHECK(store->pools().back() == PoolRow{.name = name, .slots = 7, .version = back_at});
    CHECK(store->dags().back() == DagRow{.dag_id = name, .paused = true, .version = back_at});
  }
}

TEST_CASE("a word that isn't a state is refused by the database itself") {
  const Folder folder;
  const auto store = open_store(folder);
  REQUIRE(store->commit(std::vector<Change>{plain_run(1)}));
  sqlite::Connection other(folder.database().string(), sqlite::Mode::read_write_create);
  CHECK_THROWS_AS(other.exec("UPDATE dag_run SET state = 'done'"), sqlite::Failure);
  CHECK_THROWS_AS(other.exec("UPDATE dag_run SET queued_at = 'yesterday'"), sqlite::Failure);
}

TEST_CASE("a full disk says so, keeps what was committed, and heals") {
  const Folder folder;
  if (mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=6m") != 0) {
    WARN("no tmpfs can be mounted here: not tested");
    return;
  }
  {
    const auto store = open_store(folder);
    const std::string ballast = (folder.path() / "ballast").string();
    std::ofstream(ballast) << std::string(3 << 20, 'x');
    std::int64_t id = 1;
    Result<void> done;
    for (; done && id < 1'000; ++id) {
      RunRow run = plain_run(id);
      run.note = std::string(64 << 10, 'n');
      done = store->commit(std::vector<Change>{run});
    }
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == ErrorKind::full);
    CHECK(done.error().message.starts_with("the disk of the database is full, nothing was written: "));
    const std::int64_t refused_id = id - 1;
    CHECK(store->active_runs().size() == static_cast<std::size_t>(refused_id - 1));
    std::filesystem::remove(ballast);
    CHECK(store->commit(std::vector<Change>{plain_run(refused_id)}));
    CHECK(store->active_runs().size() == static_cast<std::size_t>(refused_id));
  }
  umount(folder.path().c_str());
}

TEST_CASE("the WAL is copied when it has grown, and reads go on") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  for (std::int64_t id = 1; id <= 60; ++id) {
    RunRow run = plain_run(id);
    run.note = std::string(256 << 10, 'n');
    REQUIRE(store->commit(std::vector<Change>{run}));
  }
  const auto left = store->checkpoint();
  REQUIRE(left);
  CHECK(*left < 256);  // less than a checkpoint is worth
  CHECK(reader->runs({}, {})->total_entries == 60);
  CHECK(std::filesystem::file_size(folder.database()) > (10u << 20));
}

TEST_CASE("an empty batch writes nothing") {
  const Folder folder;
  const auto store = open_store(folder);
  CHECK(store->commit(std::vector<Change>{}));
}

TEST_CASE("a DAG's versions are numbered 1, 2, 3 by the store") {
  const Folder folder;
  const auto store = open_store(folder);
  for (const std::int64_t id : {1, 2, 3}) {
    DagVersionRow row{.id = DagVersionId{id}, .dag_id = id == 2 ? "other" : "d", .hash = std::to_string(id)};
    REQUIRE(store->commit({}, std::span{&row, 1}));
  }
  CHECK(store->dag_version(DagVersionId{1})->number == 1);
  CHECK(store->dag_version(DagVersionId{2})->number == 1);
  CHECK(store->dag_version(DagVersionId{3})->number == 2);
}

}  // namespace millrace::test
