#include <fmt/format.h>

#include "scheduler/core.h"

/// depends_on_past and wait_for_downstream: a task starts when the same task of the previous execution_date's
/// run has succeeded or was skipped. No such run: nothing to wait for.
namespace millrace {
namespace {

bool looks_back(const Dag& dag, const Task& task) {
  return dag.depends_on_past || task.depends_on_past || task.wait_for_downstream;
}

WallTime previous_date(const Dag& dag, WallTime date) {
  const Schedule::Kind kind = dag.schedule.kind;
  if (kind == Schedule::Kind::cron || kind == Schedule::Kind::every || kind == Schedule::Kind::at)
    if (const auto tick = previous_tick(dag.schedule, date)) return *tick;
  return date - std::chrono::hours{24};
}

/// The instances of one task as one state: success when all are done well, else the first that isn't.
TaskState state_of(const Run& run, TaskIndex t) {
  const Slot& slot = run.slots[t];
  for (std::size_t k = 0; k < slot.size(); ++k) {
    const TaskState state = run.instances[slot[k]].row.state;
    if (state != TaskState::success && state != TaskState::skipped && state != TaskState::removed)
      return state;
  }
  return TaskState::success;
}

std::map<std::string, TaskState, std::less<>> states_of(const Run& run) {
  std::map<std::string, TaskState, std::less<>> states;
  for (TaskIndex t = 0; t < run.slots.size(); ++t)
    states.emplace(run.dag->tasks[t].task_id, state_of(run, t));
  return states;
}

}  // namespace

void Core::find_past(Run& run) {
  bool needed = run.dag->depends_on_past;
  for (const Task& task : run.dag->tasks) needed = needed || looks_back(*run.dag, task);
  run.past = {};
  if (!needed) return;
  run.past.date = previous_date(*run.dag, run.row.execution_date);
  if (run.dag->start_date && run.past.date < *run.dag->start_date) {
    run.past.kind = Past::Kind::nothing;
    return;
  }
  const DagEntry& entry = *find_dag(run.row.dag_id);
  if (const auto it = entry.active.find(run.past.date); it != entry.active.end()) {
    run.past.kind = Past::Kind::active;
    run.past.run = it->second;
    followers[it->second].insert(run.row.id);
    return;
  }
  run.past.kind = Past::Kind::unknown;
  look_up(run.row.dag_id, {run.past.date}, {}, [this, id = run.row.id](const std::vector<RunRow>& found) {
    Run* waiter = find_run(id);
    if (!waiter || waiter->past.kind != Past::Kind::unknown) return;
    if (found.empty()) {
      waiter->past.kind = Past::Kind::nothing;
      return consider_all(*waiter);
    }
    with_run(found.front().id, [this, id](Run* before) {
      Run* late = find_run(id);
      if (!late || late->past.kind != Past::Kind::unknown) return;
      late->past.kind = before ? Past::Kind::ended : Past::Kind::nothing;
      if (before) late->past.states = states_of(*before);
      consider_all(*late);
    });
  });
}

bool Core::past_allows(const Run& run, TaskIndex t, std::string* why) const {
  const Past& past = run.past;
  const Task& task = run.dag->tasks[t];
  if (past.kind == Past::Kind::unneeded || past.kind == Past::Kind::nothing || !looks_back(*run.dag, task))
    return true;
  const Run* before = nullptr;
  if (past.kind == Past::Kind::active) {
    const auto it = runs.find(past.run);
    if (it == runs.end()) return true;
    before = &it->second;
  }
  const auto passed = [&](const std::string& name) {
    TaskState state = TaskState::success;
    if (before) {
      if (const auto found = before->dag->find(name)) state = state_of(*before, *found);
    } else if (past.kind == Past::Kind::unknown) {
      state = TaskState::none;
    } else if (const auto it = past.states.find(name); it != past.states.end()) {
      state = it->second;
    }
    const bool good = state == TaskState::success || state == TaskState::skipped;
    if (!good && why)
      *why = fmt::format("task '{}' of {} is {}", name, to_iso(past.date),
                         past.kind == Past::Kind::unknown ? "being looked up" : to_word(state));
    return good;
  };
  if (!passed(task.task_id)) return false;
  if (!task.wait_for_downstream) return true;
  const auto [first, last] = run.dag->downstream.of(t);
  for (const TaskIndex* d = first; d != last; ++d)
    if (!passed(run.dag->tasks[*d].task_id)) return false;
  return true;
}

void Core::past_changed(Run& run, TaskIndex t) {
  if (followers.empty()) return;
  const auto it = followers.find(run.row.id);
  if (it == followers.end()) return;
  for (const RunId id : it->second) {
    Run* later = find_run(id);
    const auto same = later ? later->dag->find(run.dag->tasks[t].task_id) : std::nullopt;
    if (!same) continue;
    consider(*later, *same);
    const auto [first, last] = later->dag->upstream.of(*same);
    for (const TaskIndex* u = first; u != last; ++u)
      if (later->dag->tasks[*u].wait_for_downstream) consider(*later, *u);
  }
}

void Core::past_frozen(const Run& run) {
  const auto it = followers.find(run.row.id);
  if (it == followers.end()) return;
  for (const RunId id : it->second) {
    Run* later = find_run(id);
    if (!later || later->past.kind != Past::Kind::active || later->past.run != run.row.id) continue;
    later->past.kind = Past::Kind::ended;
    later->past.states = states_of(run);
  }
}

/// `run` is in memory again and its states have changed or may: whoever looked at them when it ended looks
/// anew.
void Core::past_reopened(const Run& run) {
  const DagEntry& entry = *find_dag(run.row.dag_id);
  for (auto it = entry.active.upper_bound(run.row.execution_date); it != entry.active.end(); ++it) {
    Run& later = runs.at(it->second);
    if (later.past.kind == Past::Kind::unneeded || later.past.date != run.row.execution_date) continue;
    later.past.kind = Past::Kind::active;
    later.past.run = run.row.id;
    later.past.states.clear();
    followers[run.row.id].insert(later.row.id);
    consider_all(later);
  }
}

}  // namespace millrace
