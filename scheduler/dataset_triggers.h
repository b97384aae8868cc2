#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "dags/dag.h"
#include "scheduler/rows.h"

namespace millrace {

/// Which DAGs a new partition starts. Holds what `all`-of triggers have got so far. Pure.
class DatasetTriggers {
 public:
  /// Replaces the DAG's subscription (or ends it when its schedule isn't `datasets`).
  void set_dag(const Dag&);
  void remove_dag(const std::string& dag_id);
  void load(const PendingPartitionRow&);

  struct Fired {
    std::string dag_id;
    WallTime execution_date;                    ///< the partition, or `at` for `partition: none`
    std::string cause;                          ///< "dataset flights_raw 2001-01-05"
  };
  struct Answer {
    std::vector<Fired> fired;                   ///< by dag_id
    std::vector<PendingPartitionRow> changes;   ///< to record
  };
  Answer updated(const std::string& dataset, WallTime partition, WallTime at);

  /// Datasets of this partition that the DAG still waits for.
  std::vector<std::string> missing(const std::string& dag_id, WallTime partition) const;

 private:
  struct Subscription {
    std::vector<std::string> datasets;
    bool any = false, partition_same = true;
  };
  std::map<std::string, Subscription> by_dag_;
  std::map<std::string, std::set<std::string>> dags_of_;                               // dataset -> dag_ids
  std::map<std::pair<std::string, WallTime>, std::set<std::string>> pending_;         // (dag, partition) -> got
};

}  // namespace millrace
