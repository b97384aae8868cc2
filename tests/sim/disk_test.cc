#include "tests/sim/disk.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "store/store.h"

using namespace millrace;
using namespace millrace::sim;

namespace {

/// A database on a simulated disk; its lock file lies in a real folder.
class Host {
 public:
  explicit Host(std::uint64_t seed) : disk(seed) {
    folder = std::filesystem::temp_directory_path() / ("millrace-disk-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    mount(&disk);
  }
  ~Host() {
    mount(nullptr);
    std::filesystem::remove_all(folder);
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// The next daemon.
  std::unique_ptr<Store> open() {
    disk.enter(++program);
    auto opened = Store::open(folder / "millrace.db");
    REQUIRE(opened);
    return std::move(*opened);
  }
  void kill(std::unique_ptr<Store> store) {
    disk.kill(program);
    store.reset();
  }

  Disk disk;
  std::filesystem::path folder;
  int program = 0;
};

std::vector<Change> a_run(std::int64_t id) {
  RunRow run;
  run.id = {id};
  run.dag_id = "d";
  run.run_id = "run_" + std::to_string(id);
  run.execution_date = WallTime{id * 1'000'000};
  return {run};
}

}  // namespace

TEST_CASE("a power cut takes what isn't synced and nothing else") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Disk disk(seed);
    const auto file = disk.open("file", true);
    disk.write(*file, "kept", 4, 0);
    disk.sync(*file);
    disk.sync_folder();
    disk.write(*file, "lost", 4, 4'096);
    disk.lose_power();
    const auto after = disk.open("file", false);
    REQUIRE(after);
    CHECK(after->now.substr(0, 4) == "kept");
    CHECK((after->now.size() == 4 || after->now.substr(4'096) == "lost"));
  }
}

TEST_CASE("acknowledged commits outlive a kill and a power cut at any operation") {
  for (std::int64_t at = 1; at < 120; at += 7) {
    Host host(static_cast<std::uint64_t>(at));
    std::int64_t acknowledged = 0;
    auto store = host.open();
    host.disk.kill_at(at, [] {});
    for (std::int64_t id = 1; id <= 20; ++id)
      if (store->commit(a_run(id))) acknowledged = id;
    host.kill(std::move(store));
    host.disk.mend();
    host.disk.lose_power();
    CHECK(host.open()->next_ids().run > acknowledged);
  }
}

TEST_CASE("nothing is built on what a failed sync left in the WAL") {
  Host host(1);
  auto store = host.open();
  REQUIRE(store->commit(a_run(1)));
  host.disk.arm(DiskFault::sync_error, 1, false);
  CHECK_FALSE(store->commit(a_run(2)));
  host.kill(std::move(store));
  // The kernel has dropped the pages and calls them clean; they can be read all the same.
  store = host.open();
  REQUIRE(store->commit(a_run(3)));
  host.kill(std::move(store));
  host.disk.lose_power();
  CHECK(host.open()->next_ids().run == 4);
}
