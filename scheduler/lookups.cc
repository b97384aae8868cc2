#include <memory>
#include <utility>

#include "scheduler/core.h"

namespace millrace {

void Core::look_up(std::string dag_id, std::vector<WallTime> dates, std::string run_id, OnRuns then) {
  const LookupId id{++last_lookup};
  lookups.emplace(id, std::move(then));
  act(LookUpDates{id, std::move(dag_id), std::move(dates), std::move(run_id)});
}

void Core::look_up_items(BackfillId backfill, WallTime from, WallTime to, OnItems then) {
  const LookupId id{++last_lookup};
  item_lookups.emplace(id, std::move(then));
  act(LookUpItems{id, backfill, from, to});
}

void Core::on(const ItemsLookedUp& fact) {
  const auto it = item_lookups.find(fact.lookup);
  if (it == item_lookups.end()) return;
  const OnItems then = std::move(it->second);
  item_lookups.erase(it);
  then(fact.items);
}

void Core::on(const DatesLookedUp& fact) {
  const auto it = lookups.find(fact.lookup);
  if (it == lookups.end()) return;
  const OnRuns then = std::move(it->second);
  lookups.erase(it);
  then(fact.runs);
}

void Core::look_up_partitions(std::vector<std::string> datasets, DataInterval span, OnPartitions then) {
  const LookupId id{++last_lookup};
  partition_lookups.emplace(id, std::move(then));
  act(LookUpPartitions{id, std::move(datasets), span.start, span.end});
}

void Core::on(const PartitionsLookedUp& fact) {
  const auto it = partition_lookups.find(fact.lookup);
  if (it == partition_lookups.end()) return;
  const OnPartitions then = std::move(it->second);
  partition_lookups.erase(it);
  then(fact.partitions);
}

void Core::with_run(RunId id, OnRun then) {
  if (Run* run = find_run(id)) return then(run);
  std::vector<OnRun>& waiting = loads[id];
  if (waiting.empty()) act(LoadRun{id});
  waiting.push_back(std::move(then));
}

void Core::with_runs(const std::vector<RunId>& ids, OnAllRuns then) {
  struct Waiting {
    std::vector<Run*> runs;
    std::size_t open;
    OnAllRuns then;
  };
  // Shared by the questions that are out; the last answer uses it up.
  const auto waiting = std::make_shared<Waiting>(std::vector<Run*>(ids.size()), ids.size(), std::move(then));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    with_run(ids[i], [waiting, i](Run* run) {
      waiting->runs[i] = run;
      if (--waiting->open == 0) waiting->then(waiting->runs);
    });
  }
}

void Core::on(const RunLoaded& fact) {
  if (acting && !loads.contains(fact.id)) return;
  if (fact.snapshot && fact.dag && !runs.contains(fact.id)) {
    Run run;
    run.dag = fact.dag;
    run.row = fact.snapshot->run;
    for (const TaskInstanceRow& row : fact.snapshot->task_instances) {
      Instance& ti = run.instances.emplace_back();
      ti.row = row;
    }
    load(std::move(run));
    Run& here = runs.at(fact.id);
    for (const OutputRow& row : fact.snapshot->outputs)
      if (const Located at = locate(row.task_instance); at.run == &here)
        here.outputs[{at.index, row.key}] = row.value;
    for (const AttemptRow& row : fact.snapshot->live_attempts) {
      const Located at = locate(row.task_instance);
      if (at.run != &here) continue;
      if (here.instances[at.index].attempt) continue;
      attempts[row.id] = Attempt{row, &here, at.index, false, false};
      here.instances[at.index].attempt = row.id;
      ++here.live;
      admission.take(candidate(here, at.index), row.devices);
    }
    if (is_final(here.row.state)) leaving.insert(fact.id);
  }
  const auto it = loads.find(fact.id);
  if (it == loads.end()) return;
  const std::vector<OnRun> waiting = std::move(it->second);
  loads.erase(it);
  for (const OnRun& then : waiting) then(find_run(fact.id));
}

void Core::propose(std::vector<RunWish> wishes, OnWish then, std::function<void()> after) {
  if (wishes.empty()) {
    if (after) after();
    return;
  }
  std::vector<WallTime> dates;
  for (const RunWish& wish : wishes) dates.push_back(wish.execution_date);
  const std::string dag_id = wishes.front().dag_id;
  const std::string run_id = wishes.size() == 1 ? wishes.front().run_id : std::string{};
  look_up(dag_id, std::move(dates), run_id,
          [this, wishes = std::move(wishes), then = std::move(then), after = std::move(after)](
              const std::vector<RunRow>& stored) {
            for (const RunWish& wish : wishes) {
              DagEntry* entry = find_dag(wish.dag_id);
              const RunRow* existing = nullptr;
              if (const auto it = entry->active.find(wish.execution_date); it != entry->active.end())
                existing = &runs.at(it->second).row;
              for (const auto& [date, id] : entry->active)
                if (!existing && !wish.run_id.empty() && runs.at(id).row.run_id == wish.run_id)
                  existing = &runs.at(id).row;
              for (const RunRow& row : stored)
                if (!existing && (row.execution_date == wish.execution_date ||
                                  (!wish.run_id.empty() && row.run_id == wish.run_id)))
                  existing = &row;
              // A run may have ended in this chain of questions and still be here.
              if (existing)
                if (Run* here = find_run(existing->id)) existing = &here->row;
              Run* made = existing ? nullptr : &create(wish);
              then(wish, made, existing);
            }
            if (after) after();
          });
}

}  // namespace millrace
