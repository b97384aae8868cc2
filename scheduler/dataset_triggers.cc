#include "scheduler/dataset_triggers.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/time.h"

namespace millrace {
namespace {

/// `all`-of triggers with `partition: none` wait for their datasets under this one partition.
constexpr WallTime no_partition{};

std::string cause_of(const std::string& dataset, WallTime partition) {
  constexpr std::int64_t day_us = 86'400'000'000;
  return "dataset " + dataset + " " + (partition.us % day_us == 0 ? to_date(partition) : to_iso(partition));
}

}  // namespace

void DatasetTriggers::set_dag(const Dag& dag) {
  const bool was_same =
      by_dag_.contains(dag.dag_id) ? by_dag_[dag.dag_id].partition_same : dag.schedule.partition_same;
  unsubscribe(dag.dag_id);
  const bool keeps = dag.schedule.kind == Schedule::Kind::datasets && !dag.schedule.any &&
                     was_same == dag.schedule.partition_same;
  if (!keeps) forget(dag.dag_id);
  if (dag.schedule.kind != Schedule::Kind::datasets) return;
  Subscription& to = by_dag_[dag.dag_id];
  to.datasets = dag.schedule.datasets;
  std::ranges::sort(to.datasets);
  to.datasets.erase(std::unique(to.datasets.begin(), to.datasets.end()), to.datasets.end());
  to.any = dag.schedule.any;
  to.partition_same = dag.schedule.partition_same;
  for (const std::string& dataset : to.datasets) dags_of_[dataset].insert(dag.dag_id);
  for (auto at = pending_.lower_bound({dag.dag_id, lowest});
       at != pending_.end() && at->first.first == dag.dag_id;) {
    std::erase_if(at->second,
                  [&](const std::string& got) { return !std::ranges::binary_search(to.datasets, got); });
    to.look_again = to.look_again || complete(to, at->second);
    at = at->second.empty() ? pending_.erase(at) : std::next(at);
  }
}

void DatasetTriggers::remove_dag(const std::string& dag_id) {
  unsubscribe(dag_id);
  forget(dag_id);
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

void DatasetTriggers::forget(const std::string& dag_id) {
  auto from = pending_.lower_bound({dag_id, lowest});
  auto to = from;
  while (to != pending_.end() && to->first.first == dag_id) ++to;
  pending_.erase(from, to);
}

void DatasetTriggers::load(const PendingPartitionRow& row) {
  const auto key = std::pair{row.dag_id, row.partition};
  if (row.removed) {
    const auto at = pending_.find(key);
    if (at == pending_.end()) return;
    at->second.erase(row.dataset);
    if (at->second.empty()) pending_.erase(at);
    return;
  }
  const auto to = by_dag_.find(row.dag_id);
  if (to != by_dag_.end() &&
      (to->second.any || !std::ranges::binary_search(to->second.datasets, row.dataset)))
    return;
  pending_[key].insert(row.dataset);
}

bool DatasetTriggers::complete(const Subscription& to, const std::set<std::string>& got) {
  return got.size() >= to.datasets.size();
}

void DatasetTriggers::got_all(const std::string& dag_id, WallTime partition, WallTime at,
                              const std::string& cause, Answer& answer) {
  const auto pending = pending_.find({dag_id, partition});
  for (const std::string& dataset : pending->second)
    answer.changes.push_back({.dag_id = dag_id, .partition = partition, .dataset = dataset, .removed = true});
  pending_.erase(pending);
  answer.fired.push_back({dag_id, by_dag_.at(dag_id).partition_same ? partition : at, cause});
}

void DatasetTriggers::fire_completed(const std::string& dag_id, WallTime at, const std::string& cause,
                                     Answer& answer) {
  Subscription& to = by_dag_.at(dag_id);
  if (!std::exchange(to.look_again, false)) return;
  std::vector<WallTime> done;
  for (auto p = pending_.lower_bound({dag_id, lowest}); p != pending_.end() && p->first.first == dag_id; ++p)
    if (complete(to, p->second)) done.push_back(p->first.second);
  for (const WallTime partition : done) got_all(dag_id, partition, at, cause, answer);
}

DatasetTriggers::Answer DatasetTriggers::updated(const std::string& dataset, WallTime partition,
                                                 WallTime at) {
  Answer answer;
  const auto dags = dags_of_.find(dataset);
  if (dags == dags_of_.end()) return answer;
  const std::string cause = cause_of(dataset, partition);
  for (const std::string& dag_id : dags->second) {
    fire_completed(dag_id, at, cause, answer);
    const Subscription& to = by_dag_.at(dag_id);
    const WallTime waits_under = to.partition_same ? partition : no_partition;
    if (to.any || to.datasets.size() == 1) {
      answer.fired.push_back({dag_id, to.partition_same ? partition : at, cause});
      continue;
    }
    std::set<std::string>& got = pending_[{dag_id, waits_under}];
    const bool fresh = got.insert(dataset).second;
    if (complete(to, got)) {
      // The last one was never recorded.
      if (fresh) got.erase(dataset);
      got_all(dag_id, waits_under, at, cause, answer);
    } else if (fresh) {
      answer.changes.push_back(
          {.dag_id = dag_id, .partition = waits_under, .dataset = dataset, .removed = false});
    }
  }
  return answer;
}

std::vector<std::string> DatasetTriggers::missing(const std::string& dag_id, WallTime partition) const {
  std::vector<std::string> out;
  const auto to = by_dag_.find(dag_id);
  if (to == by_dag_.end()) return out;
  const auto got = pending_.find({dag_id, to->second.partition_same ? partition : no_partition});
  for (const std::string& dataset : to->second.datasets)
    if (got == pending_.end() || !got->second.contains(dataset)) out.push_back(dataset);
  return out;
}

}  // namespace millrace
