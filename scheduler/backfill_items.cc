#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/canary.h"
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

/// The reason of an item whose run is to be repeated from where it failed; it outlives a restart.
constexpr const char* tried_again = "retry";

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
  if (state == ItemState::queued || state == ItemState::running) return;
  for (const Backfill* follower : direct_followers(backfill.row.id)) to_advance.insert(follower->row.id);
}

bool Core::has_room(Backfill& backfill) {
  const DagEntry* entry = find_dag(backfill.row.spec.dag_id);
  if (!entry || backfill.running >= backfill.row.spec.max_active_runs) return false;
  if (entry->backfilling >= limits::active_runs_per_dag) return false;
  if (runs.size() < limits::queued_runs) return true;
  if (!backfill.turn)
    arm(backfill.turn, now.mono + std::chrono::seconds{1}, Timer::Kind::backfill, backfill.row.id.value);
  return false;
}

/// The next dates in the backfill's direction, those queued again first. In a cascade only those whose
/// sources are done.
std::vector<WallTime> Core::dates_to_decide(const Backfill& backfill) const {
  const auto room =
      static_cast<std::size_t>(std::max(backfill.row.spec.max_active_runs - backfill.running, 1));
  const std::size_t wanted = std::min(std::max(backfill.window, room), limits::backfill_window);
  std::vector<WallTime> dates;
  const auto take = [&](WallTime date) {
    if (dates.size() >= wanted || !settled(backfill, date)) return false;
    dates.push_back(date);
    return true;
  };
  if (backfill.row.spec.run_backwards)
    std::all_of(backfill.again.rbegin(), backfill.again.rend(), take);
  else
    std::all_of(backfill.again.begin(), backfill.again.end(), take);
  for (auto date = backfill.row.cursor; date && take(*date);) date = backfill.dates.after(*date);
  return dates;
}

void Core::advance(Backfill& backfill) {
  if (backfill.looking || backfill.turn || backfill.row.state != BackfillState::running) return;
  if (!backfill.dag || is_cancelling(backfill)) return check_end(backfill);
  if ((!backfill.row.cursor && backfill.again.empty()) || !has_room(backfill)) return check_end(backfill);
  std::vector<WallTime> dates = dates_to_decide(backfill);
  if (dates.empty()) return;
  backfill.looking = true;
  const auto [low, high] = std::ranges::minmax(dates);
  const BackfillId id = backfill.row.id;
  with_source_items(backfill, low, high, [this, id, dates](const SourceItems& sources) {
    const auto it = backfills.find(id);
    if (it == backfills.end()) return;
    look_up(it->second.row.spec.dag_id, dates, {},
            [this, id, dates, sources](const std::vector<RunRow>& stored) {
              const auto here = backfills.find(id);
              if (here == backfills.end()) return;
              here->second.looking = false;
              decide_dates(here->second, dates, stored, sources);
            });
  });
}

void Core::decide_dates(Backfill& backfill, const std::vector<WallTime>& dates,
                        const std::vector<RunRow>& stored, const SourceItems& sources) {
  std::map<WallTime, const RunRow*> known;
  for (const RunRow& row : stored) known[row.execution_date] = &row;
  std::size_t decided = 0;
  for (const WallTime date : dates) {
    if (backfill.row.state != BackfillState::running || is_cancelling(backfill)) break;
    if (!has_room(backfill)) break;
    const bool queued = backfill.again.erase(date) > 0;
    if (!queued && backfill.row.cursor != date) continue;
    std::optional<RunRow> existing;
    const DagEntry& entry = *find_dag(backfill.row.spec.dag_id);
    if (const auto it = entry.active.find(date); it != entry.active.end()) existing = runs.at(it->second).row;
    else if (const auto found = known.find(date); found != known.end()) existing = *found->second;
    if (existing)
      if (const Run* here = find_run(existing->id)) existing = here->row;
    const auto item = backfill.items.find(date);
    if (queued && item->second.reason == tried_again && item->second.run)
      rerun_item(backfill, date, item->second.run, true);
    else
      decide_date(backfill, date, existing, sources);
    touch(backfill);
    if (!queued) backfill.row.cursor = backfill.dates.after(date);
    if (CANARY("date_passed_over") && !queued && backfill.row.cursor)
      backfill.row.cursor = backfill.dates.after(*backfill.row.cursor);
    ++decided;
    if (++backfill.work < limits::backfill_work) continue;
    // Enough for one transaction; the others have their turn.
    backfill.work = 0;
    arm(backfill.turn, now.mono, Timer::Kind::backfill, backfill.row.id.value);
    break;
  }
  // Many dates that need nothing: look at more of them at a time.
  backfill.window = decided == dates.size() ? backfill.window * 2 : 1;
  backfill.window = std::min(backfill.window, limits::backfill_window);
  to_advance.insert(backfill.row.id);
  for (const Backfill* follower : direct_followers(backfill.row.id)) to_advance.insert(follower->row.id);
}

