#include "history.h"

#include <fmt/format.h>

#include <algorithm>

#include "dag_builder.h"
#include "world.h"

namespace millrace::test {
namespace {

std::shared_ptr<const Dag> random_dag(Dice& dice, const std::string& dag_id, const std::string& reads,
                                      const std::string& writes) {
  DagBuilder builder(dag_id);
  const std::size_t count = 2 + dice.below(8);
  std::vector<std::string> names;
  for (std::size_t t = 0; t < count; ++t) {
    const std::string name = "t" + std::to_string(t);
    Task& task = builder.task(name);
    task.retries.limit = static_cast<int>(dice.below(3));
    task.retries.delay = std::chrono::seconds{dice.below(20)};
    task.retries.jitter = dice.chance(30);
    task.idempotent = dice.chance(30);
    if (dice.chance(35)) task.trigger_rule = static_cast<TriggerRule>(dice.below(11));
    if (dice.chance(10)) task.depends_on_past = true;
    if (dice.chance(15)) task.action = SensorAction{};
    else if (dice.chance(15)) builder.option(name, "expand item 1 2 3");
    else if (dice.chance(10) && reads.empty()) builder.option(name, "trigger child");
    else if (dice.chance(10)) task.branch = true;
    else if (dice.chance(15) && t > 0) {
      builder.option(name, "expand_from item tasks." + names.back() + ".output.n");
      builder.edge(names.back(), name);
    }
    task.pool_slots = 1 + static_cast<int>(dice.below(2));
    task.priority = static_cast<int>(dice.below(3));
    for (const std::string& other : names)
      if (dice.chance(30)) builder.edge(other, name);
    names.push_back(name);
  }
  if (!writes.empty()) builder.task(names.back()).outputs = {writes};
  Dag& dag = builder.dag();
  dag.max_active_runs = 1 + static_cast<int>(dice.below(4));
  dag.max_active_tasks = 1 + static_cast<int>(dice.below(6));
  if (reads.empty()) {
    builder.option("", dice.chance(50) ? "schedule daily" : "schedule hourly");
    dag.start_date = date_from("2001-01-08");
    dag.catchup.policy = dice.chance(50) ? Catchup::Policy::all : Catchup::Policy::none;
  } else {
    builder.option("", "datasets " + reads);
  }
  return builder.build();
}

AttemptId any_live(World& world, Dice& dice) {
  auto it = world.ledger.live.begin();
  std::advance(it, static_cast<std::ptrdiff_t>(dice.below(world.ledger.live.size())));
  return *it;
}

template <class Map>
typename Map::key_type any_key(const Map& map, Dice& dice) {
  auto it = map.begin();
  std::advance(it, static_cast<std::ptrdiff_t>(dice.below(map.size())));
  return it->first;
}

void end_attempt(World& world, Dice& dice, int fail_percent) {
  if (world.ledger.live.empty()) return;
  const AttemptId id = world.kills.empty() ? any_live(world, dice) : *world.kills.begin();
  ExitFacts facts = exited(dice.chance(fail_percent) ? 1 : 0);
  if (world.kills.contains(id)) facts = signalled(15), facts.killed = true;
  else if (dice.chance(fail_percent / 4)) facts.kind = ExitFacts::Kind::lost;
  else if (dice.chance(fail_percent / 4)) facts = exited(99);
  world.finish(id, facts, {{"n", dice.chance(80) ? "[1,2,3]" : "[1]"}, {"branch", "\"t1\""}});
  if (dice.chance(5)) world.send(AttemptFinished{id, facts, {}, {}, 1});  // late and double
}

void disturb(World& world, Dice& dice) {
  const RequestId request{1};
  if (world.ledger.runs.empty()) return;
  const RunId run = any_key(world.ledger.runs, dice);
  switch (dice.below(9)) {
    case 0:
      if (dice.chance(30)) return world.send(RunDeleteRequested{request, run, "x"});
      return world.send(CancelRequested{request, run, "x"});
    case 1: {
      ClearRequested clear{request, run, {}, {}, false, false, dice.chance(50), false, false,
                           dice.chance(20), "x"};
      if (dice.chance(50)) clear.task_ids = {"t1"}, clear.downstream = dice.chance(50);
      if (const RunId other = any_key(world.ledger.runs, dice); dice.chance(30) && other != run)
        clear.more_runs = {other};
      return world.send(clear);
    }
    case 2: {
      BackfillRequested backfill{request, {}};
      backfill.spec.dag_id = "up";
      backfill.spec.from_date = date_from("2001-01-08");
      backfill.spec.to_date = date_from("2001-01-09");
      backfill.spec.reprocess = static_cast<Reprocess>(dice.below(3));
      backfill.spec.max_active_runs = 1 + static_cast<int>(dice.below(3));
      backfill.spec.run_backwards = dice.chance(30);
      if (dice.chance(30)) backfill.spec.task_ids = {"t0"};
      backfill.spec.cascade = dice.chance(40);
      return world.send(backfill);
    }
    case 3:
      if (world.ledger.backfills.empty()) return;
      return world.act(static_cast<BackfillAction::Kind>(dice.below(5)),
                       any_key(world.ledger.backfills, dice), request);
    case 4: {
      const TaskInstanceId id = any_key(world.ledger.task_instances, dice);
      const TaskState to = dice.chance(50) ? TaskState::success : TaskState::failed;
      MarkTaskRequested mark{request, world.ledger.task_instances.at(id).run, id, to, "x", ""};
      mark.upstream = dice.chance(20), mark.downstream = dice.chance(20), mark.all_mapped = dice.chance(50);
      if (run != mark.run && dice.chance(20)) mark.more_runs = {run};
      return world.send(mark);
    }
    case 5:
      return world.send(RunRequested{request, dice.chance(50) ? "up" : "down", {}, {}, {}, "{}", "", "x"});
    case 6: return world.send(DagPaused{request, "up", dice.chance(50), "x"});
    case 7:
      return world.send(
          MarkRunRequested{request, run, dice.chance(50) ? RunState::success : RunState::failed, "x"});
    default: return world.boot();
  }
}

void look_at_sensors(World& world, Dice& dice, bool done) {
  const std::set<TaskInstanceId> checks = std::exchange(world.checks, {});
  for (const TaskInstanceId id : checks)
    world.send(SensorChecked{done || dice.chance(50) ? SensorChecked::Answer::met
                             : dice.chance(20)       ? SensorChecked::Answer::failed
                                                     : SensorChecked::Answer::not_met,
                             id, ""});
}

}  // namespace

History play(Dice dice) {
  World world;
  world.keep_transcript = true;
  world.cpu_slots = 2 + static_cast<int>(dice.below(8));
  world.boot();
  world.submit(random_dag(dice, "up", "", "data"));
  world.submit(random_dag(dice, "down", "data", ""));
  world.submit(DagBuilder("child").edges("c -> e").option("c", "retries 1").build());
  for (int step = 0; step < 300 && world.problems.empty() && !dice.used_up(); ++step) {
    world.advance(std::chrono::milliseconds{dice.below(60'000)});
    if (dice.chance(60)) end_attempt(world, dice, 25);
    if (dice.chance(20)) world.send(TimeReached{});
    if (dice.chance(30)) look_at_sensors(world, dice, false);
    if (dice.chance(12)) disturb(world, dice);
  }
  // Then everything goes well: all must come to an end, or wait for something with a name.
  world.send(DagPaused{{}, "up", true, "x"});
  world.send(DagPaused{{}, "down", false, "x"});
  for (const auto& [id, row] : world.ledger.backfills)
    if (row.state == BackfillState::paused)
      world.send(BackfillAction{BackfillAction::Kind::unpause, {}, id, "x"});
  world.send(DagPaused{{}, "up", false, "x"});
  world.send(DagPaused{{}, "up", true, "x"});
  for (int step = 0; step < 20'000 && world.problems.empty(); ++step) {
    world.advance(std::chrono::seconds{5});
    if (!world.ledger.live.empty()) end_attempt(world, dice, 0);
    else world.send(TimeReached{});
    look_at_sensors(world, dice, true);
    if (world.ledger.live.empty() && world.checks.empty() && !world.scheduler->next_wake().mono) break;
  }
  History out{std::move(world.transcript), world.problems, {}};
  for (const auto& [id, run] : world.ledger.runs) {
    if (is_final(run.state)) continue;
    for (const TaskInstanceId ti : world.ledger.of_run.at(id))
      if (!is_final(world.ledger.task_instances.at(ti).state) &&
          world.scheduler->waiting_on(ti, world.now).empty())
        out.stuck += fmt::format("{} of {} waits for nothing; ", world.ledger.task_instances.at(ti).task_id,
                             run.run_id);
  }
  return out;
}

}  // namespace millrace::test
