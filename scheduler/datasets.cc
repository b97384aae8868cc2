#include <utility>

#include <fmt/format.h>

#include "dags/parser.h"
#include "scheduler/core.h"

/// New partitions and the runs they start. A partition whose run is active is remembered (a pending row with
/// a name that no dataset can have) and run again once when that run ends.
namespace millrace {
namespace {

constexpr const char* run_again = "!run_again";

}  // namespace

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
    made.partition = run.row.execution_date;
    made.run = run.row.id;
    made.task_id = task.task_id;
    made.map_index = slot.size() == 1 ? row.map_index : -1;
    dataset_event(std::move(made));
  }
}

void Core::dataset_event(DatasetEventRow row) {
  row.id = next.next_dataset_event++;
  row.at = now.wall;
  DatasetTriggers::Answer answer = triggers.updated(row.dataset, row.partition, now.wall);
  const std::string dataset = row.dataset;
  new_dataset_events.push_back(std::move(row));
  for (PendingPartitionRow& pending : answer.changes) new_pending.push_back(std::move(pending));
  for (const DatasetTriggers::Fired& fired : answer.fired) fire(fired);
  poke_dataset_sensors(dataset);
}

void Core::on(const DatasetUpdated& fact) {
  if (fact.dataset.empty()) return reply(fact.request, Error{ErrorKind::invalid, "a dataset needs a name"});
  DatasetEventRow row;
  row.dataset = fact.dataset;
  row.partition = fact.partition;
  dataset_event(row);
  EventRow said;
  said.kind = "dataset";
  said.cause = fmt::format("{} {} renewed by {}", fact.dataset, to_iso(fact.partition), fact.by);
  event(std::move(said));
  reply(fact.request, new_dataset_events.back());
}

void Core::fire(const DatasetTriggers::Fired& fired) {
  const DagEntry* entry = find_dag(fired.dag_id);
  if (!entry || !entry->dag || entry->row.removed) return;
  const Dag& dag = *entry->dag;
  const WallTime date = fired.execution_date;
  const auto skip = [&](const std::string& why) {
    EventRow row;
    row.kind = "dataset_skipped";
    row.dag_id = fired.dag_id;
    row.cause = fmt::format("{}: {}", fired.cause, why);
    event(std::move(row));
  };
  if (entry->row.paused) return skip("the DAG is paused");
  if ((dag.start_date && date < *dag.start_date) || (dag.end_date && date > *dag.end_date))
    return skip("outside of the DAG's start_date and end_date");
  auto params = resolve_params(dag, "{}");
  if (!params) return skip(params.error().message);
  RunWish wanted = wish(*entry, RunType::dataset_triggered, date, interval_of(dag.schedule, date));
  wanted.params = std::move(*params);
  wanted.by = fired.cause;
  propose({std::move(wanted)}, [this](const RunWish& w, Run* made, const RunRow* existing) {
    if (made) return;
    with_run(existing->id, [this, w](Run* run) {
      if (!run) return;
      if (is_final(run->row.state)) return rerun(*run, w.by, w.by);
      if (run->row.state == RunState::queued) return;  // it will see the new partition anyway
      if (!rerun_marks.insert({w.dag_id, w.execution_date}).second) return;
      new_pending.push_back({w.dag_id, w.execution_date, run_again, false});
      run_event(*run, std::string(to_word(run->row.state)), w.by + ": will run again");
    });
  });
}

void Core::rerun_marked(const Run& run) {
  const auto it = rerun_marks.find({run.row.dag_id, run.row.execution_date});
  if (it == rerun_marks.end()) return;
  rerun_marks.erase(it);
  new_pending.push_back({run.row.dag_id, run.row.execution_date, run_again, true});
  rerun(*find_run(run.row.id), "a partition it reads was renewed meanwhile", "dataset");
}

void Core::on(const PendingPartitionLoaded& fact) {
  if (fact.row.dataset != run_again) return triggers.load(fact.row);
  if (!fact.row.removed) rerun_marks.insert({fact.row.dag_id, fact.row.partition});
}

}  // namespace millrace
