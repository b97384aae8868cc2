#include "api/routes/table.h"

namespace millrace {
namespace {

namespace h = handlers;

constexpr std::string_view about =
    "Server-sent events: `run ti backfill dataset capacity dag log audit`. `id:` is the number of the event; "
    "with it as Last-Event-ID a reader goes on where it was. `reset`: read anew what you show; `resync`: you "
    "are too slow, come back.";

// clang-format off: a line says who may ask what, the next what it is
const Route table[] = {
    {"GET", "/events", viewer_filtered, h::events,
     {.id = "stream_events",
      .summary = "Follow what happens",
      .about = about,
      .query = "topics dag_id:stream merge last_event_id",
      .headers = "Last-Event-ID",
      .also = "text/event-stream",
      .refuses = "503"}},
    {"GET", API "/events", viewer_filtered, h::events,
     {.id = "stream_events_below_base",
      .summary = "Follow what happens, below the base path",
      .about = about,
      .query = "topics dag_id:stream merge last_event_id",
      .headers = "Last-Event-ID",
      .also = "text/event-stream",
      .refuses = "503"}},
};
// clang-format on

}  // namespace

Resource stream_routes() { return {"Event stream", "What happens, as it happens.", table}; }

}  // namespace millrace
