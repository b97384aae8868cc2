#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "dags/parser.h"
#include "scheduler/backfill_plan.h"
#include "scheduler/core.h"

/// A backfill is a cursor over execution_dates: at most max_active_runs of its runs are active, items are
/// written as they are decided. Once a cancel was asked `completed_at` is set; the state follows when its
/// last run has ended. What is asked of a backfill is asked of those it carries on into too.
namespace millrace {

void Core::on(const BackfillRequested& fact) {
  const DagEntry* entry = find_dag(fact.spec.dag_id);
  if (!entry || !entry->dag || entry->row.removed)
    return reply(fact.request, Error{ErrorKind::not_found, no_such_dag(*this, fact.spec.dag_id)});
  const DagInForce dag{entry->row.current, entry->dag};
  const DagInForce grid = dates_dag(dag, [this](const std::string& dataset) { return maker_of(dataset); });
  if (auto good = check_backfill(*dag.dag, *grid.dag, fact.spec); !good)
    return reply(fact.request, good.error());
  BackfillSpec spec = fact.spec;
  std::ranges::sort(spec.dates);
  spec.dates.erase(std::unique(spec.dates.begin(), spec.dates.end()), spec.dates.end());
  auto params = resolve_params(*dag.dag, spec.params);
  if (!params) return reply(fact.request, params.error());
  spec.params = std::move(*params);
  CascadePlan cascade;
  if (spec.cascade) {
    auto planned = plan_cascade(in_force(), dag, grid, spec);
    if (!planned) return reply(fact.request, planned.error());
    cascade = std::move(*planned);
  }
  if (auto free = check_overlap(spec, *grid.dag, *dag.dag); !free) return reply(fact.request, free.error());
  for (const CascadeStep& step : cascade.steps)
    if (auto free = check_overlap(step.spec, *step.grid.dag, *step.of.dag); !free)
      return reply(fact.request, free.error());

  BackfillRow row;
  row.spec = std::move(spec);
  row.dag_version = dag.version;
  const Backfill& root = open_backfill(std::move(row), dag.dag, grid);
  carry_on(root, cascade);
  reply(fact.request, root.row);
}

Result<void> Core::check_overlap(const BackfillSpec& spec, const Dag& grid, const Dag& dag) const {
  const BackfillDates dates(grid, dag, spec);
  for (const auto& [id, other] : backfills) {
    if (other.row.spec.dag_id != spec.dag_id || is_final(other.row.state) || !other.dag) continue;
    if (const std::string common = name_common(dates, other.dates); !common.empty())
      return fail(ErrorKind::conflict,
                  fmt::format("backfill {} of '{}' has {} too", id.value, spec.dag_id, common));
  }
  return {};
}

Backfill& Core::open_backfill(BackfillRow row, std::shared_ptr<const Dag> dag, const DagInForce& grid) {
  const bool own_dates = grid.version == row.dag_version;
  if (!own_dates) row.dates_version = grid.version;
  row.id = BackfillId{next.next_backfill++};
  row.created_at = now.wall;
  Backfill& backfill = backfills[row.id];
  backfill.fresh = true;
  backfill.row = std::move(row);
  backfill.dag = std::move(dag);
  if (!own_dates) backfill.dates_dag = grid.dag;
  touch(backfill);
  load_choice(backfill);
  backfill.row.cursor = backfill.dates.first();
  backfill.row.counts.total = backfill.row.counts.queued = backfill.dates.count();
  backfill.row.started_at = now.wall;
  const std::string cause = backfill.row.root ? fmt::format("carries on backfill {}", backfill.row.root.value)
                                              : "created by " + backfill.row.spec.created_by;
  move(backfill, BackfillState::running, cause);
  to_advance.insert(backfill.row.id);
  return backfill;
}

void Core::load_choice(Backfill& backfill) {
  const DagEntry* entry = find_dag(backfill.row.spec.dag_id);
  // Its version can't be read any more: the one in force stands in for it, and its runs say so.
  if (!backfill.dag && entry && entry->dag) {
    backfill.dag = entry->dag;
    touch(backfill);
    backfill.row.dag_version = entry->row.current;
  }
  if (!backfill.dag) return;
  backfill.dates = BackfillDates(backfill.dates_dag ? *backfill.dates_dag : *backfill.dag, *backfill.dag,
                                 backfill.row.spec);
  if (backfill.row.spec.task_ids.empty()) return;
  backfill.chosen.assign(backfill.dag->tasks.size(), false);
  for (const TaskIndex t : chosen_tasks(*backfill.dag, backfill.row.spec)) backfill.chosen[t] = true;
}

void Core::on(const BackfillLoaded& fact) {
  const BackfillId id = fact.row.id;
  if (backfills.contains(id)) {
    // Before a retry of one that is here: the items that are closed and so not in memory.
    Backfill& here = backfills.at(id);
    for (const BackfillItemRow& item : fact.open_items)
      if (item.state == ItemState::failed || item.state == ItemState::cancelled)
        here.items.emplace(item.execution_date, item);
    return;
  }
  Backfill& backfill = backfills[id];
  backfill.row = fact.row;
  backfill.dag = fact.dag;
  backfill.dates_dag = fact.dates_dag;
  for (const BackfillItemRow& item : fact.open_items) {
    backfill.items.emplace(item.execution_date, item);
    if (item.state == ItemState::running) ++backfill.running;
    if (item.state == ItemState::queued) backfill.again.insert(item.execution_date);
  }
  backfill.recalled = acting;
  if (acting) load_choice(backfill);
}

void Core::on(const BackfillAction& fact) {
  for (auto& [id, backfill] : backfills) backfill.recalled = false;
  backfills_due = true;
  const auto it = backfills.find(fact.backfill);
  if (it == backfills.end())
    return reply(fact.request,
                 Error{ErrorKind::conflict, fmt::format("backfill {} isn't active", fact.backfill.value)});
  const std::vector<Backfill*> all = with_followers(it->second);
  const BackfillState state = it->second.row.state;
  const bool active = std::ranges::any_of(all, [](const Backfill* b) { return !is_final(b->row.state); });
  const bool retry = fact.kind == BackfillAction::Kind::retry_failed;
  if ((!active && !retry) || is_cancelling(it->second))
    return reply(fact.request, Error{ErrorKind::conflict,
                                     fmt::format("backfill {} is {}", fact.backfill.value,
                                                 is_final(state) ? to_word(state) : "being cancelled")});
  for (const Backfill* backfill : all) {
    if (!retry || !is_final(backfill->row.state) || !backfill->dag) continue;
    const Dag& grid = backfill->dates_dag ? *backfill->dates_dag : *backfill->dag;
    if (auto free = check_overlap(backfill->row.spec, grid, *backfill->dag); !free)
      return reply(fact.request, free.error());
  }
  for (Backfill* backfill : all) {
    if (is_cancelling(*backfill) || (is_final(backfill->row.state) && !retry)) continue;
    switch (fact.kind) {
      case BackfillAction::Kind::pause: pause(*backfill, true, fact.by); break;
      case BackfillAction::Kind::unpause: pause(*backfill, false, fact.by); break;
      case BackfillAction::Kind::cancel_drain: cancel(*backfill, false, fact.by); break;
      case BackfillAction::Kind::cancel_terminate: cancel(*backfill, true, fact.by); break;
      case BackfillAction::Kind::retry_failed: retry_failed(*backfill, fact.by); break;
    }
  }
  reply(fact.request, it->second.row);
}

void Core::pause(Backfill& backfill, bool paused, const std::string& by) {
  const bool is = backfill.row.state == BackfillState::paused;
  if (paused && !is) move(backfill, BackfillState::paused, "paused by " + by);
  if (!paused && is) move(backfill, BackfillState::running, "unpaused by " + by);
  to_advance.insert(backfill.row.id);
}

/// The cursor stays: a retry goes on from there.
void Core::cancel(Backfill& backfill, bool terminate, const std::string& by) {
  touch(backfill);
  BackfillRow& row = backfill.row;
  row.terminate = terminate;
  row.completed_at = now.wall;
  std::set<WallTime> queued = std::exchange(backfill.again, {});
  queued.merge(std::exchange(backfill.blocked, {}));
  for (const WallTime date : queued)
    set_item(backfill, date, ItemState::cancelled, "cancelled", backfill.items.at(date).run);
  row.counts.cancelled += row.counts.queued;
  row.counts.queued = 0;
  std::vector<RunId> active;
  for (const auto& [date, item] : backfill.items)
    if (item.state == ItemState::running) active.push_back(item.run);
  for (const RunId id : active)
    if (Run* run = find_run(id))
      cancel(*run, "cancelled", fmt::format("backfill {} cancelled by {}", row.id.value, by), terminate);
  check_end(backfill);
}

void Core::retry_failed(Backfill& backfill, const std::string& by) {
  BackfillRow& row = backfill.row;
  std::vector<WallTime> dates;
  std::int64_t cancelled = 0;
  for (const auto& [date, item] : backfill.items) {
    if (item.state == ItemState::cancelled) ++cancelled;
    if (item.state == ItemState::failed || item.state == ItemState::cancelled) dates.push_back(date);
  }
  // A cancelled backfill's dates that were never decided have no items: they are the rest of the count.
  const std::int64_t undecided =
      row.state == BackfillState::cancelled && row.cursor ? row.counts.cancelled - cancelled : 0;
  if (dates.empty() && undecided == 0) return;
  touch(backfill);
  row.counts.cancelled -= undecided;
  row.counts.queued += undecided;
  for (const WallTime date : dates) {
    const RunId run = backfill.items.at(date).run;
    set_item(backfill, date, ItemState::queued, run ? "retry" : "again", run);
    backfill.again.insert(date);
  }
  if (is_final(row.state)) {
    move(backfill, BackfillState::running,
         fmt::format("{} dates tried again by {}", static_cast<std::int64_t>(dates.size()) + undecided, by),
         By::person);
    row.completed_at.reset();
    row.terminate = false;
  }
  to_advance.insert(row.id);
}

void Core::check_end(Backfill& backfill) {
  BackfillRow& row = backfill.row;
  if (is_final(row.state) || backfill.running > 0 || !backfill.again.empty() || !backfill.blocked.empty())
    return;
  if (row.completed_at) return move(backfill, BackfillState::cancelled, "all of its runs have ended");
  if (row.cursor || row.state == BackfillState::paused) return;
  const bool good = row.counts.failed == 0 && row.counts.cancelled == 0;
  move(backfill, good ? BackfillState::completed : BackfillState::failed,
       fmt::format("{} succeeded, {} failed, {} skipped", row.counts.success, row.counts.failed,
                   row.counts.skipped));
}

/// A cascade leaves memory as a whole: what is asked of its root reaches those that are still active.
bool Core::needed(const Backfill& backfill) const {
  return std::ranges::any_of(backfills, [&](const auto& other) {
    return !is_final(other.second.row.state) && root_of(other.second.row) == root_of(backfill.row);
  });
}

void Core::forget_backfills() {
  std::vector<BackfillId> done;
  for (const auto& [id, backfill] : backfills)
    if (is_final(backfill.row.state) && !backfill.recalled && !needed(backfill)) done.push_back(id);
  for (const BackfillId id : done) {
    Backfill& backfill = backfills.at(id);
    disarm(backfill.turn, Timer::Kind::backfill, id.value);
    backfills.erase(id);
  }
}

}  // namespace millrace
