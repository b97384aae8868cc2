#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "dags/dag.h"
#include "scheduler/dates_dag.h"
#include "scheduler/rows.h"

/// How a backfill carries on downstream: which DAGs read what it makes, and which of their execution_dates a
/// date of it renews. Pure.
namespace millrace {

/// A run at `t` of the DAG reads the partitions in [first_read, last_read]: its own moment, or the interval
/// that its dataset schedule maps to it, and with a window those of the days before in the DAG's zone.
WallTime first_read(const Dag& reader, WallTime t, int window_days);
WallTime last_read(const Dag& reader, WallTime t);
/// From here on they are the run's own, not only those of its window.
WallTime first_own(const Dag& reader, WallTime t, int window_days);
/// The other way: runs in [first_reader, last_reader] read the partition `s`.
WallTime first_reader(const Dag& reader, WallTime s);
WallTime last_reader(const Dag& reader, WallTime s, int window_days);

/// One DAG downstream; becomes a backfill of its own.
struct CascadeStep {
  DagInForce of;
  DagInForce grid;  ///< whose schedule says its dates: itself, or the source that has ticks
  struct Source {
    std::size_t step = 0;  ///< 0: the backfill itself, k: steps[k - 1]
    int window_days = 1;
  };
  std::vector<Source> sources;
  BackfillSpec spec;
};

struct CascadePlan {
  std::vector<CascadeStep> steps;  ///< sources first
  /// Readers that are not carried on into, and why: `partition: none`, an own partition expression, a circle.
  std::vector<std::pair<std::string, std::string>> left_out;
};

/// `dags`: all in force, by dag_id; `grid`: the root's dates_dag. A param without default in a downstream
/// DAG, or more dates than limits::cascade_dates, is `invalid`.
Result<CascadePlan> plan_cascade(const std::vector<DagInForce>& dags, const DagInForce& root,
                                 const DagInForce& grid, const BackfillSpec&);

}  // namespace millrace
