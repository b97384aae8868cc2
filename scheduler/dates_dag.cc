#include "scheduler/dates_dag.h"

#include <set>
#include <vector>

#include "scheduler/date_count.h"

namespace millrace {
namespace {

bool takes_over_dates(const Schedule& s) {
  return s.kind == Schedule::Kind::datasets && s.partition.kind == PartitionMapping::Kind::same;
}

bool has_dates(const Schedule& s) {
  return schedule_has_ticks(s) ||
         (s.kind == Schedule::Kind::datasets && s.partition.kind == PartitionMapping::Kind::to);
}

}  // namespace

DagInForce dates_dag(const DagInForce& dag, const MakerOf& maker_of) {
  std::optional<DagInForce> without_ticks;
  std::set<std::string> seen{dag.dag->dag_id};  // datasets may go round in a circle
  std::vector<DagInForce> open{dag};
  for (std::size_t i = 0; i < open.size(); ++i) {
    const DagInForce at = open[i];
    if (takes_over_dates(at.dag->schedule)) {
      for (const std::string& dataset : at.dag->schedule.datasets)
        if (auto maker = maker_of(dataset); maker && seen.insert(maker->dag->dag_id).second)
          open.push_back(std::move(*maker));
    } else if (has_dates(at.dag->schedule)) {
      return at;
    } else if (!without_ticks) {
      without_ticks = at;
    }
  }
  return without_ticks.value_or(dag);
}

LocalClock clock_of(const Dag& dag, const Dag& dates) {
  return clock_of(dag.schedule.zone == Zone{} ? dates.schedule : dag.schedule);
}

}  // namespace millrace
