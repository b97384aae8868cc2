#include <utility>

#include "base/canary.h"
#include "scheduler/core.h"

/// Each row is written at most once an apply(): changes mark it dirty, take_commands() turns the dirty ones
/// into Records, in an order in which every row comes after those it names.
namespace millrace {
namespace {

void update_index(Core& core) {
  for (DagEntry* entry : core.dirty_dags) core.dag_index.update(*entry);
  for (const Run* run : core.dirty_runs) core.dag_index.update(*core.find_dag(run->row.dag_id));
}

}  // namespace

void Core::touch(Run& run) {
  if (run.dirty) return;
  run.dirty = true;
  if (!run.fresh) ++run.row.version;
  dirty_runs.push_back(&run);
}

void Core::touch(Run& run, InstanceIndex i) {
  Instance& ti = run.instances[i];
  if (ti.dirty) return;
  ti.dirty = true;
  if (!ti.fresh) ++ti.row.version;
  dirty_instances.emplace_back(&run, i);
}

void Core::touch(Attempt& attempt) {
  if (attempt.dirty) return;
  attempt.dirty = true;
  if (!attempt.fresh) ++attempt.row.version;
  dirty_attempts.push_back(attempt.row.id);
}

void Core::touch(DagEntry& entry) {
  if (entry.dirty) return;
  entry.dirty = true;
  if (!entry.fresh) ++entry.row.version;
  dirty_dags.push_back(&entry);
}

void Core::touch(Backfill& backfill) {
  if (backfill.dirty) return;
  backfill.dirty = true;
  if (!backfill.fresh) ++backfill.row.version;
  dirty_backfills.push_back(&backfill);
}

void Core::touch(Notification& notification) {
  if (notification.dirty) return;
  notification.dirty = true;
  if (!notification.fresh) ++notification.row.version;
  dirty_notifications.push_back(notification.row.id);
}

void Core::touch(Backfill& backfill, WallTime date) {
  touch(backfill);
  backfill.dirty_items.insert(date);
}

void Core::event(EventRow row) {
  row.seq = next.next_event++;
  row.at = now.wall;
  new_events.push_back(std::move(row));
}

void Core::task_event(const Run& run, const Instance& ti, std::string from, std::string cause) {
  if (CANARY("move_untold") && ti.row.state == TaskState::skipped) return;
  EventRow& row = new_events.emplace_back();
  row.seq = next.next_event++;
  row.at = now.wall;
  row.kind = "task";
  row.dag_id = run.row.dag_id;
  row.run = run.row.id;
  row.task_instance = ti.row.id;
  row.attempt = ti.attempt;
  row.from = std::move(from);
  row.to = to_word(ti.row.state);
  row.cause = std::move(cause);
}

void Core::run_event(const Run& run, std::string from, std::string cause) {
  EventRow row;
  row.kind = "run";
  row.dag_id = run.row.dag_id;
  row.run = run.row.id;
  row.from = std::move(from);
  row.to = to_word(run.row.state);
  row.cause = std::move(cause);
  event(std::move(row));
}

std::vector<Command> Core::take_commands() {
  std::vector<Command> out;
  std::size_t items = 0;
  for (const Backfill* backfill : dirty_backfills) items += backfill->dirty_items.size();
  out.reserve(dirty_dags.size() + dirty_pools.size() + dirty_backfills.size() + dirty_runs.size() +
              dirty_instances.size() + dirty_attempts.size() + new_outputs.size() + items +
              new_versions.size() + new_version_inputs.size() + new_dataset_events.size() +
              new_links.size() + new_events.size() + acts.size());
  const auto record = [&](auto&& row) { out.emplace_back(Record{Change{std::forward<decltype(row)>(row)}}); };

  update_index(*this);
  for (DagEntry* entry : dirty_dags) record(entry->row), entry->dirty = entry->fresh = false;
  for (const std::string& name : dirty_pools) record(pools.at(name));
  for (Backfill* backfill : dirty_backfills) record(backfill->row), backfill->dirty = backfill->fresh = false;
  for (Run* run : dirty_runs) record(run->row), run->dirty = run->fresh = false;
  for (const auto& [run, i] : dirty_instances) {
    Instance& ti = run->instances[i];
    record(ti.row);
    ti.dirty = ti.fresh = false;
  }
  for (const AttemptId id : dirty_attempts) {
    Attempt& attempt = attempts.at(id);
    record(attempt.row);
    attempt.dirty = attempt.fresh = false;
    if (attempt.row.outcome) attempts.erase(id);
  }
  for (OutputRow& row : new_outputs) record(std::move(row));
  for (Backfill* backfill : dirty_backfills) {
    for (const WallTime date : backfill->dirty_items) {
      const auto it = backfill->items.find(date);
      record(it->second);
      const ItemState state = it->second.state;
      if (state != ItemState::queued && state != ItemState::running) backfill->items.erase(it);
    }
    backfill->dirty_items.clear();
  }
  for (const std::string& name : std::exchange(dirty_dataset_names, {})) record(dataset_names.at(name));
  for (DatasetReferenceRow& row : std::exchange(new_references, {})) record(std::move(row));
  for (DatasetVersionRow& row : new_versions) record(std::move(row));
  for (VersionInputRow& row : new_version_inputs) record(std::move(row));
  for (DatasetEventRow& row : new_dataset_events) record(std::move(row));
  // While a question is open the events that it is about may still become runs: only what waits is written.
  if (lookups.empty() && partition_lookups.empty() && loads.empty())
    for (QueuedDatasetEventRow& row : triggers.take_changes()) record(std::move(row));
  for (DatasetEventRunRow& row : std::exchange(new_links, {})) record(std::move(row));
  for (const NotificationId id : std::exchange(dirty_notifications, {})) {
    Notification& notification = notifications.at(id);
    record(notification.row);
    notification.dirty = notification.fresh = false;
    if (notification.row.state != NotificationState::pending) notifications.erase(id);
  }
  for (VariableRow& row : new_variables) record(std::move(row));
  for (const RunDeletion& row : deletions) record(row);
  for (EventRow& row : new_events) record(std::move(row));
  for (Command& command : acts) out.push_back(std::move(command));

  acts.clear(), dirty_dags.clear(), dirty_runs.clear(), dirty_instances.clear();
  dirty_pools.clear();
  dirty_attempts.clear(), new_outputs.clear(), new_versions.clear(), new_version_inputs.clear(),
      new_dataset_events.clear(), new_events.clear(), new_variables.clear(), deletions.clear();
  dirty_backfills.clear();
  if (std::exchange(backfills_due, false)) forget_backfills();
  // While a question is open its answer may concern a run that the store doesn't have in its last state yet.
  if (lookups.empty() && partition_lookups.empty() && item_lookups.empty() && loads.empty())
    for (const RunId id : std::exchange(leaving, {})) forget(id);
  return out;
}

}  // namespace millrace
