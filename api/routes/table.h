#pragma once

#include "api/handlers.h"
#include "api/routes.h"

/// What the files of this folder share. Each holds the routes of one resource; routes.cc joins them.
namespace millrace {

inline constexpr Needs anyone = Needs::nothing();
// With a DAG in the path.
inline constexpr Needs viewer = Needs::role(Role::viewer, Reach::dag);
inline constexpr Needs operator_ = Needs::role(Role::operator_, Reach::dag);
inline constexpr Needs dag_author = Needs::role(Role::author, Reach::dag);
// Without: a route says what a token that is limited to some DAGs gets of it. See Reach.
inline constexpr Needs viewer_filtered = Needs::role(Role::viewer, Reach::filtered);
inline constexpr Needs operator_filtered = Needs::role(Role::operator_, Reach::filtered);
inline constexpr Needs viewer_open = Needs::role(Role::viewer, Reach::open);
inline constexpr Needs viewer_of_all = Needs::role(Role::viewer, Reach::shut);
inline constexpr Needs operator_of_all = Needs::role(Role::operator_, Reach::shut);
inline constexpr Needs author = Needs::role(Role::author, Reach::shut);
inline constexpr Needs admin = Needs::role(Role::admin, Reach::shut);

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
Resource web_routes();

}  // namespace millrace
