#pragma once

#include <vector>

#include "base/time.h"
#include "dags/schedule.h"

namespace millrace {

// From partitions of datasets to the runs of a DAG that waits for them, by its schedule's PartitionMapping.
// Pure.

/// The execution_date that the partition belongs to; 1970-01-01 for all of them with `partition: none`.
WallTime run_of_partition(const Schedule&, WallTime partition);
/// With `window`: the execution_dates after that one whose windows contain the partition, oldest first.
std::vector<WallTime> later_runs_of_partition(const Schedule&, WallTime partition);
/// With `each`: the partitions that the run waits for, oldest first. Empty: any one within
/// `span_of_run(run)`.
std::vector<WallTime> partitions_of_run(const Schedule&, WallTime execution_date);
/// Where partitions of the run lie, half-open.
DataInterval span_of_run(const Schedule&, WallTime execution_date);

}  // namespace millrace
