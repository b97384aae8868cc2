#pragma once

#include <expected>

#include "api/call.h"

/// Every handler of the API, by resource; each resource has its own .cc. What a route means is said in docs
/// and in routes.cc; here is only who exists.
namespace millrace::handlers {

using Started = std::expected<void, Problem>;

// web.cc: the web UI's files
void web_page(const CallPtr&);
void web_asset(const CallPtr&);
void web_file(const CallPtr&);

// sessions.cc: logging in and out
void login_page(const CallPtr&);
void page_style(const CallPtr&);
Started log_in(const CallPtr&, StoreReader&);
Started log_out(const CallPtr&, StoreReader&);
Started issue_bearer(const CallPtr&, StoreReader&);
Started make_login_link(const CallPtr&, StoreReader&);
Started follow_login_link(const CallPtr&, StoreReader&);
Answer who_am_i(const Call&, StoreReader&);

// tokens.cc
Answer list_tokens(const Call&, StoreReader&);
Answer get_token(const Call&, StoreReader&);
Started create_token(const CallPtr&, StoreReader&);
Started revoke_token(const CallPtr&, StoreReader&);
Answer list_sessions(const Call&, StoreReader&);
Started end_session(const CallPtr&, StoreReader&);

// audit_logs.cc
Answer list_audit_logs(const Call&, StoreReader&);
Answer verify_audit_log(const Call&, StoreReader&);

// monitor.cc
void health(const CallPtr&);
void version(const CallPtr&);

// docs.cc
void openapi(const CallPtr&);
void docs_page(const CallPtr&);
void docs_file(const CallPtr&);

// metrics.cc
void metrics(const CallPtr&);

// dags.cc
// dag_lists.cc
Started list_dags(const CallPtr&, StoreReader&);
Started list_dag_tags(const CallPtr&, StoreReader&);
Answer dag_stats(const Call&, StoreReader&);
Started list_dag_warnings(const CallPtr&, StoreReader&);
Started patch_dags(const CallPtr&, StoreReader&);

// dags.cc
Answer get_dag(const Call&, StoreReader&);
Answer get_dag_details(const Call&, StoreReader&);
/// What the body of a PATCH says: shared by one DAG and by many.
std::expected<bool, Problem> asked_to_pause(const Call&);
Started patch_dag(const CallPtr&, StoreReader&);
Started delete_dag(const CallPtr&, StoreReader&);

// dag_tasks.cc
Answer list_tasks(const Call&, StoreReader&);
Answer get_task(const Call&, StoreReader&);

// dag_files.cc
Started submit_dag(const CallPtr&, StoreReader&);
Answer validate_dag(const Call&, StoreReader&);
Answer schedule_preview(const Call&, StoreReader&);
Answer dag_source(const Call&, StoreReader&);
Answer list_dag_versions(const Call&, StoreReader&);
Answer get_dag_version(const Call&, StoreReader&);
Answer list_import_errors(const Call&, StoreReader&);
Answer get_import_error(const Call&, StoreReader&);
Started parse_dag_file(const CallPtr&, StoreReader&);

// dag_runs.cc
Answer list_runs(const Call&, StoreReader&);
Answer list_runs_batch(const Call&, StoreReader&);
Answer get_run(const Call&, StoreReader&);
Started trigger_run(const CallPtr&, StoreReader&);
Started patch_run(const CallPtr&, StoreReader&);
Started cancel_run(const CallPtr&, StoreReader&);
Started delete_run(const CallPtr&, StoreReader&);
Started wait_for_run(const CallPtr&, StoreReader&);

// clear.cc
Started clear_run(const CallPtr&, StoreReader&);
Started clear_task_instances(const CallPtr&, StoreReader&);

// task_instances.cc
Answer list_task_instances(const Call&, StoreReader&);
Answer list_task_instances_batch(const Call&, StoreReader&);
Answer list_mapped(const Call&, StoreReader&);
Answer get_task_instance(const Call&, StoreReader&);
Answer list_tries(const Call&, StoreReader&);
Answer get_try(const Call&, StoreReader&);

// explain.cc, ui_*.cc: what screens read
Started explain_task_instance(const CallPtr&, StoreReader&);
Started task_instance_dependencies(const CallPtr&, StoreReader&);
Answer list_extra_links(const Call&, StoreReader&);
Started ui_queue(const CallPtr&, StoreReader&);
Started ui_overview(const CallPtr&, StoreReader&);
Started ui_dags(const CallPtr&, StoreReader&);
Answer ui_grid(const Call&, StoreReader&);
Answer ui_graph(const Call&, StoreReader&);
Answer ui_versions_diff(const Call&, StoreReader&);
Answer ui_calendar(const Call&, StoreReader&);
Answer ui_durations(const Call&, StoreReader&);
Answer ui_run_timeline(const Call&, StoreReader&);
Answer resource_timeline(const Call&, StoreReader&);
Started list_workers(const CallPtr&, StoreReader&);

// mark.cc
Started patch_task_instance(const CallPtr&, StoreReader&);
Started would_patch_task_instance(const CallPtr&, StoreReader&);

// xcom.cc
Answer list_xcoms(const Call&, StoreReader&);
Answer get_xcom(const Call&, StoreReader&);

// logs.cc
Answer get_log(const Call&, StoreReader&);
Answer get_log_index(const Call&, StoreReader&);
Answer search_log(const Call&, StoreReader&);

// backfills.cc
Answer list_backfills(const Call&, StoreReader&);
Answer get_backfill(const Call&, StoreReader&);
Answer list_backfill_items(const Call&, StoreReader&);
Answer backfill_matrix(const Call&, StoreReader&);
Answer backfill_failures(const Call&, StoreReader&);
Started dry_run_backfill(const CallPtr&, StoreReader&);
Started create_backfill(const CallPtr&, StoreReader&);
Started pause_backfill(const CallPtr&, StoreReader&);
Started unpause_backfill(const CallPtr&, StoreReader&);
Started cancel_backfill(const CallPtr&, StoreReader&);
Started retry_backfill(const CallPtr&, StoreReader&);

// pools.cc
Started list_pools(const CallPtr&, StoreReader&);
Started get_pool(const CallPtr&, StoreReader&);
Started create_pool(const CallPtr&, StoreReader&);
Started patch_pool(const CallPtr&, StoreReader&);
Started delete_pool(const CallPtr&, StoreReader&);
Started bulk_pools(const CallPtr&, StoreReader&);

// variables.cc
Answer list_variables(const Call&, StoreReader&);
Answer get_variable(const Call&, StoreReader&);
Started create_variable(const CallPtr&, StoreReader&);
Started patch_variable(const CallPtr&, StoreReader&);
Started delete_variable(const CallPtr&, StoreReader&);
Started bulk_variables(const CallPtr&, StoreReader&);

// devices.cc
Started list_devices(const CallPtr&, StoreReader&);

// assets.cc
Answer list_assets(const Call&, StoreReader&);
Answer get_asset(const Call&, StoreReader&);
Answer list_asset_aliases(const Call&, StoreReader&);
Answer get_asset_alias(const Call&, StoreReader&);
Started materialize_asset(const CallPtr&, StoreReader&);

// asset_events.cc
Answer list_asset_events(const Call&, StoreReader&);
Answer list_upstream_asset_events(const Call&, StoreReader&);
Started create_asset_event(const CallPtr&, StoreReader&);
Answer list_queued_events(const Call&, StoreReader&);
Answer get_queued_event(const Call&, StoreReader&);
Started delete_queued_events(const CallPtr&, StoreReader&);

// datasets.cc
Answer list_datasets(const Call&, StoreReader&);
Answer get_dataset(const Call&, StoreReader&);
Answer list_dataset_versions(const Call&, StoreReader&);
Answer get_dataset_version(const Call&, StoreReader&);
Answer list_dataset_partitions(const Call&, StoreReader&);

// lineage_answer.cc
Answer get_lineage(const Call&, StoreReader&);

// manifest.cc
Answer get_manifest(const Call&, StoreReader&);
// events.cc
void events(const CallPtr&);
/// 503: the answer when the places for streams are taken.
Answer no_stream_left();

// event_logs.cc
Answer list_event_logs(const Call&, StoreReader&);
Answer get_event_log(const Call&, StoreReader&);

}  // namespace millrace::handlers
