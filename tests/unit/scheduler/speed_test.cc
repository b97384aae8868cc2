#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "dag_builder.h"
#include "scheduler/scheduler.h"

using namespace millrace;
using namespace millrace::test;

namespace {

/// Plays one run of the DAG to its end; microseconds in apply() per task.
double play(const std::shared_ptr<const Dag>& dag, std::size_t& applies) {
  const SystemClock clock;
  Scheduler scheduler;
  const Now now = clock.now();
  scheduler.apply(MachineFound{}, now);
  scheduler.apply(RecoveryDone{}, now);
  scheduler.apply(PoolSet{{}, "cpu", 64, "", "x"}, now);
  scheduler.apply(DagSubmitted{{}, DagVersionId{1}, dag, false, "x"}, now);
  std::vector<Event> inbox{RunRequested{{}, dag->dag_id, {}, {}, {}, "{}", "", "x"}};
  Duration spent{0};
  std::size_t started = 0;
  for (std::size_t at = 0; at < inbox.size(); ++at) {
    const Event event = inbox[at];
    const MonoTime before = clock.now().mono;
    const std::vector<Command> commands = scheduler.apply(event, now);
    spent += clock.now().mono - before;
    ++applies;
    for (const Command& command : commands) {
      if (const auto* asked = std::get_if<LookUpDates>(&command))
        inbox.push_back(DatesLookedUp{asked->lookup, {}});
      if (const auto* spawn = std::get_if<Spawn>(&command)) {
        ++started;
        inbox.push_back(AttemptStarted{spawn->attempt, {}});
        inbox.push_back(AttemptFinished{spawn->attempt, {}, {}, {}, 1});
      }
    }
  }
  CHECK(started == dag->tasks.size());
  CHECK(scheduler.active_runs() == 0);
  return static_cast<double>(spent.count()) / static_cast<double>(dag->tasks.size());
}

}  // namespace

/// Hidden: figures, not claims. `scheduler_test "[speed]"` in a release build. A task is four moves.
TEST_CASE("microseconds of apply() for each task", "[.][speed]") {
  DagBuilder wide("wide"), chain("chain"), layers("layers");
  for (int i = 0; i < 10'000; ++i) wide.dag().tasks.emplace_back().task_id = fmt::format("t{}", i);
  for (int i = 0; i < 10'000; ++i) chain.dag().tasks.emplace_back().task_id = fmt::format("t{}", i);
  for (int i = 1; i < 10'000; ++i) chain.link(fmt::format("t{}", i - 1), fmt::format("t{}", i));
  for (int i = 0; i < 10'000; ++i) layers.dag().tasks.emplace_back().task_id = fmt::format("t{}", i);
  for (int i = 100; i < 10'000; ++i)
    for (int k = 0; k < 100; ++k)
      layers.link(fmt::format("t{}", (i / 100 - 1) * 100 + k), fmt::format("t{}", i));
  for (DagBuilder* builder : {&wide, &chain, &layers}) {
    for (Task& task : builder->dag().tasks) task.pool = "cpu", task.action = CommandAction{};
    builder->dag().max_active_tasks = 64;
    std::size_t applies = 0;
    const double us = play(builder->build(), applies);
    WARN(fmt::format("{}: {:.1f} us a task, {} applies", builder->dag().dag_id, us, applies));
  }
}
