#include <utility>

#include <fmt/format.h>

#include "scheduler/core.h"

/// New partitions of datasets. What follows from them is in dataset_runs.cc.
namespace millrace {

void Core::record_versions(const Attempt& attempt, const std::vector<Published>& published) {
  const RunRow& run = attempt.run->row;
  const TaskInstanceRow& ti = attempt.run->instances[attempt.index].row;
  for (const Published& output : published)
    new_versions.push_back({.id = {next.next_dataset_version++},
                            .dataset = output.dataset,
                            .partition = partition_of(run),
                            .hash = output.hash,
                            .run = run.id,
                            .attempt = attempt.row.id,
                            .dag_id = run.dag_id,
                            .run_id = run.run_id,
                            .task_id = ti.task_id,
                            .map_index = ti.map_index,
                            .path = output.path,
                            .bytes = output.bytes,
                            .files = output.files,
                            .rows = output.rows,
                            .schema = output.schema,
                            .created_at = now.wall});
}

DatasetVersionId Core::written_by(AttemptId attempt, const std::string& dataset) const {
  for (const DatasetVersionRow& row : new_versions)
    if (row.attempt == attempt && row.dataset == dataset) return row.id;
  return {};
}

/// A mapped task has renewed its outputs when all of its instances are done well.
void Core::outputs_renewed(Run& run, InstanceIndex i) {
  const TaskInstanceRow& row = run.instances[i].row;
  const Task& task = run.dag->tasks[row.task];
  if (task.outputs.empty() || row.state != TaskState::success) return;
  const Slot& slot = run.slots[row.task];
  for (std::size_t k = 0; k < slot.size(); ++k) {
    const TaskState state = run.instances[slot[k]].row.state;
    if (state != TaskState::success && state != TaskState::skipped && state != TaskState::removed) return;
  }
  for (const std::string& dataset : task.outputs) {
    DatasetEventRow made;
    made.dataset = dataset;
    made.partition = partition_of(run.row);
    made.run = run.row.id;
    made.dag_id = run.row.dag_id;
    made.run_id = run.row.run_id;
    made.task_id = task.task_id;
    made.map_index = slot.size() == 1 ? row.map_index : -1;
    made.version = written_by(run.instances[i].attempt, dataset);
    dataset_event(std::move(made));
  }
}

void Core::dataset_event(DatasetEventRow row) {
  row.id = next.next_dataset_event++;
  row.at = now.wall;
  dataset_named(row.dataset);
  skip(triggers.put(row, [&](const std::string& dag_id, WallTime run_date) {
    const Backfill* follower = follower_of(row.run, dag_id, run_date);
    return follower ? fmt::format("backfill {} carries on with it", follower->row.id.value) : std::string{};
  }));
  for (const std::string& dag_id : triggers.dags_waiting_for(row.dataset)) to_feed.insert(dag_id);
  const std::string dataset = row.dataset;
  new_dataset_events.push_back(std::move(row));
  poke_dataset_sensors(dataset);
}

void Core::on(const DatasetUpdated& fact) {
  if (fact.dataset.empty()) return reply(fact.request, Error{ErrorKind::invalid, "a dataset needs a name"});
  DatasetEventRow row;
  row.dataset = fact.dataset;
  row.partition = fact.partition.value_or(now.wall);
  row.extra = fact.extra;
  row.created_by = fact.by;
  EventRow said;
  said.kind = "dataset";
  said.cause = fmt::format("{} {} renewed by {}", fact.dataset, to_iso(row.partition), fact.by);
  dataset_event(std::move(row));
  event(std::move(said));
  reply(fact.request, new_dataset_events.back());
}

}  // namespace millrace
