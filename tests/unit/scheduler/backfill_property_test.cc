#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "dag_builder.h"
#include "dice.h"
#include "world.h"

using namespace millrace;
using namespace millrace::test;

namespace {

/// raw -> features -> model, and raw -> report beside them; windows and schedules as the dice fall.
void submit_dags(World& world, Dice& dice) {
  const auto days = [&] { return std::to_string(1 + dice.below(4)); };
  world.submit(
      DagBuilder("raw").edges("a -> b").option("", "schedule daily").option("b", "outputs x").build());
  DagBuilder features("features");
  features.edges("a -> b").option("", dice.chance(50) ? "schedule daily" : "datasets x");
  features.option("a", "inputs x " + days()).option("b", "outputs y");
  world.submit(features.build(), dice.chance(30));
  world.submit(
      DagBuilder("model").edges("a").option("", "datasets y").option("a", "inputs x " + days()).build());
  world.submit(
      DagBuilder("report").edges("a").option("", "schedule daily").option("a", "inputs x " + days()).build());
}

BackfillSpec random_spec(Dice& dice) {
  BackfillSpec spec;
  spec.dag_id = dice.chance(70) ? "raw" : dice.chance(50) ? "features" : "model";
  const WallTime first = date_from("2001-01-01");
  const auto day = [&](std::size_t n) {
    return WallTime{first.us + static_cast<std::int64_t>(n) * 86'400'000'000};
  };
  const std::size_t from = dice.below(8);
  if (dice.chance(75)) {
    spec.from_date = day(from);
    spec.to_date = day(from + dice.below(5));
  } else {
    for (std::size_t n = 0; n < 1 + dice.below(4); ++n) spec.dates.push_back(day(dice.below(10)));
  }
  spec.reprocess = static_cast<Reprocess>(dice.below(3));
  spec.max_active_runs = 1 + static_cast<int>(dice.below(4));
  spec.run_backwards = dice.chance(30);
  spec.cascade = dice.chance(70);
  spec.latest_version = dice.chance(50);
  spec.priority = static_cast<int>(dice.below(3));
  return spec;
}

void end_one(World& world, Dice& dice, int fail_percent) {
  if (world.ledger.live.empty()) return;
  const AttemptId id = world.kills.empty() ? *dice.any(world.ledger.live) : *world.kills.begin();
  ExitFacts facts = exited(dice.chance(fail_percent) ? 1 : 0);
  if (world.kills.contains(id)) facts = signalled(15), facts.killed = true;
  world.finish(id, facts);
}

void disturb(World& world, Dice& dice) {
  const RequestId request{1};
  if (dice.chance(30)) return world.send(BackfillRequested{request, random_spec(dice)});
  if (dice.chance(20)) return world.boot();
  if (!world.ledger.backfills.empty() && dice.chance(60))
    return world.act(static_cast<BackfillAction::Kind>(dice.below(5)),
                     dice.any(world.ledger.backfills)->first, request);
  if (world.ledger.runs.empty()) return;
  const RunRow run = dice.any(world.ledger.runs)->second;
  if (dice.chance(40)) return world.send(CancelRequested{request, run.id, "x"});
  if (dice.chance(40))
    return world.send(RunRequested{request, "features", {}, run.execution_date, {}, "{}", "", "x"});
  ClearRequested clear;
  clear.request = request;
  clear.run = run.id;
  clear.by = "x";
  world.send(clear);
}

void finish_all(World& world, Dice& dice) {
  for (int step = 0; step < 20'000 && world.problems.empty(); ++step) {
    world.advance(std::chrono::seconds{5});
    for (const auto& [id, row] : std::map(world.ledger.backfills))
      if (row.state == BackfillState::paused) world.act(BackfillAction::Kind::unpause, id);
    if (world.ledger.live.empty()) {
      world.send(TimeReached{});
      if (world.ledger.live.empty() && !world.scheduler->next_wake().mono) return;
    } else {
      end_one(world, dice, 0);
    }
  }
}

/// Every backfill has ended, every one of its dates was decided, and its sums are those of its items.
void check_all(const World& world, std::vector<std::string>& problems) {
  std::map<BackfillId, std::int64_t> decided;
  for (const auto& [key, item] : world.ledger.items) ++decided[item.backfill];
  for (const auto& [id, row] : world.ledger.backfills) {
    if (!is_final(row.state))
      problems.push_back(fmt::format(
          "backfill {} of {} is {}, cursor {}, {} queued, {} running", id.value, row.spec.dag_id,
          to_word(row.state), row.cursor ? to_iso(*row.cursor) : "-", row.counts.queued, row.counts.running));
    else if (row.state != BackfillState::cancelled && decided[id] != row.counts.total)
      problems.push_back(fmt::format("backfill {}: {} of {} dates", id.value, decided[id], row.counts.total));
    if (row.state == BackfillState::completed && row.counts.failed + row.counts.cancelled > 0)
      problems.push_back(fmt::format("backfill {} is completed with failures", id.value));
  }
  for (const auto& [id, run] : world.ledger.runs)
    if (!is_final(run.state) && run.backfill) problems.push_back("a run is left over: " + run.run_id);
}

std::string play(std::uint64_t seed, std::vector<std::string>& problems) {
  Dice dice{seed};
  World world;
  world.keep_transcript = true;
  world.cpu_slots = 2 + static_cast<int>(dice.below(8));
  world.boot();
  submit_dags(world, dice);
  for (int step = 0; step < 250 && world.problems.empty(); ++step) {
    world.advance(std::chrono::seconds{dice.below(30)});
    if (dice.chance(65)) end_one(world, dice, 15);
    if (dice.chance(10)) world.send(TimeReached{});
    if (dice.chance(15)) disturb(world, dice);
  }
  finish_all(world, dice);
  problems = world.problems;
  check_all(world, problems);
  return world.transcript;
}

}  // namespace

TEST_CASE("random backfills with pauses, cancels, retries and restarts decide each date once and end") {
  const char* one = std::getenv("SEED");
  const std::uint64_t first = one ? std::stoull(one) : 1, last = one ? first : 80;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    std::vector<std::string> problems, again;
    const std::string transcript = play(seed, problems);
    if (one) WARN(transcript);
    for (const std::string& problem : problems) FAIL_CHECK("SEED=" << seed << ": " << problem);
    if (seed % 20 == 0 && play(seed, again) != transcript) FAIL_CHECK("SEED=" << seed << ": not repeatable");
  }
}
