#pragma once

#include <concepts>
#include <type_traits>

#include "scheduler/rows.h"
#include "store/store.h"

/// Which member of a row is which column, said once: INSERT, UPDATE, SELECT, binding and reading follow from
/// it.
///   key      names the row; never changes
///   fixed    written once, at INSERT: these may carry indexes (`times` and `sources` are too)
///   field    written by each UPDATE
///   version  the guard
namespace millrace {

template <class Row, class Of>
concept RowOf = std::same_as<std::remove_const_t<Row>, Of>;

/// Where a row lives. `derived` is a column that the row doesn't have; the store fills it in from another
/// table.
template <class Row>
struct Table;
struct NothingDerived {
  static constexpr const char *derived = "", *derived_value = "";
};

template <>
struct Table<DagRow> : NothingDerived {
  static constexpr const char* name = "dag";
};
template <>
struct Table<DagVersionRow> : NothingDerived {
  static constexpr const char* name = "dag_version";
};
template <>
struct Table<ImportErrorRow> : NothingDerived {
  static constexpr const char* name = "import_error";
};
template <>
struct Table<RunRow> : NothingDerived {
  static constexpr const char* name = "dag_run";
};
template <>
struct Table<TaskInstanceRow> {
  static constexpr const char *name = "task_instance", *derived = "execution_date",
                              *derived_value = "(SELECT execution_date FROM dag_run WHERE id = ?2)";
};
template <>
struct Table<AttemptRow> : NothingDerived {
  static constexpr const char* name = "task_attempt";
};
template <>
struct Table<OutputRow> {
  static constexpr const char *name = "xcom", *derived = "task_id",
                              *derived_value = "(SELECT task_id FROM task_instance WHERE id = ?2)";
};
template <>
struct Table<BackfillRow> : NothingDerived {
  static constexpr const char* name = "backfill";
};
template <>
struct Table<BackfillItemRow> : NothingDerived {
  static constexpr const char* name = "backfill_item";
};
template <>
struct Table<PoolRow> : NothingDerived {
  static constexpr const char* name = "pool";
};
template <>
struct Table<DatasetVersionRow> : NothingDerived {
  static constexpr const char* name = "dataset_version";
};
template <>
struct Table<VersionInputRow> : NothingDerived {
  static constexpr const char* name = "version_input";
};
template <>
struct Table<VariableRow> : NothingDerived {
  static constexpr const char* name = "variable";
};
template <>
struct Table<DatasetEventRow> : NothingDerived {
  static constexpr const char* name = "dataset_event";
};
template <>
struct Table<DatasetNameRow> : NothingDerived {
  static constexpr const char* name = "dataset_name";
};
template <>
struct Table<DatasetReferenceRow> : NothingDerived {
  static constexpr const char* name = "dataset_reference";
};
template <>
struct Table<QueuedDatasetEventRow> : NothingDerived {
  static constexpr const char* name = "queued_dataset_event";
};
template <>
struct Table<DatasetEventRunRow> : NothingDerived {
  static constexpr const char* name = "dataset_event_run";
};
template <>
struct Table<NotificationRow> : NothingDerived {
  static constexpr const char* name = "notification";
};
template <>
struct Table<SecretPrintRow> : NothingDerived {
  static constexpr const char* name = "secret_print";
};
template <>
struct Table<EventRow> : NothingDerived {
  static constexpr const char* name = "event";
};

template <class V, RowOf<SecretPrintRow> R>
void visit_columns(V& v, R& r) {
  v.key("dag_id", r.dag_id);
  v.key("digest", r.digest);
  v.fixed("name", r.name);
  v.fixed("bytes", r.bytes);
  v.fixed("rolling", r.rolling);
}

template <class V, RowOf<DagRow> R>
void visit_columns(V& v, R& r) {
  v.key("dag_id", r.dag_id);
  v.field("current_version_id", r.current);
  v.field("is_paused", r.paused);
  v.field("removed", r.removed);
  v.field("watermark", r.watermark);
  v.version(r.version);
}

template <class V, RowOf<DagVersionRow> R>
void visit_columns(V& v, R& r) {
  v.key("id", r.id);
  v.fixed("dag_id", r.dag_id);
  v.fixed("number", r.number);
  v.fixed("hash", r.hash);
  v.fixed("source", r.source);
  v.fixed("file_name", r.file_name);
  v.fixed("folder", r.folder);
  v.fixed("created_at", r.created_at);
}

template <class V, RowOf<ImportErrorRow> R>
void visit_columns(V& v, R& r) {
  v.key("id", r.id);
  v.fixed("file_name", r.file_name);
  v.fixed("message", r.message);
  v.fixed("at", r.at);
}

template <class V, RowOf<RunRow> R>
void visit_columns(V& v, R& r) {
  v.key("id", r.id);
  v.fixed("dag_id", r.dag_id);
  v.fixed("run_id", r.run_id);
  v.fixed("execution_date", r.execution_date);
  v.field("data_interval_start", r.data_interval_start);
  v.field("data_interval_end", r.data_interval_end);
  v.field("run_type", r.type);
  v.field("state", r.state);
  v.field("reason", r.reason);
  v.field("dag_version_id", r.dag_version);
  v.field("backfill_id", r.backfill);
  v.field("params", r.params);
  v.field("note", r.note);
  v.field("triggered_by", r.triggered_by);
  v.field("pool", r.pool);
  v.field("priority", r.priority);
  v.field("cancel_requested", r.cancel_requested);
  v.field("rerun", r.rerun);
  v.field("queued_at", r.queued_at);
  v.field("start_date", r.started_at);
  v.field("end_date", r.ended_at);
  v.field("late_at", r.late_at);
  v.version(r.version);
}

template <class V, RowOf<TaskInstanceRow> R>
void visit_columns(V& v, R& r) {
  v.key("id", r.id);
  v.fixed("dag_run_id", r.run);
  v.fixed("task_id", r.task_id);
  v.field("task_index", r.task);  // moves when a clear takes the run to a newer version
  v.fixed("map_index", r.map_index);
  v.field("item", r.item);
  v.field("state", r.state);
  v.field("reason", r.reason);
  v.field("try_number", r.try_number);
  v.field("max_tries", r.max_tries);
  v.field("pool", r.pool);
  v.field("priority", r.priority);
  v.field("memory_bytes", r.memory_bytes);
  v.field("scheduled_at", r.scheduled_at);
  v.field("queued_at", r.queued_at);
  v.field("start_date", r.started_at);
  v.field("end_date", r.ended_at);
  v.field("not_before", r.not_before);
  v.field("note", r.note);
  v.field("changed_by", r.changed_by);
  v.version(r.version);
}

template <class V, RowOf<AttemptRow> R>
void visit_columns(V& v, R& r) {
  v.key("id", r.id);
  v.fixed("task_instance_id", r.task_instance);
  v.fixed("dag_run_id", r.run);
  v.fixed("try_number", r.try_number);
  v.fixed("name", r.name);
  v.strings("devices", r.devices);
  v.field("memory_bytes", r.memory_bytes);
  v.field("kill_requested", r.kill_requested);
  v.field("command", r.command);
  v.fixed("created_at", r.created_at);
  v.start_facts(r.start);
  v.exit_facts(r.exit);
  v.field("outcome", r.outcome);
  v.version(r.version);
}

template <class V, RowOf<OutputRow> R>
void visit_columns(V& v, R& r) {
  v.key("dag_run_id", r.run);
  v.key("task_instance_id", r.task_instance);
  v.key("key", r.key);
  v.field("value", r.value);
}

template <class V, RowOf<BackfillRow> R>
void visit_columns(V& v, R& r) {
  auto& s = r.spec;
  auto& n = r.counts;
  v.key("id", r.id);
  v.fixed("dag_id", s.dag_id);
  v.fixed("from_date", s.from_date);
  v.fixed("to_date", s.to_date);
  v.times("dates", s.dates);
  v.fixed("reprocess_behavior", s.reprocess);
  v.fixed("max_active_runs", s.max_active_runs);
  v.fixed("run_backwards", s.run_backwards);
  v.strings("task_ids", s.task_ids);
  v.fixed("include_upstream", s.include_upstream);
  v.fixed("include_downstream", s.include_downstream);
  v.fixed("params", s.params);
  v.fixed("latest_version", s.latest_version);
  v.fixed("pool", s.pool);
  v.fixed("priority", s.priority);
  v.fixed("cascade", s.cascade);
  v.fixed("description", s.description);
  v.fixed("created_by", s.created_by);
  v.field("state", r.state);
  v.fixed("root_backfill_id", r.root);
  v.sources("sources", r.sources);
  v.field("dag_version_id", r.dag_version);
  v.fixed("dates_version_id", r.dates_version);
  v.field("next_date", r.cursor);
  v.field("items_total", n.total);
  v.field("items_queued", n.queued);
  v.field("items_running", n.running);
  v.field("items_success", n.success);
  v.field("items_failed", n.failed);
  v.field("items_skipped", n.skipped);
  v.field("items_cancelled", n.cancelled);
  v.field("terminate", r.terminate);
  v.field("created_at", r.created_at);
  v.field("start_date", r.started_at);
  v.field("completed_at", r.completed_at);
  v.version(r.version);
}

template <class V, RowOf<BackfillItemRow> R>
void visit_columns(V& v, R& r) {
  v.key("backfill_id", r.backfill);
  v.key("execution_date", r.execution_date);
  v.field("state", r.state);
  v.field("reason", r.reason);
  v.field("dag_run_id", r.run);
  v.version(r.version);
}

template <class V, RowOf<PoolRow> R>
void visit_columns(V& v, R& r) {
  v.key("name", r.name);
  v.field("slots", r.slots);
  v.field("description", r.description);
  v.field("removed", r.removed);
  v.version(r.version);
}

template <class V, RowOf<DatasetVersionRow> R>
void visit_columns(V& v, R& r) {
  v.key("id", r.id);
  v.fixed("dataset", r.dataset);
  v.fixed("partition_date", r.partition);
  v.fixed("hash", r.hash);
  v.fixed("dag_run_id", r.run);
  v.fixed("task_attempt_id", r.attempt);
  v.fixed("dag_id", r.dag_id);
  v.fixed("run_id", r.run_id);
  v.fixed("task_id", r.task_id);
  v.fixed("map_index", r.map_index);
  v.fixed("path", r.path);
  v.fixed("bytes", r.bytes);
  v.fixed("files", r.files);
  v.fixed("row_count", r.rows);
  v.fixed("columns", r.schema);
  v.fixed("created_at", r.created_at);
}

template <class V, RowOf<VersionInputRow> R>
void visit_columns(V& v, R& r) {
  v.key("task_attempt_id", r.attempt);
  v.fixed("dag_run_id", r.run);
  v.key("dataset", r.dataset);
  v.key("partition_date", r.partition);
  v.fixed("dataset_version_id", r.version);
}

template <class V, RowOf<VariableRow> R>
void visit_columns(V& v, R& r) {
  v.key("key", r.key);
  v.field("value", r.value);
  v.field("description", r.description);
  v.version(r.version);
}

template <class V, RowOf<DatasetEventRow> R>
void visit_columns(V& v, R& r) {
  v.key("id", r.id);
  v.fixed("dataset", r.dataset);
  v.fixed("partition_date", r.partition);
  v.fixed("dag_run_id", r.run);
  v.fixed("source_dag_id", r.dag_id);
  v.fixed("source_run_id", r.run_id);
  v.fixed("task_id", r.task_id);
  v.fixed("map_index", r.map_index);
  v.fixed("extra", r.extra);
  v.fixed("created_by", r.created_by);
  v.fixed("dataset_version_id", r.version);
  v.fixed("at", r.at);
}

template <class V, RowOf<DatasetNameRow> R>
void visit_columns(V& v, R& r) {
  v.key("id", r.id);
  v.fixed("name", r.name);
  v.field("uri", r.uri);
  v.fixed("created_at", r.created_at);
  v.field("updated_at", r.updated_at);
  v.version(r.version);
}

template <class V, RowOf<DatasetReferenceRow> R>
void visit_columns(V& v, R& r) {
  v.key("dataset_id", r.dataset);
  v.key("use", r.use);
  v.key("dag_id", r.dag_id);
  v.key("task_id", r.task_id);
  v.fixed("at", r.at);
}

template <class V, RowOf<QueuedDatasetEventRow> R>
void visit_columns(V& v, R& r) {
  v.key("dag_id", r.dag_id);
  v.key("event_id", r.event);
  v.key("run_date", r.run_date);
  v.key("rerun_only", r.rerun_only);
  v.fixed("dataset", r.dataset);
  v.fixed("partition_date", r.partition);
  v.fixed("at", r.at);
}

template <class V, RowOf<DatasetEventRunRow> R>
void visit_columns(V& v, R& r) {
  v.fixed("event_id", r.event);
  v.fixed("dag_id", r.dag_id);
  v.fixed("dag_run_id", r.run);
  v.fixed("rerun", r.rerun);
  v.fixed("triggering", r.triggering);
  v.fixed("reason", r.reason);
  v.fixed("at", r.at);
}

template <class V, RowOf<NotificationRow> R>
void visit_columns(V& v, R& r) {
  v.key("id", r.id);
  v.fixed("dag_id", r.dag_id);
  v.fixed("dag_run_id", r.run);
  v.fixed("notify_on", r.on);
  v.fixed("webhook", r.webhook);
  v.strings("command", r.command);
  v.fixed("body", r.body);
  v.field("state", r.state);
  v.field("tries", r.tries);
  v.field("not_before", r.not_before);
  v.field("detail", r.detail);
  v.fixed("created_at", r.created_at);
  v.field("end_date", r.ended_at);
  v.version(r.version);
}

template <class V, RowOf<EventRow> R>
void visit_columns(V& v, R& r) {
  v.key("seq", r.seq);
  v.fixed("at", r.at);
  v.fixed("kind", r.kind);
  v.fixed("dag_id", r.dag_id);
  v.fixed("dag_run_id", r.run);
  v.fixed("task_instance_id", r.task_instance);
  v.fixed("task_attempt_id", r.attempt);
  v.fixed("from_state", r.from);
  v.fixed("to_state", r.to);
  v.fixed("cause", r.cause);
  v.fixed("owner", r.owner);
}

}  // namespace millrace
