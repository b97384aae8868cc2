#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/limits.h"
#include "dags/form_check.h"
#include "dags/read.h"
#include "dags/values.h"

namespace millrace {
namespace {

int count_or(YamlNode node, int fallback) {
  return static_cast<int>(std::clamp<std::int64_t>(as_integer(node).value_or(fallback), 1, 1'000'000));
}

void read_labels(YamlNode root, Dag& dag) {
  dag.dag_id = read_text(root.find("dag_id"));
  dag.description = read_text(root.find("description"));
  dag.owner = read_text(root.find("owner"));
  dag.stage = read_text(root.find("stage"));
  dag.tags = read_texts(root.find("tags"));
  dag.max_active_runs = count_or(root.find("max_active_runs"), 16);
  dag.max_active_tasks = count_or(root.find("max_active_tasks"), 16);
  dag.depends_on_past = as_boolean(root.find("depends_on_past")).value_or(false);
  dag.run_timeout = as_duration(root.find("run_timeout"));
  for (const auto [name, group] : root.find("task_groups").entries())
    dag.task_groups.emplace_back(read_text(name), read_text(group.find("description")));
}

Catchup read_catchup(YamlNode node) {
  Catchup catchup;
  if (as_boolean(node).value_or(false)) catchup.policy = Catchup::Policy::all;
  if (!node.is_map()) return catchup;
  const std::string_view policy = node.find("policy").text();
  catchup.policy = policy == "none"     ? Catchup::Policy::none
                   : policy == "latest" ? Catchup::Policy::latest
                                        : Catchup::Policy::all;
  catchup.window = as_duration(node.find("window"));
  if (const auto runs = as_integer(node.find("max_runs"))) catchup.max_runs = static_cast<int>(*runs);
  return catchup;
}

bool has_ticks(const Schedule& schedule) {
  using Kind = Schedule::Kind;
  return schedule.kind == Kind::cron || schedule.kind == Kind::every || schedule.kind == Kind::at;
}

/// A schedule that can never make a run is a slip, not a wish.
void check_ticks(const Dag& dag, Diagnostics& out) {
  if (!has_ticks(dag.schedule)) return;
  const WallTime start = dag.start_date.value_or(WallTime{});
  const Place place = dag.schedule.place;
  if (dag.schedule.kind == Schedule::Kind::at) {
    if (dag.start_date && dag.schedule.at.back() < start)
      out.add(place, "every moment of 'at' lies before start_date: the schedule never ticks");
    return;
  }
  const auto first = execution_date_at_or_after(dag.schedule, start);
  if (!first)
    out.add(place, "the schedule never ticks");
  else if (dag.end_date && *first > *dag.end_date)
    out.add(place, "the schedule never ticks between start_date and end_date");
}

void read_dates(YamlNode root, DagDraft& draft) {
  Dag& dag = draft.dag;
  const std::size_t before = draft.out.entries.size();
  dag.timezone = read_zone(root.find("timezone"), Zone{}, draft.out);
  dag.start_date = read_moment(root.find("start_date"), dag.timezone);
  dag.end_date = read_moment(root.find("end_date"), dag.timezone, OfDay::last);
  if (dag.start_date && dag.end_date && *dag.end_date < *dag.start_date)
    draft.out.add(root.find("end_date").place(), "end_date lies before start_date",
                  fmt::format("start_date is at line {}", root.find("start_date").place().line));
  dag.schedule = read_schedule(root.find("schedule"), dag.timezone, dag.start_date, draft.out);
  const YamlNode catchup = root.find("catchup");
  dag.catchup = read_catchup(catchup);
  if (dag.catchup.policy == Catchup::Policy::all && !dag.start_date && !dag.catchup.window &&
      has_ticks(dag.schedule) && dag.schedule.kind != Schedule::Kind::at)
    draft.out.add(catchup.place(), "'catchup' needs a start_date or a window",
                  "from when on should runs be made?");
  if (draft.out.entries.size() == before) check_ticks(dag, draft.out);
}

void check_params_of_schedule(const Dag& dag, Diagnostics& out) {
  if (dag.schedule.kind == Schedule::Kind::none) return;
  for (const Param& param : dag.params)
    if (!param.default_value && !param.type.empty())
      out.add(param.place,
              fmt::format("param '{}' needs a default because the DAG has a schedule", param.name));
}

/// Ids first, so that templates can be checked against tasks further down.
void name_tasks(YamlNode tasks, DagDraft& draft) {
  Dag& dag = draft.dag;
  dag.tasks.resize(tasks.is_map() ? tasks.size() : 0);
  draft.sources.reserve(dag.tasks.size());
  const YamlNode defaults = draft.root.find("defaults");
  TaskIndex index = 0;
  for (const auto [key, value] : tasks.entries()) {
    Task& task = dag.tasks[index++];
    task.task_id = read_text(key);
    task.place = key.place();
    draft.sources.push_back({value, defaults});
  }
  std::vector<std::pair<std::uint64_t, TaskIndex>> sorted;
  sorted.reserve(dag.tasks.size());
  for (index = 0; index < dag.tasks.size(); ++index)
    sorted.emplace_back(sort_prefix(dag.tasks[index].task_id), index);
  std::ranges::sort(sorted, [&](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first < b.first;
    return dag.tasks[a.second].task_id < dag.tasks[b.second].task_id;
  });
  dag.by_name.reserve(dag.tasks.size());
  for (const auto& [prefix, task] : sorted) dag.by_name.emplace_back(dag.tasks[task].task_id, task);
  draft.scope.tasks.reserve(dag.tasks.size());
  for (const auto& [name, task] : dag.by_name) draft.scope.tasks.push_back(name);
  draft.scope.tasks_sorted = true;
}

void read_dag_env(DagDraft& draft, const TemplateScope& scope) {
  for (const auto [name, value] : draft.root.find("env").entries())
    if (auto text = read_template(value, scope, draft.out))
      draft.env.emplace_back(read_text(name), std::move(*text));
}

void check_branches(const Dag& dag, Diagnostics& out) {
  for (TaskIndex index = 0; index < dag.tasks.size(); ++index) {
    const auto [first, last] = dag.downstream.of(index);
    if (dag.tasks[index].branch && first == last)
      out.add(dag.tasks[index].place,
              fmt::format("task '{}' branches but no task depends on it", dag.tasks[index].task_id));
  }
}

}  // namespace

void read_dag(DagDraft& draft) {
  Dag& dag = draft.dag;
  const YamlNode root = draft.root;
  read_labels(root, dag);
  read_dates(root, draft);
  dag.params = read_params(root.find("params"), draft.out);
  check_params_of_schedule(dag, draft.out);
  TemplateScope scope;  // of what belongs to no task
  for (const Param& param : dag.params) scope.params.push_back(param.name);
  dag.datasets = read_datasets(root.find("datasets"), scope, draft.out);
  dag.notify = read_notify(root.find("notify"), draft.out);
  dag.deadline = read_deadline(root.find("deadline"), dag.notify, draft.out);
  if (!dag.notify.on_late.empty() && !dag.deadline)
    draft.out.add(dag.notify.on_late[0].place, "'on_late' needs a deadline",
                  "deadline: {after: queued, within: 4h}");
  dag.secrets = read_secrets(root.find("secrets"), draft.out);
  for (const Secret& secret : dag.secrets) scope.secrets.push_back(secret.env);
  check_not_secret(root.find("env"), dag.secrets, draft.out);
  check_not_secret(root.find("defaults").find("env"), dag.secrets, draft.out);
  read_dag_env(draft, scope);
  draft.scope.params = scope.params;
  draft.scope.secrets = scope.secrets;
  const YamlNode tasks = root.find("tasks");
  if (tasks.size() > limits::tasks_per_dag && tasks.is_map()) {
    draft.out.add(tasks.place(),
                  fmt::format("{} tasks; the limit is {}", tasks.size(), limits::tasks_per_dag));
    return;
  }
  name_tasks(tasks, draft);
  for (TaskIndex index = 0; index < dag.tasks.size(); ++index) read_task(draft, index);
  read_edges(draft);
  build_graph(draft);
  check_branches(dag, draft.out);
}

}  // namespace millrace
