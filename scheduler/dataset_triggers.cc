#include "scheduler/dataset_triggers.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "dags/partition.h"

namespace millrace {
namespace {

QueuedDatasetEventRow row_of(const std::string& dag_id, WallTime run_date, const QueuedDatasetEvent& e) {
  return {dag_id, e.event, run_date, e.dataset, e.partition, e.at, e.rerun_only, false};
}

}  // namespace

std::string cause_of(const QueuedDatasetEvent& e) {
  constexpr std::int64_t day_us = 86'400'000'000;
  return "dataset " + e.dataset + " " +
         (e.partition.us % day_us == 0 ? to_date(e.partition) : to_iso(e.partition));
}

std::vector<DatasetTriggers::Skipped> DatasetTriggers::set_dag(const Dag& dag) {
  const auto before = by_dag_.find(dag.dag_id);
  const bool remapped =
      before != by_dag_.end() && before->second.schedule.partition != dag.schedule.partition;
  unsubscribe(dag.dag_id);
  if (dag.schedule.kind != Schedule::Kind::datasets)
    return remove_dag(dag.dag_id, "the DAG no longer waits for datasets");
  Subscription& to = by_dag_[dag.dag_id];
  to.schedule = dag.schedule;
  to.datasets = dag.schedule.datasets;
  std::ranges::sort(to.datasets);
  to.datasets.erase(std::unique(to.datasets.begin(), to.datasets.end()), to.datasets.end());
  for (const std::string& dataset : to.datasets) dags_of_[dataset].insert(dag.dag_id);

  std::vector<Skipped> skipped;
  const auto known = queues_.find(dag.dag_id);
  if (known == queues_.end()) return skipped;
  const Queue old = std::exchange(known->second, Queue{});
  for (const auto& [run_date, events] : old.by_run) {
    for (const auto& [key, event] : events) {
      const bool wanted = std::ranges::binary_search(to.datasets, event.dataset);
      if (wanted && !remapped) {
        add(dag.dag_id, run_date, event);
        continue;
      }
      done(dag.dag_id, run_date, event);
      if (event.rerun_only) continue;
      QueuedDatasetEvent moved = event;
      moved.stored = false;
      if (wanted) add_mapped(dag.dag_id, to.schedule, std::move(moved));
      else skipped.push_back({dag.dag_id, moved, "the DAG no longer waits for it"});
    }
  }
  return skipped;
}

void DatasetTriggers::add_mapped(const std::string& dag_id, const Schedule& schedule,
                                 QueuedDatasetEvent event) {
  add(dag_id, run_of_partition(schedule, event.partition), event);
  event.rerun_only = true;
  for (const WallTime later : later_runs_of_partition(schedule, event.partition)) add(dag_id, later, event);
}

std::vector<DatasetTriggers::Skipped> DatasetTriggers::remove_dag(const std::string& dag_id,
                                                                  const std::string& why) {
  unsubscribe(dag_id);
  return drop(dag_id, {}, std::nullopt, why);
}

void DatasetTriggers::unsubscribe(const std::string& dag_id) {
  const auto at = by_dag_.find(dag_id);
  if (at == by_dag_.end()) return;
  for (const std::string& dataset : at->second.datasets) {
    const auto dags = dags_of_.find(dataset);
    dags->second.erase(dag_id);
    if (dags->second.empty()) dags_of_.erase(dags);
  }
  by_dag_.erase(at);
}

void DatasetTriggers::load(const QueuedDatasetEventRow& row) {
  add(row.dag_id, row.run_date, {row.event, row.dataset, row.partition, row.at, row.rerun_only, true});
}

std::vector<DatasetTriggers::Skipped> DatasetTriggers::put(const DatasetEventRow& row,
                                                            const Elsewhere& elsewhere) {
  std::vector<Skipped> skipped;
  for (const std::string& dag_id : dags_waiting_for(row.dataset)) {
    const Schedule& schedule = by_dag_.at(dag_id).schedule;
    QueuedDatasetEvent event{row.id, row.dataset, row.partition, row.at, false, false};
    if (queues_[dag_id].size >= limits::queued_dataset_events) {
      skipped.push_back({dag_id, event, "too many events wait for the DAG"});
      continue;
    }
    const WallTime run_date = run_of_partition(schedule, row.partition);
    std::string why = elsewhere ? elsewhere(dag_id, run_date) : std::string{};
    if (why.empty()) add(dag_id, run_date, event);
    else skipped.push_back({dag_id, event, std::move(why)});
    event.rerun_only = true;
    for (const WallTime later : later_runs_of_partition(schedule, row.partition))
      if (!elsewhere || elsewhere(dag_id, later).empty()) add(dag_id, later, event);
  }
  return skipped;
}

void DatasetTriggers::add(const std::string& dag_id, WallTime run_date, QueuedDatasetEvent event) {
  Queue& queue = queues_[dag_id];
  if (!event.stored) unstored_.insert({dag_id, run_date, event.event, event.rerun_only});
  const auto key = std::pair{event.event, event.rerun_only};
  if (queue.by_run[run_date].emplace(key, std::move(event)).second) ++queue.size;
  queue.to_look_at.insert(run_date);
}

std::vector<DatasetTriggers::Skipped> DatasetTriggers::drop(const std::string& dag_id,
                                                            const std::string& dataset,
                                                            std::optional<WallTime> before,
                                                            const std::string& why) {
  std::vector<Skipped> skipped;
  for (auto& [of, queue] : queues_) {
    if (!dag_id.empty() && of != dag_id) continue;
    for (auto at = queue.by_run.begin(); at != queue.by_run.end();) {
      Events& events = at->second;
      for (auto e = events.begin(); e != events.end();) {
        const QueuedDatasetEvent& event = e->second;
        if ((!dataset.empty() && event.dataset != dataset) || (before && event.at >= *before)) {
          ++e;
          continue;
        }
        done(of, at->first, event);
        if (!event.rerun_only) skipped.push_back({of, event, why});
        e = events.erase(e);
        --queue.size;
      }
      at = events.empty() ? queue.by_run.erase(at) : std::next(at);
    }
  }
  return skipped;
}

std::vector<std::string> DatasetTriggers::dags_waiting_for(const std::string& dataset) const {
  const auto dags = dags_of_.find(dataset);
  if (dags == dags_of_.end()) return {};
  return {dags->second.begin(), dags->second.end()};
}

void DatasetTriggers::look_again(const std::string& dag_id) {
  const auto queue = queues_.find(dag_id);
  if (queue == queues_.end()) return;
  for (const auto& [run_date, events] : queue->second.by_run) queue->second.to_look_at.insert(run_date);
}

void DatasetTriggers::look_again(const std::string& dag_id, WallTime run_date) {
  const auto queue = queues_.find(dag_id);
  if (queue != queues_.end() && queue->second.by_run.contains(run_date))
    queue->second.to_look_at.insert(run_date);
}

bool DatasetTriggers::worth_a_look(const std::string& dag_id) const {
  const auto queue = queues_.find(dag_id);
  return queue != queues_.end() && !queue->second.to_look_at.empty();
}

std::vector<std::string> DatasetTriggers::dags_to_look_at() const {
  std::vector<std::string> out;
  for (const auto& [dag_id, queue] : queues_)
    if (!queue.to_look_at.empty()) out.push_back(dag_id);
  return out;
}

std::optional<WallTime> DatasetTriggers::next_to_look_at(const std::string& dag_id) {
  const auto queue = queues_.find(dag_id);
  if (queue == queues_.end() || queue->second.to_look_at.empty() || !by_dag_.contains(dag_id)) return {};
  const WallTime first = *queue->second.to_look_at.begin();
  queue->second.to_look_at.erase(queue->second.to_look_at.begin());
  return first;
}

const DatasetTriggers::Events* DatasetTriggers::events_of(const std::string& dag_id,
                                                          WallTime run_date) const {
  const auto queue = queues_.find(dag_id);
  if (queue == queues_.end()) return nullptr;
  const auto at = queue->second.by_run.find(run_date);
  return at == queue->second.by_run.end() ? nullptr : &at->second;
}

bool DatasetTriggers::waiting(const std::string& dag_id, WallTime run_date) const {
  const Events* events = events_of(dag_id, run_date);
  return events && std::ranges::any_of(*events, [](const auto& e) { return !e.second.rerun_only; });
}

bool DatasetTriggers::has_set(const std::string& dag_id, WallTime run_date) const {
  const Events* events = events_of(dag_id, run_date);
  const auto to = by_dag_.find(dag_id);
  if (!events || to == by_dag_.end()) return false;
  std::set<std::string_view> seen;
  for (const auto& [key, event] : *events) {
    if (event.rerun_only) continue;
    seen.insert(event.dataset);
    if (to->second.schedule.any || seen.size() == to->second.datasets.size()) return true;
  }
  return false;
}

std::vector<QueuedDatasetEvent> DatasetTriggers::take_set(const std::string& dag_id, WallTime run_date) {
  const Events* events = events_of(dag_id, run_date);
  if (!events) return {};
  std::vector<std::pair<std::int64_t, bool>> keys;
  std::set<std::string_view> seen;
  for (const auto& [key, event] : *events) {
    if (event.rerun_only || !seen.insert(event.dataset).second) continue;
    keys.push_back(key);
    if (by_dag_.at(dag_id).schedule.any) break;
  }
  return take(dag_id, run_date, keys);
}

std::vector<QueuedDatasetEvent> DatasetTriggers::take_if(const std::string& dag_id, WallTime run_date,
                                                         bool all) {
  std::vector<std::pair<std::int64_t, bool>> keys;
  if (const Events* events = events_of(dag_id, run_date))
    for (const auto& [key, event] : *events)
      if (all || event.rerun_only) keys.push_back(key);
  return take(dag_id, run_date, keys);
}

std::vector<QueuedDatasetEvent> DatasetTriggers::take_all(const std::string& dag_id, WallTime run_date) {
  return take_if(dag_id, run_date, true);
}

std::vector<QueuedDatasetEvent> DatasetTriggers::take_reruns(const std::string& dag_id, WallTime run_date) {
  return take_if(dag_id, run_date, false);
}

std::vector<QueuedDatasetEvent> DatasetTriggers::take(
    const std::string& dag_id, WallTime run_date, const std::vector<std::pair<std::int64_t, bool>>& keys) {
  std::vector<QueuedDatasetEvent> out;
  if (keys.empty()) return out;
  Queue& queue = queues_.at(dag_id);
  const auto at = queue.by_run.find(run_date);
  for (const auto& key : keys) out.push_back(std::move(at->second.extract(key).mapped()));
  queue.size -= keys.size();
  if (at->second.empty()) queue.by_run.erase(at);
  return out;
}

void DatasetTriggers::put_back(const std::string& dag_id, WallTime run_date,
                               std::vector<QueuedDatasetEvent> events) {
  for (QueuedDatasetEvent& event : events) add(dag_id, run_date, std::move(event));
  // Nothing has changed by it.
  queues_[dag_id].to_look_at.erase(run_date);
}

void DatasetTriggers::done(const std::string& dag_id, WallTime run_date, const QueuedDatasetEvent& event) {
  unstored_.erase({dag_id, run_date, event.event, event.rerun_only});
  if (!event.stored) return;
  removed_.push_back(row_of(dag_id, run_date, event));
  removed_.back().removed = true;
}

std::vector<QueuedDatasetEventRow> DatasetTriggers::take_changes() {
  std::vector<QueuedDatasetEventRow> rows = std::exchange(removed_, {});
  for (const auto& [dag_id, run_date, id, rerun_only] : std::exchange(unstored_, {})) {
    QueuedDatasetEvent& event = queues_.at(dag_id).by_run.at(run_date).at({id, rerun_only});
    event.stored = true;
    rows.push_back(row_of(dag_id, run_date, event));
  }
  return rows;
}

std::vector<QueuedDatasetEventRow> DatasetTriggers::queued(const std::string& dag_id) const {
  std::vector<QueuedDatasetEventRow> rows;
  const auto queue = queues_.find(dag_id);
  if (queue == queues_.end()) return rows;
  for (const auto& [run_date, events] : queue->second.by_run)
    for (const auto& [key, event] : events) rows.push_back(row_of(dag_id, run_date, event));
  return rows;
}

}  // namespace millrace
