#include <fmt/format.h>

#include "tests/sim/checks.h"

/// Limits bind who comes: a limit that was lowered leaves what runs alone. So a limit is broken only where
/// somebody was let in since the last look, under a limit that nobody has changed since.
namespace millrace::sim {
namespace {

/// Runs and pools that something was admitted to since the last look.
struct Admitted {
  std::set<std::string> pools;
  std::set<std::int64_t> runs;
  std::set<std::string> dags;  ///< a run of them began, and not of a backfill
  bool any = false;
};

Admitted admitted_in(const Look& look) {
  Admitted out;
  for (const EventSeen& event : look.seen.events) {
    if (event.kind == "task" && event.to == "queued") {
      const auto row = look.seen.tasks.find(event.task_instance);
      if (row == look.seen.tasks.end()) continue;
      out.any = true;
      out.pools.insert(row->second.pool);
      out.runs.insert(event.run);
    }
    const auto run = look.seen.runs.find(event.run);
    // Who is marked is started without a place, to end at once.
    if (event.kind == "run" && event.to == "running" && event.from == "queued" &&
        run != look.seen.runs.end() && run->second.state == "running" && run->second.backfill == 0)
      out.dags.insert(event.dag_id);
  }
  return out;
}

void pools_hold(const Look& look, const Admitted& admitted) {
  std::map<std::string, std::int64_t> taken;
  std::int64_t cpu = 0, memory = 0;
  for (const auto& [id, attempt] : look.seen.live) {
    const auto row = look.seen.tasks.find(attempt.task_instance);
    const Task* task = row == look.seen.tasks.end() ? nullptr : look.task_of(row->second);
    if (task == nullptr) continue;
    taken[row->second.pool] += task->pool_slots;
    cpu += task->resources.cpu_milli;
    memory += row->second.memory_bytes;
  }
  for (const auto& [name, slots] : taken) {
    const auto pool = look.seen.pools.find(name);
    const auto before = look.memory.pools.find(name);
    const bool changed = pool == look.seen.pools.end() || before == look.memory.pools.end() ||
                         before->second.version != pool->second.version;
    if (changed || !admitted.pools.contains(name)) continue;
    if (slots > pool->second.slots)
      look.wrong(fmt::format("I5: pool '{}' has {} slots, {} are taken", name, pool->second.slots, slots));
  }
  if (!admitted.any) return;
  if (cpu > look.machine.cpu_milli) look.wrong(fmt::format("I5: {} thousandths of cpu are taken", cpu));
  if (memory > look.machine.memory_bytes) look.wrong(fmt::format("I5: {} bytes are taken", memory));
}

void runs_hold(const Look& look, const Admitted& admitted) {
  std::map<std::int64_t, std::int64_t> live;
  for (const auto& [id, attempt] : look.seen.live) ++live[attempt.run];
  for (const std::int64_t run : admitted.runs) {
    const auto dag = look.dag_of_run(run);
    if (dag && live[run] > dag->max_active_tasks)
      look.wrong(fmt::format("I5: run {} has {} live attempts, {} at most", run, live[run],
                             dag->max_active_tasks));
  }
  std::map<std::string, std::int64_t> running;
  for (const auto& [id, run] : look.seen.runs)
    if (run.state == "running" && run.backfill == 0) ++running[run.dag_id];
  for (const std::string& dag_id : admitted.dags) {
    const auto row = look.seen.dags.find(dag_id);
    const auto before = look.memory.dags.find(dag_id);
    if (row == look.seen.dags.end() || before == look.memory.dags.end()) continue;
    if (row->second.dag_version != before->second.dag_version) continue;
    const auto dag = look.dag_of(row->second.dag_version);
    if (dag && running[dag_id] > dag->max_active_runs)
      look.wrong(fmt::format("I5: DAG '{}' has {} running runs, {} at most", dag_id, running[dag_id],
                             dag->max_active_runs));
  }
}

}  // namespace

void limits_hold(const Look& look) {
  if (look.booted) return;
  const Admitted admitted = admitted_in(look);
  pools_hold(look, admitted);
  runs_hold(look, admitted);
  for (const BackfillSeen& backfill : look.seen.backfills)
    if (backfill.running > backfill.max_active_runs)
      look.wrong(fmt::format("I5: backfill {} has {} active runs, {} at most", backfill.id, backfill.running,
                             backfill.max_active_runs));
}

}  // namespace millrace::sim
