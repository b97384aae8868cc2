#include "api/routes/table.h"

namespace millrace {
namespace {

namespace h = handlers;

// clang-format off: a line says who may ask what, the next what it is
const Route table[] = {
    {"GET", API "/ui/overview", viewer_filtered, h::ui_overview,
     {.id = "get_ui_overview",
      .summary = "Show what goes on",
      .about = "Counters, what needs attention, and the runs of all DAGs with planned ones.",
      .query = "window",
      .reply = "UiOverview"}},
    {"GET", API "/ui/dags", viewer_filtered, h::ui_dags,
     {.id = "get_ui_dags",
      .summary = "List DAGs with their last runs",
      .query = "limit:ui offset q:dag tag owners state:dag sort:dag",
      .reply = "UiDags"}},
    {"GET", API "/ui/dags/{dag_id}/grid", viewer, h::ui_grid,
     {.id = "get_ui_grid",
      .summary = "Show the grid of a DAG",
      .about = "One byte for each task of each run; with `Accept: application/octet-stream` as a frame.",
      .query = "end runs:grid",
      .reply = "UiGrid",
      .also = "application/octet-stream"}},
    {"GET", API "/ui/dags/{dag_id}/graph", viewer, h::ui_graph,
     {.id = "get_ui_graph",
      .summary = "Show the graph of a DAG version",
      .query = "version:graph",
      .reply = "UiGraph"}},
    {"GET", API "/ui/dags/{dag_id}/versions/diff", viewer, h::ui_versions_diff,
     {.id = "get_ui_versions_diff",
      .summary = "Compare two versions of a DAG",
      .about = "The newest with the one before it by default.",
      .query = "from_version to_version",
      .reply = "UiVersionsDiff"}},
    {"GET", API "/ui/dags/{dag_id}/calendar", viewer, h::ui_calendar,
     {.id = "get_ui_calendar",
      .summary = "Show a year of a DAG",
      .query = "year",
      .reply = "UiCalendar"}},
    {"GET", API "/ui/dags/{dag_id}/durations", viewer, h::ui_durations,
     {.id = "get_ui_durations",
      .summary = "Show how long tasks took",
      .query = "runs:durations",
      .reply = "UiDurations"}},
    {"GET", API "/ui/dags/{dag_id}/dagRuns/{run_id}/timeline", viewer, h::ui_run_timeline,
     {.id = "get_ui_run_timeline",
      .summary = "Show the timeline of a run",
      .reply = "UiRunTimeline"}},
    {"GET", API "/ui/queue", viewer_filtered, h::ui_queue,
     {.id = "get_ui_queue",
      .summary = "List what waits, in start order",
      .about = "Task instances that wait for admission; runs that wait for a place; dates of backfills.",
      .query = "limit",
      .reply = "UiQueue"}},
    {"GET", API "/timeline", viewer_filtered, h::resource_timeline,
     {.id = "get_timeline",
      .summary = "Show who used what when",
      .about = "Attempts by device and pool; the last 6 hours by default.",
      .query = "from:timeline to",
      .reply = "Timeline"}},
    {"GET", API "/workers", viewer_of_all, h::list_workers,
     {.id = "get_workers",
      .summary = "List the machines that run tasks",
      .reply = "WorkerCollection"}},
};
// clang-format on

}  // namespace

Resource ui_routes() {
  return {"Screens and capacity", "What the web pages read; docs/ui-api.md. May change with them.", table};
}

}  // namespace millrace
