#include "daemon/values.h"

#include <nlohmann/json.hpp>

namespace millrace {
namespace {

using Json = nlohmann::json;

}  // namespace

RunValues run_values(const AttemptContext& context, std::string data_root) {
  RunValues values;
  values.dag_id = context.run->dag_id;
  values.run_id = context.run->run_id;
  values.task_id = context.task->task_id;
  values.data_dir = std::move(data_root);
  values.execution_date = context.run->execution_date;
  values.interval = {context.run->data_interval_start, context.run->data_interval_end};
  values.map_index = context.task_instance->map_index;
  values.try_number = context.attempt != nullptr ? context.attempt->try_number : 1;
  return values;
}

RunValues partition_values(const Dag& dag, WallTime partition, std::string data_root) {
  RunValues values;
  values.dag_id = dag.dag_id;
  values.data_dir = std::move(data_root);
  values.execution_date = partition;
  values.interval = interval_of(dag.schedule, partition);
  return values;
}

void add_neighbours(RunValues& values, const Dag& dag, Store& store) {
  using std::chrono::hours;
  const Schedule& schedule = dag.schedule;
  // Without ticks the neighbours are days, as a backfill of such a DAG steps.
  const auto next = execution_date_at_or_after(schedule, values.execution_date + Duration{1});
  values.next_execution_date = next.value_or(values.execution_date + hours{24});
  const bool ticks = schedule.kind == Schedule::Kind::cron || schedule.kind == Schedule::Kind::every;
  values.previous_execution_date = ticks ? previous_tick(schedule, values.execution_date)
                                         : std::optional{values.execution_date - hours{24}};
  values.previous_success_start = store.previous_success(dag.dag_id, values.execution_date);
}

bool is_neighbour(std::string_view name) { return name.starts_with("prev_") || name.starts_with("next_"); }

std::pair<std::string_view, std::string_view> split_name(std::string_view name) {
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return {name, {}};
  return {name.substr(0, dot), name.substr(dot + 1)};
}

std::optional<TemplateValue> json_member(std::string_view json, std::string_view path) {
  const Json value = Json::parse(json, nullptr, false);
  if (value.is_discarded()) return {};
  const Json* at = &value;
  while (!path.empty()) {
    const auto [key, rest] = split_name(path);
    const auto found = at->find(std::string{key});
    if (!at->is_object() || found == at->end()) return {};
    at = &*found;
    path = rest;
  }
  return TemplateValue{TemplateValue::Kind::json, at->dump(-1, ' ', false, Json::error_handler_t::replace),
                       0};
}

std::string plain_text(const TemplateValue& value) {
  if (value.kind != TemplateValue::Kind::json) return value.text;
  const Json json = Json::parse(value.text, nullptr, false);
  return json.is_string() ? json.get<std::string>() : value.text;
}

}  // namespace millrace
