#include "scheduler/backfill_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>

#include "scheduler/date_count.h"

namespace millrace {
namespace {

constexpr std::int64_t day_us = 86'400'000'000;

bool has_ticks(const Dag& dag) { return schedule_has_ticks(dag.schedule); }

bool out_of_bounds(const Dag& dag, WallTime date) {
  return (dag.start_date && date < *dag.start_date) || (dag.end_date && date > *dag.end_date);
}

/// Days of a DAG without ticks are counted from from_date.
WallTime day_at_or_after(WallTime from, WallTime t) {
  if (t <= from) return from;
  return {from.us + (t.us - from.us + day_us - 1) / day_us * day_us};
}

std::optional<WallTime> range_date_at_or_after(const Dag& dag, const BackfillSpec& spec, WallTime t) {
  t = std::max(t, *spec.from_date);
  if (dag.start_date) t = std::max(t, *dag.start_date);
  const auto date = has_ticks(dag) ? execution_date_at_or_after(dag.schedule, t)
                                   : std::optional{day_at_or_after(*spec.from_date, t)};
  if (!date || *date > *spec.to_date || (dag.end_date && *date > *dag.end_date)) return {};
  return date;
}

std::optional<WallTime> range_date_at_or_before(const Dag& dag, const BackfillSpec& spec, WallTime t) {
  t = std::min(t, *spec.to_date);
  if (dag.end_date) t = std::min(t, *dag.end_date);
  if (t < *spec.from_date) return {};
  // Execution dates are the schedule's ticks, each covering the time up to the next one.
  const auto date = has_ticks(dag) ? previous_tick(dag.schedule, {t.us + 1})
                                   : std::optional{WallTime{t.us - (t.us - spec.from_date->us) % day_us}};
  if (!date || *date < *spec.from_date || (dag.start_date && *date < *dag.start_date)) return {};
  return date;
}

std::optional<WallTime> listed_at_or_after(const Dag& dag, const BackfillSpec& spec, WallTime t) {
  std::optional<WallTime> out;
  for (const WallTime date : spec.dates)
    if (date >= t && !out_of_bounds(dag, date) && (!out || date < *out)) out = date;
  return out;
}

std::optional<WallTime> listed_at_or_before(const Dag& dag, const BackfillSpec& spec, WallTime t) {
  std::optional<WallTime> out;
  for (const WallTime date : spec.dates)
    if (date <= t && !out_of_bounds(dag, date) && (!out || date > *out)) out = date;
  return out;
}

bool is_range(const BackfillSpec& spec) { return spec.dates.empty() && spec.from_date && spec.to_date; }

std::optional<WallTime> at_or_after(const Dag& dag, const BackfillSpec& spec, WallTime t) {
  if (is_range(spec)) return range_date_at_or_after(dag, spec, t);
  return listed_at_or_after(dag, spec, t);
}

std::optional<WallTime> at_or_before(const Dag& dag, const BackfillSpec& spec, WallTime t) {
  if (is_range(spec)) return range_date_at_or_before(dag, spec, t);
  return listed_at_or_before(dag, spec, t);
}

bool contains(const Dag& dag, const BackfillSpec& spec, WallTime date) {
  return at_or_after(dag, spec, date) == date;
}

std::vector<WallTime> sorted_dates(const BackfillSpec& spec) {
  std::vector<WallTime> out = spec.dates;
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Result<void> check_bounds(const Dag& dag, std::string_view field, WallTime date) {
  if (dag.start_date && date < *dag.start_date)
    return fail(ErrorKind::invalid, fmt::format("{}: {} is before the DAG's start_date {}", field,
                                                to_iso(date), to_iso(*dag.start_date)));
  if (dag.end_date && date > *dag.end_date)
    return fail(ErrorKind::invalid, fmt::format("{}: {} is after the DAG's end_date {}", field, to_iso(date),
                                                to_iso(*dag.end_date)));
  return {};
}

Result<void> check_range(const Dag& dag, const BackfillSpec& spec) {
  if (!spec.from_date)
    return fail(ErrorKind::invalid, "from_date: missing (give from_date and to_date, or dates)");
  if (!spec.to_date)
    return fail(ErrorKind::invalid, "to_date: missing (give from_date and to_date, or dates)");
  if (*spec.to_date < *spec.from_date)
    return fail(ErrorKind::invalid, fmt::format("to_date: {} is before from_date {}", to_iso(*spec.to_date),
                                                to_iso(*spec.from_date)));
  if (auto ok = check_bounds(dag, "from_date", *spec.from_date); !ok) return ok;
  if (auto ok = check_bounds(dag, "to_date", *spec.to_date); !ok) return ok;
  if (!first_date(dag, spec))
    return fail(ErrorKind::invalid,
                fmt::format("to_date: the schedule '{}' has no execution_date from {} to {}",
                            dag.schedule.source, to_iso(*spec.from_date), to_iso(*spec.to_date)));
  return {};
}

Result<void> check_list(const Dag& dag, const BackfillSpec& spec) {
  if (spec.from_date || spec.to_date)
    return fail(ErrorKind::invalid, "dates: give either dates or from_date and to_date, not both");
  for (const WallTime date : spec.dates) {
    if (auto ok = check_bounds(dag, "dates", date); !ok) return ok;
    if (!has_ticks(dag) || is_execution_date(dag.schedule, date)) continue;
    const auto next = execution_date_at_or_after(dag.schedule, date);
    return fail(ErrorKind::invalid,
                fmt::format("dates: {} isn't an execution_date of the schedule '{}'{}", to_iso(date),
                            dag.schedule.source, next ? "; the next one is " + to_iso(*next) : ""));
  }
  return {};
}

/// The first date of two ranges over a DAG without ticks: both count days, from different times of the day
/// perhaps.
std::optional<WallTime> first_common_day(const Dag& dag, const BackfillSpec& a, const BackfillSpec& b) {
  if ((a.from_date->us - b.from_date->us) % day_us != 0) return {};
  const auto date = range_date_at_or_after(dag, a, *b.from_date);
  return date && contains(dag, b, *date) ? date : std::nullopt;
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

Result<void> check_backfill(const Dag& dag, const BackfillSpec& spec) {
  if (auto ok = spec.dates.empty() ? check_range(dag, spec) : check_list(dag, spec); !ok) return ok;
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
  if (!is_range(spec) && spec.dates.empty()) return {};
  return spec.run_backwards ? at_or_before(dag, spec, {INT64_MAX - day_us})
                            : at_or_after(dag, spec, {INT64_MIN + day_us});
}

std::optional<WallTime> date_after(const Dag& dag, const BackfillSpec& spec, WallTime previous) {
  if (!is_range(spec) && spec.dates.empty()) return {};
  return spec.run_backwards ? at_or_before(dag, spec, {previous.us - 1})
                            : at_or_after(dag, spec, {previous.us + 1});
}

std::int64_t count_dates(const Dag& dag, const BackfillSpec& spec) {
  if (!is_range(spec))
    return std::ranges::count_if(sorted_dates(spec), [&](WallTime d) { return !out_of_bounds(dag, d); });
  const auto first = range_date_at_or_after(dag, spec, *spec.from_date);
  const auto last = range_date_at_or_before(dag, spec, *spec.to_date);
  if (!first || !last || *last < *first) return 0;
  if (!has_ticks(dag)) return (last->us - first->us) / day_us + 1;
  return count_ticks(dag.schedule, *first, *last);
}

PlannedDate plan_date(const BackfillSpec& spec, WallTime date, const std::optional<RunRow>& existing) {
  using enum PlannedDate::Action;
  if (!existing) return {create, date, "no run yet"};
  switch (existing->state) {
    case RunState::queued:
    case RunState::running:
      return {skip, date, "a run is active"};
    case RunState::success:
      if (spec.reprocess == Reprocess::completed) return {rerun, date, "last run succeeded"};
      return {skip, date, "already succeeded"};
    case RunState::failed:
      if (spec.reprocess != Reprocess::none) return {rerun, date, "last run failed"};
      return {skip, date, "already failed"};
  }
  return {skip, date, "a run is active"};
}

std::optional<WallTime> first_overlap(const Dag& dag, const BackfillSpec& a, const BackfillSpec& b) {
  if (is_range(a) && is_range(b)) {
    if (!has_ticks(dag)) return first_common_day(dag, a, b);
    const auto date = range_date_at_or_after(dag, a, *b.from_date);
    return date && contains(dag, b, *date) ? date : std::nullopt;
  }
  if (is_range(a)) return first_overlap(dag, b, a);
  const std::vector<WallTime> other = is_range(b) ? std::vector<WallTime>{} : sorted_dates(b);
  for (const WallTime date : sorted_dates(a)) {
    if (out_of_bounds(dag, date)) continue;
    if (is_range(b) ? contains(dag, b, date) : std::ranges::binary_search(other, date)) return date;
  }
  return {};
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
