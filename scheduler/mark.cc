#include <fmt/format.h>

#include "scheduler/core.h"

/// States set by hand: recorded with who did it. A live process of a marked task is ended, its slots are
/// given back when it is gone.
namespace millrace {

void Core::mark(Run& run, InstanceIndex i, TaskState to, const std::string& cause, const std::string& by) {
  Instance& ti = run.instances[i];
  if (ti.row.state == to) return;
  move(run, i, to, cause, "marked", By::person);
  ti.row.changed_by = by;
  if (ti.attempt) kill(run, i);
}

namespace {

/// What a mark means in one run: the task's instance (or all of them) and, if asked, its relatives.
std::vector<InstanceIndex> to_mark(const Run& run, const MarkTaskRequested& fact, const std::string& task_id,
                                   int map_index) {
  std::vector<InstanceIndex> out;
  const auto task = run.dag->find(task_id);
  if (!task) return out;
  std::vector<bool> relatives(run.dag->tasks.size(), false);
  for (const auto& [wanted, edges] : {std::pair{fact.upstream, &run.dag->upstream},
                                      std::pair{fact.downstream, &run.dag->downstream}}) {
    std::vector<bool> reached(run.dag->tasks.size(), false);
    reached[*task] = true;
    if (wanted) add_closure(*edges, reached);
    for (std::size_t t = 0; t < reached.size(); ++t) relatives[t] = relatives[t] || reached[t];
  }
  relatives[*task] = false;
  for (InstanceIndex i = 0; i < run.instances.size(); ++i) {
    const TaskInstanceRow& row = run.instances[i].row;
    if (row.state == TaskState::removed || row.state == fact.to) continue;
    const bool named = row.task == *task && (fact.all_mapped || row.map_index == map_index);
    if (named || relatives[row.task]) out.push_back(i);
  }
  return out;
}

}  // namespace

void Core::on(const MarkTaskRequested& fact) {
  std::vector<RunId> ids{fact.run};
  ids.insert(ids.end(), fact.more_runs.begin(), fact.more_runs.end());
  with_runs(ids, [this, fact](const std::vector<Run*>& all) { mark_tasks(all, fact); });
}

void Core::mark_tasks(const std::vector<Run*>& all, const MarkTaskRequested& fact) {
  const Located at = locate(fact.task_instance);
  if (!all.front() || at.run != all.front())
    return reply(fact.request, Error{ErrorKind::not_found, "there is no such task instance"});
  const TaskInstanceRow named = at.run->instances[at.index].row;
  if (fact.to != TaskState::success && fact.to != TaskState::failed && fact.to != TaskState::skipped)
    return reply(fact.request, Error{ErrorKind::invalid, "a task can be marked success, failed or skipped"});
  if (named.state == TaskState::removed)
    return reply(fact.request, Error{ErrorKind::conflict, "the task is removed from this run"});
  Marked marked;
  for (Run* run : all) {
    if (!run) continue;  // deleted since it was looked up
    const std::vector<InstanceIndex> chosen = to_mark(*run, fact, named.task_id, named.map_index);
    if (!fact.dry_run && !chosen.empty()) mark_in(*run, chosen, fact.to, fact.by);
    for (const InstanceIndex i : chosen) marked.task_instances.push_back(run->instances[i].row);
  }
  if (!fact.note.empty() && !fact.dry_run) {
    touch(*at.run, at.index);
    at.run->instances[at.index].row.note = fact.note;
    for (TaskInstanceRow& row : marked.task_instances)
      if (row.id == fact.task_instance) row = at.run->instances[at.index].row;
    if (marked.task_instances.empty()) marked.task_instances.push_back(at.run->instances[at.index].row);
  }
  if (marked.task_instances.empty() && !fact.dry_run)
    return reply(fact.request,
                 Error{ErrorKind::conflict,
                       fmt::format("task '{}' is already {}", named.task_id, to_word(fact.to))});
  reply(fact.request, std::move(marked));
}

void Core::mark_in(Run& run, const std::vector<InstanceIndex>& chosen, TaskState to, const std::string& by) {
  const std::string cause = fmt::format("marked {} by {}", to_word(to), by);
  const bool was_final = is_final(run.row.state);
  std::vector<bool> reached(run.dag->tasks.size(), false);
  std::vector<bool> is_chosen(run.instances.size(), false);
  for (const InstanceIndex i : chosen) {
    mark(run, i, to, cause, by);
    reached[run.instances[i].row.task] = is_chosen[i] = true;
  }
  // As in Airflow: what had failed below a task that is good now goes on.
  std::vector<InstanceIndex> below;
  if (to != TaskState::failed) {
    const std::vector<bool> marked = reached;
    add_closure(run.dag->downstream, reached);
    for (InstanceIndex i = 0; i < run.instances.size(); ++i) {
      const TaskInstanceRow& row = run.instances[i].row;
      const bool bad = row.state == TaskState::failed || row.state == TaskState::upstream_failed;
      if (bad && reached[row.task] && !marked[row.task] && !is_chosen[i]) below.push_back(i);
    }
  }
  if (was_final || !below.empty()) clear(run, below, cause, by);
}

void Core::on(const MarkRunRequested& fact) {
  with_run(fact.run, [this, fact](Run* run) { mark_run(run, fact); });
}

void Core::mark_run(Run* run, const MarkRunRequested& fact) {
  if (!run) return reply(fact.request, Error{ErrorKind::not_found, "there is no such run"});
  if (!is_final(fact.to))
    return reply(fact.request, Error{ErrorKind::invalid, "a run can be marked success or failed"});
  const std::string cause = fmt::format("marked {} by {}", to_word(fact.to), fact.by);
  if (run->row.state == fact.to) return reply(fact.request, run->row);
  if (fact.to == RunState::failed) {
    if (is_final(run->row.state)) move(*run, RunState::failed, cause, "marked", By::person);
    else cancel(*run, "marked", cause, true);
    return reply(fact.request, run->row);
  }
  touch(*run);
  run->row.cancel_requested = false;
  for (InstanceIndex i = 0; i < run->instances.size(); ++i) {
    const TaskState state = run->instances[i].row.state;
    if (state != TaskState::skipped && state != TaskState::removed)
      mark(*run, i, TaskState::success, cause, fact.by);
  }
  if (is_final(run->row.state))
    move(*run, RunState::success, cause, "marked", By::person), past_reopened(*run);
  else if (run->row.state == RunState::queued) start(*run);
  check_end(*run);
  reply(fact.request, run->row);
}

void Core::on(const NoteSet& fact) {
  with_run(fact.run, [this, fact](Run* run) {
    if (!run) return reply(fact.request, Error{ErrorKind::not_found, "there is no such run"});
    if (!fact.task_instance) {
      touch(*run);
      run->row.note = fact.note;
      return reply(fact.request, run->row);
    }
    const Located at = locate(fact.task_instance);
    if (at.run != run)
      return reply(fact.request, Error{ErrorKind::not_found, "there is no such task instance"});
    touch(*run, at.index);
    run->instances[at.index].row.note = fact.note;
    reply(fact.request, run->instances[at.index].row);
  });
}

}  // namespace millrace
