#pragma once

#include <string>
#include <vector>

#include "store/row_sql.h"

/// The queries of a start and of the loop, as text, so that a test can look at their plans. Internal to
/// store/. A partial index serves a query only if the query repeats the index's WHERE clause word for word.
namespace millrace::queries {

inline std::string active_runs() {
  return "SELECT id FROM dag_run WHERE state IN ('queued', 'running') ORDER BY id";
}
inline std::string active_backfills() {
  return select_from<BackfillRow>() + "WHERE state IN ('queued', 'running', 'paused') ORDER BY id";
}
/// Without the hint the planner takes the primary key and walks all items that are done.
inline std::string open_items() {
  return select_from<BackfillItemRow>() +
         "INDEXED BY backfill_item_open WHERE backfill_id = ?1 AND state IN ('queued', 'running') ORDER BY "
         "execution_date";
}
inline std::string items_between() {
  return select_from<BackfillItemRow>() +
         "WHERE backfill_id = ?1 AND execution_date BETWEEN ?2 AND ?3 ORDER BY execution_date";
}
inline std::string backfills_of_cascade() {
  return select_from<BackfillRow>() + "WHERE root_backfill_id = ?1 ORDER BY id";
}
inline std::string backfill_by_id() { return select_from<BackfillRow>() + "WHERE id = ?1"; }
inline std::string items_to_retry() {
  return select_from<BackfillItemRow>() +
         "INDEXED BY backfill_item_bad WHERE backfill_id = ?1 AND state IN ('failed', 'cancelled') ORDER BY "
         "execution_date";
}
inline std::string dated_runs() {
  return "SELECT execution_date, state, id FROM dag_run"
         " WHERE dag_id = ?1 AND execution_date BETWEEN ?2 AND ?3 ORDER BY execution_date";
}
inline std::string item_states() {
  return "SELECT execution_date, state FROM backfill_item"
         " WHERE backfill_id = ?1 AND execution_date BETWEEN ?2 AND ?3 ORDER BY execution_date";
}
inline std::string failed_items() {
  return select_from<BackfillItemRow>() +
         "INDEXED BY backfill_item_bad WHERE backfill_id = ?1 AND state IN ('failed', 'cancelled')"
         " AND state = 'failed' ORDER BY execution_date LIMIT ?2";
}
inline std::string last_ends() {
  return "SELECT end_date FROM dag_run WHERE backfill_id = ?1 AND end_date IS NOT NULL"
         " ORDER BY end_date DESC LIMIT ?2";
}
inline std::string last_successes() {
  const std::string rows = select_from<RunRow>();
  return "SELECT * FROM (" + rows + "WHERE dag_id = ?1 ORDER BY execution_date DESC LIMIT ?2)" +
         " WHERE state = 'success' AND start_date IS NOT NULL AND end_date IS NOT NULL LIMIT ?3";
}
inline std::string pending_notifications() {
  return select_from<NotificationRow>() + "WHERE state = 'pending' ORDER BY id";
}
/// `dag_id` is one of the scope's; its JSON array is parameter `number`.
inline std::string in_scope(int number, const char* column = "dag_id") {
  return std::string(column) + " IN (SELECT value FROM json_each(?" + std::to_string(number) + "))";
}
inline std::string dag_page(bool descending, bool scoped) {
  return select_from<DagRow>() + "INDEXED BY dag_present WHERE removed = 0" +
         (scoped ? " AND " + in_scope(3) : "") + " ORDER BY dag_id" + (descending ? " DESC" : "") +
         " LIMIT ?1 OFFSET ?2";
}
inline std::string dag_total(bool scoped) {
  return scoped ? "SELECT count(*) FROM dag INDEXED BY dag_present WHERE removed = 0 AND " + in_scope(1)
                : "SELECT n FROM dag_count";
}
/// Of the files that the DAGs of a scope came from.
inline std::string import_errors_of_dags() {
  return select_from<ImportErrorRow>() +
         "WHERE file_name IN (SELECT v.file_name FROM dag d JOIN dag_version v ON v.id = d.current_version_id"
         " WHERE " +
         in_scope(1, "d.dag_id") + ") ORDER BY file_name, id";
}
inline std::string dag_by_id() { return select_from<DagRow>() + "WHERE dag_id = ?1"; }
/// `where` of these: store/list_query.h.
inline std::string dags_like(const std::string& where, std::size_t limit) {
  return "SELECT dag_id FROM dag" + where + " LIMIT " + std::to_string(limit);
}
inline std::string kept_sum(const char* counts, const std::string& where) {
  return std::string("SELECT sum(n) FROM ") + counts + where;
}
inline std::string runs_counted(const std::string& where, std::int64_t limit) {
  return "SELECT count(*) FROM (SELECT 1 FROM dag_run" + where + " LIMIT " + std::to_string(limit) + ")";
}
inline std::string runs_named(bool scoped) {
  return "SELECT id FROM dag_run WHERE run_id = ?1" + (scoped ? " AND " + in_scope(2) : "") +
         " ORDER BY id LIMIT 1000";
}
inline std::string kept_runs_of_dag() { return "SELECT state, n FROM run_count WHERE dag_id = ?1"; }
/// Of the DAGs of a scope, four rows for each; of all DAGs.
inline std::string kept_runs(bool scoped) {
  if (scoped) return "SELECT state, sum(n) FROM run_count WHERE " + in_scope(1) + " GROUP BY state";
  return "SELECT 'queued', queued FROM run_total UNION ALL SELECT 'running', running FROM run_total"
         " UNION ALL SELECT 'success', success FROM run_total"
         " UNION ALL SELECT 'failed', failed FROM run_total";
}
inline std::string kept_runs_of_dags() {
  return "SELECT dag_id, state, n FROM run_count WHERE " + in_scope(1);
}
inline std::string kept_instances(bool of_dag, bool scoped) {
  if (!of_dag && !scoped) return "SELECT n FROM task_total";
  return "SELECT coalesce(sum(n), 0) FROM task_count WHERE " + (of_dag ? "dag_id = ?1" : in_scope(1));
}
inline std::string all_kept(bool of_runs) {
  return of_runs ? "SELECT queued + running + success + failed FROM run_total" : kept_instances(false, false);
}
inline std::string run_by_id() { return select_from<RunRow>() + "WHERE id = ?1"; }
inline std::string run_by_name() { return select_from<RunRow>() + "WHERE dag_id = ?1 AND run_id = ?2"; }
inline std::string run_at() { return select_from<RunRow>() + "WHERE dag_id = ?1 AND execution_date = ?2"; }
inline std::string last_run() {
  return select_from<RunRow>() + "WHERE dag_id = ?1 ORDER BY execution_date DESC LIMIT 1";
}
inline std::string runs_between() {
  return select_from<RunRow>() +
         "WHERE dag_id = ?1 AND execution_date BETWEEN ?2 AND ?3 ORDER BY execution_date";
}
inline std::string instances_of_run() { return select_from<TaskInstanceRow>() + "WHERE dag_run_id = ?1"; }
inline std::string task_instance() {
  return select_from<TaskInstanceRow>() + "WHERE dag_run_id = ?1 AND task_id = ?2 AND map_index = ?3";
}
inline std::string live_attempts() {
  return select_from<AttemptRow>() + "WHERE dag_run_id = ?1 AND outcome IS NULL ORDER BY id";
}
inline std::string attempts() {
  return select_from<AttemptRow>() + "WHERE task_instance_id = ?1 ORDER BY try_number";
}
inline std::string outputs_of_run() { return select_from<OutputRow>() + "WHERE dag_run_id = ?1"; }
inline std::string outputs_of_instance() {
  return select_from<OutputRow>() +
         "WHERE dag_run_id = (SELECT dag_run_id FROM task_instance WHERE id = ?1)"
         " AND task_id = (SELECT task_id FROM task_instance WHERE id = ?1) AND task_instance_id = ?1 ORDER "
         "BY key";
}
/// Of the newest 20 successes among the DAG's last runs.
inline std::string mean_run_seconds(int runs_looked_at) {
  return "SELECT avg(end_date - start_date) / 1e6 FROM (SELECT start_date, end_date FROM"
         " (SELECT start_date, end_date, state FROM dag_run WHERE dag_id = ?1"
         " ORDER BY execution_date DESC LIMIT " +
         std::to_string(runs_looked_at) +
         ") WHERE state = 'success' AND start_date IS NOT NULL AND end_date IS NOT NULL LIMIT 20)";
}
/// Of all mapped instances, in map order.
inline std::string output_values() {
  return "SELECT x.value, t.map_index FROM xcom x JOIN task_instance t ON t.id = x.task_instance_id"
         " WHERE x.dag_run_id = ?1 AND x.task_id = ?2 AND x.key = ?3 ORDER BY t.map_index";
}
inline std::string previous_success() {
  return "SELECT data_interval_start FROM dag_run WHERE dag_id = ?1 AND execution_date < ?2 AND state = "
         "'success'"
         " ORDER BY execution_date DESC LIMIT 1";
}
inline std::string has_partition() {
  return "SELECT 1 FROM dataset_event WHERE dataset = ?1 AND partition_date = ?2 LIMIT 1";
}
inline std::string partitions() {
  return "SELECT DISTINCT partition_date FROM dataset_event WHERE dataset = ?1"
         " AND partition_date >= ?2 AND partition_date < ?3 ORDER BY partition_date LIMIT 10000";
}
inline std::string dataset_references(bool scoped) {
  return select_from<DatasetReferenceRow>() + "WHERE dataset_id = ?1" +
         (scoped ? " AND " + in_scope(2) : "") + " ORDER BY use, dag_id, task_id";
}
/// Datasets that a DAG of the scope makes, reads or waits for. `set`: what its dag_id is IN.
inline std::string dataset_in_scope(const std::string& set) {
  return "id IN (SELECT dataset_id FROM dataset_reference WHERE dag_id IN " + set + ")";
}
inline std::string dataset_name_in_scope(const std::string& key) {
  return select_from<DatasetNameRow>() + "WHERE " + key + " = ?1 AND " +
         dataset_in_scope("(SELECT value FROM json_each(?2))");
}
/// The events of those, without the names of producers of other DAGs: stands instead of the table.
inline std::string dataset_events_in_scope(const std::string& set) {
  std::string columns;
  for (const Column& column : columns_of<DatasetEventRow>()) {
    const std::string name = column.name;
    const bool hidden = name == "source_dag_id" || name == "source_run_id" || name == "task_id" ||
                        name == "created_by";
    const char* instead = hidden                  ? "''"
                          : name == "map_index"  ? "-1"
                          : name == "dag_run_id" ? "NULL"
                                                 : nullptr;
    columns += columns.empty() ? "" : ", ";
    columns += instead == nullptr ? name
                                  : "iif(source_dag_id = '' OR source_dag_id IN " + set + ", " + name + ", " +
                                        instead + ") AS " + name;
  }
  return "(SELECT " + columns + " FROM dataset_event WHERE dataset IN (SELECT name FROM dataset_name WHERE " +
         dataset_in_scope(set) + ")) AS dataset_event";
}
inline std::string newest_dataset_event() {
  return select_from<DatasetEventRow>() + "WHERE dataset = ?1 ORDER BY id DESC LIMIT 1";
}
inline std::string links_of_event(bool scoped) {
  return select_from<DatasetEventRunRow>() + "WHERE event_id = ?1" + (scoped ? " AND " + in_scope(2) : "") +
         " ORDER BY id";
}
inline std::string events_of_run() {
  return select_from<DatasetEventRow>() +
         "WHERE id IN (SELECT event_id FROM dataset_event_run WHERE dag_run_id = ?1) ORDER BY id";
}
/// What waits for a window's rerun alone waits for its own run too, or has fed it: not listed.
inline std::string queued_of(bool dag, bool dataset, bool before, bool scoped) {
  std::string sql = select_from<QueuedDatasetEventRow>() + "WHERE rerun_only = 0";
  if (scoped) sql += " AND " + in_scope(4);
  if (dag) sql += " AND dag_id = ?1";
  if (dataset) sql += " AND dataset = ?2";
  if (before) sql += " AND at < ?3";
  return sql + (dag ? " ORDER BY event_id" : " ORDER BY event_id, dag_id");
}
inline std::string current_version() {
  return "SELECT dataset_version_id FROM dataset_partition WHERE dataset = ?1 AND partition_date = ?2";
}
inline std::string written_dataset() {
  return "SELECT name, versions, partitions, newest_version_id FROM written_dataset WHERE name = ?1";
}
/// Counted without a walk but for a prefix of a hash.
inline std::string count_versions(bool of_partition, bool with_hash) {
  if (with_hash)
    return std::string("SELECT count(*) FROM dataset_version WHERE dataset = ?1 AND hash BETWEEN ?3 AND ?4") +
           (of_partition ? " AND partition_date = ?2" : "");
  return of_partition ? "SELECT versions FROM dataset_partition WHERE dataset = ?1 AND partition_date = ?2"
                      : "SELECT versions FROM written_dataset WHERE name = ?1";
}
inline std::string versions(bool of_partition, bool with_hash, bool ascending) {
  std::string sql = select_from<DatasetVersionRow>() + "WHERE dataset = ?1";
  if (of_partition) sql += " AND partition_date = ?2";
  if (with_hash) sql += " AND hash BETWEEN ?3 AND ?4";
  return sql + (ascending ? " ORDER BY id" : " ORDER BY id DESC") + " LIMIT ?5 OFFSET ?6";
}
inline std::string version_by_id() { return select_from<DatasetVersionRow>() + "WHERE id = ?1"; }
inline std::string newest_of_partitions(bool ascending) {
  return std::string("SELECT dataset_version_id, versions FROM dataset_partition WHERE dataset = ?1") +
         (ascending ? " ORDER BY partition_date" : " ORDER BY partition_date DESC") + " LIMIT ?2 OFFSET ?3";
}
inline std::string versions_of_run() {
  return select_from<DatasetVersionRow>() + "WHERE dag_run_id = ?1 ORDER BY id";
}
inline std::string versions_of_attempt() {
  return select_from<DatasetVersionRow>() + "WHERE task_attempt_id = ?1 ORDER BY id LIMIT ?2";
}
inline std::string inputs_of_run() {
  return select_from<VersionInputRow>() +
         "WHERE dag_run_id = ?1 ORDER BY task_attempt_id, dataset, partition_date";
}
inline std::string inputs_of_attempt() {
  return select_from<VersionInputRow>() +
         "WHERE task_attempt_id = ?1 ORDER BY dataset DESC, partition_date DESC LIMIT ?2";
}
inline std::string readers_of_version(bool scoped) {
  return select_from<VersionInputRow>() + "WHERE dataset_version_id = ?1" +
         (scoped ? " AND " + in_scope(3, "(SELECT dag_id FROM dag_run WHERE id = dag_run_id)") : "") +
         " ORDER BY task_attempt_id DESC LIMIT ?2";
}
inline std::string attempt_by_id() { return select_from<AttemptRow>() + "WHERE id = ?1"; }
inline std::string attempts_of_run() {
  return select_from<AttemptRow>() +
         "WHERE task_instance_id IN (SELECT id FROM task_instance WHERE dag_run_id = ?1)";
}
inline std::string newest_version() {
  return "SELECT number FROM dag_version WHERE dag_id = ?1 ORDER BY number DESC LIMIT 1";
}
/// The event's columns, then the names of what it is about.
inline std::string named_events() {
  std::string columns;
  for (const Column& column : columns_of<EventRow>()) columns += std::string("e.") + column.name + ", ";
  return "SELECT " + columns +
         "r.run_id, r.execution_date, r.run_type, r.backfill_id, t.task_id, t.map_index, a.try_number"
         " FROM event e LEFT JOIN dag_run r ON r.id = e.dag_run_id"
         " LEFT JOIN task_instance t ON t.id = e.task_instance_id"
         " LEFT JOIN task_attempt a ON a.id = e.task_attempt_id"
         " WHERE e.seq > ?1 AND e.seq <= ?2 ORDER BY e.seq LIMIT ?3";
}
/// All that belongs to run ?1, and last the run itself if its version is ?2. Its ids stay taken.
inline std::vector<std::string> delete_run() {
  const std::string instances = "(SELECT id FROM task_instance WHERE dag_run_id = ?1)";
  return {"UPDATE id_floor SET run = max(run, ?1),"
          " task_instance = max(task_instance,"
          " coalesce((SELECT max(id) FROM task_instance WHERE dag_run_id = ?1), 0)),"
          " task_attempt = max(task_attempt,"
          " coalesce((SELECT max(id) FROM task_attempt WHERE task_instance_id IN " +
              instances + "), 0))",
          "UPDATE task_count SET n = n - (SELECT count(*) FROM task_instance WHERE dag_run_id = ?1)"
          " WHERE dag_id = (SELECT dag_id FROM dag_run WHERE id = ?1)",
          "UPDATE task_total SET n = n - (SELECT count(*) FROM task_instance WHERE dag_run_id = ?1)",
          "DELETE FROM xcom WHERE dag_run_id = ?1",
          "DELETE FROM task_attempt WHERE task_instance_id IN " + instances,
          "DELETE FROM task_instance WHERE dag_run_id = ?1",
          "DELETE FROM dag_run WHERE id = ?1 AND version = ?2"};
}
inline std::string variable() { return select_from<VariableRow>() + "WHERE key = ?1"; }
inline std::string max_id(const char* table, const char* column = "id") {
  return std::string("SELECT max(") + column + ") FROM " + table;
}

}  // namespace millrace::queries
