#include <fmt/format.h>

#include "scheduler/core.h"

namespace millrace {
namespace {

/// Airflow's rule: the tasks without downstream decide. Empty when none of them failed, else why.
std::string failing_leaf(const Run& run) {
  for (const Instance& ti : run.instances) {
    if (ti.row.state != TaskState::failed && ti.row.state != TaskState::upstream_failed) continue;
    const auto [first, last] = run.dag->downstream.of(ti.row.task);
    if (first == last) return fmt::format("task '{}' is {}", ti.row.task_id, to_word(ti.row.state));
  }
  return {};
}

}  // namespace

void Core::check_end(Run& run) {
  if (run.unfinished > 0 || run.live > 0 || run.ending || is_final(run.row.state)) return;
  if (run.row.state == RunState::queued && !run.row.cancel_requested) return;
  run.ending = true;
  ended.push_back(run.row.id);
}

void Core::end(Run& run) {
  run.ending = false;
  if (run.unfinished > 0 || run.live > 0 || is_final(run.row.state)) return;
  const RunId id = run.row.id;
  if (run.row.cancel_requested) {
    move(run, RunState::failed, run.row.reason, run.row.reason);
    // Who cancels or marks a run knows of it.
    if (run.row.reason == "timed_out") notify(run, NotifyOn::failure, nullptr, "run_timeout");
  } else {
    const std::string why = failing_leaf(run);
    move(run, why.empty() ? RunState::success : RunState::failed, why.empty() ? "all tasks are done" : why);
    notify(run, why.empty() ? NotifyOn::success : NotifyOn::failure, nullptr, why);
  }
  leaving.insert(id);
  item_ended(run);
  child_ended(run);
  if (!run_sensors.empty()) poke_run_sensors(run.row.dag_id, {});
  DagEntry& entry = *find_dag(run.row.dag_id);
  const bool continuous = entry.dag && entry.dag->schedule.kind == Schedule::Kind::continuous;
  if (entry.crowded || continuous) schedule(entry);
}

}  // namespace millrace
