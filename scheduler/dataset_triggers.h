#pragma once

#include <cstdint>
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
  /// Replaces the DAG's subscription (or ends it when its schedule isn't `datasets`). What it has got of
  /// datasets that it still waits for is kept; a partition that is complete by the change alone fires with
  /// the DAG's next update.
  void set_dag(const Dag&);
  void remove_dag(const std::string& dag_id);
  /// A stored row, after the DAGs. One that no longer matters is ignored.
  void load(const PendingPartitionRow&);

  struct Fired {
    std::string dag_id;
    WallTime execution_date;  ///< the partition, or `at` for `partition: none`
    std::string cause;        ///< "dataset flights_raw 2001-01-05"
  };
  struct Answer {
    std::vector<Fired> fired;  ///< by dag_id; `any`-of fires at each update, also a second time
    std::vector<PendingPartitionRow> changes;  ///< to record
  };
  Answer updated(const std::string& dataset, WallTime partition, WallTime at);

  /// Datasets of this partition that the DAG still waits for.
  std::vector<std::string> missing(const std::string& dag_id, WallTime partition) const;

 private:
  struct Subscription {
    std::vector<std::string> datasets;  // sorted, distinct
    bool any = false, partition_same = true;
    bool look_again = false;  // a change of the DAG may have completed a partition
  };
  static constexpr WallTime lowest{INT64_MIN};

  static bool complete(const Subscription&, const std::set<std::string>& got);
  void unsubscribe(const std::string& dag_id);
  void forget(const std::string& dag_id);
  void fire_completed(const std::string& dag_id, WallTime at, const std::string& cause, Answer&);
  void got_all(const std::string& dag_id, WallTime partition, WallTime at, const std::string& cause, Answer&);

  std::map<std::string, Subscription> by_dag_;
  std::map<std::string, std::set<std::string>> dags_of_;                       // dataset -> dag_ids
  std::map<std::pair<std::string, WallTime>, std::set<std::string>> pending_;  // (dag, partition) -> got
};

}  // namespace millrace
