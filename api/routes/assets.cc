#include "api/routes/table.h"

namespace millrace {
namespace {

namespace h = handlers;

#define ASSET API "/assets/{asset_id}"

// clang-format off: a line says who may ask what, the next what it is
const Route table[] = {
    {"GET", API "/assets", viewer_filtered, h::list_assets,
     {.id = "get_assets",
      .summary = "List assets: datasets by Airflow's name",
      .query = "limit offset order_by:asset name_pattern name_prefix_pattern uri_pattern uri_prefix_pattern"
               " dag_ids only_active",
      .reply = "AssetCollection"}},
    {"GET", API "/assets/aliases", viewer_filtered, h::list_asset_aliases,
     {.id = "get_asset_aliases",
      .summary = "List asset aliases: there are none",
      .query = "limit offset",
      .reply = "AssetAliasCollection"}},
    {"GET", API "/assets/aliases/{asset_alias_id}", viewer_filtered, h::get_asset_alias,
     {.id = "get_asset_alias", .summary = "Get an asset alias: there are none", .reply = "AssetAlias"}},
    {"GET", API "/assets/events", viewer_filtered, h::list_asset_events,
     {.id = "get_asset_events",
      .summary = "List asset events with the runs they fed",
      .query = "limit offset order_by:asset_event asset_id name_pattern name_prefix_pattern source_dag_id"
               " source_task_id source_run_id source_map_index timestamps",
      .reply = "AssetEventCollection"}},
    {"POST", API "/assets/events", operator_of_all, h::create_asset_event,
     {.id = "create_asset_event",
      .summary = "Say that a partition of an asset was made elsewhere",
      .body = "CreateAssetEvent",
      .reply = "AssetEvent",
      .refuses = "404"}},
    {"GET", ASSET, viewer_filtered, h::get_asset,
     {.id = "get_asset", .summary = "Get an asset", .reply = "Asset"}},
    {"POST", ASSET "/materialize", operator_filtered, h::materialize_asset,
     {.id = "materialize_asset",
      .summary = "Run the DAG that makes an asset",
      .body = "TriggerDagRun",
      .reply = "DagRun",
      .refuses = "409"}},
    {"GET", ASSET "/queuedEvents", viewer_filtered, h::list_queued_events,
     {.id = "get_asset_queued_events",
      .summary = "List the events of an asset that wait for a run",
      .query = "before",
      .reply = "QueuedEventCollection"}},
    {"DELETE", ASSET "/queuedEvents", operator_of_all, h::delete_queued_events,
     {.id = "delete_asset_queued_events",
      .summary = "Take the events of an asset out of the queues; on record they are skipped",
      .query = "before",
      .status = 204}},
    {"GET", DAG "/assets/queuedEvents", viewer, h::list_queued_events,
     {.id = "get_dag_asset_queued_events",
      .summary = "List the events that wait for a run of this DAG",
      .query = "before",
      .reply = "QueuedEventCollection"}},
    {"DELETE", DAG "/assets/queuedEvents", operator_, h::delete_queued_events,
     {.id = "delete_dag_asset_queued_events",
      .summary = "Take the events that wait for this DAG out of the queue; on record they are skipped",
      .query = "before",
      .status = 204}},
    {"GET", DAG "/assets/{asset_id}/queuedEvents", viewer, h::get_queued_event,
     {.id = "get_dag_asset_queued_event",
      .summary = "Get the oldest event of an asset that waits for this DAG",
      .query = "before",
      .reply = "QueuedEvent"}},
    {"DELETE", DAG "/assets/{asset_id}/queuedEvents", operator_, h::delete_queued_events,
     {.id = "delete_dag_asset_queued_event",
      .summary = "Take the events of an asset out of this DAG's queue; on record they are skipped",
      .query = "before",
      .status = 204}},
    {"GET", RUN "/upstreamAssetEvents", viewer, h::list_upstream_asset_events,
     {.id = "get_upstream_asset_events",
      .summary = "List the asset events that fed a run",
      .reply = "AssetEventCollection"}},
};
// clang-format on

}  // namespace

Resource asset_routes() {
  return {"Assets", "Datasets as Airflow's clients know them, and what became of their events.", table};
}

}  // namespace millrace
