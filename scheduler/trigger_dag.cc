#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "dags/parser.h"
#include "scheduler/core.h"
#include "scheduler/json_pieces.h"
#include "scheduler/run_values.h"

/// A task that starts a run of another DAG. Where a run of that date exists, an active one is joined and a
/// finished one is run again: a retried or re-run parent gets a new result of its child. Waiting is
/// `deferred` and holds no slot.
namespace millrace {
namespace {

constexpr const char* run_id_key = "trigger_run_id";  // Airflow's name for it
constexpr const char* run_key = "child_run";

/// The conf of the child's run; a value keeps its JSON type where the child's param has one.
Result<JsonText> child_params(const Dag& child, const TriggerDagAction& action,
                              const TemplateLookup& values) {
  JsonText conf = "{";
  for (const auto& [name, source] : action.params) {
    auto value = render(source, values);
    if (!value) return std::unexpected(value.error());
    bool raw = false;
    for (const Param& param : child.params)
      raw = raw || (param.name == name &&
                    (param.type == "integer" || param.type == "number" || param.type == "boolean" ||
                     param.type == "array" || param.type == "object"));
    conf += fmt::format("{}{}:{}", conf.size() > 1 ? "," : "", to_json_string(name),
                        raw ? *value : to_json_string(*value));
  }
  return resolve_params(child, conf + "}");
}

Result<WallTime> child_date(const Run& run, const TriggerDagAction& action, const TemplateLookup& values) {
  if (!action.execution_date) return run.row.execution_date;
  const auto text = render(*action.execution_date, values);
  if (!text) return std::unexpected(text.error());
  if (*text == "same") return run.row.execution_date;
  const auto date = parse_iso(*text);
  if (!date) return fail(ErrorKind::invalid, fmt::format("execution_date '{}' isn't a date", *text));
  return *date;
}

}  // namespace

std::string trigger_name(const RunRow& run, std::string_view task_id) {
  return fmt::format("task {}/{}/{}", run.dag_id, run.run_id, task_id);
}

void Core::trigger(Run& run, InstanceIndex i) {
  const auto& action = std::get<TriggerDagAction>(run.dag->tasks[run.instances[i].row.task].action);
  const auto refuse = [&](std::string why) {
    ++run.instances[i].row.try_number;
    fail_or_retry(run, i, {Outcome::failed, "trigger_dag", std::move(why), -1}, 0);
  };
  const DagEntry* entry = find_dag(action.dag_id);
  if (!entry || !entry->dag || entry->row.removed) return refuse(no_such_dag(*this, action.dag_id));
  const TemplateLookup values =
      run_values(run, run.instances[i], [&](const std::string& task, const std::string& key) {
        const auto t = run.dag->find(task);
        return t ? output(run, *t, key) : std::nullopt;
      });
  const auto date = child_date(run, action, values);
  if (!date) return refuse(date.error().message);
  auto params = child_params(*entry->dag, action, values);
  if (!params) return refuse(params.error().message);

  RunWish wanted = wish(*entry, RunType::manual, *date, interval_of(entry->dag->schedule, *date));
  wanted.params = std::move(*params);
  wanted.by = trigger_name(run.row, run.instances[i].row.task_id);
  const TaskInstanceId parent = run.instances[i].row.id;
  propose({std::move(wanted)}, [this, parent](const RunWish& w, Run* made, const RunRow* existing) {
    const Located at = locate(parent);
    if (!at.run || at.run->instances[at.index].row.state != TaskState::scheduled) return;
    if (made) return attach(*at.run, at.index, *made);
    with_run(existing->id, [this, parent, by = w.by](Run* child) {
      const Located here = locate(parent);
      if (!here.run || here.run->instances[here.index].row.state != TaskState::scheduled) return;
      if (!child || waits_for(child->row.id, here.run->row.id)) {
        ++here.run->instances[here.index].row.try_number;
        return move(*here.run, here.index, TaskState::failed, "its child run would wait for itself",
                    "trigger_dag");
      }
      if (is_final(child->row.state)) rerun(*child, "run again by " + by, by);
      attach(*here.run, here.index, *child);
    });
  });
}

/// Whether `waiter` is `target` or waits for it, directly or through others.
bool Core::waits_for(RunId waiter, RunId target) {
  std::set<RunId> seen;
  std::vector<RunId> stack{target};
  while (!stack.empty()) {
    const RunId id = stack.back();
    stack.pop_back();
    if (id == waiter) return true;
    if (!seen.insert(id).second) continue;
    if (const auto it = parents.find(id); it != parents.end())
      for (const TaskInstanceId parent : it->second)
        if (const Located at = locate(parent); at.run) stack.push_back(at.run->row.id);
  }
  return false;
}

void Core::attach(Run& parent, InstanceIndex i, Run& child) {
  Instance& ti = parent.instances[i];
  ++ti.row.try_number;
  store_output(parent, i, run_id_key, to_json_string(child.row.run_id));
  store_output(parent, i, run_key, std::to_string(child.row.id.value));
  ti.row.started_at = now.wall;
  if (!std::get<TriggerDagAction>(parent.dag->tasks[ti.row.task].action).wait)
    return succeed(parent, i, "started " + child.row.run_id);
  move(parent, i, TaskState::deferred, "waits for " + child.row.run_id);
  ti.row.started_at = now.wall;
  ti.child = child.row.id;
  parents[child.row.id].insert(ti.row.id);
}

void Core::child_ended(const Run& child) {
  const auto it = parents.find(child.row.id);
  if (it == parents.end()) return;
  for (const TaskInstanceId id : std::set<TaskInstanceId>(it->second)) {
    const Located at = locate(id);
    if (!at.run) continue;
    if (child.row.state == RunState::success)
      succeed(*at.run, at.index, child.row.run_id + " succeeded");
    else
      fail_or_retry(*at.run, at.index, {Outcome::failed, "child_run", child.row.run_id + " failed", -1}, 0);
  }
}

void Core::resume_trigger(Run& run, InstanceIndex i) {
  if (run.instances[i].row.state == TaskState::scheduled) return trigger(run, i);
  std::int64_t child = 0;
  if (const auto it = run.outputs.find({i, run_key}); it != run.outputs.end())
    std::from_chars(it->second.data(), it->second.data() + it->second.size(), child);
  run.instances[i].child = RunId{child};
  parents[RunId{child}].insert(run.instances[i].row.id);
  with_run(RunId{child}, [this, id = run.instances[i].row.id](Run* found) {
    const Located at = locate(id);
    if (!at.run || at.run->instances[at.index].row.state != TaskState::deferred) return;
    if (found && !is_final(found->row.state)) return;
    if (found) return child_ended(*found);
    fail_or_retry(*at.run, at.index, {Outcome::failed, "child_run", "its child run is gone", -1}, 0);
  });
}

}  // namespace millrace
