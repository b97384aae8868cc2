#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <utility>

#include "base/limits.h"
#include "dags/form_check.h"
#include "dags/keys.h"
#include "dags/read.h"
#include "dags/values.h"

namespace millrace {
namespace {

int signal_number(std::string_view word) {
  if (word == "SIGINT") return SIGINT;
  if (word == "SIGHUP") return SIGHUP;
  if (word == "SIGQUIT") return SIGQUIT;
  if (word == "SIGUSR1") return SIGUSR1;
  if (word == "SIGUSR2") return SIGUSR2;
  if (word == "SIGABRT") return SIGABRT;
  if (word == "SIGKILL") return SIGKILL;
  return SIGTERM;
}

int small(YamlNode node, int fallback) {
  return static_cast<int>(
      std::clamp<std::int64_t>(as_integer(node).value_or(fallback), -1'000'000'000, 1'000'000'000));
}

std::vector<int> read_numbers(YamlNode node) {
  std::vector<int> out;
  for (const YamlNode item : node.items())
    if (const auto value = as_integer(item)) out.push_back(static_cast<int>(*value & 0xff));
  return out;
}

RetryPolicy read_retries(YamlNode node) {
  RetryPolicy policy;
  policy.limit = small(node.is_map() ? node.find("limit") : node, 0);
  if (!node.is_map()) return policy;
  policy.delay = as_duration(node.find("delay")).value_or(policy.delay);
  policy.backoff = as_number(node.find("backoff")).value_or(policy.backoff);
  policy.max_delay = as_duration(node.find("max_delay")).value_or(policy.max_delay);
  policy.jitter = as_boolean(node.find("jitter")).value_or(policy.jitter);
  policy.on_exit_codes = read_numbers(node.find("on_exit_codes"));
  policy.except_exit_codes = read_numbers(node.find("except_exit_codes"));
  policy.on_lost = as_boolean(node.find("on_lost")).value_or(policy.on_lost);
  const YamlNode oom = node.find("on_oom");
  policy.on_oom = as_boolean(oom).value_or(true);
  policy.oom_memory_factor = as_number(oom.find("memory_factor")).value_or(policy.oom_memory_factor);
  policy.oom_memory_max = as_size(oom.find("max")).value_or(policy.oom_memory_max);
  return policy;
}

void read_resources(DagDraft& draft, Task& task, YamlNode node) {
  Resources& resources = task.resources;
  if (const auto cpu = as_number(node.find("cpu")))
    resources.cpu_milli = std::llround(std::clamp(*cpu, 0.0, 1e6) * 1'000);
  resources.memory_bytes = as_size(node.find("memory")).value_or(0);
  resources.gpu = small(node.find("gpu"), 0);
  resources.gpu_memory_bytes = as_size(node.find("gpu_memory")).value_or(0);
  resources.gpu_model = read_texts(node.find("gpu_model"));
  resources.gpu_optional = as_boolean(node.find("gpu_optional")).value_or(false);
  task.gpu_place = node.find("gpu").place();
  for (const auto [key, value] : node.entries())
    if (key.text().starts_with("gpu_") && resources.gpu == 0)
      draft.out.add(key.place(), fmt::format("'{}' means nothing without 'gpu'", key.text()), "add gpu: 1");
}

void read_pool(DagDraft& draft, Task& task, const TaskSource& source) {
  const YamlNode pool = source.find("pool");
  task.pool = pool.is_scalar() ? read_text(pool) : task.resources.gpu > 0 ? "gpu" : "cpu";
  task.pool_place = pool ? pool.place() : task.place;
  task.pool_slots = small(source.find("pool_slots"), 1);
  task.priority = small(source.find("priority"), 0);
  if (task.pool == "gpu" && task.resources.gpu == 0)
    draft.out.add(task.pool_place,
                  fmt::format("task '{}' is in the pool 'gpu' but asks for no GPU", task.task_id),
                  "add resources: {gpu: 1}");
}

void read_inputs(DagDraft& draft, TaskIndex index, YamlNode node) {
  Task& task = draft.dag.tasks[index];
  for (const YamlNode item : node.items()) {
    const YamlNode name = item.is_map() ? item.find("dataset") : item;
    if (!name.is_scalar()) continue;
    const auto same = [&](const DatasetInput& input) { return input.dataset == name.text(); };
    if (std::ranges::any_of(task.inputs, same))
      draft.out.add(name.place(), fmt::format("input '{}' is listed twice", name.text()));
    DatasetInput& input = task.inputs.emplace_back();
    input.dataset = read_text(name);
    input.place = name.place();
    input.window_days = read_window_days(item.find("window"), draft.out);
    input.partition = read_task_template(draft, index, item.find("partition"));
  }
}

void read_outputs(DagDraft& draft, Task& task, YamlNode node) {
  for (const YamlNode item : node.items()) {
    if (std::ranges::find(task.outputs, item.text()) != task.outputs.end())
      draft.out.add(item.place(), fmt::format("output '{}' is listed twice", item.text()));
    task.outputs.push_back(read_text(item));
  }
}

/// `from` over what is there: a name that is there already takes the new value.
void merge_env(DagDraft& draft, TaskIndex index, YamlNode from) {
  EnvList& env = draft.dag.tasks[index].env;
  for (const auto [name, value] : from.entries()) {
    auto text = read_task_template(draft, index, value);
    if (!text) continue;
    std::erase_if(env, [&](const auto& entry) { return entry.first == name.text(); });
    env.emplace_back(read_text(name), std::move(*text));
  }
}

void read_env(DagDraft& draft, TaskIndex index) {
  Task& task = draft.dag.tasks[index];
  task.env = draft.env;
  draft.scope.env.clear();
  for (const auto& [name, value] : draft.env) draft.scope.env.push_back(name);
  merge_env(draft, index, draft.sources[index].defaults.find("env"));
  merge_env(draft, index, draft.sources[index].own.find("env"));
  check_not_secret(draft.sources[index].own.find("env"), draft.dag.secrets, draft.out);
  draft.scope.env.clear();
  for (const auto& [name, value] : task.env) draft.scope.env.push_back(name);
}

void read_expand(DagDraft& draft, TaskIndex index, YamlNode node) {
  if (!node.is_map()) return;
  Expand& expand = draft.dag.tasks[index].expand.emplace();
  expand.max_active = small(node.find("max_active"), 0);
  std::size_t instances = 1;
  draft.scope.item_allowed = false;
  for (const auto [name, value] : node.entries()) {
    if (name.text() == "max_active") continue;
    Expand::Key& key = expand.keys.emplace_back();
    key.name = read_text(name);
    for (const YamlNode item : value.items()) append_json(key.items.emplace_back(), item);
    if (value.is_sequence()) {
      instances = std::min(instances * key.items.size(), limits::expand_instances + 1);
      continue;
    }
    key.source = read_task_template(draft, index, value);
    const bool one_output = key.source && key.source->parts.size() == 1 &&
                            key.source->parts[0].name.starts_with("tasks.") &&
                            key.source->parts[0].filters.empty();
    if (key.source && !one_output)
      draft.out.add(
          value.place(),
          fmt::format("'{}' must be a list or one \"{{{{ tasks.NAME.output.KEY }}}}\"", name.text()));
  }
  if (expand.keys.empty()) draft.out.add(node.place(), "'expand' names nothing to expand over");
  if (instances > limits::expand_instances)
    draft.out.add(node.place(),
                  fmt::format("'expand' makes more than {} instances", limits::expand_instances));
}

void read_task_group(DagDraft& draft, Task& task, YamlNode node) {
  if (!node.is_scalar()) return;
  task.task_group = read_text(node);
  std::vector<std::string_view> names;
  for (const auto& [name, description] : draft.dag.task_groups) names.push_back(name);
  if (std::ranges::find(names, node.text()) != names.end()) return;
  std::string hint = did_you_mean(node.text(), names, draft.out);
  if (hint.empty()) hint = "declare it in 'task_groups'";
  draft.out.add(node.place(), fmt::format("task group '{}' isn't defined", node.text()), std::move(hint));
}

void read_plain_keys(Task& task, const TaskSource& source) {
  task.description = read_text(source.find("description"));
  const auto rules = trigger_rule_words();
  if (const auto rule = std::ranges::find(rules, source.find("trigger_rule").text()); rule != rules.end())
    task.trigger_rule = static_cast<TriggerRule>(rule - rules.begin());
  if (const YamlNode retries = source.find("retries")) task.retries = read_retries(retries);
  task.timeout = as_duration(source.find("timeout"));
  const YamlNode termination = source.find("termination");
  task.termination_signal = signal_number(termination.find("signal").text());
  task.termination_grace = as_duration(termination.find("grace")).value_or(task.termination_grace);
  if (const YamlNode codes = source.find("skip_exit_codes"); codes.is_sequence())
    task.skip_exit_codes = read_numbers(codes);
  task.branch = as_boolean(source.find("branch")).value_or(false);
  task.cwd = read_text(source.find("cwd"));
  task.user = read_text(source.find("user"));
  task.idempotent = as_boolean(source.find("idempotent")).value_or(false);
  task.wait_for_downstream = as_boolean(source.find("wait_for_downstream")).value_or(false);
}

}  // namespace

void read_task(DagDraft& draft, TaskIndex index) {
  Task& task = draft.dag.tasks[index];
  const TaskSource& source = draft.sources[index];
  read_plain_keys(task, source);
  // As in Airflow, waiting for what follows implies waiting for oneself.
  task.depends_on_past = as_boolean(source.find("depends_on_past")).value_or(draft.dag.depends_on_past) ||
                         task.wait_for_downstream;
  read_resources(draft, task, source.find("resources"));
  read_pool(draft, task, source);
  read_task_group(draft, task, source.find("group"));
  read_outputs(draft, task, source.find("outputs"));
  // Names first: templates of the task may use them.
  draft.scope.inputs.clear();
  draft.scope.outputs.clear();
  read_expand(draft, index, source.find("expand"));
  draft.scope.item_allowed = task.expand.has_value();
  read_inputs(draft, index, source.find("inputs"));
  for (const DatasetInput& input : task.inputs) draft.scope.inputs.push_back(input.dataset);
  for (const std::string& output : task.outputs) draft.scope.outputs.push_back(output);
  read_env(draft, index);
  read_action(draft, index);
}

}  // namespace millrace
