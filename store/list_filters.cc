#include "store/list_filters.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace {
namespace {

/// Who triggered a run, as a reader of some DAGs may know it: see without_others().
constexpr std::string_view shown_trigger =
    "iif(triggered_by LIKE 'task %/%' AND substr(triggered_by, 6, instr(triggered_by, '/') - 6) NOT IN {},"
    " 'a task of another DAG', triggered_by)";

bool is_active(TaskState state) { return !is_final(state); }

/// Of the DAGs whose names match: there are few of those, and a prefix is a stretch of their order. The `+`
/// keeps the planner to the order of the page, in which a match is never far; few rows were narrowed before.
void of_dags(Where& where, std::string_view column, const TextMatch& match) {
  if (!match.like.empty())
    where.matches(fmt::format("+{} IN (SELECT dag_id FROM dag WHERE dag_id LIKE '%' || {{}} || '%')", column),
                  match.like);
  if (!match.prefix.empty())
    where.matches(fmt::format("+{0} IN (SELECT dag_id FROM dag WHERE dag_id >= {{0}} AND dag_id < {{0}} || "
                              "char(1114111))", column),
                  match.prefix);
}

constexpr std::string_view dag_of_run = "(SELECT dag_id FROM dag_run WHERE id = dag_run_id)";
constexpr std::string_view name_of_run = "(SELECT run_id FROM dag_run WHERE id = dag_run_id)";

}  // namespace

Where where_of(const RunFilter& filter, const Narrowing& only) {
  Where where;
  // The plus keeps the planner from the index of dag_id.
  if (only.scope != nullptr) where.within(only.most ? "+dag_id" : "dag_id", *only.scope);
  if (!filter.dag_id.empty()) where.equals("dag_id", filter.dag_id);
  where.one_of("dag_id", filter.dag_ids);
  // The words of the partial index, so that it serves.
  const auto active = [](RunState state) { return !is_final(state); };
  if (!filter.states.empty() && std::ranges::all_of(filter.states, active))
    where.require("state IN ('queued', 'running')");
  if (filter.states == std::vector{RunState::failed}) {
    where.require("state = 'failed'");
  } else {
    where.one_of("state", filter.states);
  }
  where.one_of("run_type", filter.types);
  where.at_least("execution_date", filter.execution_date_from);
  where.at_most("execution_date", filter.execution_date_to);
  where.at_least("queued_at", filter.queued_from);
  where.at_most("queued_at", filter.queued_to);
  where.between(run_after_of_run, filter.run_after);
  where.between("start_date", filter.started);
  where.between("end_date", filter.ended);
  where.between("end_date - start_date", filter.duration);
  where.starts_with("+run_id", filter.run_id_prefix);
  where.text("+run_id", filter.run_id);
  of_dags(where, "dag_id", filter.dag);
  if (!filter.by.like.empty() || !filter.by.prefix.empty())
    where.text(only.scope == nullptr ? "triggered_by" : where.with(shown_trigger, *only.scope), filter.by);
  where.contains("params", filter.conf_contains);
  if (filter.version_number > 0)
    where.matches("dag_version_id IN (SELECT id FROM dag_version WHERE dag_id = dag_run.dag_id AND number = "
                  "CAST({} AS INTEGER))",
                  std::to_string(filter.version_number));
  if (!filter.version_hash.empty())
    where.matches(
        "dag_version_id IN (SELECT id FROM dag_version WHERE dag_id = dag_run.dag_id AND hash = {})",
        filter.version_hash);
  if (filter.backfill) where.equals("backfill_id", filter.backfill.value);
  return where;
}

