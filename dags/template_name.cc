#include "dags/template_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace millrace {
namespace {

constexpr std::size_t npos = std::string_view::npos;

constexpr std::array<std::pair<std::string_view, ValueType>, 17> plain_names = {{
    {"ds", ValueType::date},
    {"ds_nodash", ValueType::text},
    {"ts", ValueType::date},
    {"ts_nodash", ValueType::text},
    {"execution_date", ValueType::date},
    {"logical_date", ValueType::date},
    {"data_interval_start", ValueType::date},
    {"data_interval_end", ValueType::date},
    {"prev_ds", ValueType::date},
    {"next_ds", ValueType::date},
    {"prev_data_interval_start_success", ValueType::date},
    {"run_id", ValueType::text},
    {"dag_id", ValueType::text},
    {"task_id", ValueType::text},
    {"map_index", ValueType::text},
    {"try_number", ValueType::text},
    {"data_dir", ValueType::text},
}};

struct Habit {
  std::string_view start, hint;
};
// Jinja and Airflow spellings that people bring along.
constexpr std::array<Habit, 12> habits = {{
    {"macros.", "write a filter: {{ ds | date_add(-7d) }}"},
    {"params[", "write {{ params.NAME }}"},
    {"dag_run.conf", "a run's values are params: {{ params.NAME }}"},
    {"dag_run.", "write {{ run_id }}, {{ execution_date }} or {{ data_interval_start }}"},
    {"ti.xcom_pull", "write {{ tasks.TASK.output.KEY }}"},
    {"task_instance.xcom_pull", "write {{ tasks.TASK.output.KEY }}"},
    {"ti.", "write {{ try_number }}, {{ map_index }} or {{ task_id }}"},
    {"var.", "write {{ params.NAME }} or {{ env.NAME }}"},
    {"conn.", "connections are not part of the language; pass what is needed through env"},
    {"execution_date.", "write a filter: {{ execution_date | strftime(\"%Y/%m\") }}"},
    {"logical_date.", "write a filter: {{ logical_date | strftime(\"%Y/%m\") }}"},
    {"data_interval_", "write a filter: {{ data_interval_start | strftime(\"%Y/%m\") }}"},
}};

bool contains(const std::vector<std::string_view>& names, std::string_view name, bool sorted = false) {
  if (sorted) return std::ranges::binary_search(names, name);
  return std::ranges::find(names, name) != names.end();
}

std::string did_you_mean(std::string_view prefix, std::string_view name,
                         const std::vector<std::string_view>& known) {
  const std::string near = nearest(name, known);
  if (!near.empty()) return fmt::format("did you mean '{}{}'?", prefix, near);
  if (known.empty()) return "this DAG defines none";
  if (known.size() > 12) return {};
  return fmt::format("defined: {}", fmt::join(known, ", "));
}

std::string parameter_variable(std::string_view name) {
  std::string out = "$PARAM_";
  for (const char c : name) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += lower ? static_cast<char>(c - 'a' + 'A') : kept ? c : '_';
  }
  return out;
}

NameCheck check_task(std::string_view name, const TemplateScope& scope) {
  const auto task = task_reference(name);
  if (!task) {
    return {fmt::format("'{}' isn't a value", name),
            "a task's outputs are read as {{ tasks.TASK.output.KEY }}", ValueType::any};
  }
  if (contains(scope.tasks, *task, scope.tasks_sorted)) return {};
  return {fmt::format("template reads task '{}', which isn't defined", *task),
          did_you_mean("", *task, scope.tasks), ValueType::any};
}

NameCheck check_in(std::string_view kind, std::string_view prefix, std::string_view name,
                   const std::vector<std::string_view>& known, ValueType type) {
  if (contains(known, name)) return {{}, {}, type};
  return {fmt::format("template reads {} '{}', which isn't defined", kind, name),
          did_you_mean(prefix, name, known), type};
}

