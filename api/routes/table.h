#pragma once

#include "api/handlers.h"
#include "api/routes.h"

/// What the files of this folder share. Each holds the routes of one resource; routes.cc joins them.
namespace millrace {

inline constexpr Needs anyone = Needs::nothing();
inline constexpr Needs viewer = Needs::role(Role::viewer);
inline constexpr Needs operator_ = Needs::role(Role::operator_);
inline constexpr Needs author = Needs::role(Role::author);
inline constexpr Needs admin = Needs::role(Role::admin);
// For tokens that are limited to some DAGs, where the path doesn't name one: see Reach.
inline constexpr Needs viewer_by_query = viewer.within(Reach::query);
inline constexpr Needs viewer_checked = viewer.within(Reach::checked);
inline constexpr Needs operator_checked = operator_.within(Reach::checked);
inline constexpr Needs viewer_harmless = viewer.within(Reach::harmless);

#define API "/api/v2"
#define DAG API "/dags/{dag_id}"
#define RUN DAG "/dagRuns/{run_id}"
#define TI RUN "/taskInstances/{task_id}"
#define MAPPED TI "/{map_index}"
#define BACKFILL API "/backfills/{backfill_id}"

Resource monitor_routes();
Resource dag_routes();
Resource dag_version_routes();
Resource dag_run_routes();
Resource task_instance_routes();
Resource backfill_routes();
Resource pool_routes();
Resource variable_routes();
Resource event_log_routes();
Resource asset_routes();
Resource dataset_routes();
Resource ui_routes();
Resource stream_routes();
Resource access_routes();

}  // namespace millrace
