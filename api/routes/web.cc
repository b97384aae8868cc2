#include "api/routes/table.h"

namespace millrace {
namespace {

namespace h = handlers;

// clang-format off: a line says who may ask what, the next what it is
const Route table[] = {
    {"GET", "/", viewer_open, h::web_page,
     {.id = "get_home", .summary = "Show the first page", .also = "text/html 303:text/html 304"},
     RouteKind::page},
    {"GET", "/{page*}", viewer_open, h::web_page,
     {.id = "get_page",
      .summary = "Show a page of the web UI",
      .about = "Such as /dags/etl: what follows its name is the page's own. All are one HTML document.",
      .also = "text/html 303:text/html 304"},
     RouteKind::page},
    {"GET", "/assets/{asset_file}", viewer_open, h::web_asset,
     {.id = "get_web_asset",
      .summary = "Get a part of the web UI",
      .also = "text/javascript text/css font/woff2 image/svg+xml 304"}},
    {"GET", "/theme.js", viewer_open, h::web_file,
     {.id = "get_web_theme",
      .summary = "Get the script that sets a page's theme",
      .also = "text/javascript 304"}},
    {"GET", "/favicon.svg", anyone, h::web_file,
     {.id = "get_favicon",
      .summary = "Get the icon of all pages, the login page too",
      .also = "image/svg+xml 304"}},
};
// clang-format on

}  // namespace

Resource web_routes() { return {"Web UI", "The pages that a browser shows, and their parts.", table}; }

}  // namespace millrace
