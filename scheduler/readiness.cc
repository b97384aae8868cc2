#include <utility>

#include "scheduler/core.h"

namespace millrace {

void Core::consider(Run& run, TaskIndex t) {
  Slot& slot = run.slots[t];
  if (slot.waiting == 0 || slot.considered || run.row.state != RunState::running || run.row.cancel_requested)
    return;
  if (decide(run.dag->tasks[t].trigger_rule, slot.upstream) == Readiness::wait) return;
  slot.considered = true;
  worklist.push_back({run.row.id, t});
}

void Core::consider_all(Run& run) {
  for (TaskIndex t = 0; t < run.slots.size(); ++t) consider(run, t);
}

void Core::evaluate(Run& run, TaskIndex t) {
  Slot& slot = run.slots[t];
  slot.considered = false;
  if (slot.waiting == 0 || run.row.state != RunState::running || run.row.cancel_requested) return;
  const Task& task = run.dag->tasks[t];
  Readiness verdict = decide(task.trigger_rule, slot.upstream);
  std::string cause = "upstreams allow it", reason;
  if (verdict == Readiness::ready || verdict == Readiness::skip) {
    if (branched_away(run, t))
      verdict = Readiness::skip, reason = "branch", cause = "another branch was taken";
    else if (verdict == Readiness::skip) cause = "trigger rule " + std::string(to_word(task.trigger_rule));
  }
  TaskState to = TaskState::scheduled;
  if (verdict == Readiness::wait) return;
  if (verdict == Readiness::skip) to = TaskState::skipped;
  if (verdict == Readiness::upstream_failed)
    to = TaskState::upstream_failed, cause = "an upstream task failed";
  if (to == TaskState::scheduled) {
    if (!past_allows(run, t)) return;
    if (task.expand && !expand(run, t)) return;
  }
  const std::size_t count = run.slots[t].size();
  for (std::size_t k = 0; k < count; ++k) {
    const InstanceIndex i = run.slots[t][k];
    if (run.instances[i].row.state != TaskState::none) continue;
    if (to == TaskState::scheduled) make_ready(run, i, cause);
    else move(run, i, to, cause, reason);
  }
}

void Core::make_ready(Run& run, InstanceIndex i, std::string cause) {
  move(run, i, TaskState::scheduled, std::move(cause));
  const Action& action = run.dag->tasks[run.instances[i].row.task].action;
  if (std::holds_alternative<SensorAction>(action)) wait_for_sensor(run, i);
  else if (std::holds_alternative<TriggerDagAction>(action)) trigger(run, i);
  else enqueue(run, i);
}

void Core::enqueue(Run& run, InstanceIndex i) {
  Candidate wanted = candidate(run, i);
  run.instances[i].row.pool = wanted.pool;
  admission.add(std::move(wanted));
  admit_due = true;
}

Candidate Core::candidate(const Run& run, InstanceIndex i) const {
  const TaskInstanceRow& row = run.instances[i].row;
  const Task& task = run.dag->tasks[row.task];
  const bool live = holds_attempt(row.state) || run.instances[i].attempt;
  const RunType type = class_of(run.row);
  Candidate c;
  c.id = row.id;
  c.run = row.run;
  c.dag_id = run.row.dag_id;
  c.task = row.task;
  c.share =
      static_cast<ShareClass>(type == RunType::manual              ? ShareClass::manual
                              : type == RunType::scheduled         ? ShareClass::scheduled
                              : type == RunType::dataset_triggered ? ShareClass::dataset_triggered
                                                                   : ShareClass::backfill);
  c.priority = row.priority;
  c.execution_date = run.row.execution_date;
  c.since = row.scheduled_at.value_or(now.wall);
  c.pool_slots = task.pool_slots;
  c.cpu_milli = task.resources.cpu_milli;
  c.memory_bytes = row.memory_bytes;
  c.gpu = task.resources.gpu;
  c.gpu_memory_bytes = task.resources.gpu_memory_bytes;
  c.gpu_model = task.resources.gpu_model;
  const std::string cpu_pool = run.row.pool.empty() ? "cpu" : run.row.pool;
  // What a live attempt holds was decided when it was admitted; `gpu_optional` is decided anew for each try.
  const bool falls_back = c.gpu > 0 && task.resources.gpu_optional &&
                          (live ? row.pool != task.pool : gpus.empty());
  if (falls_back) c.gpu = 0;
  if (live) c.pool = row.pool;
  else if (falls_back && task.pool == "gpu") c.pool = cpu_pool;
  else c.pool = !run.row.pool.empty() && task.resources.gpu == 0 ? run.row.pool : task.pool;
  c.max_active_tasks_of_run = run.dag->max_active_tasks;
  if (task.expand && task.expand->max_active > 0) {
    c.limit_key = std::to_string(row.run.value) + "/" + task.task_id;
    c.limit = task.expand->max_active;
  }
  return c;
}

}  // namespace millrace
