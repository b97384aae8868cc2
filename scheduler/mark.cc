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

void Core::on(const MarkTaskRequested& fact) {
  with_run(fact.run, [this, fact](Run* run) { mark_task(run, fact); });
}

void Core::mark_task(Run* run, const MarkTaskRequested& fact) {
  const Located at = locate(fact.task_instance);
  if (!run || at.run != run)
    return reply(fact.request, Error{ErrorKind::not_found, "there is no such task instance"});
  Instance& ti = run->instances[at.index];
  if (fact.to != TaskState::success && fact.to != TaskState::failed && fact.to != TaskState::skipped)
    return reply(fact.request, Error{ErrorKind::invalid, "a task can be marked success, failed or skipped"});
  if (ti.row.state == TaskState::removed)
    return reply(fact.request, Error{ErrorKind::conflict, "the task is removed from this run"});
  if (!fact.note.empty()) touch(*run, at.index), ti.row.note = fact.note;
  if (ti.row.state == fact.to) return reply(fact.request, ti.row);
  const std::string cause = fmt::format("marked {} by {}", to_word(fact.to), fact.by);
  const bool was_final = is_final(run->row.state);
  mark(*run, at.index, fact.to, cause, fact.by);
  // As in Airflow: what had failed below a task that is good now goes on.
  std::vector<InstanceIndex> below;
  if (fact.to != TaskState::failed) {
    std::vector<bool> reached(run->dag->tasks.size(), false);
    std::vector<TaskIndex> stack{ti.row.task};
    while (!stack.empty()) {
      const auto [first, last] = run->dag->downstream.of(stack.back());
      stack.pop_back();
      for (const TaskIndex* d = first; d != last; ++d)
        if (!reached[*d]) reached[*d] = true, stack.push_back(*d);
    }
    for (InstanceIndex i = 0; i < run->instances.size(); ++i) {
      const TaskInstanceRow& row = run->instances[i].row;
      if ((row.state == TaskState::failed || row.state == TaskState::upstream_failed) && reached[row.task])
        below.push_back(i);
    }
  }
  if (was_final || !below.empty()) clear(*run, below, cause, fact.by);
  reply(fact.request, ti.row);
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
