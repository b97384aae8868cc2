// The n-th call to the disk fails, once or from there on, for every n until nothing fails any more; in every
// transaction of the store, its opening and its copies. Afterwards the database is sound, holds whole
// transactions only, and all that were acknowledged.
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "disk.h"
#include "histories.h"
#include "samples.h"
#include "store/database_copy.h"
#include "store/migrations.h"
#include "store/store_error.h"

namespace millrace::test {
namespace {

std::vector<Fault> faults() {
  std::vector<Fault> all;
  for (const bool persistent : {false, true}) {
    all.push_back({"no room", DiskOp::write, SQLITE_FULL, persistent});
    all.push_back({"a write fails", DiskOp::write, SQLITE_IOERR_WRITE, persistent});
    all.push_back({"fsync fails", DiskOp::sync, SQLITE_IOERR_FSYNC, persistent});
    all.push_back({"a read fails", DiskOp::read, SQLITE_IOERR_READ, persistent});
    all.push_back({"truncate fails", DiskOp::truncate, SQLITE_IOERR_TRUNCATE, persistent});
    all.push_back({"open fails", DiskOp::open, SQLITE_CANTOPEN, persistent});
    all.push_back({"somebody holds the lock", DiskOp::lock, SQLITE_BUSY, persistent});
  }
  return all;
}

/// A fresh copy of a folder's database files.
void copy_files(const Folder& from, const Folder& to) {
  for (const auto& entry : std::filesystem::directory_iterator(from.path()))
    std::filesystem::copy(entry.path(), to.path() / entry.path().filename());
}

/// What came of a history that met a fault.
struct Outcome {
  std::size_t acknowledged = 0;
  bool in_doubt = false;  ///< the store said "stop": the step that failed may be there or not
  bool struck = false;
  std::string problem;    ///< what should never happen
};

/// After "stop" the store must not try again, whatever the disk says by now.
void look_at_stop(Store& store, const std::vector<Step>& steps, Outcome& outcome) {
  Disk& disk = Disk::get();
  const int syncs = disk.syncs_since_failure();
  disk.heal();
  const auto again = steps[outcome.acknowledged].act(store);
  if (again) outcome.problem = "it wrote again after a failed disk";
  if (store.checkpoint()) outcome.problem = "it checkpointed after a failed disk";
  if (disk.syncs_since_failure() != syncs) outcome.problem = "it synced again after a failed disk";
}

Outcome live_with(const Folder& folder, const Fault& fault, int nth, const std::vector<Step>& steps) {
  Disk& disk = Disk::get();
  Outcome outcome;
  auto opened = Store::open(folder.database());
  if (!opened) {
    outcome.problem = "it doesn't open: " + opened.error().message;
    return outcome;
  }
  Store& store = **opened;
  disk.fail(fault, nth);
  while (outcome.acknowledged < steps.size()) {
    const auto done = steps[outcome.acknowledged].act(store);
    if (done) {
      ++outcome.acknowledged;
      continue;
    }
    if (done.error().message.starts_with("stop:")) {
      outcome.in_doubt = true;
      look_at_stop(store, steps, outcome);
      break;
    }
    if (done.error().kind != ErrorKind::full && done.error().kind != ErrorKind::unavailable) {
      outcome.problem = fmt::format("{}: {}", steps[outcome.acknowledged].name, done.error().message);
      break;
    }
    if (fault.persistent) break;
    // What it says was not written must be writable when the trouble is over: round again.
  }
  outcome.struck = disk.has_failed();
  const int syncs = disk.syncs_since_failure();
  opened->reset();
  if (outcome.in_doubt && disk.syncs_since_failure() != syncs)
    outcome.problem = "its end synced again after a failed disk";
  disk.heal();
  return outcome;
}

std::string look_at_rest(const Folder& folder, const Outcome& outcome,
                         const std::vector<std::string>& states) {
  if (!outcome.problem.empty()) return outcome.problem;
  const std::string sound = integrity(folder.database());
  if (sound != "ok") return "damaged: " + sound;
  const std::string found = contents(folder.database());
  const bool before = found == states[outcome.acknowledged];
  const bool after = outcome.in_doubt && outcome.acknowledged + 1 < states.size() &&
                     found == states[outcome.acknowledged + 1];
  if (!before && !after) return fmt::format("not what {} steps leave", outcome.acknowledged);
  if (const auto opened = Store::open(folder.database()); !opened)
    return "it doesn't open any more: " + opened.error().message;
  return {};
}

}  // namespace

TEST_CASE("a disk that fails in any transaction loses nothing acknowledged and leaves nothing by halves") {
  Disk::get();
  const auto steps = history();
  const auto states = states_of_history();
  const Folder fresh;
  open_store(fresh).reset();
  int runs = 0;
  for (const Fault& fault : faults()) {
    int nth = 1;
    for (bool struck = true; struck; ++nth) {
      const Folder folder;
      copy_files(fresh, folder);
      const Outcome outcome = live_with(folder, fault, nth, steps);
      const std::string wrong = look_at_rest(folder, outcome, states);
      INFO(fault.name << (fault.persistent ? " from call " : " at call ") << nth);
      REQUIRE(wrong == "");
      if (!outcome.struck) REQUIRE(outcome.acknowledged == steps.size());
      struck = outcome.struck;
      ++runs;
    }
    // A history without truncations or opened files has none to fail.
    if (fault.op == DiskOp::write || fault.op == DiskOp::sync) REQUIRE(nth > static_cast<int>(steps.size()));
  }
  WARN("histories with a failing disk: " << runs);
}

TEST_CASE("a disk that fails while a database is opened, made or migrated leaves the old or the new schema") {
  Disk::get();
  const int newest = static_cast<int>(embedded_migrations().size());
  std::vector<std::string> states = {""};
  for (int schema = 1; schema <= newest; ++schema) {
    const Folder folder;
    make_older(folder.database(), schema);
    states.push_back(contents(folder.database()));
  }
  int runs = 0;
  for (const int from : {0, newest - 3, newest}) {
    const Folder older;
    if (from > 0) make_older(older.database(), from);
    for (const Fault& fault : faults()) {
      bool struck = true;
      for (int nth = 1; struck; ++nth) {
        const Folder folder;
        copy_files(older, folder);
        Disk::get().fail(fault, nth);
        std::string refused;
        {
          const auto opened = Store::open(folder.database());
          if (!opened) refused = opened.error().message;
          struck = Disk::get().has_failed();
        }
        Disk::get().heal();
        INFO(fault.name << (fault.persistent ? " from call " : " at call ") << nth << " of schema " << from);
        REQUIRE((struck || refused.empty()));
        if (std::filesystem::exists(folder.database())) {
          REQUIRE(integrity(folder.database()) == "ok");
          const auto at = std::find(states.begin() + from, states.end(), contents(folder.database()));
          REQUIRE(at != states.end());
        }
        const auto again = Store::open(folder.database());
        REQUIRE((again ? "" : again.error().message) == "");
        ++runs;
      }
    }
  }
  WARN("opened with a failing disk: " << runs);
}

TEST_CASE("a copy made on a failing disk is whole or not there, and can be made again") {
  Disk::get();
  const Folder original;
  const auto store = open_store(original);
  for (const Step& step : history()) REQUIRE(step.act(*store));
  const std::string state = contents(original.database());
  int runs = 0;
  for (const Fault& fault : faults()) {
    bool struck = true;
    for (int nth = 1; struck; ++nth) {
      const Folder folder;
      const auto copy = folder.path() / "copy.db";
      Disk::get().fail(fault, nth);
      const auto made = copy_database(original.database(), copy);
      struck = Disk::get().has_failed();
      Disk::get().heal();
      INFO(fault.name << (fault.persistent ? " from call " : " at call ") << nth);
      if (made) REQUIRE(std::filesystem::exists(copy));
      if (!std::filesystem::exists(copy)) {
        REQUIRE_FALSE(std::filesystem::exists(copy.string() + ".part"));
        const auto second = copy_database(original.database(), copy);
        REQUIRE((second ? "" : second.error().message) == "");
      }
      REQUIRE(integrity(copy) == "ok");
      REQUIRE(contents(copy) == state);
      ++runs;
    }
  }
  WARN("copies with a failing disk: " << runs);
}

TEST_CASE("reads of a start on a failing disk throw and change nothing") {
  Disk::get();
  const Folder folder;
  {
    const auto store = open_store(folder);
    for (const Step& step : history()) REQUIRE(step.act(*store));
  }
  const std::string state = contents(folder.database());
  for (const bool persistent : {false, true}) {
    const Fault fault{"a read fails", DiskOp::read, SQLITE_IOERR_READ, persistent};
    bool struck = true;
    for (int nth = 1; struck; ++nth) {
      INFO((persistent ? "from read " : "at read ") << nth);
      const auto store = open_store(folder);
      Disk::get().fail(fault, nth);
      try {
        const std::size_t found = store->dags().size() + store->pools().size() + store->active_runs().size() +
                                  store->active_backfills().size() + store->dataset_names().size() +
                                  store->queued_dataset_events().size() + store->variables().size();
        store->next_ids();
        REQUIRE_FALSE(Disk::get().has_failed());
        REQUIRE(found > 0);
      } catch (const StoreError& problem) {
        REQUIRE(Disk::get().has_failed());
      }
      struck = Disk::get().has_failed();
      Disk::get().heal();
    }
    REQUIRE(contents(folder.database()) == state);
  }
}

}  // namespace millrace::test
