#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dags/dag.h"
#include "dags/moment.h"
#include "scheduler/rows.h"

/// Which execution_dates a DAG has, and what a date without an offset means to it. Pure.
namespace millrace {

/// A DAG in force.
struct DagInForce {
  DagVersionId version;
  std::shared_ptr<const Dag> dag;
};

/// The DAG in force that makes a dataset; nothing: none does.
using MakerOf = std::function<std::optional<DagInForce>(const std::string& dataset)>;

/// The DAG whose schedule says the dates: itself, but for one whose runs are made by partitions at their own
/// moment (`partition: same`) that of the DAG that makes them, the first with ticks if several do.
DagInForce dates_dag(const DagInForce&, const MakerOf&);

/// What dates without an offset are read from. `dates`: its dates_dag. A zone that the DAG itself names goes
/// first.
LocalClock clock_of(const Dag&, const Dag& dates);

}  // namespace millrace
