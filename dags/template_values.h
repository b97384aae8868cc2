#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "dags/schedule.h"
#include "dags/template.h"

namespace millrace {

/// What every template and every task's environment is told about its run. Plain values; the daemon fills
/// them in.
struct RunValues {
  std::string dag_id, run_id, task_id;
  std::string data_dir;  ///< may be empty: then the name has no value
  WallTime execution_date;
  DataInterval interval;
  std::optional<WallTime> previous_execution_date, next_execution_date;  ///< of the schedule, run or not
  std::optional<WallTime>
      previous_success_start;  ///< data_interval_start of the last successful run before this one
  int map_index = -1;          ///< -1: the task isn't mapped
  int try_number = 1;          ///< counts from 1
};

/// The value of a name that doesn't depend on the DAG's own params, env, datasets or tasks. `ds`, `prev_ds`
/// and `next_ds` are text like `2001-01-05`, `ts` like `2001-01-05T00:00:00+00:00`, in UTC; the other dates
/// are instants. Empty for an unknown name and for a value that this run doesn't have.
std::optional<TemplateValue> standard_value(std::string_view name, const RunValues&);

/// DAG_ID RUN_ID TASK_ID MAP_INDEX TRY_NUMBER EXECUTION_DATE DS TS DATA_INTERVAL_START DATA_INTERVAL_END, in
/// this order; instants in the form of `ts`.
std::vector<std::pair<std::string, std::string>> standard_environment(const RunValues&);

}  // namespace millrace
