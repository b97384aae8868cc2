#include "scheduler/backfill_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>

#include "base/limits.h"
#include "scheduler/backfill_dates.h"
#include "scheduler/date_count.h"

namespace millrace {
namespace {

Result<void> check_bounds(const Dag& dag, std::string_view field, WallTime date) {
  if (dag.start_date && date < *dag.start_date)
    return fail(ErrorKind::invalid, fmt::format("{}: {} is before the DAG's start_date {}", field,
                                                to_iso(date), to_iso(*dag.start_date)));
  if (dag.end_date && date > *dag.end_date)
    return fail(ErrorKind::invalid, fmt::format("{}: {} is after the DAG's end_date {}", field, to_iso(date),
                                                to_iso(*dag.end_date)));
  return {};
}

Result<void> check_range(const Dag& dag, const Dag& grid, const BackfillSpec& spec) {
  if (!spec.from_date)
    return fail(ErrorKind::invalid, "from_date: missing (give from_date and to_date, or dates)");
  if (!spec.to_date)
    return fail(ErrorKind::invalid, "to_date: missing (give from_date and to_date, or dates)");
  if (*spec.to_date < *spec.from_date)
    return fail(ErrorKind::invalid, fmt::format("to_date: {} is before from_date {}", to_iso(*spec.to_date),
                                                to_iso(*spec.from_date)));
  // What lies beyond a bound is refused if it would have been run: not what is left of a day.
  const auto ticks = [&](WallTime first, WallTime end) {
    const auto next = execution_date_at_or_after(grid.schedule, first);
    return next && *next < end;
  };
  if (dag.start_date && ticks(*spec.from_date, *dag.start_date))
    if (auto ok = check_bounds(dag, "from_date", *spec.from_date); !ok) return ok;
  if (dag.end_date && ticks(*dag.end_date + Duration{1}, *spec.to_date + Duration{1}))
    if (auto ok = check_bounds(dag, "to_date", *spec.to_date); !ok) return ok;
  if (!BackfillDates(grid, dag, spec).first())
    return fail(ErrorKind::invalid,
                fmt::format("to_date: the schedule '{}' has no execution_date from {} to {}",
                            grid.schedule.source, to_iso(*spec.from_date), to_iso(*spec.to_date)));
  return {};
}

Result<void> check_list(const Dag& dag, const BackfillSpec& spec) {
  if (spec.from_date || spec.to_date)
    return fail(ErrorKind::invalid, "dates: give either dates or from_date and to_date, not both");
  if (spec.dates.size() > limits::backfill_dates)
    return fail(ErrorKind::invalid, fmt::format("dates: {} dates, at most {}; use from_date and to_date",
                                                spec.dates.size(), limits::backfill_dates));
  for (const WallTime date : spec.dates) {
    if (auto ok = check_bounds(dag, "dates", date); !ok) return ok;
    if (!schedule_has_ticks(dag.schedule) || is_execution_date(dag.schedule, date)) continue;
    const auto next = execution_date_at_or_after(dag.schedule, date);
    return fail(ErrorKind::invalid,
                fmt::format("dates: {} isn't an execution_date of the schedule '{}'{}", to_iso(date),
                            dag.schedule.source, next ? "; the next one is " + to_iso(*next) : ""));
  }
  return {};
}

void add_closure(const Adjacency& edges, std::vector<char>& chosen, std::vector<TaskIndex> from) {
  while (!from.empty()) {
    const auto [begin, end] = edges.of(from.back());
    from.pop_back();
    for (const TaskIndex* t = begin; t != end; ++t)
      if (!chosen[*t]) {
        chosen[*t] = 1;
        from.push_back(*t);
      }
  }
}

}  // namespace

Result<void> check_backfill(const Dag& dag, const Dag& grid, const BackfillSpec& spec) {
  if (auto ok = spec.dates.empty() ? check_range(dag, grid, spec) : check_list(dag, spec); !ok) return ok;
  if (spec.max_active_runs < 1)
    return fail(ErrorKind::invalid, fmt::format("max_active_runs: {} (at least 1)", spec.max_active_runs));
  for (const std::string& task_id : spec.task_ids) {
    if (dag.find(task_id)) continue;
    std::vector<std::string_view> known;
    for (const Task& task : dag.tasks) known.push_back(task.task_id);
    const std::string meant = nearest(task_id, known);
    return fail(ErrorKind::invalid,
                fmt::format("task_ids: '{}' has no task '{}'{}", dag.dag_id, task_id,
                            meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
  }
  return {};
}

std::optional<WallTime> first_date(const Dag& dag, const BackfillSpec& spec) {
  return BackfillDates(dag, dag, spec).first();
}

std::optional<WallTime> date_after(const Dag& dag, const BackfillSpec& spec, WallTime previous) {
  return BackfillDates(dag, dag, spec).after(previous);
}

std::int64_t count_dates(const Dag& dag, const BackfillSpec& spec) {
  return BackfillDates(dag, dag, spec).count();
}

PlannedDate plan_date(const BackfillSpec& spec, WallTime date, const std::optional<RunRow>& existing) {
  using enum PlannedDate::Action;
  if (!existing) return {create, date, "no run yet"};
  switch (existing->state) {
    case RunState::queued:
    case RunState::running:
      return {active, date, "a run is active"};
    case RunState::success:
      if (spec.reprocess == Reprocess::completed) return {rerun, date, "last run succeeded"};
      return {skip, date, "already succeeded"};
    case RunState::failed:
      if (spec.reprocess != Reprocess::none) return {rerun, date, "last run failed"};
      return {skip, date, "already failed"};
  }
  return {active, date, "a run is active"};
}

std::optional<WallTime> first_overlap(const Dag& dag, const BackfillSpec& a, const BackfillSpec& b) {
  return first_common(BackfillDates(dag, dag, a), BackfillDates(dag, dag, b));
}

std::string name_common(const BackfillDates& a, const BackfillDates& b) {
  constexpr int named = 5;
  std::string out;
  int count = 0;
  for (auto date = first_common(a, b); date; date = first_common(a, b, {date->us + 1})) {
    if (count++ == named) return out + " and more";
    out += (out.empty() ? "" : ", ") + to_iso(*date);
  }
  return out;
}

std::vector<TaskIndex> chosen_tasks(const Dag& dag, const BackfillSpec& spec) {
  std::vector<TaskIndex> out;
  if (spec.task_ids.empty()) {
    out.resize(dag.tasks.size());
    std::iota(out.begin(), out.end(), TaskIndex{0});
    return out;
  }
  std::vector<TaskIndex> named;
  for (const std::string& task_id : spec.task_ids)
    if (const auto t = dag.find(task_id)) named.push_back(*t);
  // One set for each direction: what lies downstream of an upstream task wasn't asked for.
  std::vector<char> up(dag.tasks.size()), down(dag.tasks.size());
  for (const TaskIndex t : named) up[t] = down[t] = 1;
  if (spec.include_upstream) add_closure(dag.upstream, up, named);
  if (spec.include_downstream) add_closure(dag.downstream, down, named);
  for (TaskIndex t = 0; t < dag.tasks.size(); ++t)
    if (up[t] || down[t]) out.push_back(t);
  return out;
}

}  // namespace millrace
