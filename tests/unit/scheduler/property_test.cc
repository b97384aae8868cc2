#include <catch2/catch.hpp>
#include <cstdlib>

#include "history.h"
#include "ledger.h"

using namespace millrace;
using namespace millrace::test;

TEST_CASE("random histories keep the invariants, end, and repeat byte for byte") {
  const char* one = std::getenv("SEED");
  const std::uint64_t first = one ? std::stoull(one) : 1, last = one ? first : 60;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const History history = play(Dice{seed});
    if (one) WARN(history.transcript);
    for (const std::string& problem : history.problems) FAIL_CHECK("SEED=" << seed << ": " << problem);
    if (!history.stuck.empty()) FAIL_CHECK("SEED=" << seed << ": " << history.stuck);
    if (seed % 10 == 0 && play(Dice{seed}).transcript != history.transcript)
      FAIL_CHECK("SEED=" << seed << ": not repeatable");
  }
}

TEST_CASE("the ledger's checks can fail") {
  const auto problems = [](std::vector<Change> changes) {
    Ledger ledger;
    std::vector<Command> commands;
    for (Change& change : changes) commands.push_back(Record{std::move(change)});
    return ledger.take(commands).size();
  };
  TaskInstanceRow ti;
  ti.id = {1}, ti.run = {1}, ti.task_id = "a";
  EventRow event;
  event.seq = 1, event.kind = "task", event.run = {1}, event.task_instance = {1};
  event.from = "none", event.to = "scheduled";
  CHECK(problems({ti, event}) == 0);
  CHECK(problems({ti, ti}) == 1);  // the same version twice
  event.to = "running";
  CHECK(problems({ti, event}) == 1);  // a move that isn't one
  event.from = "success", event.to = "none";
  CHECK(problems({ti, event}) == 2);  // out of a final state, which it wasn't in
  AttemptRow first;
  first.id = {1}, first.task_instance = {1}, first.run = {1};
  AttemptRow second = first;
  second.id = {2}, second.try_number = 2;
  CHECK(problems({ti, first, second}) == 1);  // two at a time
  first.outcome = Outcome::failed;
  CHECK(problems({ti, first, second}) == 0);
}
