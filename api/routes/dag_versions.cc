#include "api/routes/table.h"

namespace millrace {
namespace {

namespace h = handlers;

// clang-format off: a line says who may ask what, the next what it is
const Route table[] = {
    {"GET", DAG "/dagVersions", viewer, h::list_dag_versions,
     {.id = "get_dag_versions",
      .summary = "List the versions of a DAG",
      .query = "limit offset order_by:version version_number:one bundle_name bundle_version",
      .reply = "DagVersionCollection"}},
    {"GET", DAG "/dagVersions/{version_number}", viewer, h::get_dag_version,
     {.id = "get_dag_version", .summary = "Get a version of a DAG", .reply = "DagVersion"}},
    {"GET", API "/dagSources/{dag_id}", viewer, h::dag_source,
     {.id = "get_dag_source",
      .summary = "Get the text of a DAG",
      .about = "With `Accept: text/plain` the file itself.",
      .query = "version_number",
      .reply = "DagSource",
      .also = "text/plain"}},
    {"PUT", API "/parseDagFile/{file_token}", author, h::parse_dag_file,
     {.id = "reparse_dag_file",
      .summary = "Look at the DAG folder now",
      .reply = "Nothing",
      .status = 201}},
    {"GET", API "/importErrors", viewer_filtered, h::list_import_errors,
     {.id = "get_import_errors",
      .summary = "List the files of the DAG folder that are refused",
      .query = "limit offset filename filename_pattern filename_prefix_pattern bundle_name",
      .reply = "ImportErrorCollection"}},
    {"GET", API "/importErrors/{import_error_id}", viewer_filtered, h::get_import_error,
     {.id = "get_import_error", .summary = "Get an import error", .reply = "ImportError"}},
};
// clang-format on

}  // namespace

Resource dag_version_routes() {
  return {"DAG versions and sources",
          "Each submit that changes a DAG makes a version; a run keeps the one it began with.", table};
}

}  // namespace millrace
