#include "dags/template_values.h"

#include <algorithm>

namespace millrace {
namespace {

TemplateValue text(std::string value) { return {TemplateValue::Kind::text, std::move(value), 0}; }
TemplateValue instant(WallTime t) { return {TemplateValue::Kind::time, {}, t.us}; }

std::optional<TemplateValue> date(const std::optional<WallTime>& t) {
  return t ? std::optional{text(to_date(*t))} : std::nullopt;
}

/// `20010105` of `2001-01-05`, `20010105T000000` of `2001-01-05T00:00:00+00:00`.
std::string without_marks(std::string value) {
  value.resize(std::min(value.size(), std::string_view("2001-01-05T00:00:00").size()));
  std::erase_if(value, [](char c) { return c == '-' || c == ':'; });
  return value;
}

}  // namespace

std::optional<TemplateValue> standard_value(std::string_view name, const RunValues& run) {
  if (name == "ds") return text(to_date(run.execution_date));
  if (name == "ds_nodash") return text(without_marks(to_date(run.execution_date)));
  if (name == "ts") return text(to_iso_offset(run.execution_date));
  if (name == "ts_nodash") return text(without_marks(to_iso_offset(run.execution_date)));
  if (name == "execution_date" || name == "logical_date") return instant(run.execution_date);
  if (name == "data_interval_start") return instant(run.interval.start);
  if (name == "data_interval_end") return instant(run.interval.end);
  if (name == "prev_ds") return date(run.previous_execution_date);
  if (name == "next_ds") return date(run.next_execution_date);
  if (name == "prev_data_interval_start_success") {
    return run.previous_success_start ? std::optional{instant(*run.previous_success_start)} : std::nullopt;
  }
  if (name == "run_id") return text(run.run_id);
  if (name == "dag_id") return text(run.dag_id);
  if (name == "task_id") return text(run.task_id);
  if (name == "map_index") return text(std::to_string(run.map_index));
  if (name == "try_number") return text(std::to_string(run.try_number));
  if (name == "data_dir" && !run.data_dir.empty()) return text(run.data_dir);
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> standard_environment(const RunValues& run) {
  return {
      {"DAG_ID", run.dag_id},
      {"RUN_ID", run.run_id},
      {"TASK_ID", run.task_id},
      {"MAP_INDEX", std::to_string(run.map_index)},
      {"TRY_NUMBER", std::to_string(run.try_number)},
      {"EXECUTION_DATE", to_iso_offset(run.execution_date)},
      {"DS", to_date(run.execution_date)},
      {"TS", to_iso_offset(run.execution_date)},
      {"DATA_INTERVAL_START", to_iso_offset(run.interval.start)},
      {"DATA_INTERVAL_END", to_iso_offset(run.interval.end)},
  };
}

}  // namespace millrace
