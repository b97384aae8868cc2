#include "api/routes/table.h"

namespace millrace {
namespace {

namespace h = handlers;

// clang-format off: a line says who may ask what, the next what it is
const Route table[] = {
    {"GET", API "/eventLogs", viewer, h::list_event_logs,
     {.id = "get_event_logs",
      .summary = "List events",
      .query = "limit offset order_by:event dag_id run_id after",
      .reply = "EventLogCollection"}},
    {"GET", API "/eventLogs/{event_log_id}", viewer, h::get_event_log,
     {.id = "get_event_log", .summary = "Get an event", .reply = "EventLog"}},
};
// clang-format on

}  // namespace

Resource event_log_routes() {
  return {"Event log", "The append-only record of every move and its cause.", table};
}

}  // namespace millrace
