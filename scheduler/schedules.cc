#include <utility>

#include <fmt/format.h>

#include "base/canary.h"
#include "base/limits.h"
#include "dags/parser.h"
#include "scheduler/core.h"
#include "scheduler/ticks.h"

/// Ticks become runs or recorded skips; the watermark moves in the same transaction.
namespace millrace {

RunWish Core::wish(const DagEntry& entry, RunType type, WallTime execution_date,
                   DataInterval interval) const {
  RunWish wanted;
  wanted.dag_id = entry.row.dag_id;
  wanted.dag = entry.dag;
  wanted.version = entry.row.current;
  wanted.type = type;
  wanted.execution_date = execution_date;
  wanted.interval = interval;
  wanted.by = "schedule";
  return wanted;
}

void Core::set_due(DagEntry& entry, std::optional<WallTime> at) {
  if (entry.due) dues.erase({*entry.due, entry.row.dag_id});
  entry.due = at;
  if (at) dues.insert({*at, entry.row.dag_id});
  dag_index.update(entry);
}

void Core::tick_skipped(const std::string& dag_id, WallTime tick, const std::string& why) {
  if (CANARY("skip_unrecorded")) return;
  EventRow row;
  row.kind = "tick_skipped";
  row.dag_id = dag_id;
  row.cause = to_iso(tick) + " " + why;
  event(std::move(row));
}

void Core::schedule(DagEntry& entry) {
  if (!acting || entry.deciding) return;
  set_due(entry, std::nullopt);
  if (!entry.dag || entry.row.paused || entry.row.removed) return;
  const Schedule::Kind kind = entry.dag->schedule.kind;
  if (kind == Schedule::Kind::none || kind == Schedule::Kind::datasets) return;
  if (kind == Schedule::Kind::continuous) return schedule_continuous(entry);

  // Active runs of backfills take none of it.
  const std::size_t active = entry.active.size() - entry.backfilling;
  const std::size_t room = has_room(entry) ? limits::active_runs_per_dag - active : 0;
  TickDecision decided = decide_ticks(*entry.dag, entry.row.watermark, entry.held_since, now.wall, room);
  entry.crowded = room == 0;
  if (!decided.hold.empty() && entry.hold.empty()) {
    EventRow row;
    row.kind = "hold";
    row.dag_id = entry.row.dag_id;
    row.cause = decided.hold;
    event(std::move(row));
  }
  if (decided.hold.empty()) entry.held_since.reset();
  entry.hold = decided.hold;
  dag_index.update(entry);
  if (decided.runs.empty()) return ticks_decided(entry, decided);

  auto params = resolve_params(*entry.dag, "{}");
  std::vector<RunWish> wishes;
  std::map<WallTime, WallTime> tick_of;
  for (const TickDecision::Due& due : decided.runs) {
    if (!params) {
      decided.skips.push_back({due.tick, params.error().message});
      continue;
    }
    RunWish wanted = wish(entry, RunType::scheduled, due.interval.start, due.interval);
    wanted.params = *params;
    tick_of[due.interval.start] = due.tick;
    wishes.push_back(std::move(wanted));
  }
  entry.deciding = true;
  propose(
      std::move(wishes),
      [this, tick_of](const RunWish& w, Run* made, const RunRow* existing) {
        if (!made)
          tick_skipped(w.dag_id, tick_of.at(w.execution_date),
                       fmt::format("run '{}' exists", existing->run_id));
      },
      [this, dag_id = entry.row.dag_id, decided] {
        DagEntry& later = *find_dag(dag_id);
        later.deciding = false;
        ticks_decided(later, decided);
      });
}

void Core::ticks_decided(DagEntry& entry, const TickDecision& decided) {
  for (const TickDecision::Skip& skip : decided.skips) tick_skipped(entry.row.dag_id, skip.tick, skip.reason);
  if (decided.skipped_more > 0 && !decided.skips.empty())
    tick_skipped(entry.row.dag_id, decided.skips.back().tick,
                 fmt::format("and {} more: {}", decided.skipped_more, decided.skips.back().reason));
  if (decided.watermark != entry.row.watermark) {
    touch(entry);
    entry.row.watermark = decided.watermark;
    if (CANARY("tick_passed_over")) entry.row.watermark = next_tick(entry.dag->schedule, *decided.watermark);
  }
  if (!entry.row.paused && !entry.row.removed) set_due(entry, decided.next);
}

/// @continuous: a new run as soon as the last one has ended.
void Core::schedule_continuous(DagEntry& entry) {
  const WallTime start = entry.dag->start_date.value_or(now.wall);
  if (start > now.wall) return set_due(entry, start);
  if (entry.dag->end_date && now.wall > *entry.dag->end_date) return;
  for (const auto& [date, id] : entry.active)
    if (runs.at(id).row.type == RunType::scheduled) return;
  auto params = resolve_params(*entry.dag, "{}");
  if (!params) return tick_skipped(entry.row.dag_id, now.wall, params.error().message);
  RunWish wanted = wish(entry, RunType::scheduled, now.wall, {now.wall, now.wall});
  wanted.params = std::move(*params);
  entry.deciding = true;
  propose({std::move(wanted)}, [this](const RunWish& w, Run* made, const RunRow*) {
    DagEntry& later = *find_dag(w.dag_id);
    later.deciding = false;
    // Two in one microsecond: the second one waits for the next.
    if (!made) set_due(later, w.execution_date + Duration{1});
  });
}

}  // namespace millrace
