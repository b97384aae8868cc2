#include <algorithm>

#include <fmt/format.h>

#include "scheduler/core.h"

namespace millrace {
namespace {

constexpr std::size_t upstreams_named = 20;  // a person reads no more

std::vector<Wait> unfinished_upstreams(const Run& run, TaskIndex t) {
  std::vector<Wait> waits;
  std::size_t more = 0;
  const auto [first, last] = run.dag->upstream.of(t);
  for (const TaskIndex* u = first; u != last; ++u) {
    const Slot& slot = run.slots[*u];
    for (std::size_t k = 0; k < slot.size(); ++k) {
      const TaskInstanceRow& row = run.instances[slot[k]].row;
      if (is_final(row.state)) continue;
      if (waits.size() == upstreams_named) {
        ++more;
        continue;
      }
      const std::string which = row.map_index < 0 ? "" : fmt::format("[{}]", row.map_index);
      waits.push_back({"upstream", fmt::format("task '{}{}' is {}", row.task_id, which, to_word(row.state))});
    }
  }
  if (more > 0) waits.push_back({"upstream", fmt::format("and {} more", more)});
  return waits;
}

/// `file '/data/{{ ds }}.csv'`: as written, because templates are rendered by who looks.
std::string sensed(const Task& task) {
  static constexpr std::string_view words[] = {"file", "dataset", "URL", "run of DAG"};
  const auto& sensor = std::get<SensorAction>(task.action);
  return fmt::format("{} '{}'", words[static_cast<std::size_t>(sensor.kind)], sensor.target.source);
}

std::string seconds_left(const Instance& ti, Now now) {
  return ti.due ? to_text(std::max(*ti.due - now.mono, Duration{0})) : std::string("a moment");
}

}  // namespace

std::vector<Wait> Core::waiting_on(TaskInstanceId id, Now at_now) const {
  const Located at = locate(id);
  if (!at.run) return {};
  const Run& run = *at.run;
  const Instance& ti = run.instances[at.index];
  if (is_final(ti.row.state) || ti.row.state == TaskState::running) return {};
  if (run.row.state == RunState::queued) {
    const auto entry = dags.find(run.row.dag_id);
    if (entry != dags.end() && entry->second.row.paused && run.row.type != RunType::manual)
      return {{"paused", fmt::format("DAG '{}' is paused", run.row.dag_id)}};
    return {{"max_active_runs", fmt::format("{} of {} runs of '{}' are running", entry->second.running,
                                            run.dag->max_active_runs, run.row.dag_id)}};
  }
  switch (ti.row.state) {
    case TaskState::none: {
      std::vector<Wait> waits = unfinished_upstreams(run, ti.row.task);
      std::string why;
      if (!past_allows(run, ti.row.task, &why)) waits.push_back({"upstream", why});
      return waits;
    }
    case TaskState::scheduled: {
      if (!admission.waits(id)) return {{"child_run", "its run is being made"}};
      std::vector<Wait> waits = admission.blockers(id);
      if (waits.empty()) waits.push_back({"share", "its turn is next"});
      return waits;
    }
    case TaskState::queued: return {{"not_before", "admitted; its process is being started"}};
    case TaskState::restarting: return {{"not_before", "its old process is being ended"}};
    case TaskState::up_for_retry: return {{"retry_delay", "next try in " + seconds_left(ti, at_now)}};
    case TaskState::up_for_reschedule: {
      const std::string when =
          ti.checking ? "is being looked at" : "looked at again in " + seconds_left(ti, at_now);
      return {{"sensor", sensed(run.dag->tasks[ti.row.task]) + " " + when}};
    }
    case TaskState::deferred: {
      const auto child = runs.find(ti.child);
      return {{"child_run", child == runs.end()
                                ? fmt::format("run {}", ti.child.value)
                                : fmt::format("run '{}' of '{}' is {}", child->second.row.run_id,
                                              child->second.row.dag_id, to_word(child->second.row.state))}};
    }
    default: return {};
  }
}

}  // namespace millrace
