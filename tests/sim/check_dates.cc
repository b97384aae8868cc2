#include <fmt/format.h>

#include "dags/schedule.h"
#include "tests/sim/checks.h"

namespace millrace::sim {

void one_run_a_date(const Look& look) {
  for (const EventSeen& event : look.seen.events) {
    if (event.kind != "run" || event.cause.find("deleted by") == std::string::npos) continue;
    std::erase_if(look.memory.dates, [&](const auto& entry) { return entry.second == event.run; });
    std::erase_if(look.memory.names, [&](const auto& entry) { return entry.second == event.run; });
  }
  for (const RunSeen& run : look.seen.new_runs) {
    const auto date = look.memory.dates.emplace(std::pair{run.dag_id, run.execution_date}, run.id);
    if (!date.second)
      look.wrong(fmt::format("I6: runs {} and {} of '{}' are for {}", date.first->second, run.id, run.dag_id,
                             to_iso(WallTime{run.execution_date})));
    const auto name = look.memory.names.emplace(std::pair{run.dag_id, run.run_id}, run.id);
    if (!name.second)
      look.wrong(fmt::format("I6: runs {} and {} of '{}' are '{}'", name.first->second, run.id, run.dag_id,
                             run.run_id));
  }
}

namespace {

bool skipped(const Look& look, const std::string& dag_id, const std::string& tick) {
  for (const EventSeen& event : look.seen.events) {
    if (event.kind != "tick_skipped" || event.dag_id != dag_id) continue;
    if (event.cause.starts_with(tick + " ") || event.cause.find(" and ") != std::string::npos) return true;
  }
  return false;
}

/// Every tick between two watermarks is a run or a skip, written with the watermark.
void decided_between(const Look& look, const Dag& dag, WallTime from, WallTime to) {
  auto tick = next_tick(dag.schedule, from);
  for (int n = 0; tick && *tick <= to && n < 2'000; tick = next_tick(dag.schedule, *tick), ++n) {
    const WallTime date = interval_at_tick(dag.schedule, *tick).start;
    if (look.memory.dates.contains({dag.dag_id, date.us})) continue;
    if (skipped(look, dag.dag_id, to_iso(*tick))) continue;
    look.wrong(fmt::format("I12: '{}' has passed its tick {} without a run or a skip", dag.dag_id,
                           to_iso(*tick)));
  }
  const auto last = previous_tick(dag.schedule, WallTime{to.us + 1});
  if (!last || *last != to)
    look.wrong(fmt::format("I12: the watermark of '{}' is {}, which isn't a tick", dag.dag_id, to_iso(to)));
}

}  // namespace

void each_tick_is_decided(const Look& look) {
  for (const auto& [dag_id, row] : look.seen.dags) {
    const auto before = look.memory.dags.find(dag_id);
    if (before == look.memory.dags.end() || !before->second.watermark) continue;
    const WallTime from{*before->second.watermark};
    if (!row.watermark || *row.watermark < from.us) {
      look.wrong(fmt::format("I12: the watermark of '{}' went back", dag_id));
      continue;
    }
    // An edit may have brought another schedule, which was asked in the same commit.
    if (*row.watermark == from.us || row.dag_version != before->second.dag_version) continue;
    const auto dag = look.dag_of(row.dag_version);
    if (!dag) continue;
    const Schedule::Kind kind = dag->schedule.kind;
    if (kind == Schedule::Kind::cron || kind == Schedule::Kind::every)
      decided_between(look, *dag, from, WallTime{*row.watermark});
  }
}

}  // namespace millrace::sim
