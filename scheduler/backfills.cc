#include <utility>

#include <fmt/format.h>

#include "dags/parser.h"
#include "scheduler/backfill_plan.h"
#include "scheduler/core.h"

/// A backfill is a cursor over execution_dates: at most max_active_runs of its runs are active, items are
/// written as they are decided. Once a cancel was asked `completed_at` is set; the state follows when its
/// last run has ended.
namespace millrace {
namespace {

bool cancelling(const Backfill& backfill) {
  return backfill.row.completed_at && !is_final(backfill.row.state);
}

}  // namespace

void Core::on(const BackfillRequested& fact) {
  const BackfillSpec& spec = fact.spec;
  const DagEntry* entry = find_dag(spec.dag_id);
  if (!entry || !entry->dag || entry->row.removed)
    return reply(fact.request, Error{ErrorKind::not_found, no_such_dag(*this, spec.dag_id)});
  if (auto good = check_backfill(*entry->dag, spec); !good) return reply(fact.request, good.error());
  auto params = resolve_params(*entry->dag, spec.params);
  if (!params) return reply(fact.request, params.error());
  for (const auto& [id, other] : backfills) {
    if (other.row.spec.dag_id != spec.dag_id || is_final(other.row.state)) continue;
    if (const auto date = first_overlap(*entry->dag, spec, other.row.spec))
      return reply(fact.request,
                   Error{ErrorKind::conflict, fmt::format("backfill {} of '{}' has {} too", id.value,
                                                          spec.dag_id, to_iso(*date))});
  }
  const BackfillId id{next.next_backfill++};
  Backfill& backfill = backfills[id];
  backfill.fresh = true;
  backfill.dag = entry->dag;
  BackfillRow& row = backfill.row;
  row.id = id;
  row.spec = spec;
  row.spec.params = std::move(*params);
  row.dag_version = entry->row.current;
  row.cursor = first_date(*entry->dag, spec);
  row.counts.total = row.counts.queued = count_dates(*entry->dag, spec);
  row.created_at = now.wall;
  touch(backfill);
  load_choice(backfill);
  row.started_at = now.wall;
  move(backfill, BackfillState::running, "created by " + spec.created_by);
  to_advance.insert(id);
  reply(fact.request, row);
}

void Core::load_choice(Backfill& backfill) {
  const DagEntry* entry = find_dag(backfill.row.spec.dag_id);
  if (!backfill.dag && entry && entry->row.current == backfill.row.dag_version) backfill.dag = entry->dag;
  for (const auto& [id, run] : runs)
    if (!backfill.dag && run.row.dag_version == backfill.row.dag_version) backfill.dag = run.dag;
  // The pinned version isn't at hand after a restart: the version in force stands in for it, and its runs say
  // so.
  if (!backfill.dag && entry) {
    backfill.dag = entry->dag;
    touch(backfill);
    backfill.row.dag_version = entry->row.current;
  }
  if (!backfill.dag || backfill.row.spec.task_ids.empty()) return;
  backfill.chosen.assign(backfill.dag->tasks.size(), false);
  for (const TaskIndex t : chosen_tasks(*backfill.dag, backfill.row.spec)) backfill.chosen[t] = true;
}

void Core::on(const BackfillLoaded& fact) {
  const BackfillId id = fact.row.id;
  if (backfills.contains(id)) {
    // Before retry_failed of an active backfill: the items that are closed and so not in memory.
    Backfill& here = backfills.at(id);
    for (const BackfillItemRow& item : fact.open_items)
      if (item.state == ItemState::failed || item.state == ItemState::cancelled)
        here.items.emplace(item.execution_date, item);
    return;
  }
  Backfill& backfill = backfills[id];
  backfill.row = fact.row;
  for (const BackfillItemRow& item : fact.open_items) {
    backfill.items.emplace(item.execution_date, item);
    if (item.state == ItemState::running) ++backfill.running;
    if (item.state == ItemState::queued) backfill.retries.insert(item.execution_date);
  }
  backfill.recalled = is_final(fact.row.state);
  if (acting) load_choice(backfill);
}

void Core::on(const BackfillAction& fact) {
  const auto it = backfills.find(fact.backfill);
  if (it == backfills.end())
    return reply(fact.request,
                 Error{ErrorKind::conflict, fmt::format("backfill {} isn't active", fact.backfill.value)});
  Backfill& backfill = it->second;
  backfill.recalled = false;
  const BackfillState state = backfill.row.state;
  const bool retry = fact.kind == BackfillAction::Kind::retry_failed;
  if ((is_final(state) && !retry) || cancelling(backfill))
    return reply(fact.request, Error{ErrorKind::conflict,
                                     fmt::format("backfill {} is {}", fact.backfill.value,
                                                 is_final(state) ? to_word(state) : "being cancelled")});
  switch (fact.kind) {
    case BackfillAction::Kind::pause:
      if (state != BackfillState::paused) move(backfill, BackfillState::paused, "paused by " + fact.by);
      break;
    case BackfillAction::Kind::unpause:
      if (state == BackfillState::paused) move(backfill, BackfillState::running, "unpaused by " + fact.by);
      to_advance.insert(fact.backfill);
      break;
    case BackfillAction::Kind::cancel_drain:
    case BackfillAction::Kind::cancel_terminate: cancel_backfill(backfill, fact); break;
    case BackfillAction::Kind::retry_failed: retry_failed(backfill, fact); break;
  }
  reply(fact.request, backfill.row);
}

void Core::cancel_backfill(Backfill& backfill, const BackfillAction& fact) {
  touch(backfill);
  BackfillRow& row = backfill.row;
  row.terminate = fact.kind == BackfillAction::Kind::cancel_terminate;
  row.completed_at = now.wall;
  row.cursor.reset();
  for (const WallTime date : std::exchange(backfill.retries, {}))
    set_item(backfill, date, ItemState::cancelled, "cancelled", backfill.items.at(date).run);
  row.counts.cancelled += row.counts.queued;
  row.counts.queued = 0;
  for (const auto& [date, item] : backfill.items)
    if (item.state == ItemState::running)
      if (Run* run = find_run(item.run))
        cancel(*run, "cancelled", fmt::format("backfill {} cancelled by {}", row.id.value, fact.by),
               row.terminate);
  check_end(backfill);
}

void Core::retry_failed(Backfill& backfill, const BackfillAction& fact) {
  std::size_t count = 0;
  for (auto& [date, item] : backfill.items) {
    if (item.state != ItemState::failed && item.state != ItemState::cancelled) continue;
    if (!item.run) continue;
    set_item(backfill, date, ItemState::queued, "retry", item.run);
    backfill.retries.insert(date);
    ++count;
  }
  if (count == 0) return;
  if (is_final(backfill.row.state)) {
    move(backfill, BackfillState::running, fmt::format("{} dates tried again by {}", count, fact.by),
         By::person);
    backfill.row.completed_at.reset();
    backfill.row.terminate = false;
  }
  to_advance.insert(backfill.row.id);
}

void Core::check_end(Backfill& backfill) {
  BackfillRow& row = backfill.row;
  if (is_final(row.state) || row.cursor || backfill.running > 0 || !backfill.retries.empty()) return;
  if (row.completed_at) return move(backfill, BackfillState::cancelled, "all of its runs have ended");
  if (row.state == BackfillState::paused) return;
  const bool good = row.counts.failed == 0 && row.counts.cancelled == 0;
  move(backfill, good ? BackfillState::completed : BackfillState::failed,
       fmt::format("{} succeeded, {} failed, {} skipped", row.counts.success, row.counts.failed,
                   row.counts.skipped));
}

}  // namespace millrace
