#include <fmt/format.h>

#include "tests/sim/checks.h"

namespace millrace::sim {
namespace {

/// What doesn't run and isn't done says what it waits for.
void wait_has_a_name(const Look& look, const TaskSeen& row, const RunSeen& run) {
  if (row.state == "running" || run.cancel_requested) return;
  if (look.scheduler->waiting_on(TaskInstanceId{row.id}, look.now).empty())
    look.wrong(fmt::format("I10: task instance {} ('{}', {}) of run {} waits for nothing", row.id,
                           row.task_id, row.state, row.run));
}

/// Whoever may start has been started, or is in the line.
void ready_is_started(const Look& look, const TaskSeen& row, const RunSeen& run) {
  if (row.state != "none" || run.state != "running" || run.cancel_requested) return;
  const auto dag = look.dag_of_run(row.run);
  const Task* task = dag ? look.task_of(row) : nullptr;
  if (task == nullptr) return;
  const Permission now = permission(task->trigger_rule, upstream_of(look, row, *dag));
  const bool looks_back = dag->depends_on_past || task->depends_on_past || task->wait_for_downstream;
  if (now == Permission::waits || (now == Permission::may_start && looks_back)) return;
  look.wrong(fmt::format("I10: task instance {} ('{}') of run {} is none though its parents have decided",
                         row.id, row.task_id, row.run));
}

}  // namespace

void what_waits_has_a_waker(const Look& look) {
  if (look.scheduler == nullptr) return;
  bool timer_wanted = false, line = false;
  for (const auto& [id, row] : look.seen.tasks) {
    const RunSeen& run = look.seen.runs.at(row.run);
    if (run.is_final() || is_final_word(row.state)) continue;
    wait_has_a_name(look, row, run);
    ready_is_started(look, row, run);
    timer_wanted = timer_wanted || row.state == "up_for_retry" || row.state == "up_for_reschedule";
    const Task* task = look.task_of(row);
    line = line || (row.state == "scheduled" && task != nullptr &&
                    !std::holds_alternative<TriggerDagAction>(task->action) &&
                    look.seen.pools.contains(row.pool) &&
                    look.seen.pools.at(row.pool).slots >= task->pool_slots &&
                    task->resources.gpu == 0);
  }
  const NextWake next = look.scheduler->next_wake();
  if (timer_wanted && !next.mono) look.wrong("I10: a retry or a sensor waits and no timer is set");
  if (line && look.seen.live.empty()) look.wrong("I10: a task waits for admission and nothing runs");

  std::map<std::string, std::int64_t> running;
  for (const auto& [id, run] : look.seen.runs)
    if (run.state == "running" && run.backfill == 0) ++running[run.dag_id];
  for (const auto& [id, run] : look.seen.runs) {
    if (run.state != "queued") continue;
    const auto dag = look.seen.dags.find(run.dag_id);
    if (dag == look.seen.dags.end() || (dag->second.paused && run.type != "manual")) continue;
    const auto definition = look.dag_of(dag->second.dag_version);
    if (run.backfill != 0 || (definition && running[run.dag_id] < definition->max_active_runs))
      look.wrong(fmt::format("I10: run {} of '{}' is queued though there is room", id, run.dag_id));
  }
  for (const auto& [dag_id, row] : look.seen.dags) {
    if (row.paused || row.removed) continue;
    const auto dag = look.dag_of(row.dag_version);
    const Schedule::Kind kind = dag ? dag->schedule.kind : Schedule::Kind::none;
    const bool ticks = kind == Schedule::Kind::cron || kind == Schedule::Kind::every;
    if (ticks && !next.wall) look.wrong(fmt::format("I10: '{}' has a schedule and nobody waits", dag_id));
  }
}

std::shared_ptr<const Dag> Look::dag_of_run(std::int64_t run) const {
  const auto row = seen.runs.find(run);
  return row == seen.runs.end() ? nullptr : dag_of(row->second.dag_version);
}

const Task* Look::task_of(const TaskSeen& row) const {
  const auto dag = dag_of_run(row.run);
  const auto index = dag ? dag->find(row.task_id) : std::nullopt;
  return index ? &dag->tasks[*index] : nullptr;
}

void check(const Look& look) {
  at_most_one_live_attempt(look);
  attempt_numbers_grow_by_one(look);
  one_run_a_date(look);
  events_tell_the_state(look);
  limits_hold(look);
  slots_held_are_live_attempts(look);
  each_tick_is_decided(look);
  what_waits_has_a_waker(look);
  look.memory.dags = look.seen.dags;
  look.memory.pools = look.seen.pools;
}

}  // namespace millrace::sim
