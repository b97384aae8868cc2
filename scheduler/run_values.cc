#include "scheduler/run_values.h"

#include <algorithm>
#include <utility>

#include "scheduler/json_pieces.h"

namespace millrace {
namespace {

using Kind = TemplateValue::Kind;

TemplateValue text(std::string value) { return {Kind::text, std::move(value), 0}; }
TemplateValue json(std::string value) { return {Kind::json, std::move(value), 0}; }
TemplateValue time(WallTime at) { return {Kind::time, {}, at.us}; }

std::optional<TemplateValue> member(const JsonText& object, std::string_view name) {
  const auto members = json_object(object);
  if (!members) return std::nullopt;
  for (const auto& [key, value] : *members)
    if (key == name) return json(value);
  return std::nullopt;
}

std::string without(std::string s, std::string_view characters) {
  std::erase_if(s, [&](char c) { return characters.find(c) != std::string_view::npos; });
  return s;
}

std::optional<TemplateValue> date_value(const RunRow& run, std::string_view name) {
  if (name == "execution_date" || name == "logical_date") return time(run.execution_date);
  if (name == "data_interval_start") return time(run.data_interval_start);
  if (name == "data_interval_end") return time(run.data_interval_end);
  if (name == "ds") return text(to_date(run.execution_date));
  if (name == "ts") return text(to_iso_offset(run.execution_date));
  if (name == "ds_nodash") return text(without(to_date(run.execution_date), "-"));
  if (name == "ts_nodash") return text(without(to_iso_offset(run.execution_date).substr(0, 19), "-:"));
  return std::nullopt;
}

}  // namespace

TemplateLookup run_values(
    const Run& run, const Instance& ti,
    std::function<std::optional<JsonText>(const std::string&, const std::string&)> output) {
  return [&run, &ti, output = std::move(output)](std::string_view name) -> std::optional<TemplateValue> {
    if (auto date = date_value(run.row, name)) return date;
    if (name == "run_id") return text(run.row.run_id);
    if (name == "dag_id") return text(run.row.dag_id);
    if (name == "task_id") return text(ti.row.task_id);
    if (name == "map_index") return text(std::to_string(ti.row.map_index));
    if (name == "try_number") return text(std::to_string(ti.row.try_number));
    if (name == "item") return json(ti.row.item);
    if (name.starts_with("item.")) return member(ti.row.item, name.substr(5));
    if (name.starts_with("params.")) return member(run.row.params, name.substr(7));
    const auto middle = name.find(".output.");
    if (name.starts_with("tasks.") && middle != std::string_view::npos && middle > 6)
      if (auto value = output(std::string(name.substr(6, middle - 6)), std::string(name.substr(middle + 8))))
        return json(std::move(*value));
    return std::nullopt;
  };
}

}  // namespace millrace
