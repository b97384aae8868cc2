#include "api/routes/table.h"

namespace millrace {
namespace {

namespace h = handlers;

// clang-format off: a line says who may ask what, the next what it is
const Route table[] = {
    {"GET", API "/backfills", viewer_filtered, h::list_backfills,
     {.id = "list_backfills",
      .summary = "List backfills",
      .query = "limit offset order_by:backfill dag_id state:backfill",
      .reply = "BackfillCollection"}},
    {"POST", API "/backfills", operator_filtered, h::create_backfill,
     {.id = "create_backfill",
      .summary = "Create a backfill",
      .about = "With the `revision` of a dry run: 409 with the dates that would now be treated otherwise.",
      .body = "BackfillWish",
      .reply = "Backfill",
      .refuses = "404"}},
    {"POST", API "/backfills/dry_run", viewer_filtered, h::dry_run_backfill,
     {.id = "create_backfill_dry_run",
      .summary = "Show what a backfill would do, date by date",
      .query = "limit offset",
      .body = "BackfillWish",
      .reply = "BackfillPlan",
      .refuses = "404"}},
    {"GET", BACKFILL, viewer_filtered, h::get_backfill,
     {.id = "get_backfill", .summary = "Get a backfill", .reply = "Backfill"}},
    {"GET", BACKFILL "/items", viewer_filtered, h::list_backfill_items,
     {.id = "get_backfill_items",
      .summary = "List the dates of a backfill",
      .query = "limit offset order_by:backfill_item state:backfill_item",
      .reply = "BackfillItemCollection"}},
    {"GET", BACKFILL "/dagRuns", viewer_filtered, h::backfill_matrix,
     {.id = "get_backfill_matrix",
      .summary = "Get the dates of a backfill as one letter each",
      .query = "from:dates to:dates",
      .reply = "BackfillMatrix"}},
    {"GET", BACKFILL "/failures", viewer_filtered, h::backfill_failures,
     {.id = "get_backfill_failures",
      .summary = "Group the failed dates of a backfill by cause",
      .reply = "BackfillFailures"}},
    {"PUT", BACKFILL "/pause", operator_filtered, h::pause_backfill,
     {.id = "pause_backfill", .summary = "Pause a backfill: no further run starts", .reply = "Backfill"}},
    {"PUT", BACKFILL "/unpause", operator_filtered, h::unpause_backfill,
     {.id = "unpause_backfill", .summary = "Let a paused backfill go on", .reply = "Backfill"}},
    {"PUT", BACKFILL "/cancel", operator_filtered, h::cancel_backfill,
     {.id = "cancel_backfill", .summary = "Cancel a backfill", .query = "mode:cancel", .reply = "Backfill"}},
    {"POST", BACKFILL "/retryFailed", operator_filtered, h::retry_backfill,
     {.id = "retry_backfill",
      .summary = "Run the failed and cancelled dates of a backfill again",
      .reply = "Backfill"}},
};
// clang-format on

}  // namespace

Resource backfill_routes() {
  return {"Backfills", "Runs for past dates: planned, paused, cancelled and watched as one.", table};
}

}  // namespace millrace
