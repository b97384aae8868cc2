#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "scheduler/core.h"
#include "scheduler/expansion.h"

namespace millrace {
namespace {

std::string_view run_id_prefix(RunType type) {
  switch (type) {
    case RunType::scheduled: return "scheduled__";
    case RunType::manual: return "manual__";
    case RunType::backfill: return "backfill__";
    case RunType::dataset_triggered: return "dataset__";
  }
  return "";
}

/// A run_id becomes part of paths and URLs.
std::optional<std::string> run_id_problem(const std::string& run_id) {
  constexpr std::string_view others = "_.~:+-";
  const auto good = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  };
  if (run_id.empty() || run_id.size() > limits::id_bytes) return "run_id must have 1 to 200 characters";
  if (!std::all_of(run_id.begin(), run_id.end(), good) || run_id.front() == '.')
    return "run_id may have letters, digits and _ . ~ : + - and doesn't start with a dot";
  for (const RunType type : {RunType::scheduled, RunType::backfill, RunType::dataset_triggered})
    if (run_id.starts_with(run_id_prefix(type)))
      return fmt::format("run_id may not start with '{}': it is kept for {} runs", run_id_prefix(type),
                         to_word(type));
  return std::nullopt;
}

/// Priority of each task: its own and that of the heaviest path below it.
std::vector<int> priorities(const Dag& dag) {
  std::vector<int> weight(dag.tasks.size(), 0);
  for (auto it = dag.order.rbegin(); it != dag.order.rend(); ++it) {
    int below = 0;
    const auto [first, last] = dag.downstream.of(*it);
    for (const TaskIndex* d = first; d != last; ++d) below = std::max(below, weight[*d]);
    weight[*it] = std::clamp(dag.tasks[*it].priority + below, -1'000'000, 1'000'000);
  }
  return weight;
}

}  // namespace

bool Core::has_room(const DagEntry& entry) const {
  return entry.active.size() - entry.backfilling < limits::active_runs_per_dag &&
         runs.size() < limits::queued_runs;
}

void Core::on(const RunRequested& fact) {
  DagEntry* entry = find_dag(fact.dag_id);
  if (!entry || entry->row.removed || !entry->dag)
    return reply(fact.request, Error{ErrorKind::not_found, no_such_dag(*this, fact.dag_id)});
  if (!has_room(*entry))
    return reply(fact.request, Error{ErrorKind::unavailable,
                                     fmt::format("DAG '{}' has {} active runs: too many for another one",
                                                 fact.dag_id, entry->active.size())});
  if (fact.run_id)
    if (auto problem = run_id_problem(*fact.run_id))
      return reply(fact.request, Error{ErrorKind::invalid, std::move(*problem)});
  const WallTime date = fact.execution_date.value_or(now.wall);
  RunWish wanted = wish(*entry, RunType::manual, date,
                        fact.interval ? *fact.interval : interval_of(entry->dag->schedule, date));
  wanted.run_id = fact.run_id.value_or("");
  wanted.params = fact.params;
  wanted.note = fact.note;
  wanted.by = fact.by;
  propose({std::move(wanted)}, [this, request = fact.request](const RunWish& w, Run* made,
                                                              const RunRow* existing) {
    if (made) return reply(request, made->row);
    const bool same_date = existing->execution_date == w.execution_date;
    reply(request, Error{ErrorKind::conflict,
                         fmt::format("DAG '{}' has the run '{}' ({}) {}", w.dag_id, existing->run_id,
                                     to_word(existing->state),
                                     same_date ? "for " + to_iso(w.execution_date) : "already")});
  });
}

Run& Core::create(const RunWish& wish) {
  Run run;
  run.dag = wish.dag;
  RunRow& row = run.row;
  row.id = {next.next_run++};
  row.dag_id = wish.dag_id;
  row.run_id = wish.run_id.empty()
                   ? std::string(run_id_prefix(wish.type)) + to_iso_offset(wish.execution_date)
                   : wish.run_id;
  row.execution_date = wish.execution_date;
  row.data_interval_start = wish.interval.start;
  row.data_interval_end = wish.interval.end;
  row.type = wish.type;
  row.dag_version = wish.version;
  row.backfill = wish.backfill;
  row.params = wish.params;
  row.note = wish.note;
  row.triggered_by = wish.by;
  row.pool = wish.pool;
  row.priority = wish.priority;
  row.queued_at = now.wall;
  run.fresh = true;
  Run& here = insert(std::move(run));
  const std::vector<int> weight = priorities(*here.dag);
  here.instances.reserve(here.dag->tasks.size());
  for (TaskIndex t = 0; t < here.dag->tasks.size(); ++t) {
    std::vector<JsonText> items;
    const Task& task = here.dag->tasks[t];
    if (task.expand && task.expand->is_static()) items = static_items(*task.expand);
    if (items.size() > limits::expand_instances) items.clear();
    const std::size_t from = here.instances.size();
    if (items.empty()) append(here, t, -1, {});
    for (std::size_t k = 0; k < items.size(); ++k) append(here, t, static_cast<int>(k), std::move(items[k]));
    for (std::size_t i = from; i < here.instances.size(); ++i)
      here.instances[i].row.priority = weight[t] + here.row.priority;
  }
  index(here);
  run_event(here, "", "created by " + wish.by);
  arm_deadline(here);
  for (InstanceIndex i = 0; i < here.instances.size() && !wish.chosen.empty(); ++i)
    if (!wish.chosen[here.instances[i].row.task])
      move(here, i, TaskState::skipped, std::string(not_chosen), std::string(not_chosen));
  return here;
}

Run& Core::insert(Run run) {
  const RunId id = run.row.id;
  Run& here = runs.emplace(id, std::move(run)).first->second;
  touch(here);
  DagEntry& entry = *find_dag(here.row.dag_id);
  entry.active[here.row.execution_date] = id;
  if (here.row.backfill) ++entry.backfilling;
  entry.queued.insert(place_in_line(here.row));
  to_start.insert(here.row.dag_id);
  return here;
}

void Core::start_runs(DagEntry& entry) {
  const int bound = entry.dag ? entry.dag->max_active_runs : 0;
  // Backfills have their own limit; their runs are last in the order.
  while (!entry.queued.empty() && entry.queued.rbegin()->type == RunType::backfill)
    start(runs.at(entry.queued.rbegin()->id));
  while (!entry.queued.empty() && entry.running < bound) {
    const QueuedRun first = *entry.queued.begin();
    if (entry.row.paused && first.type != RunType::manual) break;
    start(runs.at(first.id));
  }
}

void Core::start(Run& run) {
  move(run, RunState::running, "a place among the active runs");
  if (run.dag->run_timeout)
    arm(run.deadline, now.mono + *run.dag->run_timeout, Timer::Kind::run_deadline, run.row.id.value);
  find_past(run);
  consider_all(run);
  check_end(run);
}

}  // namespace millrace
