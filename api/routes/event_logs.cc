#include "api/routes/table.h"

namespace millrace {
namespace {

namespace h = handlers;

// clang-format off: a line says who may ask what, the next what it is
const Route table[] = {
    {"GET", API "/eventLogs", viewer_filtered, h::list_event_logs,
     {.id = "get_event_logs",
      .summary = "List events",
      .about = "Served by an index for a DAG, a run, an owner and a time; other filters look through what "
               "those leave, or through the newest million lines.",
      .query = "limit offset order_by:event dag_id run_id task_id map_index:event try_number:one owner "
               "owner_pattern owner_prefix_pattern event included_events excluded_events after before "
               "event_pattern event_prefix_pattern dag_id_pattern dag_id_prefix_pattern task_id_pattern "
               "task_id_prefix_pattern",
      .reply = "EventLogCollection"}},
    {"GET", API "/eventLogs/{event_log_id}", viewer_filtered, h::get_event_log,
     {.id = "get_event_log", .summary = "Get an event", .reply = "EventLog"}},
};
// clang-format on

}  // namespace

Resource event_log_routes() {
  return {"Event log", "The append-only record of every move and its cause.", table};
}

}  // namespace millrace
