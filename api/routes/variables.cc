#include "api/routes/table.h"

namespace millrace {
namespace {

namespace h = handlers;

// clang-format off: a line says who may ask what, the next what it is
const Route table[] = {
    {"GET", API "/variables", viewer_of_all, h::list_variables,
     {.id = "get_variables",
      .summary = "List variables",
      .about = "A value whose name looks secret is shown as `***`.",
      .query = "limit offset order_by:variable variable_key_pattern variable_key_prefix_pattern",
      .reply = "VariableCollection"}},
    {"POST", API "/variables", operator_of_all, h::create_variable,
     {.id = "post_variable",
      .summary = "Create a variable",
      .body = "VariableWish",
      .reply = "Variable",
      .status = 201,
      .refuses = "409"}},
    {"PATCH", API "/variables", operator_of_all, h::bulk_variables,
     {.id = "bulk_variables",
      .summary = "Create, change and delete variables",
      .body = "BulkWish",
      .reply = "BulkResult"}},
    {"GET", API "/variables/{variable_key}", viewer_of_all, h::get_variable,
     {.id = "get_variable", .summary = "Get a variable", .reply = "Variable"}},
    {"PATCH", API "/variables/{variable_key}", operator_of_all, h::patch_variable,
     {.id = "patch_variable",
      .summary = "Change a variable",
      .query = "update_mask:variable",
      .body = "VariablePatch",
      .reply = "Variable",
      .refuses = "400"}},
    {"DELETE", API "/variables/{variable_key}", operator_of_all, h::delete_variable,
     {.id = "delete_variable", .summary = "Delete a variable", .status = 204}},
};
// clang-format on

}  // namespace

Resource variable_routes() {
  return {"Variables", "Texts under names, kept for Airflow's clients; no task reads them by itself.", table};
}

}  // namespace millrace
