#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "probe.h"
#include "samples.h"

namespace millrace::test {
namespace {

/// Runs, tasks and events stand for the same numbers: each batch is there as a whole or not at all.
std::int64_t whole_batches(const Folder& folder) {
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  const auto runs = reader->runs({}, {.limit = 1'000, .order_by = "id"})->rows;
  CHECK(reader->task_instances({}, {})->total_entries == static_cast<std::int64_t>(runs.size()));
  CHECK(reader->events({}, {})->total_entries == static_cast<std::int64_t>(runs.size()));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    CHECK(runs[i].id.value == static_cast<std::int64_t>(i) + 1);
    CHECK(store->load_run(runs[i].id)->task_instances.size() == 1);
  }
  return static_cast<std::int64_t>(runs.size());
}

}  // namespace

TEST_CASE("after a crash before the commit nothing of the batch is there") {
  for (const std::string point : {"store.begin", "store.before_commit"}) {
    for (const int passage : {1, 2, 7}) {
      INFO(point << ':' << passage);
      const Folder folder;
      Probe probe({folder.database().string(), "write", "9"}, point + ":" + std::to_string(passage));
      CHECK(probe.rest().size() == static_cast<std::size_t>(passage - 1));
      CHECK(WTERMSIG(probe.wait()) == SIGKILL);
      CHECK(whole_batches(folder) == passage - 1);
    }
  }
}

TEST_CASE("after a crash behind the commit all of the batch is there, answered or not") {
  const Folder folder;
  Probe probe({folder.database().string(), "write", "9"}, "store.committed:4");
  CHECK(probe.rest().size() == 3);
  CHECK(WTERMSIG(probe.wait()) == SIGKILL);
  CHECK(whole_batches(folder) == 4);
}

TEST_CASE("after kill -9 at any moment every answered batch is there") {
  const Folder folder;
  for (int round = 0; round < 10; ++round) {
    const Folder fresh;
    Probe probe({fresh.database().string(), "write", "100000"});
    for (int line = 0; line <= round * 7; ++line) probe.read_line();
    probe.kill_now();
    const auto answered = static_cast<std::int64_t>(round * 7 + 1 + static_cast<int>(probe.rest().size()));
    probe.wait();
    const std::int64_t stored = whole_batches(fresh);
    CHECK((stored == answered || stored == answered + 1));
  }
}

TEST_CASE("a migration that a crash interrupts is applied as a whole by the next start") {
  for (const std::string point : {"migration.before_commit", "migration.committed"}) {
    INFO(point);
    const Folder folder;
    Probe probe({folder.database().string(), "write", "3"}, point);
    CHECK(probe.rest().empty());
    CHECK(WTERMSIG(probe.wait()) == SIGKILL);
    CHECK(whole_batches(folder) == 0);
    CHECK(open_store(folder)->epoch() == 2);
  }
}

}  // namespace millrace::test