Where where_of(const TaskInstanceFilter& filter, bool by_id, const Narrowing& only) {
  Where where;
  if (filter.run) where.equals("dag_run_id", filter.run.value);
  if (filter.runs) {
    std::vector<std::int64_t> ids{0};  // no run has it: an empty list finds nothing
    for (const RunId id : *filter.runs) ids.push_back(id.value);
    where.one_of("dag_run_id", ids);
  }
  if (!filter.dag_id.empty() && !filter.run && !filter.runs && !by_id) where.through_runs_of(filter.dag_id);
  else if (!filter.dag_id.empty())
    where.matches("dag_run_id IN (SELECT id FROM dag_run WHERE dag_id = {})", filter.dag_id);
  if (!filter.task_id.empty()) where.equals("task_id", filter.task_id);
  where.one_of("task_id", filter.task_ids);
  // Only active runs have active instances: few rows of a partial index instead of all of history.
  const bool everywhere = !filter.run && !filter.runs && filter.dag_id.empty();
  const bool of_active =
      everywhere && !filter.states.empty() && std::ranges::all_of(filter.states, is_active);
  if (of_active)
    where.require("dag_run_id IN (SELECT id FROM dag_run WHERE state IN ('queued', 'running'))");
  const bool gather = everywhere && !of_active && !only.most;
  if (only.scope != nullptr && gather && !by_id) {
    where.through_runs_of(*only.scope, only.runs);
  } else if (only.scope != nullptr && gather) {
    where.require(where.with("dag_run_id IN (SELECT id FROM dag_run WHERE dag_id IN {})", *only.scope));
  } else if (only.scope != nullptr) {
    where.require(where.with("(SELECT dag_id FROM dag_run WHERE id = dag_run_id) IN {}", *only.scope));
  }
  if (filter.states == std::vector{TaskState::failed}) {
    where.require("state = 'failed'");
  } else {
    where.one_of("state", filter.states);
  }
  where.one_of("pool", filter.pools);
  where.one_of("try_number", filter.try_numbers);
  where.one_of("map_index", filter.map_indexes);
  if (filter.mapped) where.require("map_index >= 0");
  where.between("execution_date", filter.execution_date);
  where.between(fmt::format("(SELECT {} FROM dag_run WHERE id = dag_run_id)", run_after_of_run),
                filter.run_after);
  where.between("start_date", filter.started);
  where.between("end_date", filter.ended);
  where.between("end_date - start_date", filter.duration);
  where.text("task_id", filter.task);
  where.text("pool", filter.pool);
  of_dags(where, dag_of_run, filter.dag);
  where.text(name_of_run, filter.run_id);
  where.one_of("(SELECT number FROM dag_version WHERE id = (SELECT dag_version_id FROM dag_run WHERE id = "
               "dag_run_id))",
               filter.version_numbers);
  where.one_of(dag_of_run, filter.dag_ids);
  return where;
}

Where where_of(const EventFilter& filter, const Scope* scope) {
  Where where;
  if (scope != nullptr) where.within("dag_id", *scope);
  if (filter.run) where.equals("dag_run_id", filter.run.value);
  if (!filter.dag_id.empty()) where.equals("dag_id", filter.dag_id);
  if (filter.task_instance) where.equals("task_instance_id", filter.task_instance.value);
  if (!filter.task_id.empty())
    where.matches("(SELECT task_id FROM task_instance WHERE id = task_instance_id) = {}", filter.task_id);
  if (filter.map_index)
    where.one_of("(SELECT map_index FROM task_instance WHERE id = task_instance_id)",
                 std::vector{*filter.map_index});
  if (filter.try_number)
    where.one_of("(SELECT try_number FROM task_attempt WHERE id = task_attempt_id)",
                 std::vector{*filter.try_number});
  where.one_of("kind", filter.kinds);
  where.one_of("kind", filter.not_kinds, true);
  if (!filter.owner.empty()) {
    where.require("owner <> ''");  // the words of the partial index
    where.equals("owner", filter.owner);
  }
  where.text("owner", filter.by);
  where.text("kind", filter.kind);
  of_dags(where, "dag_id", filter.dag);
  where.text("(SELECT task_id FROM task_instance WHERE id = task_instance_id)", filter.task);
  if (filter.after_seq > 0) where.more_than("seq", filter.after_seq);
  return where;
}

}  // namespace millrace
