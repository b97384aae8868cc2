#include "ledger.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "scheduler/trigger_rule.h"

namespace millrace::test {
namespace {

bool by_person(const std::string& cause) {
  for (const char* word : {"cleared by", "marked ", "run again", "tried again", "latest version",
                           "expanded again", "was renewed", "dataset "})
    if (cause.find(word) != std::string::npos) return true;
  return false;
}

}  // namespace

template <class Map, class Key, class Row>
void Ledger::put(Map& map, const Key& key, const Row& row, const std::string& what) {
  const auto it = map.find(key);
  const std::int64_t expected = it == map.end() ? 1 : it->second.version + 1;
  if (row.version != expected)
    wrong(fmt::format("{}: version {} instead of {}", what, row.version, expected));
  map.insert_or_assign(key, row);
}

std::vector<std::string> Ledger::take(const std::vector<Command>& commands) {
  problems_.clear();
  queued_now_.clear();
  bool acted = false;
  for (const Command& command : commands) {
    const auto* record = std::get_if<Record>(&command);
    if (!record) {
      acted = true;
      continue;
    }
    if (acted) wrong("a Record after another command");
    std::visit([this](const auto& row) { fold(row); }, record->change);
  }
  for (const TaskInstanceId id : queued_now_) check_started(id);
  return problems_;
}

void Ledger::fold(const DagRow& row) { put(dags, row.dag_id, row, "dag " + row.dag_id); }

void Ledger::fold(const PoolRow& row) {
  if (const auto it = pools.find(row.name); it != pools.end() && row.slots < it->second.slots)
    shrunk_.insert(row.name);
  put(pools, row.name, row, "pool " + row.name);
}

void Ledger::fold(const RunRow& row) {
  put(runs, row.id, row, "run " + row.run_id);
  for (const auto& [id, other] : runs)
    if (id != row.id && other.dag_id == row.dag_id && other.execution_date == row.execution_date)
      wrong("I6: two runs of " + row.dag_id + " at " + to_iso(row.execution_date));
}

void Ledger::fold(const TaskInstanceRow& row) {
  put(task_instances, row.id, row, "task instance " + row.task_id);
  of_run[row.run].insert(row.id);
  told_.try_emplace(row.id, TaskState::none);
}

void Ledger::fold(const AttemptRow& row) {
  if (!attempts.contains(row.id)) {
    int& last = tries_[row.task_instance];
    if (row.try_number != last + 1) wrong(fmt::format("I2: try {} after {}", row.try_number, last));
    last = row.try_number;
    for (const AttemptId other : live)
      if (attempts.at(other).task_instance == row.task_instance)
        wrong("I1: two live attempts of " + row.name);
  } else if (attempts.at(row.id).outcome) {
    wrong("I3: an ended attempt was written again: " + row.name);
  }
  put(attempts, row.id, row, "attempt " + row.name);
  if (row.outcome) live.erase(row.id);
  else live.insert(row.id);
}

void Ledger::fold(const OutputRow& row) { outputs[{row.task_instance, row.key}] = row; }
void Ledger::fold(const BackfillRow& row) {
  put(backfills, row.id, row, fmt::format("backfill {}", row.id.value));
  const BackfillCounts& c = row.counts;
  if (c.queued + c.running + c.success + c.failed + c.skipped + c.cancelled != c.total)
    wrong(fmt::format("backfill {}: counts don't add up to {}", row.id.value, c.total));
}
void Ledger::fold(const BackfillItemRow& row) {
  const auto closed = [](ItemState s) { return s != ItemState::queued && s != ItemState::running; };
  if (const auto old = items.find({row.backfill, row.execution_date}); old != items.end())
    if (closed(old->second.state) && row.state != ItemState::queued && row.state != ItemState::running)
      wrong("an item is decided twice: " + to_iso(row.execution_date));
  put(items, std::pair{row.backfill, row.execution_date}, row, "item " + to_iso(row.execution_date));
}
void Ledger::fold(const DatasetEventRow& row) { dataset_events.push_back(row); }
void Ledger::fold(const DatasetNameRow& row) {
  put(dataset_names, row.name, row, "dataset name " + row.name);
}
void Ledger::fold(const DatasetReferenceRow& row) {
  const auto key = std::tuple{row.dataset, row.use, row.dag_id, row.task_id};
  if (row.removed) references.erase(key);
  else references.insert(key);
}
void Ledger::fold(const QueuedDatasetEventRow& row) {
  const auto key = std::tuple{row.dag_id, row.event, row.run_date, row.rerun_only};
  if (row.removed ? queued_events.erase(key) == 0 : !queued_events.emplace(key, row).second)
    wrong("queued event of " + row.dag_id + (row.removed ? " removed twice" : " added twice"));
}
void Ledger::fold(const DatasetEventRunRow& row) {
  if (row.run && !runs.contains(row.run)) wrong("a dataset event is linked to a run that isn't there");
  links.push_back(row);
}

void Ledger::fold(const NotificationRow& row) {
  put(notifications, row.id, row, fmt::format("notification {}", row.id.value));
}

void Ledger::fold(const VariableRow&) {}

void Ledger::fold(const RunDeletion& row) {
  const auto it = runs.find(row.run);
  if (it == runs.end()) return wrong("a run that isn't there was deleted");
  if (it->second.version != row.version) wrong("a run was deleted at another version");
  if (!is_final(it->second.state)) wrong("an active run was deleted");
  floor_.next_run = std::max(floor_.next_run, row.run.value + 1);
  for (const TaskInstanceId id : of_run[row.run]) {
    floor_.next_task_instance = std::max(floor_.next_task_instance, id.value + 1);
    task_instances.erase(id);
    told_.erase(id);
    std::erase_if(outputs, [&](const auto& entry) { return entry.first.first == id; });
  }
  std::erase_if(attempts, [&](const auto& entry) {
    if (entry.second.run != row.run) return false;
    floor_.next_attempt = std::max(floor_.next_attempt, entry.first.value + 1);
    if (live.contains(entry.first)) wrong("a live attempt was deleted");
    return true;
  });
  of_run.erase(row.run);
  told_runs_.erase(row.run);
  runs.erase(it);
}

void Ledger::fold(const EventRow& row) {
  if (row.seq != ++events) wrong(fmt::format("event {} instead of {}", row.seq, events));
  const bool hand = by_person(row.cause);
  if (hand) by_hand_.insert(row.run);
  if (row.kind == "task") {
    const auto from = task_state_from(row.from), to = task_state_from(row.to);
    TaskState& state = told_[row.task_instance];
    if (!from || !to) return wrong("event without states: " + row.cause);
    if (state != *from) wrong(fmt::format("I9: event from {} but the state is {}", row.from, to_word(state)));
    if (!hand && !may_move(*from, *to)) wrong(fmt::format("I3: {} -> {} ({})", row.from, row.to, row.cause));
    state = *to;
    if (*to == TaskState::queued) queued_now_.insert(row.task_instance);
  }
  if (row.kind == "run" && !row.from.empty()) {
    const auto from = run_state_from(row.from), to = run_state_from(row.to);
    if (!from || !to) return wrong("event without states: " + row.cause);
    if (!hand && from != to && !may_move(*from, *to))
      wrong(fmt::format("I3: run {} -> {} ({})", row.from, row.to, row.cause));
    told_runs_[row.run] = *to;
  }
}

/// I4, from the rows alone.
void Ledger::check_started(TaskInstanceId id) {
  const TaskInstanceRow& row = task_instances.at(id);
  const RunRow& run = runs.at(row.run);
  if (by_hand_.contains(row.run) || run.rerun > 0) return;
  const Dag& dag = *versions.at(run.dag_version);
  UpstreamCounts counts;
  const auto [first, last] = dag.upstream.of(row.task);
  for (const TaskInstanceId other : of_run.at(row.run)) {
    const TaskInstanceRow& up = task_instances.at(other);
    if (!std::binary_search(first, last, up.task)) continue;
    Bucket bucket = Bucket::pending;
    if (up.state == TaskState::success) bucket = Bucket::success;
    if (up.state == TaskState::failed) bucket = Bucket::failed;
    if (up.state == TaskState::upstream_failed) bucket = Bucket::upstream_failed;
    if (up.state == TaskState::skipped)
      bucket = up.reason == "not in this backfill" ? Bucket::success : Bucket::skipped;
    if (up.state == TaskState::removed) bucket = Bucket::absent;
    ++counts[bucket];
  }
  if (decide(dag.tasks[row.task].trigger_rule, counts) != Readiness::ready)
    wrong(fmt::format("I4: '{}' was started but its upstreams don't allow it", row.task_id));
}

std::vector<std::string> Ledger::check(const Scheduler& scheduler) const {
  std::vector<std::string> bad;
  for (const auto& [id, state] : told_)
    if (task_instances.contains(id) && task_instances.at(id).state != state)
      bad.push_back(fmt::format("I9: '{}' is {} by its row and {} by its events",
                                task_instances.at(id).task_id, to_word(task_instances.at(id).state),
                                to_word(state)));
  std::map<std::string, int> slots;
  for (const AttemptId id : live) {
    const TaskInstanceRow& row = task_instances.at(attempts.at(id).task_instance);
    const Dag& dag = *versions.at(runs.at(row.run).dag_version);
    slots[row.pool] += dag.tasks[row.task].pool_slots;
    if (is_final(runs.at(row.run).state))
      bad.push_back("a final run has a live attempt: " + attempts.at(id).name);
  }
  for (const PoolUse& use : scheduler.pools()) {
    if (use.occupied != slots[use.pool.name])
      bad.push_back(fmt::format("I11: pool {} holds {} slots for {} of live attempts", use.pool.name,
                                use.occupied, slots[use.pool.name]));
    if (use.occupied > use.pool.slots && !shrunk_.contains(use.pool.name))
      bad.push_back(fmt::format("I5: pool {} holds {} of {}", use.pool.name, use.occupied, use.pool.slots));
  }
  const std::vector<AttemptId> held = scheduler.live_attempts();
  if (!std::equal(held.begin(), held.end(), live.begin(), live.end()))
    bad.push_back(fmt::format("I11: {} live attempts in memory, {} on record", held.size(), live.size()));
  std::map<std::string, int> running;
  for (const auto& [id, run] : runs)
    if (run.state == RunState::running && !run.backfill) ++running[run.dag_id];
  for (const auto& [dag_id, count] : running)
    if (const auto dag = scheduler.dag(dag_id); dag && count > dag->max_active_runs)
      bad.push_back(fmt::format("I5: {} runs of {} are running", count, dag_id));
  for (const auto& [id, row] : task_instances) {
    const bool holds = holds_attempt(row.state);
    const bool lives = std::any_of(live.begin(), live.end(),
                                   [&](AttemptId a) { return attempts.at(a).task_instance == row.id; });
    if (holds && !lives)
      bad.push_back(fmt::format("'{}' is {} without an attempt", row.task_id, to_word(row.state)));
    if (is_final(runs.at(row.run).state) && !is_final(row.state))
      bad.push_back(fmt::format("'{}' is {} in a run that is {}", row.task_id, to_word(row.state),
                                to_word(runs.at(row.run).state)));
  }
  check_backfills(bad);
  check_dag_list(scheduler, bad);
  return bad;
}

/// The list is what the records say.
void Ledger::check_dag_list(const Scheduler& scheduler, std::vector<std::string>& bad) const {
  std::map<std::string, std::pair<std::size_t, std::size_t>> active;  // running, queued
  for (const auto& [id, run] : runs) {
    if (run.state == RunState::running) ++active[run.dag_id].first;
    if (run.state == RunState::queued) ++active[run.dag_id].second;
  }
  DagCounts counts;
  for (const auto& [dag_id, row] : dags) {
    const auto [running, queued] = active[dag_id];
    counts.running += static_cast<std::int64_t>(running);
    counts.queued += static_cast<std::int64_t>(queued);
    if (!row.removed) ++counts.dags, counts.paused += row.paused ? 1 : 0;
  }
  const DagCounts kept = scheduler.dag_counts();
  if (std::tie(kept.dags, kept.paused, kept.running, kept.queued) !=
      std::tie(counts.dags, counts.paused, counts.running, counts.queued))
    bad.push_back(fmt::format("the DAGs are counted as {} {} {} {}, on record {} {} {} {}", kept.dags,
                              kept.paused, kept.running, kept.queued, counts.dags, counts.paused,
                              counts.running, counts.queued));
  auto row = dags.begin();
  for (const DagSeen& seen : scheduler.dags({.with_removed = true, .limit = dags.size() + 1}).dags) {
    if (row == dags.end() || *seen.row != row->second ||
        std::pair{seen.running, seen.queued} != active[row->first])
      bad.push_back(fmt::format("'{}' is listed with {} running and {} queued", seen.row->dag_id,
                                seen.running, seen.queued));
    if (row != dags.end()) ++row;
  }
  if (row != dags.end()) bad.push_back(fmt::format("'{}' isn't listed", row->first));
}

std::optional<RunSnapshot> Ledger::snapshot(RunId id) const {
  const auto it = runs.find(id);
  if (it == runs.end()) return std::nullopt;
  RunSnapshot out;
  out.run = it->second;
  if (const auto list = of_run.find(id); list != of_run.end())
    for (const TaskInstanceId ti : list->second) out.task_instances.push_back(task_instances.at(ti));
  std::sort(out.task_instances.begin(), out.task_instances.end(), [](const auto& a, const auto& b) {
    return std::pair{a.task, a.map_index} < std::pair{b.task, b.map_index};
  });
  for (const AttemptId a : live)
    if (attempts.at(a).run == id) out.live_attempts.push_back(attempts.at(a));
  for (const auto& [key, row] : outputs)
    if (row.run == id) out.outputs.push_back(row);
  return out;
}

std::vector<RunRow> Ledger::runs_at(const LookUpDates& asked) const {
  std::vector<RunRow> out;
  for (const auto& [id, row] : runs)
    if (row.dag_id == asked.dag_id &&
        (std::find(asked.dates.begin(), asked.dates.end(), row.execution_date) != asked.dates.end() ||
         (!asked.run_id.empty() && row.run_id == asked.run_id)))
      out.push_back(row);
  return out;
}

std::vector<std::pair<std::string, WallTime>> Ledger::partitions(const LookUpPartitions& asked) const {
  std::vector<std::pair<std::string, WallTime>> out;
  for (const DatasetEventRow& row : dataset_events)
    if (std::find(asked.datasets.begin(), asked.datasets.end(), row.dataset) != asked.datasets.end() &&
        row.partition >= asked.from && row.partition < asked.to)
      out.emplace_back(row.dataset, row.partition);
  return out;
}

std::vector<BackfillItemRow> Ledger::items_at(const LookUpItems& asked) const {
  std::vector<BackfillItemRow> out;
  for (auto at = items.lower_bound({asked.backfill, asked.from});
       at != items.end() && at->first <= std::pair{asked.backfill, asked.to}; ++at)
    out.push_back(at->second);
  return out;
}

BackfillLoaded Ledger::loaded(BackfillId id, bool closed) const {
  BackfillLoaded out{backfills.at(id), {}, nullptr, nullptr};
  out.dag = versions.at(out.row.dag_version);
  if (out.row.dates_version) out.dates_dag = versions.at(out.row.dates_version);
  for (const auto& [key, item] : items) {
    const bool open = item.state == ItemState::queued || item.state == ItemState::running;
    const bool bad = item.state == ItemState::failed || item.state == ItemState::cancelled;
    if (item.backfill == id && (closed ? bad : open)) out.open_items.push_back(item);
  }
  return out;
}

/// What holds of every backfill between applies.
void Ledger::check_backfills(std::vector<std::string>& bad) const {
  std::map<BackfillId, BackfillCounts> found;
  std::map<std::pair<std::string, WallTime>, BackfillId> open;
  for (const auto& [key, item] : items) {
    BackfillCounts& n = found[item.backfill];
    std::int64_t* const of[] = {&n.queued, &n.running, &n.success, &n.failed, &n.skipped, &n.cancelled};
    ++*of[static_cast<std::size_t>(item.state)];
    if (item.state != ItemState::queued && item.state != ItemState::running) continue;
    const BackfillRow& row = backfills.at(item.backfill);
    if (is_final(row.state))
      bad.push_back(
          fmt::format("backfill {} is {} with an open item", item.backfill.value, to_word(row.state)));
    if (!open.try_emplace({row.spec.dag_id, item.execution_date}, item.backfill).second)
      bad.push_back("two backfills have " + to_iso(item.execution_date));
  }
  for (const auto& [id, row] : backfills) {
    const BackfillCounts &told = row.counts, &n = found[id];
    // Dates without a row are queued, or cancelled with the backfill.
    if (told.running != n.running || told.success != n.success || told.failed != n.failed ||
        told.skipped != n.skipped || told.queued < n.queued || told.cancelled < n.cancelled)
      bad.push_back(fmt::format("backfill {}: its counts aren't those of its items", id.value));
    if (told.running > row.spec.max_active_runs)
      bad.push_back(fmt::format("backfill {} has {} active runs", id.value, told.running));
    if (is_final(row.state) && told.queued + told.running > 0)
      bad.push_back(fmt::format("backfill {} is {} with dates to do", id.value, to_word(row.state)));
  }
}

RecoveryDone Ledger::next_ids() const {
  RecoveryDone next;
  if (!runs.empty()) next.next_run = runs.rbegin()->first.value + 1;
  if (!task_instances.empty()) next.next_task_instance = task_instances.rbegin()->first.value + 1;
  if (!attempts.empty()) next.next_attempt = attempts.rbegin()->first.value + 1;
  if (!backfills.empty()) next.next_backfill = backfills.rbegin()->first.value + 1;
  next.next_run = std::max(next.next_run, floor_.next_run);
  next.next_task_instance = std::max(next.next_task_instance, floor_.next_task_instance);
  next.next_attempt = std::max(next.next_attempt, floor_.next_attempt);
  next.next_event = events + 1;
  if (!notifications.empty()) next.next_notification = notifications.rbegin()->first.value + 1;
  next.next_dataset_event = static_cast<std::int64_t>(dataset_events.size()) + 1;
  next.next_dataset_name = static_cast<std::int64_t>(dataset_names.size()) + 1;
  next.next_dataset_version = static_cast<std::int64_t>(dataset_versions.size()) + 1;
  return next;
}

}  // namespace millrace::test
