#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "dags/parser.h"
#include "dags/partition.h"
#include "scheduler/core.h"

/// From queued dataset events to runs. Every event taken out of a queue ends in a link: to the run that it
/// made, joined or had run again, or, without a run, saying why it was skipped. What can't become a run yet
/// (the DAG is paused, its run of that date is running, another dataset is missing, too many runs wait) stays
/// in the queue and is looked at again when that changes.
namespace millrace {
namespace {

/// Whether the datasets have what the run of this date waits for.
bool complete(const Schedule& s, WallTime run_date,
              const std::vector<std::pair<std::string, WallTime>>& there) {
  const std::vector<WallTime> each = partitions_of_run(s, run_date);
  const auto has = [&](const std::string& dataset) {
    if (each.empty())
      return std::ranges::any_of(there, [&](const auto& found) { return found.first == dataset; });
    return std::ranges::all_of(each, [&](WallTime partition) {
      return std::ranges::binary_search(there, std::pair{dataset, partition});
    });
  };
  return s.any ? std::ranges::any_of(s.datasets, has) : std::ranges::all_of(s.datasets, has);
}

constexpr const char* out_of_bounds = "outside of the DAG's start_date and end_date";

bool in_bounds(const Dag& dag, WallTime date) {
  return !(dag.start_date && date < *dag.start_date) && !(dag.end_date && date > *dag.end_date);
}

}  // namespace

void Core::look_at_events(const std::string& dag_id) {
  triggers.look_again(dag_id);
  to_feed.insert(dag_id);
}

bool Core::may_feed(const DagEntry& entry) const {
  if (!entry.dag || entry.row.paused || entry.row.removed || !has_room(entry)) return false;
  const auto of_datasets =
      std::ranges::count(entry.queued, RunType::dataset_triggered, [](const QueuedRun& q) { return q.type; });
  return static_cast<std::size_t>(of_datasets) + static_cast<std::size_t>(entry.feeding) <
         limits::dataset_runs_queued;
}

void Core::feed(DagEntry& entry) {
  while (triggers.worth_a_look(entry.row.dag_id) && may_feed(entry)) {
    const auto run_date = triggers.next_to_look_at(entry.row.dag_id);
    if (!run_date) return;
    const Schedule& s = entry.dag->schedule;
    const bool none = s.partition.kind == PartitionMapping::Kind::none;
    if (!none && !in_bounds(*entry.dag, *run_date))  // also when it will never be complete
      skip({entry.row.dag_id, *run_date, triggers.take_all(entry.row.dag_id, *run_date)}, out_of_bounds);
    else if (s.policy == EventPolicy::coalesce && !none)
      feed_run(entry, *run_date);
    else if (!feed_sets(entry, *run_date))
      return triggers.look_again(entry.row.dag_id, *run_date);
  }
}

void Core::feed_run(DagEntry& entry, WallTime run_date) {
  const std::string& dag_id = entry.row.dag_id;
  const Schedule& s = entry.dag->schedule;
  // Its move to a final state makes us look again.
  if (const auto active = entry.active.find(run_date);
      active != entry.active.end() && runs.at(active->second).row.state == RunState::running)
    return;
  if (!triggers.waiting(dag_id, run_date)) return rerun_only(entry, run_date);
  if (!s.partition.each && triggers.has_set(dag_id, run_date)) return feed_partition(entry, run_date);
  feed_when_complete(entry, run_date);
}

/// Not all of it is in the queue: older events may have fed other runs, or come before the DAG did.
void Core::feed_when_complete(DagEntry& entry, WallTime run_date) {
  const Schedule& s = entry.dag->schedule;
  ++entry.feeding;
  look_up_partitions(s.datasets, span_of_run(s, run_date),
                     [this, dag_id = entry.row.dag_id, run_date](const auto& found) {
                       DagEntry& later = *find_dag(dag_id);
                       --later.feeding;
                       to_feed.insert(dag_id);
                       auto there = found;
                       std::ranges::sort(there);
                       if (complete(later.dag->schedule, run_date, there)) feed_partition(later, run_date);
                       else rerun_only(later, run_date);
                     });
}

void Core::feed_partition(DagEntry& entry, WallTime run_date) {
  const Fed fed{entry.row.dag_id, run_date, triggers.take_all(entry.row.dag_id, run_date)};
  if (fed.events.empty()) return;  // an earlier answer has taken them
  auto wanted = wish_for(entry, fed, run_date);
  if (!wanted) return;
  ++entry.feeding;
  propose({std::move(*wanted)}, [this, fed](const RunWish& w, Run* made, const RunRow* existing) {
    --find_dag(w.dag_id)->feeding;
    to_feed.insert(w.dag_id);
    if (made) link(fed, *made);
    else feed_existing(fed, existing->id);
  });
}

void Core::feed_existing(const Fed& fed, RunId id) {
  with_run(id, [this, fed](Run* run) {
    if (!run) return skip(fed, "its run can't be loaded");
    if (run->row.state == RunState::running)
      return triggers.put_back(fed.dag_id, fed.run_date, fed.events);
    const std::string cause = cause_of(fed.events.back());
    if (is_final(run->row.state)) rerun(*run, cause, cause);
    link(fed, *run);
  });
}

/// A renewed partition within the window of later runs: those that exist run again, none is made.
void Core::rerun_only(DagEntry& entry, WallTime run_date) {
  const Fed fed{entry.row.dag_id, run_date, triggers.take_reruns(entry.row.dag_id, run_date)};
  if (fed.events.empty()) return;
  if (const auto active = entry.active.find(run_date); active != entry.active.end())
    return feed_existing(fed, active->second);
  ++entry.feeding;
  look_up(fed.dag_id, {run_date}, {}, [this, fed](const std::vector<RunRow>& stored) {
    DagEntry& later = *find_dag(fed.dag_id);
    --later.feeding;
    to_feed.insert(fed.dag_id);
    if (const auto active = later.active.find(fed.run_date); active != later.active.end())
      return feed_existing(fed, active->second);
    if (!stored.empty()) return feed_existing(fed, stored.front().id);
    for (const QueuedDatasetEvent& event : fed.events) triggers.done(fed.dag_id, fed.run_date, event);
  });
}

/// Runs that aren't named by a partition: one for each set of events, or one for all that wait. False: there
/// is more, but not now.
bool Core::feed_sets(DagEntry& entry, WallTime run_date) {
  const std::string& dag_id = entry.row.dag_id;
  const Schedule& s = entry.dag->schedule;
  const bool none = s.partition.kind == PartitionMapping::Kind::none;
  const bool coalesce = s.policy == EventPolicy::coalesce;
  while (triggers.has_set(dag_id, run_date)) {
    if (!may_feed(entry) || (coalesce && entry.feeding > 0)) return false;
    Fed fed{dag_id, run_date,
            coalesce ? triggers.take_all(dag_id, run_date) : triggers.take_set(dag_id, run_date)};
    const auto waits = std::ranges::find(entry.queued, RunType::dataset_triggered, &QueuedRun::type);
    if (coalesce && waits != entry.queued.end()) {
      link(fed, runs.at(waits->id));
      continue;
    }
    const QueuedDatasetEvent& newest = fed.events.back();
    // The number of its newest event makes the date its own, and keeps the day.
    const WallTime date = none ? newest.at : WallTime{run_date.us + newest.event};
    auto wanted = wish_for(entry, fed, date);
    if (!wanted) continue;
    ++entry.feeding;
    make_run_of_its_own(std::move(*wanted), fed);
  }
  return true;
}

void Core::make_run_of_its_own(RunWish wanted, const Fed& fed) {
  propose({std::move(wanted)}, [this, fed](const RunWish& w, Run* made, const RunRow*) {
    if (!made) {
      RunWish next_one = w;
      ++next_one.execution_date.us;
      return make_run_of_its_own(std::move(next_one), fed);
    }
    --find_dag(w.dag_id)->feeding;
    to_feed.insert(w.dag_id);
    link(fed, *made);
  });
}

/// Nothing: the events are skipped, on record.
std::optional<RunWish> Core::wish_for(DagEntry& entry, const Fed& fed, WallTime date) {
  const Dag& dag = *entry.dag;
  const bool none = dag.schedule.partition.kind == PartitionMapping::Kind::none;
  const WallTime partition = none ? date : fed.run_date;
  if (!in_bounds(dag, partition)) {
    skip(fed, out_of_bounds);
    return std::nullopt;
  }
  auto params = resolve_params(dag, "{}");
  if (!params) {
    skip(fed, params.error().message);
    return std::nullopt;
  }
  RunWish wanted = wish(entry, RunType::dataset_triggered, date, interval_of(dag.schedule, partition));
  wanted.params = std::move(*params);
  wanted.by = cause_of(fed.events.back());
  return wanted;
}

void Core::link(const Fed& fed, const Run& run) {
  std::int64_t last = 0;  // an event may wait for its own run and, from an older mapping, for a rerun of it
  for (const QueuedDatasetEvent& event : fed.events) {
    if (event.event != last)
      new_links.push_back({event.event, fed.dag_id, run.row.id, run.row.rerun,
                           event.event == fed.events.back().event, {}, now.wall});
    last = event.event;
    triggers.done(fed.dag_id, fed.run_date, event);
  }
}

void Core::skip(const std::string& dag_id, const QueuedDatasetEvent& event, const std::string& why) {
  new_links.push_back({event.event, dag_id, {}, 0, false, why, now.wall});
  EventRow row;
  row.kind = "dataset_skipped";
  row.dag_id = dag_id;
  row.cause = fmt::format("{}: {}", cause_of(event), why);
  this->event(std::move(row));
}

void Core::skip(const Fed& fed, const std::string& why) {
  for (const QueuedDatasetEvent& event : fed.events) {
    if (!event.rerun_only) skip(fed.dag_id, event, why);
    triggers.done(fed.dag_id, fed.run_date, event);
  }
}

void Core::skip(const std::vector<DatasetTriggers::Skipped>& all) {
  for (const DatasetTriggers::Skipped& one : all) skip(one.dag_id, one.event, one.why);
}

void Core::on(const DropQueuedEvents& fact) {
  const std::vector<DatasetTriggers::Skipped> dropped =
      triggers.drop(fact.dag_id, fact.dataset, fact.before, "dropped by " + fact.by);
  if (dropped.empty()) return reply(fact.request, Error{ErrorKind::not_found, "no event waits there"});
  skip(dropped);
  reply(fact.request, Done{});
}

void Core::on(const QueuedDatasetEventLoaded& fact) { triggers.load(fact.row); }

}  // namespace millrace
