#include "api/routes/table.h"

namespace millrace {
namespace {

namespace h = handlers;

// clang-format off: a line says who may ask what, the next what it is
const Route table[] = {
    {"GET", DAG "/dagRuns", viewer_filtered, h::list_runs,
     {.id = "get_dag_runs",
      .summary = "List runs",
      .about = "`~` as the DAG lists the runs of all.",
      .query = "limit offset cursor order_by:run state:run run_type run_dates dates durations "
               "run_id_pattern run_id_prefix_pattern run_id_prefix dag_ids dag_id_pattern "
               "dag_id_prefix_pattern triggering_user_name_pattern triggering_user_name_prefix_pattern "
               "conf_contains dag_version bundle_version backfill_id",
      .reply = "DagRunCollection"}},
    {"POST", DAG "/dagRuns/list", viewer_filtered, h::list_runs_batch,
     {.id = "get_list_dag_runs_batch",
      .summary = "List runs by filters in a body",
      .body = "DagRunsBatch",
      .reply = "DagRunCollection"}},
    {"POST", DAG "/dagRuns", operator_, h::trigger_run,
     {.id = "trigger_dag_run",
      .summary = "Trigger a run",
      .about = "Answered after the run is on disk.",
      .body = "TriggerDagRun",
      .reply = "DagRun"}},
    {"GET", RUN, viewer, h::get_run,
     {.id = "get_dag_run", .summary = "Get a run with its counts by task state", .reply = "DagRunDetails"}},
    {"PATCH", RUN, operator_, h::patch_run,
     {.id = "patch_dag_run",
      .summary = "Mark a run, queue it again, or note something",
      .query = "update_mask:run",
      .body = "DagRunPatch",
      .reply = "DagRun",
      .refuses = "400"}},
    {"DELETE", RUN, operator_, h::delete_run,
     {.id = "delete_dag_run",
      .summary = "Delete a finished run with its tries, outputs and logs",
      .about = "Not while it is active. Its events stay.",
      .status = 204,
      .refuses = "409"}},
    {"GET", RUN "/wait", viewer, h::wait_for_run,
     {.id = "wait_dag_run_until_finished",
      .summary = "Answer when a run is final",
      .query = "interval result",
      .reply = "EndedRun",
      .also = "application/x-ndjson",
      .refuses = "503"}},
    {"POST", RUN "/clear", operator_, h::clear_run,
     {.id = "clear_dag_run",
      .summary = "Clear the tasks of a run",
      .about = "Shows first: `dry_run` is true unless said otherwise. A dry run answers with the task "
               "instances, a real one with the run.",
      .body = "ClearDagRun",
      .reply = "ClearedRunOrTaskInstances"}},
    {"POST", RUN "/cancel", operator_, h::cancel_run,
     {.id = "cancel_dag_run",
      .summary = "Cancel a run: its tasks are ended, the run fails",
      .reply = "DagRun"}},
    {"POST", DAG "/clearTaskInstances", operator_, h::clear_task_instances,
     {.id = "post_clear_task_instances",
      .summary = "Clear task instances",
      .about = "Of a run, of those before or after it, or of a span of dates; all of it in one transaction. "
               "Shows first: `dry_run` is true unless said otherwise.",
      .body = "ClearTaskInstances",
      .reply = "TaskInstanceCollection",
      .refuses = "409"}},
};
// clang-format on

}  // namespace

Resource dag_run_routes() {
  return {"DAG runs", "One run of a DAG for one execution date (Airflow 3: logical date).", table};
}

}  // namespace millrace
