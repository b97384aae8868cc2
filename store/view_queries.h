#pragma once

#include <string>

#include "store/queries.h"

/// The queries of ViewReader as text, so that a test can look at their plans. Internal to store/.
namespace millrace::queries {

inline constexpr const char* run_bar_columns =
    "id, dag_id, run_id, execution_date, run_type, state, reason, dag_version_id, note <> '', queued_at,"
    " start_date, end_date, late_at";

inline std::string run_bars(const std::string& clauses) {
  return std::string("SELECT ") + run_bar_columns + " FROM dag_run " + clauses;
}
/// CROSS JOIN keeps the order: first the DAG's newest ended runs, then the task in each.
inline std::string past_task_durations() {
  return "SELECT t.end_date - t.start_date FROM (SELECT id FROM dag_run INDEXED BY dag_run_ended"
         " WHERE dag_id = ?1 AND end_date IS NOT NULL ORDER BY end_date DESC LIMIT 50) r"
         " CROSS JOIN task_instance t WHERE t.dag_run_id = r.id AND t.task_id = ?2 AND t.state = 'success'"
         " AND t.start_date IS NOT NULL AND t.end_date IS NOT NULL LIMIT 20";
}
inline std::string past_run_durations() {
  return "SELECT end_date - start_date FROM (SELECT start_date, end_date, state FROM dag_run"
         " INDEXED BY dag_run_ended WHERE dag_id = ?1 AND end_date IS NOT NULL ORDER BY end_date DESC"
         " LIMIT 50) WHERE state = 'success' AND start_date IS NOT NULL LIMIT 20";
}
inline std::string transitions_of_run() {
  return "SELECT task_instance_id, at, kind, from_state, to_state, cause FROM event INDEXED BY event_run"
         " WHERE dag_run_id = ?1 AND (?2 = 0 OR task_instance_id = ?2 OR kind = 'run') ORDER BY seq LIMIT ?3";
}
inline std::string last_runs() {
  return run_bars("WHERE dag_id = ?1 AND execution_date <= ?2 ORDER BY execution_date DESC LIMIT ?3");
}
inline std::string active_run_bars(bool scoped) {
  return run_bars("INDEXED BY dag_run_active WHERE state IN ('queued', 'running')" +
                  (scoped ? " AND " + in_scope(2) : "") + " ORDER BY id LIMIT ?1");
}
inline std::string runs_ended_since(bool scoped) {
  return run_bars("INDEXED BY dag_run_end WHERE end_date IS NOT NULL AND end_date >= ?1" +
                  (scoped ? " AND " + in_scope(3) : "") + " ORDER BY end_date DESC LIMIT ?2");
}
inline std::string ended_counts(bool scoped) {
  return "SELECT state, count(*) FROM dag_run INDEXED BY dag_run_end WHERE end_date IS NOT NULL"
         " AND end_date >= ?1" +
         (scoped ? " AND " + in_scope(2) : "") + " GROUP BY state";
}
inline std::string failing_dags(bool scoped) {
  return "SELECT dag_id FROM failing_dag WHERE end_date >= ?1" +
         (scoped ? " AND " + in_scope(2) : std::string());
}
inline std::string runs_in() {
  return "SELECT execution_date, state, late_at IS NOT NULL, start_date, end_date FROM dag_run"
         " WHERE dag_id = ?1 AND execution_date >= ?2 AND execution_date < ?3"
         " ORDER BY execution_date LIMIT ?4";
}
inline std::string cells_of_run() {
  return "SELECT id, task_index, map_index, state, try_number, note <> '', start_date, end_date"
         " FROM task_instance WHERE dag_run_id = ?1";
}
inline std::string attempt_bars_of_run() {
  return "SELECT t.task_id, t.map_index, a.try_number, t.pool, a.devices, a.created_at, a.start_date,"
         " a.end_date, a.outcome FROM task_instance t CROSS JOIN task_attempt a"
         " WHERE t.dag_run_id = ?1 AND a.task_instance_id = t.id AND a.created_at <= ?3"
         " AND (a.end_date IS NULL OR a.end_date >= ?2)";
}

}  // namespace millrace::queries
