#include "api/routes/table.h"

namespace millrace {
namespace {

namespace h = handlers;

// clang-format off: a line says who may ask what, the next what it is
const Route table[] = {
    {"GET", API "/dags", viewer_filtered, h::list_dags,
     {.id = "get_dags",
      .summary = "List DAGs",
      .query = "limit offset order_by:dag dag_filters dag_run_filters",
      .reply = "DagCollection"}},
    {"PATCH", API "/dags", operator_filtered, h::patch_dags,
     {.id = "patch_dags",
      .summary = "Pause or unpause DAGs",
      .about = "Those that the filters find, a page at a time.",
      .query = "limit offset order_by:dag dag_filters dag_run_filters update_mask:dag",
      .body = "DagPatch",
      .reply = "DagCollection",
      .refuses = "400"}},
    {"POST", API "/dags", author, h::submit_dag,
     {.id = "submit_dag",
      .summary = "Submit or update a DAG",
      .about = "Every mistake of the file is told at once, with its place. 201: a new version; 200: it was "
               "there already.",
      .body = "DagFile",
      .reply = "SubmittedDag",
      .also = "201",
      .refuses = "409"},
     RouteKind::yaml},
    {"POST", API "/dags/validate", author, h::validate_dag,
     {.id = "validate_dag",
      .summary = "Check a DAG file and change nothing",
      .query = "preview",
      .body = "DagFile",
      .reply = "ValidatedDag"},
     RouteKind::yaml},
    {"GET", DAG, viewer, h::get_dag, {.id = "get_dag", .summary = "Get a DAG", .reply = "Dag"}},
    {"PATCH", DAG, operator_, h::patch_dag,
     {.id = "patch_dag",
      .summary = "Pause or unpause a DAG",
      .query = "update_mask:dag",
      .body = "DagPatch",
      .reply = "Dag",
      .refuses = "400"}},
    {"DELETE", DAG, dag_author, h::delete_dag,
     {.id = "delete_dag",
      .summary = "Delete a DAG; its history stays",
      .about = "Not while a run of it is active.",
      .status = 204,
      .refuses = "409"}},
    {"GET", DAG "/details", viewer, h::get_dag_details,
     {.id = "get_dag_details",
      .summary = "Get a DAG with its parameters and datasets",
      .reply = "DagDetails"}},
    {"GET", DAG "/tasks", viewer, h::list_tasks,
     {.id = "get_tasks", .summary = "List the tasks of a DAG", .reply = "TaskCollection"}},
    {"GET", DAG "/tasks/{task_id}", viewer, h::get_task,
     {.id = "get_task", .summary = "Get a task of a DAG", .reply = "Task"}},
    {"GET", DAG "/schedule/preview", viewer, h::schedule_preview,
     {.id = "preview_schedule",
      .summary = "Preview the next runs of a DAG",
      .query = "count from",
      .reply = "TickCollection"}},
    {"GET", API "/dagStats", viewer_filtered, h::dag_stats,
     {.id = "get_dag_stats",
      .summary = "Count the runs of DAGs by state",
      .query = "dag_ids",
      .reply = "DagStatsCollection"}},
    {"GET", API "/dagTags", viewer_filtered, h::list_dag_tags,
     {.id = "get_dag_tags",
      .summary = "List the tags of all DAGs",
      .query = "limit offset order_by:tag tag_name_pattern tag_name_prefix_pattern",
      .reply = "DagTagCollection"}},
    {"GET", API "/dagWarnings", viewer_filtered, h::list_dag_warnings,
     {.id = "list_dag_warnings",
      .summary = "List what will keep tasks waiting: pools that don't exist",
      .query = "limit offset dag_id warning_type",
      .reply = "DagWarningCollection"}},
};
// clang-format on

}  // namespace

Resource dag_routes() {
  return {"DAGs", "Pipelines: their newest versions, whether they are paused, when they run next.", table};
}

}  // namespace millrace
