#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "dags/keys.h"
#include "dags/param_check.h"
#include "dags/read.h"
#include "dags/values.h"

namespace millrace {
namespace {

JsonText json_of(YamlNode node) {
  JsonText out;
  append_json(out, node);
  return out;
}

void check_param_bounds(const Param& param, YamlNode node, Diagnostics& out) {
  const bool numeric = param.type == "integer" || param.type == "number";
  for (const auto [key, value] : node.entries()) {
    if ((key.text() == "minimum" || key.text() == "maximum") && !numeric)
      out.add(key.place(),
              fmt::format("'{}' goes with integer and number, not with {}", key.text(), param.type));
    if (key.text() == "pattern" && param.type != "string")
      out.add(key.place(), fmt::format("'pattern' goes with string, not with {}", param.type));
    if (key.text() == "pattern") {
      if (const std::string problem = pattern_problem(param.pattern); !problem.empty())
        out.add(value.place(), fmt::format("'pattern' isn't a regular expression: {}", problem));
    }
    if (key.text() == "enum" && param.enum_values.empty()) out.add(value.place(), "'enum' is empty");
  }
  if (param.minimum && param.maximum && *param.minimum > *param.maximum)
    out.add(node.find("maximum").place(), "'maximum' is less than 'minimum'");
}

void check_param_values(const Param& param, YamlNode node, Diagnostics& out) {
  Param bare;
  bare.type = param.type;
  for (const YamlNode item : node.find("enum").items())
    if (const std::string problem = param_problem(bare, json_of(item)); !problem.empty())
      out.add(item.place(), fmt::format("an item of 'enum' {}", problem));
  if (!param.default_value) return;
  if (const std::string problem = param_problem(param, *param.default_value); !problem.empty())
    out.add(node.find("default").place(), fmt::format("'default' {}", problem));
}

Param read_param(YamlNode key, YamlNode node, Diagnostics& out) {
  Param param;
  param.name = read_text(key);
  param.place = key.place();
  param.type = read_text(node.find("type"));
  if (const YamlNode value = node.find("default")) param.default_value = json_of(value);
  for (const YamlNode item : node.find("enum").items()) param.enum_values.push_back(json_of(item));
  param.minimum = as_number(node.find("minimum"));
  param.maximum = as_number(node.find("maximum"));
  param.pattern = read_text(node.find("pattern"));
  param.description = read_text(node.find("description"));
  const auto types = param_type_words();
  if (std::ranges::find(types, param.type) == types.end()) {
    param.type.clear();  // the form check has said so
    return param;
  }
  const std::size_t before = out.entries.size();
  check_param_bounds(param, node, out);
  if (out.entries.size() == before) check_param_values(param, node, out);
  return param;
}

/// parquet, csv or json by the path's ending, dir for all else.
std::string format_of_path(std::string_view path) {
  for (const std::string_view format : {"parquet", "csv", "json"})
    if (path.ends_with(fmt::format(".{}", format))) return std::string{format};
  if (path.ends_with(".csv.gz")) return "csv";
  if (path.ends_with(".jsonl") || path.ends_with(".ndjson")) return "json";
  return "dir";
}

Dataset read_dataset(YamlNode key, YamlNode node, const TemplateScope& scope, Diagnostics& out) {
  Dataset dataset;
  dataset.name = read_text(key);
  dataset.place = key.place();
  const YamlNode path = node.find("path");
  if (node.is_map() && !path && !node.find("uri"))
    out.add(node.place(), fmt::format("dataset '{}' needs 'path'", dataset.name));
  if (auto found = read_template(path, scope, out)) dataset.path = std::move(*found);
  if (path.is_scalar() && (path.text().empty() || path.text().starts_with('/')))
    out.add(path.place(), "'path' must be relative to the data root");
  const std::string walled = fmt::format("/{}/", path.text());
  if (walled.find("/../") != std::string::npos) out.add(path.place(), "'path' must stay below the data root");
  const YamlNode format = node.find("format");
  dataset.format = format.is_scalar() ? read_text(format) : format_of_path(path.text());
  dataset.description = read_text(node.find("description"));
  dataset.event_time = read_text(node.find("event_time"));
  dataset.created_time = read_text(node.find("created_time"));
  dataset.append_only = as_boolean(node.find("append_only")).value_or(false);
  for (const auto [name, column] : node.find("contract").find("columns").entries())
    dataset.contract.push_back({read_text(name), read_text(column.find("type")),
                                as_boolean(column.find("required")).value_or(false),
                                as_number(column.find("max_null_fraction"))});
  return dataset;
}

}  // namespace

std::vector<Param> read_params(YamlNode node, Diagnostics& out) {
  std::vector<Param> params;
  std::map<std::string, const YamlNode, std::less<>> by_variable;
  for (const auto [key, value] : node.entries()) {
    params.push_back(read_param(key, value, out));
    std::string variable = read_text(key);
    for (char& c : variable) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    const auto [found, is_new] = by_variable.emplace(variable, key);
    if (!is_new)
      out.add(key.place(), fmt::format("params '{}' and '{}' would both arrive as PARAM_{}",
                                       found->second.text(), key.text(), variable));
  }
  return params;
}

/// Values that a reader of a partition can't know.
constexpr std::array<std::string_view, 5> of_one_run{"run_id", "task_id", "map_index", "item", "try_number"};

std::vector<Dataset> read_datasets(YamlNode node, const TemplateScope& scope, Diagnostics& out) {
  std::vector<Dataset> datasets;
  for (const auto [key, value] : node.entries()) {
    datasets.push_back(read_dataset(key, value, scope, out));
    for (const Template::Part& part : datasets.back().path.parts)
      if (part.name.contains('.') || std::ranges::count(of_one_run, part.name) > 0)
        out.add(part.place, fmt::format("the path of a dataset can't depend on '{}'", part.name),
                "readers find a partition by its date alone: use ds, ts, execution_date, …");
  }
  return datasets;
}

}  // namespace millrace
