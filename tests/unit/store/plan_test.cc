#include <catch2/catch.hpp>

#include "samples.h"
#include "store/access_sql.h"
#include "store/list_filters.h"
#include "store/queries.h"
#include "store/sqlite.h"
#include "store/view_queries.h"

namespace millrace::test {
namespace {

std::string plan_of(const Folder& folder, const std::string& sql) {
  sqlite::Connection connection(folder.database().string(), sqlite::Mode::read_only);
  sqlite::Statement explain(connection, "EXPLAIN QUERY PLAN " + sql);
  std::string plan;
  while (explain.step()) plan += std::string(explain.text(3)) + '\n';
  return plan;
}

}  // namespace

TEST_CASE("no query of a start or of the loop scans a table or sorts") {
  const Folder folder;
  const auto store = open_store(folder);
  struct Expected {
    std::string sql, index;
  };
  const Expected all[] = {
      {queries::active_backfills(), "backfill_active"},
      {queries::open_items(), "backfill_item_open"},
      {queries::pending_notifications(), "notification_pending"},
      {queries::items_to_retry(), "backfill_item_bad"},
      {queries::items_between(), "(backfill_id=? AND execution_date>? AND execution_date<?)"},
      {queries::item_states(), "(backfill_id=? AND execution_date>? AND execution_date<?)"},
      {queries::failed_items(), "backfill_item_bad"},
      {queries::backfills_of_cascade(), "backfill_cascade"},
      {queries::dated_runs(), "(dag_id=? AND execution_date>? AND execution_date<?)"},
      {queries::last_ends(), "dag_run_backfill"},
      {queries::run_by_id(), "INTEGER PRIMARY KEY"},
      {queries::run_by_name(), "(dag_id=? AND run_id=?)"},
      {queries::newest_version(), "(dag_id=?)"},
      {queries::run_at(), "(dag_id=? AND execution_date=?)"},
      {queries::runs_between(), "(dag_id=? AND execution_date>? AND execution_date<?)"},
      {queries::instances_of_run(), "(dag_run_id=?)"},
      {queries::task_instance(), "(dag_run_id=? AND task_id=? AND map_index=?)"},
      {queries::live_attempts(), "task_attempt_live"},
      {queries::attempts(), "(task_instance_id=?)"},
      {queries::outputs_of_run(), "(dag_run_id=?)"},
      {queries::outputs_of_instance(), "(dag_run_id=? AND task_id=?)"},
      {queries::output_values(), "(dag_run_id=? AND task_id=? AND key=?)"},
      {queries::previous_success(), "(dag_id=? AND execution_date<?)"},
      {queries::has_partition(), "(dataset=? AND partition_date=?)"},
      {queries::partitions(), "(dataset=? AND partition_date>? AND partition_date<?)"},
      {queries::current_version(), "(dataset=? AND partition_date=?)"},
      {queries::written_dataset(), "(name=?)"},
      {queries::count_versions(false, false), "(name=?)"},
      {queries::count_versions(true, false), "(dataset=? AND partition_date=?)"},
      {queries::count_versions(false, true), "dataset_version_hash (dataset=? AND hash>? AND hash<?)"},
      {queries::versions(false, false, false), "dataset_version_newest (dataset=?)"},
      {queries::versions(true, false, false), "dataset_version_partition (dataset=? AND partition_date=?)"},
      {queries::version_by_id(), "INTEGER PRIMARY KEY"},
      {queries::newest_of_partitions(false), "(dataset=?)"},
      {queries::versions_of_run(), "dataset_version_run (dag_run_id=?)"},
      {queries::versions_of_attempt(), "dataset_version_attempt (task_attempt_id=?)"},
      {queries::inputs_of_run(), "version_input_run (dag_run_id=?)"},
      {queries::inputs_of_attempt(), "(task_attempt_id=?)"},
      {queries::readers_of_version(false), "version_input_version (dataset_version_id=?)"},
      {queries::attempt_by_id(), "INTEGER PRIMARY KEY"},
      {queries::attempts_of_run(), "(task_instance_id=?)"},
      {queries::named_events(), "SEARCH e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
      {"UPDATE task_instance SET note = ?1 WHERE id = ?2 AND version = ?3 - 1", "INTEGER PRIMARY KEY"},
  };
  for (const Expected& query : all) {
    const std::string plan = plan_of(folder, query.sql);
    INFO(query.sql << "\n" << plan);
    CHECK(plan.find(query.index) != std::string::npos);
    // A scan of a partial index that holds active rows only is what we want; it is listed as SCAN … USING
    // INDEX.
    const bool partial = query.index == "backfill_active" || query.index == "notification_pending";
    CHECK((partial || plan.find("SCAN") == std::string::npos));
    if (query.sql != queries::output_values() && query.sql != queries::outputs_of_instance()) {
      CHECK(plan.find("TEMP B-TREE") == std::string::npos);
    }
  }
}

TEST_CASE("what the API asks of dataset events is served by indexes") {
  const Folder folder;
  const auto store = open_store(folder);
  const std::string events = select_from<DatasetEventRow>() + "WHERE ", page = " ORDER BY id LIMIT 50";
  const std::pair<std::string, std::string> all[] = {
      {queries::dataset_references(false), "(dataset_id=?)"},
      {queries::newest_dataset_event(), "dataset_event_newest"},
      {queries::links_of_event(false), "dataset_event_run_event"},
      {queries::events_of_run(), "dataset_event_run_run"},
      {queries::queued_of(true, false, false, false), "(dag_id=?)"},
      {queries::queued_of(true, true, true, false), "dag_id=?"},
      {queries::queued_of(false, true, false, false), "queued_dataset_event_dataset"},
      {events + "dataset = ?1" + page, "dataset_event_newest"},
      {events + "source_dag_id = ?1" + page, "dataset_event_source_dag"},
      {events + "source_run_id = ?1" + page, "dataset_event_source_run"},
      {events + "task_id = ?1" + page, "dataset_event_source_task"},
      {events + "map_index = ?1" + page, "dataset_event_source_map_index"},
      {events + "at >= ?1 AND at <= ?2 ORDER BY at, id LIMIT 50", "dataset_event_at"},
      {select_from<DatasetNameRow>() + "WHERE name >= ?1 AND name < ?2 ORDER BY name, id", "(name>?"},
  };
  for (const auto& [sql, index] : all) {
    const std::string plan = plan_of(folder, sql);
    INFO(sql << "\n" << plan);
    CHECK(plan.find(index) != std::string::npos);
    CHECK(plan.find("SCAN") == std::string::npos);
  }
}

TEST_CASE("no query of a screen scans a table") {
  const Folder folder;
  const auto store = open_store(folder);
  struct Expected {
    std::string sql;
    std::vector<std::string> indexes;
    bool sorts = false;
  };
  const Expected all[] = {
      {queries::past_task_durations(), {"dag_run_ended", "(dag_run_id=? AND task_id=?)"}},
      {queries::past_run_durations(), {"dag_run_ended"}},
      {queries::transitions_of_run(), {"event_run (dag_run_id=?)"}},
      {queries::last_runs(), {"(dag_id=? AND execution_date<?)"}},
      {queries::runs_ended_since(false), {"dag_run_end"}},
      {queries::ended_counts(false), {"dag_run_end"}, true},
      {queries::runs_in(), {"(dag_id=? AND execution_date>? AND execution_date<?)"}},
      {queries::cells_of_run(), {"(dag_run_id=?)"}},
      {queries::attempt_bars_of_run(), {"(dag_run_id=?)", "(task_instance_id=?)"}},
  };
  for (const Expected& query : all) {
    const std::string plan = plan_of(folder, query.sql);
    INFO(query.sql << "\n" << plan);
    for (const std::string& index : query.indexes) CHECK(plan.find(index) != std::string::npos);
    // A subquery's own rows are walked as "SCAN r" or "SCAN (subquery-1)"; a table never is.
    for (const char* table : {"SCAN dag_run", "SCAN task_instance", "SCAN t", "SCAN event", "SCAN a"})
      CHECK(plan.find(std::string(table) + "\n") == std::string::npos);
    CHECK((query.sorts || plan.find("TEMP B-TREE") == std::string::npos));
  }
  CHECK(plan_of(folder, queries::active_run_bars(false)).find("dag_run_active") != std::string::npos);
}

TEST_CASE("the lists of clients walk an index to their page and read how many there are") {
  const Folder folder;
  const auto store = open_store(folder);
  RunFilter of_dag, failed_of_dag, dated;
  of_dag.dag_id = failed_of_dag.dag_id = "d";
  failed_of_dag.states = {RunState::failed};
  TaskInstanceFilter tasks_of_dag, failed_tasks;
  tasks_of_dag.dag_id = failed_tasks.dag_id = "d";
  failed_tasks.states = {TaskState::failed};
  const auto page = [](const char* columns, const std::string& from, const Where& where, const char* order) {
    return std::string("SELECT ") + columns + " FROM " + from + where.sql() + order + " LIMIT 50 OFFSET 0";
  };
  const Where through = where_of(tasks_of_dag, false), failed = where_of(failed_tasks, false);
  struct Expected {
    std::string sql;
    std::vector<std::string> indexes;
  };
  const Expected all[] = {
      {page("*", "dag_run", where_of(of_dag), " ORDER BY id"), {"dag_run_dag (dag_id=?)"}},
      {page("*", "dag_run", where_of(dated), " ORDER BY execution_date DESC, id DESC"), {"dag_run_date"}},
      {page("*", "dag_run", where_of(failed_of_dag), " ORDER BY id"), {"dag_run_failed_of_dag (dag_id=?)"}},
      {page("task_id", through.from(), through, " ORDER BY the_run, id"),
       {"dag_run_dag (dag_id=?)", "(dag_run_id=?)"}},
      {page("task_id", failed.from(), failed, " ORDER BY the_run, id"),
       {"dag_run_dag (dag_id=?)", "task_instance_failed_of_run (dag_run_id=?)"}},
      {queries::dag_page(true, false), {"dag_present"}},
      {queries::kept_runs_of_dag(), {"(dag_id=?)"}},
  };
  for (const Expected& query : all) {
    const std::string plan = plan_of(folder, query.sql);
    INFO(query.sql << "\n" << plan);
    for (const std::string& index : query.indexes) CHECK(plan.find(index) != std::string::npos);
    // Within one run rows may be sorted; a whole table never is.
    CHECK(plan.find("FOR ORDER BY") == std::string::npos);
  }
}

TEST_CASE("lists over all of history are served by an index") {
  const Folder folder;
  const auto store = open_store(folder);
  EventFilter of_dag;
  of_dag.dag_id = "d";
  EventFilter of_task = of_dag;
  of_task.task_id = "a";
  RunFilter failed, active, dated;
  failed.states = {RunState::failed};
  active.states = {RunState::queued, RunState::running};
  dated.dag_id = "d";
  dated.execution_date_from = WallTime{1};
  TaskInstanceFilter failed_tasks, running, of_runs;
  failed_tasks.states = {TaskState::failed};
  running.states = {TaskState::running};
  of_runs.runs = std::vector{RunId{1}, RunId{2}};
  const std::pair<std::string, std::string> all[] = {
      {select_from<EventRow>() + where_of(of_dag).sql() + " ORDER BY seq LIMIT 50", "event_dag"},
      {select_from<EventRow>() + where_of(of_task).sql() + " ORDER BY seq LIMIT 50", "event_dag"},
      {select_from<RunRow>() + where_of(failed).sql() + " ORDER BY id LIMIT 50", "dag_run_failed"},
      {select_from<RunRow>() + where_of(active).sql() + " ORDER BY id LIMIT 50", "dag_run_active"},
      {select_from<RunRow>() + where_of(dated).sql() + " ORDER BY execution_date LIMIT 50",
       "(dag_id=? AND execution_date>?)"},
      {select_from<TaskInstanceRow>() + where_of(failed_tasks, true).sql() + " ORDER BY id LIMIT 50",
       "task_instance_failed"},
      {select_from<TaskInstanceRow>() + where_of(running, true).sql() + " ORDER BY id LIMIT 50",
       "dag_run_active"},
      {select_from<TaskInstanceRow>() + where_of(of_runs, true).sql() + " ORDER BY id LIMIT 50",
       "(dag_run_id=?)"},
      {queries::last_run(), "(dag_id=?)"},
      {queries::variable(), "PRIMARY KEY (key=?)"},
  };
  for (const auto& [sql, index] : all) {
    const std::string plan = plan_of(folder, sql);
    INFO(sql << "\n" << plan);
    CHECK(plan.find(index) != std::string::npos);
    CHECK(plan.find("SCAN event\n") == std::string::npos);
  }
}

TEST_CASE("no query of tokens, keys and the audit log scans a table or sorts") {
  const Folder folder;
  const auto store = open_store(folder);
  const std::pair<std::string, std::string> all[] = {
      {queries::live_sessions(), "session_expiry"},
      {queries::kept_answer(), "(owner=? AND key=?)"},
      {queries::audit_of(false), "INTEGER PRIMARY KEY"},
      {queries::audit_of(true), "audit_log_who"},
      {queries::audit_from(), "INTEGER PRIMARY KEY"},
      {queries::old_keys(), "idempotency_key_age"},
      {queries::old_sessions(), "session_expiry"},
  };
  for (const auto& [sql, index] : all) {
    const std::string plan = plan_of(folder, sql);
    INFO(sql << "\n" << plan);
    CHECK(plan.find(index) != std::string::npos);
    CHECK(plan.find("SCAN") == std::string::npos);
    CHECK(plan.find("TEMP B-TREE") == std::string::npos);
  }
}

TEST_CASE("the active runs come from their partial index alone") {
  const Folder folder;
  const auto store = open_store(folder);
  const std::string plan = plan_of(folder, queries::active_runs());
  INFO(plan);
  CHECK(plan.find("dag_run_active") != std::string::npos);
  CHECK(plan.find("TEMP B-TREE") == std::string::npos);
}

TEST_CASE("the next ids are read from the end of each table, whatever it holds") {
  const Folder folder;
  const auto store = open_store(folder);
  for (const char* table :
       {"dag_run", "task_instance", "task_attempt", "backfill", "dataset_event", "dataset_name",
        "dataset_version",
        "dag_version"}) {
    const std::string plan = plan_of(folder, queries::max_id(table));
    INFO(table << ": " << plan);
    // SEARCH without a constraint is SQLite's min/max look-up: one descent of the b-tree.
    CHECK(plan == std::string("SEARCH ") + table + "\n");
  }
  CHECK(plan_of(folder, queries::max_id("event", "seq")) == "SEARCH event\n");
}

TEST_CASE("a page of one run's task instances is read in order from its index") {
  const Folder folder;
  const auto store = open_store(folder);
  const std::string plan =
      plan_of(folder, select_from<TaskInstanceRow>() +
                          "WHERE dag_run_id = ?1 ORDER BY task_index, map_index LIMIT 50");
  INFO(plan);
  CHECK(plan.find("SCAN") == std::string::npos);
}

}  // namespace millrace::test
