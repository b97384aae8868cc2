#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "scheduler/core.h"

/// An explicit clear is the only way out of a final state. The history of attempts stays; tries are counted
/// on.
namespace millrace {

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

namespace {

std::string unknown_task(const Dag& dag, std::string_view task_id) {
  std::vector<std::string_view> names;
  for (const Task& task : dag.tasks) names.push_back(task.task_id);
  const std::string near = nearest(task_id, names);
  return fmt::format("DAG '{}' has no task '{}'{}", dag.dag_id, task_id,
                     near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
}

/// Which tasks are meant: named as a whole, by some of their instances, or reached from those.
struct Choice {
  std::vector<bool> whole, tasks;
};

/// `strict`: a task that the run lacks is an error; else it is passed over.
Result<Choice> choose(const Dag& dag, const ClearRequested& fact, bool strict) {
  Choice choice;
  choice.whole.assign(dag.tasks.size(), fact.task_ids.empty() && fact.instances.empty());
  choice.tasks = choice.whole;
  const auto name = [&](const std::string& task_id, bool whole) -> Result<void> {
    const auto t = dag.find(task_id);
    if (!t && strict) return fail(ErrorKind::not_found, unknown_task(dag, task_id));
    if (t) choice.tasks[*t] = true;
    if (t && whole) choice.whole[*t] = true;
    return {};
  };
  for (const std::string& task_id : fact.task_ids)
    if (auto ok = name(task_id, true); !ok) return std::unexpected(ok.error());
  for (const auto& [task_id, map_index] : fact.instances)
    if (auto ok = name(task_id, false); !ok) return std::unexpected(ok.error());
  const std::vector<bool> named = choice.tasks;
  const auto reach = [&](const Adjacency& edges) {
    std::vector<bool> reached = named;
    add_closure(edges, reached);
    for (std::size_t t = 0; t < reached.size(); ++t) {
      if (!reached[t]) continue;
      choice.tasks[t] = true;
      if (!named[t]) choice.whole[t] = true;
    }
  };
  if (fact.upstream) reach(dag.upstream);
  if (fact.downstream) reach(dag.downstream);
  return choice;
}

Result<std::vector<InstanceIndex>> selected(const Run& run, const ClearRequested& fact, bool strict = true) {
  const auto choice = choose(*run.dag, fact, strict);
  if (!choice) return std::unexpected(choice.error());
  std::vector<InstanceIndex> out;
  std::vector<bool> found(fact.instances.size(), false);
  for (InstanceIndex i = 0; i < run.instances.size(); ++i) {
    const TaskInstanceRow& row = run.instances[i].row;
    if (row.state == TaskState::removed || !choice->tasks[row.task]) continue;
    bool meant = choice->whole[row.task];
    for (std::size_t k = 0; k < fact.instances.size(); ++k) {
      if (fact.instances[k] != std::pair(row.task_id, row.map_index)) continue;
      meant = found[k] = true;
    }
    if (!meant) continue;
    const bool bad = row.state == TaskState::failed || row.state == TaskState::upstream_failed;
    const bool wanted = (fact.only_failed && bad) || (fact.only_running && row.state == TaskState::running);
    if ((fact.only_failed || fact.only_running) && !wanted) continue;
    out.push_back(i);
  }
  for (std::size_t k = 0; k < found.size() && strict; ++k) {
    const auto& [task_id, map_index] = fact.instances[k];
    if (!found[k])
      return fail(ErrorKind::not_found, fmt::format("task '{}' has no map_index {}", task_id, map_index));
  }
  return out;
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
  std::vector<RunId> ids{fact.run};
  ids.insert(ids.end(), fact.more_runs.begin(), fact.more_runs.end());
  with_runs(ids, [this, fact](const std::vector<Run*>& all) { clear_requested(all, fact); });
}

/// Whether a clear of these instances is what was asked for; a refusal names the task.
Result<void> Core::may_clear(const Run& run, const std::vector<InstanceIndex>& chosen,
                             const ClearRequested& fact) const {
  if (fact.keep_runs && is_final(run.row.state) && !chosen.empty())
    return fail(ErrorKind::conflict,
                fmt::format("run '{}' has ended: unless it is taken up again its tasks would never start",
                            run.row.run_id));
  for (const InstanceIndex i : chosen) {
    if (fact.prevent_running && run.instances[i].row.state == TaskState::running)
      return fail(ErrorKind::conflict, fmt::format("task '{}' of run '{}' is running",
                                                   run.instances[i].row.task_id, run.row.run_id));
  }
  return {};
}

/// All of them or none: every refusal comes before the first move, but for those of move_version.
void Core::clear_requested(const std::vector<Run*>& all, const ClearRequested& fact) {
  Run* named = all.front();
  if (!named) return reply(fact.request, Error{ErrorKind::not_found, "there is no such run"});
  Cleared cleared{named->row, {}};
  std::vector<std::pair<Run*, std::vector<InstanceIndex>>> work;
  for (Run* run : all) {
    if (!run) continue;  // deleted since it was looked up
    auto chosen = selected(*run, fact, run == named);
    if (!chosen) return reply(fact.request, chosen.error());
    if (!fact.dry_run) {
      if (auto may = may_clear(*run, *chosen, fact); !may) return reply(fact.request, may.error());
    }
    const bool moves = fact.latest_version && find_dag(run->row.dag_id)->row.current != run->row.dag_version;
    if (moves && run->live > 0 && !fact.dry_run)
      return reply(fact.request,
                   Error{ErrorKind::conflict,
                         "the run has running tasks; cancel it before it moves to the latest version"});
    work.emplace_back(run, std::move(*chosen));
  }
  for (auto& [run, chosen] : work) {
    if (!fact.dry_run && fact.latest_version) {
      if (auto moved = move_to_current(*run, fact.by); !moved) return reply(fact.request, moved.error());
      auto again = selected(*run, fact, run == named);
      if (!again) return reply(fact.request, again.error());
      chosen = std::move(*again);
    }
    const bool idle = chosen.empty() && is_final(run->row.state);
    if (!fact.dry_run && !idle) clear(*run, chosen, "cleared by " + fact.by, fact.by);
    for (const InstanceIndex i : chosen) {
      if (fact.note && !fact.dry_run) touch(*run, i), run->instances[i].row.note = *fact.note;
      cleared.task_instances.push_back(run->instances[i].row);
    }
    if (fact.run_note && !fact.dry_run) touch(*run), run->row.note = *fact.run_note;
  }
  cleared.run = named->row;
  reply(fact.request, std::move(cleared));
}

Result<void> Core::move_to_current(Run& run, const std::string& by) {
  const DagEntry* entry = find_dag(run.row.dag_id);
  if (!entry || !entry->dag || entry->row.removed)
    return fail(ErrorKind::conflict, fmt::format("DAG '{}' has no version in force", run.row.dag_id));
  return move_version(run, entry->row.current, entry->dag, by);
}

Result<void> Core::move_version(Run& run, DagVersionId version, std::shared_ptr<const Dag> dag,
                                const std::string& by) {
  if (version == run.row.dag_version) return {};
  if (run.live > 0)
    return fail(ErrorKind::conflict,
                "the run has running tasks; cancel it before it moves to the latest version");
  // What waits for its turn does so with the needs, the pool and the upstreams of the old version.
  for (InstanceIndex i = 0; i < run.instances.size(); ++i)
    if (admission.waits(run.instances[i].row.id))
      move(run, i, TaskState::none, "cleared by " + by + ": decided anew in the latest version", {},
           By::person);
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
  run.row.dag_version = version;
  arm_clocks(run);
  std::vector<bool> present(dag->tasks.size(), false);
  for (const Instance& ti : run.instances)
    if (!is_orphan(run, ti.row)) present[ti.row.task] = true;
  for (TaskIndex t = 0; t < present.size(); ++t)
    if (!present[t]) append(run, t, -1, {});
  // What was to be looked at has its place of the old version; all is, below.
  const auto still_open = worklist.begin() + static_cast<std::ptrdiff_t>(worked);
  const auto of_run = [&](const Considered& one) { return one.run == run.row.id; };
  worklist.erase(std::remove_if(still_open, worklist.end(), of_run), worklist.end());
  index(run);
  run_event(run, std::string(to_word(run.row.state)), "moved to the latest version by " + by);
  // New tasks, and those with other upstreams than before, may have nothing left to wait for.
  consider_all(run);
  return {};
}

}  // namespace millrace
