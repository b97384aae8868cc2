#include "api/routes/table.h"

namespace millrace {
namespace {

namespace h = handlers;

// clang-format off: a line says who may ask what, the next what it is
const Route table[] = {
    {"GET", API "/monitor/health", anyone, h::health,
     {.id = "get_health",
      .summary = "Say whether all is well",
      .about = "Open to all. Figures are only for those with a token.",
      .reply = "Health"}},
    {"GET", API "/version", anyone, h::version,
     {.id = "get_version", .summary = "Say which version this is", .reply = "Version"}},
    {"GET", "/metrics", viewer_of_all, h::metrics,
     {.id = "get_metrics",
      .summary = "Get the metrics in Prometheus' text format",
      .also = "text/plain"}},
    {"GET", "/openapi.json", viewer_open, h::openapi,
     {.id = "get_openapi", .summary = "Get this document", .reply = "Document", .also = "304"}},
    {"GET", API "/openapi.json", viewer_open, h::openapi,
     {.id = "get_openapi_below_base",
      .summary = "Get this document below the base path",
      .reply = "Document",
      .also = "304"}},
    {"GET", "/docs", viewer_open, h::docs_page,
     {.id = "get_docs",
      .summary = "Get a page of this document for people",
      .also = "text/html 303:text/html 304"},
     RouteKind::page},
    {"GET", "/docs/{docs_file}", viewer_open, h::docs_file,
     {.id = "get_docs_file",
      .summary = "Get a part of that page",
      .also = "text/javascript text/css text/html image/svg+xml 304"}},
};
// clang-format on

}  // namespace

Resource monitor_routes() { return {"Monitor", "Health, version, and this document.", table}; }

}  // namespace millrace
