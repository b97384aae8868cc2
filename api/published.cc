#include "api/published.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace millrace {
namespace {

struct RunNames {
  std::string dag_id, run_id;
  WallTime execution_date;
  RunType type = RunType::manual;
  BackfillId backfill;
};

struct TaskNames {
  std::string task_id;
  int map_index = -1;
  int try_number = 0;  // of the newest attempt so far
};

RunNames names_of(const RunRow& run) {
  return {run.dag_id, run.run_id, run.execution_date, run.type, run.backfill};
}

TaskNames names_of(const TaskInstanceRow& row) { return {row.task_id, row.map_index, row.try_number}; }

/// Task instances come before the events that tell of them: going through in order, each has the try it had
/// then.
class Namer {
 public:
  explicit Namer(const InMemory& memory) : memory_(memory) {}

  void know(const RunRow& run) { runs_.insert_or_assign(run.id.value, names_of(run)); }
  void know(const TaskInstanceRow& row) { tasks_.try_emplace(row.id.value, names_of(row)); }
  void take(const TaskInstanceRow& row) { tasks_.insert_or_assign(row.id.value, names_of(row)); }
  void take(const AttemptRow& row) { tries_.insert_or_assign(row.id.value, row.try_number); }
  void take(BackfillRow& row) {
    const auto same = std::ranges::find(out.backfills, row.id, &BackfillRow::id);
    if (same == out.backfills.end())
      out.backfills.push_back(std::move(row));
    else
      *same = std::move(row);
  }
  void take(DatasetEventRow& row) {
    const RunNames* run = run_of(row.run);
    out.datasets.push_back(
        {std::move(row), run == nullptr ? "" : run->dag_id, run == nullptr ? "" : run->run_id});
  }
  void take(EventRow& row) {
    out.last_seq = row.seq;
    NamedEvent& named = out.events.emplace_back();
    named.event = std::move(row);
    const EventRow& event = named.event;
    if (const RunNames* run = run_of(event.run)) {
      named.run_id = run->run_id;
      named.execution_date = run->execution_date;
      named.run_type = run->type;
      named.backfill = run->backfill;
    }
    const TaskNames* task = task_of(event.task_instance);
    if (task != nullptr) {
      named.task_id = task->task_id;
      named.map_index = task->map_index;
    }
    if (!event.attempt) return;
    const auto known = tries_.find(event.attempt.value);
    if (known != tries_.end())
      named.try_number = known->second;
    else if (task != nullptr)
      named.try_number = task->try_number;
  }
  void take(const auto&) {}

  Publication out;

 private:
  const RunNames* run_of(RunId id) {
    if (!id) return nullptr;
    if (const auto known = runs_.find(id.value); known != runs_.end()) return &known->second;
    const RunRow* run = memory_.run(id);
    if (run == nullptr) return nullptr;
    return &runs_.emplace(id.value, names_of(*run)).first->second;
  }

  const TaskNames* task_of(TaskInstanceId id) {
    if (!id) return nullptr;
    if (const auto known = tasks_.find(id.value); known != tasks_.end()) return &known->second;
    const TaskInstanceRow* row = memory_.task(id);
    if (row == nullptr) return nullptr;
    return &tasks_.emplace(id.value, names_of(*row)).first->second;
  }

  const InMemory& memory_;
  std::unordered_map<std::int64_t, RunNames> runs_;
  std::unordered_map<std::int64_t, TaskNames> tasks_;
  std::unordered_map<std::int64_t, int> tries_;
};

}  // namespace

Publication published(std::vector<Change> committed, const InMemory& memory) {
  Namer namer(memory);
  // A run that ends in this batch has left the memory; its row may come after its tasks' events.
  for (const Change& change : committed) {
    if (const auto* run = std::get_if<RunRow>(&change)) namer.know(*run);
    if (const auto* task = std::get_if<TaskInstanceRow>(&change)) namer.know(*task);
  }
  for (Change& change : committed) std::visit([&](auto& row) { namer.take(row); }, change);
  return std::move(namer.out);
}

std::int64_t last_seq_of(const std::vector<Change>& changes) {
  for (auto change = changes.rbegin(); change != changes.rend(); ++change)
    if (const auto* event = std::get_if<EventRow>(&*change)) return event->seq;
  return 0;
}

}  // namespace millrace
