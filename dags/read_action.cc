#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "dags/form_check.h"
#include "dags/keys.h"
#include "dags/read.h"
#include "dags/values.h"

namespace millrace {
namespace {

CommandAction read_command(DagDraft& draft, TaskIndex task, YamlNode node) {
  CommandAction action;
  for (const YamlNode item : node.items())
    if (auto argument = read_task_template(draft, task, item)) action.argv.push_back(std::move(*argument));
  if (!action.argv.empty() && action.argv[0].source.empty())
    draft.out.add((*node.items().begin()).place(), "the program of 'command' is empty");
  return action;
}

ScriptAction read_script(DagDraft& draft, TaskIndex task, YamlNode node) {
  ScriptAction action;
  draft.scope.params_allowed = false;
  if (auto text = read_task_template(draft, task, node)) action.text = std::move(*text);
  draft.scope.params_allowed = true;
  if (node.is_scalar() && node.text().find_first_not_of(" \n\r\t") == std::string_view::npos)
    draft.out.add(node.place(), "'script' is empty");
  return action;
}

TriggerDagAction read_trigger(DagDraft& draft, TaskIndex task, YamlNode node) {
  TriggerDagAction action;
  action.dag_id = read_text(node.find("dag_id"));
  const YamlNode date = node.find("execution_date");
  if (date && date.text() != "same") action.execution_date = read_task_template(draft, task, date);
  if (!action.dag_id.empty() && action.dag_id == draft.dag.dag_id && !action.execution_date)
    draft.out.add(node.find("dag_id").place(), "a DAG can't trigger itself for the same execution_date");
  for (const auto [name, value] : node.find("params").entries())
    if (auto text = read_task_template(draft, task, value))
      action.params.emplace_back(read_text(name), std::move(*text));
  action.wait = as_boolean(node.find("wait")).value_or(true);
  return action;
}

void refuse_beside(YamlNode node, std::string_view target, Diagnostics& out) {
  if (target == "dataset") return;
  for (const auto [key, value] : node.entries())
    if (key.text() == "partition" || key.text() == "window")
      out.add(key.place(), fmt::format("'{}' goes with 'dataset', not with '{}'", key.text(), target));
}

SensorAction read_sensor(DagDraft& draft, TaskIndex task, YamlNode node) {
  SensorAction action{};
  std::string_view target;
  for (const auto [key, value] : node.entries()) {
    static constexpr std::string_view targets[] = {"file", "dataset", "http", "run"};
    if (std::ranges::find(targets, key.text()) == std::end(targets)) continue;
    if (!target.empty())
      draft.out.add(key.place(), fmt::format("'{}' and '{}' exclude each other", target, key.text()));
    else
      target = key.text();
  }
  if (node.is_map() && target.empty())
    draft.out.add(node.place(), "this sensor waits for nothing", "one of file, dataset, http, run");
  refuse_beside(node, target, draft.out);
  YamlNode value = node.find(target);
  YamlNode partition = node.find("partition");
  action.kind = SensorAction::Kind::file;
  if (target == "dataset") action.kind = SensorAction::Kind::dataset;
  if (target == "http") action.kind = SensorAction::Kind::http;
  if (target == "run") {
    action.kind = SensorAction::Kind::run;
    action.task_id = read_text(value.find("task_id"));
    partition = value.find("execution_date");
    value = value.find("dag_id");
  }
  if (auto text = read_task_template(draft, task, value)) action.target = std::move(*text);
  if (partition) action.partition = read_task_template(draft, task, partition);
  action.window_days = read_window_days(node.find("window"), draft.out);
  action.poke_interval = as_duration(node.find("poke_interval")).value_or(action.poke_interval);
  action.timeout = as_duration(node.find("timeout")).value_or(action.timeout);
  return action;
}

/// The action keys of a map, in file order.
std::vector<YamlNode::Entry> actions_in(YamlNode node) {
  std::vector<YamlNode::Entry> found;
  const auto names = action_keys();
  for (const auto entry : node.entries())
    if (std::ranges::find(names, entry.key.text()) != names.end()) found.push_back(entry);
  return found;
}

}  // namespace

void read_action(DagDraft& draft, TaskIndex index) {
  Task& task = draft.dag.tasks[index];
  const TaskSource& source = draft.sources[index];
  std::vector<YamlNode::Entry> actions = actions_in(source.own);
  if (actions.empty()) actions = actions_in(source.defaults);
  if (actions.empty()) {
    if (source.own.is_map())
      draft.out.add(task.place, fmt::format("task '{}' does nothing", task.task_id),
                    "it needs one of command, script, check, trigger_dag, sensor");
    return;
  }
  for (std::size_t i = 1; i < actions.size(); ++i)
    draft.out.add(actions[i].key.place(),
                  fmt::format("task '{}' has both '{}' and '{}'", task.task_id, actions[0].key.text(),
                              actions[i].key.text()),
                  "a task has one action");
  const auto [key, value] = actions[0];
  if (key.text() == "command") task.action = read_command(draft, index, value);
  if (key.text() == "script") task.action = read_script(draft, index, value);
  if (key.text() == "trigger_dag") task.action = read_trigger(draft, index, value);
  if (key.text() == "sensor") task.action = read_sensor(draft, index, value);
  if (key.text() == "check") task.action = CheckAction{read_text(value)};
}

}  // namespace millrace
