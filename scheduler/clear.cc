#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "scheduler/core.h"

/// An explicit clear is the only way out of a final state. The history of attempts stays; tries are counted
/// on.
namespace millrace {
namespace {

void add_closure(const Adjacency& edges, std::vector<bool>& chosen) {
  std::vector<TaskIndex> stack;
  for (TaskIndex t = 0; t < chosen.size(); ++t)
    if (chosen[t]) stack.push_back(t);
  while (!stack.empty()) {
    const auto [first, last] = edges.of(stack.back());
    stack.pop_back();
    for (const TaskIndex* t = first; t != last; ++t) {
      if (chosen[*t]) continue;
      chosen[*t] = true;
      stack.push_back(*t);
    }
  }
}

std::string unknown_task(const Dag& dag, std::string_view task_id) {
  std::vector<std::string_view> names;
  for (const Task& task : dag.tasks) names.push_back(task.task_id);
  const std::string near = nearest(task_id, names);
  return fmt::format("DAG '{}' has no task '{}'{}", dag.dag_id, task_id,
                     near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
}

Result<std::vector<InstanceIndex>> selected(const Run& run, const ClearRequested& fact) {
  const Dag& dag = *run.dag;
  std::vector<bool> chosen(dag.tasks.size(), fact.task_ids.empty());
  for (const std::string& name : fact.task_ids) {
    const auto t = dag.find(name);
    if (!t) return fail(ErrorKind::not_found, unknown_task(dag, name));
    chosen[*t] = true;
  }
  std::vector<bool> named = chosen;
  if (fact.upstream) {
    std::vector<bool> above = named;
    add_closure(dag.upstream, above);
    for (std::size_t t = 0; t < chosen.size(); ++t) chosen[t] = chosen[t] || above[t];
  }
  if (fact.downstream) {
    std::vector<bool> below = named;
    add_closure(dag.downstream, below);
    for (std::size_t t = 0; t < chosen.size(); ++t) chosen[t] = chosen[t] || below[t];
  }
  std::vector<InstanceIndex> out;
  bool map_index_found = !fact.map_index;
  for (InstanceIndex i = 0; i < run.instances.size(); ++i) {
    const TaskInstanceRow& row = run.instances[i].row;
    if (row.state == TaskState::removed || !chosen[row.task]) continue;
    if (fact.map_index && named[row.task]) {
      if (row.map_index != *fact.map_index) continue;
      map_index_found = true;
    }
    const bool bad = row.state == TaskState::failed || row.state == TaskState::upstream_failed;
    if (fact.only_failed && !bad) continue;
    out.push_back(i);
  }
  if (!map_index_found && !fact.only_failed)
    return fail(ErrorKind::not_found, fmt::format("there is no map_index {}", *fact.map_index));
  return out;
}

Cleared answer(const Run& run, const std::vector<InstanceIndex>& chosen) {
  Cleared cleared{run.row, {}};
  for (const InstanceIndex i : chosen) cleared.task_instances.push_back(run.instances[i].row);
  return cleared;
}

}  // namespace

void Core::reopen(Run& run, const std::string& cause) {
  past_reopened(run);
  move(run, RunState::queued, cause, {}, By::person);
  ++run.row.rerun;
  run.row.queued_at = now.wall;
  run.row.late_at.reset();
  arm_deadline(run);
}

void Core::clear(Run& run, const std::vector<InstanceIndex>& chosen, const std::string& cause,
                 const std::string& by) {
  if (run.row.cancel_requested) {
    touch(run);
    run.row.cancel_requested = false;
    run.row.reason.clear();
  }
  if (is_final(run.row.state)) reopen(run, cause);
  for (const InstanceIndex i : chosen) {
    Instance& ti = run.instances[i];
    const TaskState state = ti.row.state;
    if (state == TaskState::none || state == TaskState::restarting) continue;
    move(run, i, ti.attempt ? TaskState::restarting : TaskState::none, cause, {}, By::person);
    ti.row.max_tries = ti.row.try_number + run.dag->tasks[ti.row.task].retries.limit + 1;
    ti.row.changed_by = by;
    if (ti.attempt) kill(run, i);
  }
  for (const InstanceIndex i : chosen) consider(run, run.instances[i].row.task);
  // Nothing to do for a run whose chosen tasks were none: it ends again once it is started.
  check_end(run);
}

void Core::rerun(Run& run, const std::string& cause, const std::string& by) {
  std::vector<InstanceIndex> all;
  for (InstanceIndex i = 0; i < run.instances.size(); ++i)
    if (run.instances[i].row.state != TaskState::removed) all.push_back(i);
  clear(run, all, cause, by);
}

void Core::on(const ClearRequested& fact) {
  with_run(fact.run, [this, fact](Run* run) { clear_requested(run, fact); });
}

void Core::clear_requested(Run* run, const ClearRequested& fact) {
  if (!run) return reply(fact.request, Error{ErrorKind::not_found, "there is no such run"});
  const auto chosen = selected(*run, fact);
  if (!chosen) return reply(fact.request, chosen.error());
  if (fact.dry_run) return reply(fact.request, answer(*run, *chosen));
  if (fact.latest_version)
    if (auto moved = move_version(*run, fact.by); !moved) return reply(fact.request, moved.error());
  auto again = fact.latest_version ? selected(*run, fact) : chosen;
  if (!again) return reply(fact.request, again.error());
  if (again->empty() && is_final(run->row.state)) return reply(fact.request, answer(*run, *again));
  clear(*run, *again, "cleared by " + fact.by, fact.by);
  reply(fact.request, answer(*run, *again));
}

Result<void> Core::move_version(Run& run, const std::string& by) {
  const DagEntry* entry = find_dag(run.row.dag_id);
  if (!entry || !entry->dag || entry->row.removed)
    return fail(ErrorKind::conflict, fmt::format("DAG '{}' has no version in force", run.row.dag_id));
  if (entry->row.current == run.row.dag_version) return {};
  if (run.live > 0)
    return fail(ErrorKind::conflict,
                "the run has running tasks; cancel it before it moves to the latest version");
  const std::shared_ptr<const Dag> dag = entry->dag;
  for (InstanceIndex i = 0; i < run.instances.size(); ++i) {
    TaskInstanceRow& row = run.instances[i].row;
    const auto t = dag->find(row.task_id);
    if (!t && row.state != TaskState::removed)
      move(run, i, TaskState::removed, "gone from the DAG's latest version", "gone", By::person);
    if (!t || *t == row.task) continue;
    touch(run, i);
    row.task = *t;
  }
  touch(run);
  run.dag = dag;
  run.row.dag_version = entry->row.current;
  std::vector<bool> present(dag->tasks.size(), false);
  for (const Instance& ti : run.instances)
    if (!is_orphan(run, ti.row)) present[ti.row.task] = true;
  for (TaskIndex t = 0; t < present.size(); ++t)
    if (!present[t]) append(run, t, -1, {});
  index(run);
  run_event(run, std::string(to_word(run.row.state)), "moved to the latest version by " + by);
  return {};
}

}  // namespace millrace
