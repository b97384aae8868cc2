#include <set>
#include <utility>

#include "daemon/loop.h"
#include "daemon/uncommitted.h"

/// What the scheduler asks of the store, answered from it and from what the open batch will add: an answer
/// and its cause share one transaction.
namespace millrace {

/// What each partition holds now; those that hold no version are left out.
std::vector<InputVersion> Loop::versions_of(const std::vector<std::pair<std::string, WallTime>>& partitions) {
  std::vector<InputVersion> versions;
  for (const auto& [dataset, partition] : partitions) {
    const auto fresh = uncommitted_versions_.find({dataset, partition});
    const DatasetVersionId version = fresh != uncommitted_versions_.end()
                                         ? fresh->second
                                         : ports_.store.current_version(dataset, partition);
    if (version) versions.push_back({dataset, partition, version});
  }
  return versions;
}

DatesLookedUp Loop::look_up(const LookUpDates& asked) {
  DatesLookedUp answer{asked.lookup, {}};
  std::vector<WallTime> stored;
  for (const WallTime date : asked.dates) {
    const auto fresh = uncommitted_runs_.find({asked.dag_id, date});
    if (fresh == uncommitted_runs_.end()) {
      stored.push_back(date);
    } else {
      answer.runs.push_back(fresh->second);
    }
  }
  for (RunRow& run : ports_.store.runs_at(asked.dag_id, stored)) answer.runs.push_back(std::move(run));
  if (!asked.run_id.empty()) {
    for (const auto& [key, run] : uncommitted_runs_)
      if (key.first == asked.dag_id && run.run_id == asked.run_id) answer.runs.push_back(run);
    if (auto run = ports_.store.run_named(asked.dag_id, asked.run_id)) answer.runs.push_back(std::move(*run));
  }
  std::erase_if(answer.runs, [&](const RunRow& run) { return deleted_runs_.contains(run.id); });
  return answer;
}

PartitionsLookedUp Loop::look_up(const LookUpPartitions& asked) {
  PartitionsLookedUp answer{asked.lookup, {}};
  for (const std::string& dataset : asked.datasets) {
    std::set<WallTime> found;
    for (const WallTime partition : ports_.store.partitions(dataset, asked.from, asked.to))
      found.insert(partition);
    for (auto fresh = uncommitted_partitions_.lower_bound({dataset, asked.from});
         fresh != uncommitted_partitions_.end() && *fresh < std::pair{dataset, asked.to}; ++fresh)
      found.insert(fresh->second);
    for (const WallTime partition : found) answer.partitions.emplace_back(dataset, partition);
  }
  return answer;
}

ItemsLookedUp Loop::look_up(const LookUpItems& asked) {
  std::map<WallTime, BackfillItemRow> rows;
  for (BackfillItemRow& row : ports_.store.backfill_items(asked.backfill, asked.from, asked.to))
    rows.insert_or_assign(row.execution_date, std::move(row));
  auto at = uncommitted_items_.lower_bound({asked.backfill, asked.from});
  for (; at != uncommitted_items_.end() && at->first <= std::pair{asked.backfill, asked.to}; ++at)
    rows.insert_or_assign(at->first.second, at->second);
  ItemsLookedUp answer{asked.lookup, {}};
  for (auto& [date, row] : rows) answer.items.push_back(std::move(row));
  return answer;
}

RunLoaded Loop::load(RunId id) {
  std::optional<RunSnapshot> snapshot = with_uncommitted(ports_.store.load_run(id), id, changes_);
  if (!snapshot) return {id, {}, nullptr};
  const auto version = ports_.catalog.find(snapshot->run.dag_version);
  if (!version) return {id, {}, nullptr};
  return {id, std::move(snapshot), version->dag};
}

}  // namespace millrace
