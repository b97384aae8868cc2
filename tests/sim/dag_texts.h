#pragma once

#include <string>
#include <vector>

#include "tests/unit/scheduler/dice.h"

namespace millrace::sim {

using test::Dice;

/// What one seed may put into its DAGs.
struct DagTaste {
  bool gpus = false, datasets = false, sensors = false, child_runs = false, mapped = false, branches = false;
  std::vector<std::string> zones;
  std::string start_date;  ///< of those with catchup
};

/// A DAG of this name as YAML. Another call is an edit: tasks keep their kind by their name, all else may
/// change.
std::string dag_text(Dice&, const DagTaste&, const std::string& dag_id);
/// The same with a mistake in it.
std::string broken_dag_text(Dice&, const std::string& dag_id);

/// The names of the seed's DAGs: the first is read by the second, and started by tasks of the third.
const std::vector<std::string>& dag_names();

}  // namespace millrace::sim
