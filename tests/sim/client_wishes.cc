#include <fmt/format.h>

#include "tests/sim/clients.h"

/// What clients want: mostly runs, now and then something that crosses what is under way.
namespace millrace::sim {

std::int64_t Clients::any_run(Observer& observer, bool active) {
  const auto ids = observer.integers(
      active ? "SELECT id FROM dag_run WHERE state IN ('queued', 'running') ORDER BY id"
             : "SELECT id FROM dag_run ORDER BY id DESC LIMIT 40");
  return ids.empty() ? 0 : ids[host_.dice.below(ids.size())];
}

void Clients::act(DaemonProcess& daemon, Observer& observer) {
  if (!curious || !daemon.alive()) return;
  if (host_.dice.chance(10)) return edit(daemon);
  std::string what;
  const std::size_t choice = host_.dice.below(100);
  Event event = choice < 40   ? wish_of_run(observer, what)
                : choice < 60 ? wish_of_dag(observer, what)
                : choice < 75 ? wish_of_backfill(observer, what)
                              : wish(observer, what);
  if (what.empty()) return;
  ask(daemon, observer, std::move(what), std::move(event), host_.dice.chance(50));
}

void Clients::edit(DaemonProcess& daemon) {
  const std::string dag_id = any_dag();
  if (host_.dice.chance(25)) {
    ++faults_[Fault::dag_broken];
    return submit(daemon, broken_dag_text(host_.dice, dag_id));
  }
  ++faults_[Fault::dag_edited];
  submit(daemon, dag_text(host_.dice, taste_, dag_id));
}

Event Clients::wish_of_run(Observer& observer, std::string& what) {
  Dice& dice = host_.dice;
  const RunId run{any_run(observer, dice.chance(70))};
  if (!run) return TimeReached{};
  switch (dice.below(6)) {
    case 0: what = fmt::format("cancel run {}", run.value); return CancelRequested{{}, run, "client"};
    case 1: what = fmt::format("delete run {}", run.value); return RunDeleteRequested{{}, run, "client"};
    case 2: {
      const RunState to = dice.chance(50) ? RunState::success : RunState::failed;
      what = fmt::format("mark run {} {}", run.value, to_word(to));
      return MarkRunRequested{{}, run, to, "client"};
    }
    case 3:
    case 4: {
      ClearRequested clear;
      clear.run = run;
      if (dice.chance(50)) clear.task_ids = {fmt::format("t{}", dice.below(4))};
      clear.upstream = dice.chance(20), clear.downstream = dice.chance(40);
      clear.only_failed = dice.chance(30), clear.latest_version = dice.chance(20);
      clear.by = "client";
      what = fmt::format("clear run {}", run.value);
      return clear;
    }
    default: {
      const auto tasks = observer.integers("SELECT id FROM task_instance WHERE dag_run_id = ?1 ORDER BY id",
                                           {run.value});
      if (tasks.empty()) return TimeReached{};
      MarkTaskRequested mark;
      mark.run = run;
      mark.task_instance = {tasks[dice.below(tasks.size())]};
      const TaskState to[] = {TaskState::success, TaskState::failed, TaskState::skipped};
      mark.to = to[dice.below(3)];
      mark.by = "client";
      mark.downstream = dice.chance(20), mark.all_mapped = dice.chance(30);
      what = fmt::format("mark task instance {} of run {} {}", mark.task_instance.value, run.value,
                         to_word(mark.to));
      return mark;
    }
  }
}

Event Clients::wish_of_dag(Observer&, std::string& what) {
  Dice& dice = host_.dice;
  const std::string dag_id = any_dag();
  if (dice.chance(6)) {
    what = "remove DAG " + dag_id;
    return DagRemoved{{}, dag_id, "client"};
  }
  const bool pause = dice.chance(40);
  what = fmt::format("{} DAG {}", pause ? "pause" : "unpause", dag_id);
  return DagPaused{{}, dag_id, pause, "client"};
}

Event Clients::wish_of_backfill(Observer& observer, std::string& what) {
  Dice& dice = host_.dice;
  const auto known = observer.integers("SELECT id FROM backfill ORDER BY id DESC LIMIT 6");
  if (!known.empty() && dice.chance(65)) {
    using Kind = BackfillAction::Kind;
    const Kind kinds[] = {Kind::pause,        Kind::unpause,          Kind::unpause,
                          Kind::cancel_drain, Kind::cancel_terminate, Kind::retry_failed};
    BackfillAction action{kinds[dice.below(6)], {}, BackfillId{known[dice.below(known.size())]}, "client"};
    what = fmt::format("backfill {}: action {}", action.backfill.value, static_cast<int>(action.kind));
    return action;
  }
  BackfillSpec spec;
  spec.dag_id = any_dag();
  const auto hours = [](std::size_t n) { return std::chrono::hours{static_cast<std::int64_t>(n)}; };
  const WallTime now = host_.agenda.now().wall;
  spec.from_date = now - hours(4 + dice.below(90));
  spec.to_date = *spec.from_date + hours(1 + dice.below(30));
  spec.reprocess = static_cast<Reprocess>(dice.below(3));
  spec.max_active_runs = 1 + static_cast<int>(dice.below(4));
  spec.run_backwards = dice.chance(30);
  spec.latest_version = dice.chance(50);
  spec.cascade = taste_.datasets && dice.chance(25);
  spec.priority = static_cast<int>(dice.below(3));
  spec.created_by = "client";
  if (dice.chance(20)) spec.task_ids = {"t0"};
  if (dice.chance(15)) spec.pool = "small";
  what = fmt::format("backfill {} from {} to {}", spec.dag_id, to_iso(*spec.from_date),
                     to_iso(*spec.to_date));
  return BackfillRequested{{}, std::move(spec)};
}

Event Clients::wish(Observer& observer, std::string& what) {
  Dice& dice = host_.dice;
  if (dice.chance(15)) {
    const std::string pool = dice.chance(50) ? "cpu" : "small";
    const int slots = static_cast<int>(dice.below(8));
    what = fmt::format("set pool {} to {} slots", pool, slots);
    return PoolSet{{}, pool, slots, "", "client"};
  }
  if (taste_.datasets && dice.chance(20)) {
    DatasetUpdated update;
    update.dataset = "made";
    if (dice.chance(60)) update.partition = host_.agenda.now().wall - std::chrono::hours{dice.below(60)};
    update.by = "client";
    what = "dataset made has a new partition";
    return update;
  }
  if (const RunId run{any_run(observer, true)}; run && dice.chance(8)) {
    what = fmt::format("note on run {}", run.value);
    return NoteSet{{}, run, {}, "noted", "client"};
  }
  RunRequested trigger;
  trigger.dag_id = any_dag();
  trigger.by = "client";
  if (dice.chance(20)) trigger.execution_date = host_.agenda.now().wall - std::chrono::hours{dice.below(48)};
  what = "run of " + trigger.dag_id;
  return trigger;
}

}  // namespace millrace::sim