NameCheck unknown_name(std::string_view name, const TemplateScope& scope) {
  NameCheck check{fmt::format("'{}' isn't a value", name), habit_hint(name), ValueType::any};
  if (!check.hint.empty()) return check;
  std::vector<std::string> all;
  for (const auto& [known, type] : plain_names) all.emplace_back(known);
  all.emplace_back("item");
  for (const std::string_view param : scope.params) all.push_back(fmt::format("params.{}", param));
  for (const std::string_view variable : scope.env) all.push_back(fmt::format("env.{}", variable));
  for (const std::string_view output : scope.outputs) all.push_back(fmt::format("outputs.{}", output));
  for (const std::string_view input : scope.inputs) all.push_back(fmt::format("inputs.{}", input));
  const std::string near = nearest(name, {all.begin(), all.end()});
  if (!near.empty()) {
    check.hint = fmt::format("did you mean '{}'?", near);
  } else if (contains(scope.params, name)) {
    check.hint = fmt::format("a parameter is read as 'params.{}'", name);
  } else {
    check.hint =
        "values: ds, ts, execution_date, data_interval_start, run_id, params.NAME, env.NAME, inputs.NAME, "
        "outputs.NAME, tasks.TASK.output.KEY and others";
  }
  return check;
}

}  // namespace

std::optional<std::string_view> task_reference(std::string_view name) {
  constexpr std::string_view prefix = "tasks.", middle = ".output.";
  if (!name.starts_with(prefix)) return std::nullopt;
  const std::size_t output = name.find(middle, prefix.size());
  if (output == npos || output == prefix.size()) return std::nullopt;
  const std::string_view key = name.substr(output + middle.size());
  if (key.empty() || key.starts_with('.') || key.ends_with('.') || key.find("..") != npos)
    return std::nullopt;
  return name.substr(prefix.size(), output - prefix.size());
}

std::string habit_hint(std::string_view text) {
  for (const Habit& habit : habits)
    if (text.starts_with(habit.start)) {
      // `data_interval_strat` is a slip of the pen, `data_interval_start.date()` a habit.
      if (habit.start == "data_interval_" && text.find_first_of(".(") == npos) continue;
      return std::string(habit.hint);
    }
  return {};
}

NameCheck check_name(std::string_view name, const TemplateScope& scope) {
  const auto plain = std::ranges::find(plain_names, name, &std::pair<std::string_view, ValueType>::first);
  if (plain != plain_names.end()) return {{}, {}, plain->second};
  const std::size_t dot = name.find('.');
  const std::string_view head = name.substr(0, dot);
  const std::string_view rest = dot == npos ? std::string_view{} : name.substr(dot + 1);
  if (head == "item" && (dot == npos || !rest.empty())) {
    if (scope.item_allowed) return {};
    return {"'item' is only there in a task with 'expand'", "add `expand: {item: [...]}` to this task",
            ValueType::any};
  }
  if (dot == npos || rest.empty()) return unknown_name(name, scope);
  if (head == "params") {
    if (scope.params_allowed) return check_in("parameter", "params.", rest, scope.params, ValueType::any);
    return {fmt::format("'{}' isn't put into a script's text", name),
            fmt::format("use the environment variable {}: a value can't become code then",
                        parameter_variable(rest)),
            ValueType::any};
  }
  if (head == "env" && contains(scope.secrets, rest)) {
    return {fmt::format("'{}' is a secret: it has no value in templates", name),
            fmt::format("the program finds it in its environment, as ${}", rest), ValueType::any};
  }
  if (head == "env") return check_in("environment variable", "env.", rest, scope.env, ValueType::any);
  if (head == "outputs") return check_in("output", "outputs.", rest, scope.outputs, ValueType::text);
  if (head == "inputs") return check_in("input", "inputs.", rest, scope.inputs, ValueType::text);
  if (head == "tasks") return check_task(name, scope);
  return unknown_name(name, scope);
}

}  // namespace millrace
