#include "api/routes/table.h"

namespace millrace {
namespace {

namespace h = handlers;

#define DATASET API "/datasets/{dataset}"

// clang-format off: a line says who may ask what, the next what it is
const Route table[] = {
    {"GET", API "/datasets", viewer_filtered, h::list_datasets,
     {.id = "get_datasets",
      .summary = "List datasets with their newest version",
      .query = "limit offset order_by:asset name_pattern",
      .reply = "DatasetCollection"}},
    {"GET", DATASET, viewer_filtered, h::get_dataset,
     {.id = "get_dataset", .summary = "Get a dataset", .reply = "Dataset"}},
    {"GET", DATASET "/versions", viewer_filtered, h::list_dataset_versions,
     {.id = "get_dataset_versions",
      .summary = "List the versions of a dataset, newest first",
      .about = "Each write is a version, also one of equal content.",
      .query = "limit offset order_by:dataset_version partition version",
      .reply = "DatasetVersionCollection"}},
    {"GET", DATASET "/versions/{version}", viewer_filtered, h::get_dataset_version,
     {.id = "get_dataset_version",
      .summary = "Get a version with what its producer read and who has read it",
      .reply = "DatasetVersionDetails",
      .refuses = "409"}},
    {"GET", DATASET "/partitions", viewer_filtered, h::list_dataset_partitions,
     {.id = "get_dataset_partitions",
      .summary = "List the partitions of a dataset with the newest version of each, newest partition first",
      .query = "limit offset order_by:dataset_partition",
      .reply = "DatasetPartitionCollection"}},
    {"GET", API "/lineage", viewer_filtered, h::get_lineage,
     {.id = "get_lineage",
      .summary = "Show where data comes from and what was made of it",
      .about = "Datasets, tasks and DAGs by the current definitions; versions and attempts as recorded.",
      .query = "node depth direction",
      .reply = "Lineage",
      .refuses = "404 409"}},
    {"GET", RUN "/manifest", viewer, h::get_manifest,
     {.id = "get_dag_run_manifest",
      .summary = "Get all that a run was made from and what it made",
      .reply = "RunManifest",
      .refuses = "422"}},
};
// clang-format on

}  // namespace

Resource dataset_routes() {
  return {"Datasets", "Versions of what tasks write, who wrote and read them, and what a run was made from.",
          table};
}

}  // namespace millrace
