#include <utility>

#include "scheduler/core.h"

/// What others may ask of the scheduler. Nothing here changes anything.
namespace millrace {

std::optional<AttemptContext> Core::context(const Located& at) const {
  if (!at.run) return std::nullopt;
  const Instance& ti = at.run->instances[at.index];
  if (is_orphan(*at.run, ti.row)) return std::nullopt;
  return AttemptContext{at.run->dag.get(), &at.run->dag->tasks[ti.row.task], &at.run->row, &ti.row, nullptr};
}

std::optional<AttemptContext> Core::attempt_context(AttemptId id) const {
  const auto it = attempts.find(id);
  if (it == attempts.end()) return std::nullopt;
  auto found = context({it->second.run, it->second.index});
  if (found) found->attempt = &it->second.row;
  return found;
}

std::vector<PoolUse> Core::pool_use() const {
  std::vector<PoolUse> uses = admission.pools();
  std::map<std::string, PoolUse*> by_name;
  for (PoolUse& use : uses) {
    use.running = use.queued = use.deferred = 0;
    by_name[use.pool.name] = &use;
  }
  const auto add = [&](const Run& run, const Instance& ti) {
    const auto it = by_name.find(ti.row.pool);
    if (it == by_name.end()) return;
    const int slots = run.dag->tasks[ti.row.task].pool_slots;
    if (ti.row.state == TaskState::queued) it->second->queued += slots;
    else if (ti.row.state == TaskState::deferred) it->second->deferred += slots;
    else it->second->running += slots;
  };
  for (const auto& [id, attempt] : attempts) add(*attempt.run, attempt.run->instances[attempt.index]);
  for (const auto& [child, waiting] : parents)
    for (const TaskInstanceId id : waiting)
      if (const Located at = locate(id); at.run) add(*at.run, at.run->instances[at.index]);
  return uses;
}

ActiveCounts Core::active_counts(const DagFilter& of) const {
  ActiveCounts out;
  const auto wanted = [&](const std::string& dag_id) { return !of || of(dag_id); };
  for (const auto& [id, run] : runs) {
    if (is_final(run.row.state)) continue;  // here for a look only
    if (!wanted(run.row.dag_id)) continue;
    ++out.runs[run.row.state];
    for (const Instance& ti : run.instances) ++out.task_instances[ti.row.state];
  }
  for (const auto& [id, backfill] : backfills)
    if (!is_final(backfill.row.state) && wanted(backfill.row.spec.dag_id))
      ++out.backfills[backfill.row.state];
  out.dags = static_cast<std::size_t>(dag_index.counts().dags);
  out.paused_dags = static_cast<std::size_t>(dag_index.counts().paused);
  return out;
}

}  // namespace millrace
