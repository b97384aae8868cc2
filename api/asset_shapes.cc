#include "api/asset_shapes.h"

namespace millrace {
namespace {

void reference(JsonWriter& out, const DatasetReferenceRow& row) {
  out.begin_object().text_field("dag_id", row.dag_id);
  if (row.use != DatasetUse::schedule) out.text_field("task_id", row.task_id);
  time_field(out, "created_at", row.at);
  time_field(out, "updated_at", row.at);
  out.end_object();
}

void references(JsonWriter& out, std::string_view name, const std::vector<DatasetReferenceRow>& rows,
                DatasetUse use) {
  out.key(name).begin_array();
  for (const DatasetReferenceRow& row : rows)
    if (row.use == use) reference(out, row);
  out.end_array();
}

}  // namespace

void AssetShapes::asset(JsonWriter& out, const DatasetNameRow& row) {
  const auto used = reader_.assets().references(row.id);
  const auto newest = reader_.assets().newest_event(row.name);
  out.begin_object().int_field("id", row.id).text_field("name", row.name).text_field("uri", row.uri);
  out.text_field("group", "asset").key("extra").begin_object().end_object();
  time_field(out, "created_at", row.created_at);
  time_field(out, "updated_at", row.updated_at);
  references(out, "scheduled_dags", used, DatasetUse::schedule);
  references(out, "producing_tasks", used, DatasetUse::output);
  references(out, "consuming_tasks", used, DatasetUse::input);
  out.key("aliases").begin_array().end_array().key("watchers").begin_array().end_array();
  out.key("last_asset_event");
  if (newest) {
    out.begin_object().int_field("id", newest->id);
    time_field(out, "timestamp", newest->at);
    out.end_object();
  } else {
    out.null();
  }
  out.end_object();
}

const DatasetNameRow& AssetShapes::name_of(const std::string& dataset) {
  auto known = names_.find(dataset);
  if (known == names_.end()) {
    DatasetNameRow row = reader_.assets().name(dataset).value_or(DatasetNameRow{});
    if (row.name.empty()) row.name = row.uri = dataset;  // from before the register
    known = names_.emplace(dataset, std::move(row)).first;
  }
  return known->second;
}

void AssetShapes::created_runs(JsonWriter& out, const DatasetEventRow& event,
                               const std::vector<DatasetEventRunRow>& links) {
  out.key("created_dagruns").begin_array();
  for (const DatasetEventRunRow& link : links) {
    const auto run = link.run ? reader_.run(link.run) : std::nullopt;
    if (!run) continue;  // skipped, or deleted since
    out.begin_object().text_field("run_id", run->run_id).text_field("dag_id", run->dag_id);
    date_fields(out, run->execution_date);
    // Airflow's clients want a time here, also of a run that waits.
    time_field(out, "start_date", run->started_at.value_or(run->queued_at));
    time_field(out, "end_date", run->ended_at);
    time_field(out, "data_interval_start", run->data_interval_start);
    time_field(out, "data_interval_end", run->data_interval_end);
    out.text_field("state", to_word(run->state)).text_field("partition_key", partition_text(event.partition));
    out.bool_field("triggering", link.triggering).int_field("rerun", link.rerun).end_object();
  }
  out.end_array();
}

void AssetShapes::event(JsonWriter& out, const DatasetEventRow& row) {
  const DatasetNameRow& name = name_of(row.dataset);
  const auto links = reader_.assets().links(row.id);
  out.begin_object().int_field("id", row.id).int_field("asset_id", name.id);
  out.text_field("name", name.name).text_field("uri", name.uri).text_field("group", "asset");
  out.raw_field("extra", row.extra);
  out.word_field("source_dag_id", row.dag_id).word_field("source_task_id", row.task_id);
  out.word_field("source_run_id", row.run_id).int_field("source_map_index", row.map_index);
  time_field(out, "timestamp", row.at);
  out.text_field("partition_key", partition_text(row.partition));
  time_field(out, "partition", row.partition);
  out.word_field("created_by", row.created_by).key("version_id");
  if (row.version) {
    out.integer(row.version.value);
  } else {
    out.null();
  }
  created_runs(out, row, links);
  out.key("skipped_dags").begin_array();
  for (const DatasetEventRunRow& link : links)
    if (!link.run)
      out.begin_object().text_field("dag_id", link.dag_id).text_field("reason", link.reason).end_object();
  out.end_array().end_object();
}

void AssetShapes::queued(JsonWriter& out, const QueuedDatasetEventRow& row) {
  out.begin_object().int_field("asset_id", name_of(row.dataset).id).text_field("dag_id", row.dag_id);
  out.text_field("dag_display_name", row.dag_id);
  time_field(out, "created_at", row.at);
  out.int_field("event_id", row.event).text_field("partition_key", partition_text(row.partition));
  out.end_object();
}

}  // namespace millrace
