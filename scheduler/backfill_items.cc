#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "scheduler/backfill_plan.h"
#include "scheduler/core.h"

namespace millrace {
namespace {

std::int64_t& count_of(BackfillCounts& counts, ItemState state) {
  switch (state) {
    case ItemState::queued: return counts.queued;
    case ItemState::running: return counts.running;
    case ItemState::success: return counts.success;
    case ItemState::failed: return counts.failed;
    case ItemState::skipped: return counts.skipped;
    case ItemState::cancelled: return counts.cancelled;
  }
  return counts.queued;
}

}  // namespace

/// A date that has no row yet is counted as queued.
void Core::set_item(Backfill& backfill, WallTime date, ItemState state, std::string reason, RunId run) {
  auto [it, made] = backfill.items.try_emplace(date);
  BackfillItemRow& item = it->second;
  if (made) item.backfill = backfill.row.id, item.execution_date = date;
  else if (!backfill.dirty_items.contains(date)) ++item.version;
  touch(backfill, date);
  --count_of(backfill.row.counts, item.state);
  ++count_of(backfill.row.counts, state);
  if (item.state == ItemState::running) --backfill.running;
  if (state == ItemState::running) ++backfill.running;
  item.state = state;
  item.reason = std::move(reason);
  item.run = run;
}

void Core::advance(Backfill& backfill) {
  if (backfill.looking || backfill.row.state != BackfillState::running) return;
  if (!backfill.dag) return;
  const int bound =
      std::min(backfill.row.spec.max_active_runs, static_cast<int>(limits::active_runs_per_dag));
  while (!backfill.retries.empty() && backfill.running < bound) {
    const WallTime date = *backfill.retries.begin();
    backfill.retries.erase(backfill.retries.begin());
    rerun_item(backfill, date, backfill.items.at(date).run, true);
  }
  if (!backfill.row.cursor || backfill.running >= bound) return check_end(backfill);

  std::vector<WallTime> dates;
  const std::size_t wanted =
      std::clamp(std::max(backfill.window, static_cast<std::size_t>(bound - backfill.running)),
                 std::size_t{1}, limits::backfill_window);
  for (auto date = backfill.row.cursor; date && dates.size() < wanted;
       date = date_after(*backfill.dag, backfill.row.spec, *date))
    dates.push_back(*date);
  backfill.looking = true;
  look_up(backfill.row.spec.dag_id, dates, {},
          [this, id = backfill.row.id, dates](const std::vector<RunRow>& stored) {
            const auto it = backfills.find(id);
            if (it == backfills.end()) return;
            it->second.looking = false;
            decide_dates(it->second, dates, stored);
          });
}

void Core::decide_dates(Backfill& backfill, const std::vector<WallTime>& dates,
                        const std::vector<RunRow>& stored) {
  const int bound =
      std::min(backfill.row.spec.max_active_runs, static_cast<int>(limits::active_runs_per_dag));
  std::map<WallTime, const RunRow*> known;
  for (const RunRow& row : stored) known[row.execution_date] = &row;
  std::size_t decided = 0;
  for (const WallTime date : dates) {
    if (backfill.row.state != BackfillState::running || backfill.row.cursor != date) break;
    if (backfill.running >= bound) break;
    std::optional<RunRow> existing;
    const DagEntry& entry = *find_dag(backfill.row.spec.dag_id);
    if (const auto it = entry.active.find(date); it != entry.active.end()) existing = runs.at(it->second).row;
    else if (const auto found = known.find(date); found != known.end()) existing = *found->second;
    if (existing)
      if (const Run* here = find_run(existing->id)) existing = here->row;
    decide_date(backfill, date, existing);
    touch(backfill);
    backfill.row.cursor = date_after(*backfill.dag, backfill.row.spec, date);
    ++decided;
  }
  // Many dates that need nothing: look at more of them at a time.
  backfill.window = decided == dates.size() ? backfill.window * 2 : 1;
  backfill.window = std::min(backfill.window, limits::backfill_window);
  to_advance.insert(backfill.row.id);
}

void Core::decide_date(Backfill& backfill, WallTime date, const std::optional<RunRow>& existing) {
  const BackfillSpec& spec = backfill.row.spec;
  const PlannedDate planned = plan_date(spec, date, existing);
  switch (planned.action) {
    case PlannedDate::Action::skip:
      return set_item(backfill, date, ItemState::skipped, planned.reason, existing ? existing->id : RunId{});
    case PlannedDate::Action::rerun:
      set_item(backfill, date, ItemState::queued, "rerun", existing->id);
      return rerun_item(backfill, date, existing->id, false);
    case PlannedDate::Action::create: break;
  }
  RunWish wanted;
  wanted.dag_id = spec.dag_id;
  wanted.dag = backfill.dag;
  wanted.version = backfill.row.dag_version;
  wanted.type = RunType::backfill;
  wanted.execution_date = date;
  wanted.interval = interval_of(backfill.dag->schedule, date);
  wanted.params = spec.params;
  wanted.by = fmt::format("backfill {}", backfill.row.id.value);
  wanted.pool = spec.pool;
  wanted.priority = spec.priority;
  wanted.backfill = backfill.row.id;
  wanted.chosen = backfill.chosen;
  const RunId made = create(wanted).row.id;
  set_item(backfill, date, ItemState::running, "create", made);
}

/// Runs a finished run again for this backfill: the chosen tasks, or (a retry) what failed.
void Core::rerun_item(Backfill& backfill, WallTime date, RunId id, bool retry) {
  set_item(backfill, date, ItemState::running, retry ? "retry" : "rerun", id);
  with_run(id, [this, backfill_id = backfill.row.id, date, retry](Run* run) {
    const auto it = backfills.find(backfill_id);
    if (it == backfills.end()) return;
    Backfill& here = it->second;
    if (!run || !is_final(run->row.state) || is_final(here.row.state) || here.row.completed_at) {
      set_item(here, date, run ? ItemState::skipped : ItemState::failed,
               run ? "a run is active" : "its run is gone", here.items.at(date).run);
      to_advance.insert(backfill_id);
      return;
    }
    const std::string by = fmt::format("backfill {}", backfill_id.value);
    if (here.row.spec.latest_version && !retry)
      static_cast<void>(move_version(*run, by));  // a removed DAG: it keeps its version
    touch(*run);
    run->row.backfill = backfill_id;
    if (!retry) run->row.params = here.row.spec.params;
    std::vector<InstanceIndex> chosen;
    const std::vector<std::string>& names = here.row.spec.task_ids;
    for (InstanceIndex i = 0; i < run->instances.size(); ++i) {
      const TaskInstanceRow& row = run->instances[i].row;
      const bool bad = row.state == TaskState::failed || row.state == TaskState::upstream_failed ||
                       (row.state == TaskState::skipped && row.reason == "cancelled");
      if (row.state == TaskState::removed || (retry && !bad)) continue;
      const auto t = here.dag->find(row.task_id);
      if (!retry && !names.empty() && (!t || !here.chosen[*t])) continue;
      chosen.push_back(i);
    }
    clear(*run, chosen, (retry ? "tried again by " : "run again by ") + by, by);
  });
}

void Core::item_ended(const Run& run) {
  if (!run.row.backfill) return;
  const auto it = backfills.find(run.row.backfill);
  if (it == backfills.end()) return;
  const auto item = it->second.items.find(run.row.execution_date);
  if (item == it->second.items.end() || item->second.state != ItemState::running) return;
  const ItemState state = run.row.state == RunState::success ? ItemState::success
                          : run.row.reason == "cancelled"    ? ItemState::cancelled
                                                             : ItemState::failed;
  set_item(it->second, run.row.execution_date, state, run.row.reason, run.row.id);
  to_advance.insert(run.row.backfill);
  check_end(it->second);
}

}  // namespace millrace
