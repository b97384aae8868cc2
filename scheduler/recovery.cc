#include <algorithm>
#include <utility>

#include "scheduler/core.h"

/// Start: facts are loaded first, nothing is done; RecoveryDone then takes up every thread where it was left.
/// There is no second code path: what was waiting waits again, what is live is waited for.
namespace millrace {

void Core::load(Run run) {
  const RunId id = run.row.id;
  std::sort(run.instances.begin(), run.instances.end(),
            [](const Instance& a, const Instance& b) { return a.row.id < b.row.id; });
  Run& here = runs.emplace(id, std::move(run)).first->second;
  index(here);
  DagEntry& entry = dags[here.row.dag_id];
  if (entry.row.dag_id.empty()) entry.row.dag_id = here.row.dag_id, entry.row.removed = true;
  if (is_final(here.row.state)) return;
  entry.active[here.row.execution_date] = id;
  if (here.row.backfill) ++entry.backfilling;
  if (here.row.state == RunState::queued)
    entry.queued.insert(place_in_line(here.row));
  else if (!here.row.backfill)
    ++entry.running;
  dag_index.update(entry);
}

void Core::arm_clocks(Run& run) {
  arm_deadline(run);
  disarm(run.deadline, Timer::Kind::run_deadline, run.row.id.value);
  if (run.row.state == RunState::running && run.dag->run_timeout && !run.row.cancel_requested)
    arm(run.deadline, mono_at(run.row.started_at.value_or(now.wall) + *run.dag->run_timeout),
        Timer::Kind::run_deadline, run.row.id.value);
}

void Core::resume(Run& run) {
  arm_clocks(run);
  if (run.row.state != RunState::running) return;
  find_past(run);
  for (InstanceIndex i = 0; i < run.instances.size(); ++i) {
    Instance& ti = run.instances[i];
    if (is_final(ti.row.state) && !ti.attempt) continue;
    if (ti.attempt) {
      if (attempts.at(ti.attempt).row.kill_requested) act(Kill{ti.attempt});
      continue;
    }
    const Action& action = run.dag->tasks[ti.row.task].action;
    switch (ti.row.state) {
      case TaskState::scheduled:
        if (std::holds_alternative<TriggerDagAction>(action)) resume_trigger(run, i);
        else if (std::holds_alternative<SensorAction>(action)) wait_for_sensor(run, i);
        else enqueue(run, i);
        break;
      case TaskState::up_for_retry:
        arm(ti.due, mono_at(ti.row.not_before.value_or(now.wall)), Timer::Kind::due, ti.row.id.value);
        break;
      case TaskState::up_for_reschedule: {
        const Duration timeout = std::get<SensorAction>(action).timeout;
        arm(ti.deadline, mono_at(ti.row.started_at.value_or(now.wall) + timeout),
            Timer::Kind::sensor_deadline, ti.row.id.value);
        watch(run, i, true);
        check_sensor(run, i);
        break;
      }
      case TaskState::deferred: resume_trigger(run, i); break;
      case TaskState::queued:
      case TaskState::running:
      case TaskState::restarting:
        // The rows say an attempt lives and have none: nobody can know how it ended.
        finish(run, i, {Outcome::lost, "lost", "its attempt isn't on record", -1}, 0);
        break;
      default: break;
    }
  }
  consider_all(run);
  check_end(run);
}

void Core::on(const RecoveryDone& fact) {
  if (acting) return;
  next = fact;
  acting = true;
  std::vector<RunId> active;
  for (const auto& [id, run] : runs) active.push_back(id);
  for (const RunId id : active) resume(runs.at(id));
  for (auto& [dag_id, entry] : dags) {
    to_start.insert(dag_id);
    // A database from before the register has no names.
    if (entry.dag && !entry.row.removed && !knows_datasets(*entry.dag))
      declare_datasets(nullptr, entry.dag.get());
    look_at_events(dag_id);
    schedule(entry);
  }
  for (auto& [id, backfill] : backfills) {
    load_choice(backfill);
    to_advance.insert(id);
  }
  for (auto& [id, notification] : notifications) resume(notification);
  fire_timers();
  admit_due = true;
}

}  // namespace millrace