void Core::decide_date(Backfill& backfill, WallTime date, const std::optional<RunRow>& existing,
                       const SourceItems& sources) {
  if (!backfill.row.sources.empty()) return follow_date(backfill, date, existing, sources);
  const PlannedDate planned = plan_date(backfill.row.spec, date, existing);
  switch (planned.action) {
    case PlannedDate::Action::skip:
    case PlannedDate::Action::active:
      return set_item(backfill, date, ItemState::skipped, planned.reason, existing ? existing->id : RunId{});
    case PlannedDate::Action::rerun:
      set_item(backfill, date, ItemState::queued, "rerun", existing->id);
      return rerun_item(backfill, date, existing->id, false);
    case PlannedDate::Action::create: return create_item(backfill, date);
  }
}

void Core::create_item(Backfill& backfill, WallTime date) {
  const BackfillSpec& spec = backfill.row.spec;
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
  const Run& made = create(wanted);
  backfill.work += static_cast<std::int64_t>(made.instances.size());
  set_item(backfill, date, ItemState::running, "create", made.row.id);
}

/// Runs a finished run again for this backfill: the chosen tasks, or (a retry) what failed.
void Core::rerun_item(Backfill& backfill, WallTime date, RunId id, bool retry) {
  set_item(backfill, date, ItemState::running, retry ? tried_again : "rerun", id);
  with_run(id, [this, backfill_id = backfill.row.id, date, retry](Run* run) {
    const auto it = backfills.find(backfill_id);
    if (it == backfills.end()) return;
    Backfill& here = it->second;
    if (!run || !is_final(run->row.state) || is_final(here.row.state) || is_cancelling(here)) {
      set_item(here, date, run ? ItemState::skipped : ItemState::failed,
               run ? "a run is active" : "its run is gone", here.items.at(date).run);
      to_advance.insert(backfill_id);
      return;
    }
    here.work += static_cast<std::int64_t>(run->instances.size());
    repeat(here, *run, retry);
  });
}

void Core::repeat(Backfill& backfill, Run& run, bool retry) {
  const BackfillSpec& spec = backfill.row.spec;
  const std::string by = fmt::format("backfill {}", backfill.row.id.value);
  // Fails for a run with live attempts only, which a finished one has not.
  if (spec.latest_version && !retry)
    static_cast<void>(move_version(run, backfill.row.dag_version, backfill.dag, by));
  touch(run);
  run.row.backfill = backfill.row.id;
  const int higher = spec.priority - run.row.priority;
  run.row.pool = spec.pool;
  run.row.priority = spec.priority;
  if (!retry) run.row.params = spec.params;
  std::vector<InstanceIndex> chosen;
  for (InstanceIndex i = 0; i < run.instances.size(); ++i) {
    TaskInstanceRow& row = run.instances[i].row;
    const bool bad = row.state == TaskState::failed || row.state == TaskState::upstream_failed ||
                     (row.state == TaskState::skipped && row.reason == "cancelled");
    if (row.state == TaskState::removed || (retry && !bad)) continue;
    const auto t = backfill.dag->find(row.task_id);
    if (!retry && !backfill.chosen.empty() && (!t || !backfill.chosen[*t])) continue;
    chosen.push_back(i);
    if (higher == 0) continue;
    touch(run, i);
    row.priority += higher;
  }
  clear(run, chosen, (retry ? "tried again by " : "run again by ") + by, by);
}

/// A run of the DAG has left the active ones: its item is done, others of the date may go on.
void Core::item_ended(const Run& run) {
  for (auto& [id, backfill] : backfills) {
    if (is_final(backfill.row.state) || backfill.row.spec.dag_id != run.row.dag_id) continue;
    to_advance.insert(id);
    if (backfill.blocked.erase(run.row.execution_date) > 0) backfill.again.insert(run.row.execution_date);
    if (run.row.backfill != id) continue;
    const auto item = backfill.items.find(run.row.execution_date);
    if (item == backfill.items.end() || item->second.state != ItemState::running) continue;
    const ItemState state = run.row.state == RunState::success ? ItemState::success
                            : run.row.reason == "cancelled"    ? ItemState::cancelled
                                                               : ItemState::failed;
    set_item(backfill, run.row.execution_date, state, run.row.reason, run.row.id);
    check_end(backfill);
  }
}

}  // namespace millrace
