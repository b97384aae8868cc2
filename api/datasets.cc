#include <fmt/format.h>

#include "api/dag_dates.h"
#include "api/dataset_shapes.h"
#include "api/handlers.h"
#include "api/shapes.h"
#include "base/limits.h"

namespace millrace::handlers {
namespace {

std::expected<DatasetNameRow, Problem> find_dataset(const Call& call, StoreReader& reader) {
  auto row = reader.assets().name(call.param("dataset"));
  if (row) return std::move(*row);
  return refuse(404, "not_found", fmt::format("there is no dataset '{}'", call.param("dataset")),
                "millrace datasets list shows those there are");
}

/// The DAG that makes it, as it is now; nothing when none does.
std::shared_ptr<const Dag> dag_of(const Call& call, StoreReader& reader, const std::string& dag_id) {
  const auto row = dag_id.empty() ? std::nullopt : reader.dag(dag_id);
  return row && !row->removed ? call.backend().dag_version(row->current) : nullptr;
}

/// As that DAG declares it.
std::optional<Dataset> declared(const Dag& dag, const std::string& name) {
  for (const Dataset& dataset : dag.datasets)
    if (dataset.name == name) return dataset;
  return {};
}

void write_dataset(JsonWriter& out, const Call& call, StoreReader& reader, const DatasetNameRow& row) {
  std::vector<DatasetReferenceRow> uses = reader.assets().references(row.id);
  std::string producer;
  for (const DatasetReferenceRow& use : uses)
    if (use.use == DatasetUse::output) producer = use.dag_id;
  const auto dag = dag_of(call, reader, producer);
  const auto definition = dag ? declared(*dag, row.name) : std::nullopt;
  const auto written = reader.versions().written(row.name);
  const auto newest = written ? reader.versions().find(written->newest) : std::nullopt;
  out.begin_object().text_field("name", row.name).int_field("asset_id", row.id).text_field("uri", row.uri);
  out.word_field("dag_id", producer);
  out.word_field("description", definition ? definition->description : "");
  out.word_field("format", definition ? definition->format : "");
  out.word_field("timezone", dag ? clock_of(call.backend(), dag).zone.name() : std::string());
  const auto tasks = [&](std::string_view name, DatasetUse wanted) {
    out.key(name).begin_array();
    for (const DatasetReferenceRow& use : uses) {
      if (use.use != wanted) continue;
      out.begin_object().text_field("dag_id", use.dag_id).word_field("task_id", use.task_id).end_object();
    }
    out.end_array();
  };
  tasks("producers", DatasetUse::output);
  tasks("consumers", DatasetUse::input);
  tasks("triggers", DatasetUse::schedule);
  out.int_field("versions", written ? written->versions : 0);
  out.int_field("partitions", written ? written->partitions : 0).key("newest_version");
  newest ? write_version(out, *newest) : static_cast<void>(out.null());
  out.end_object();
}

}  // namespace

Answer list_datasets(const Call& call, StoreReader& reader) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  AssetFilter filter;
  filter.name_pattern = call.query_value("name_pattern").value_or("");
  const auto listed = reader.assets().names(filter, *page);
  if (!listed) return std::unexpected(to_problem(listed.error()));
  return list_response(
      "datasets", *listed,
      [&](JsonWriter& out, const DatasetNameRow& row) { write_dataset(out, call, reader, row); });
}

Answer get_dataset(const Call& call, StoreReader& reader) {
  const auto row = find_dataset(call, reader);
  if (!row) return std::unexpected(row.error());
  JsonWriter out;
  write_dataset(out, call, reader, *row);
  return json_response(out.take());
}

Answer list_dataset_versions(const Call& call, StoreReader& reader) {
  const auto row = find_dataset(call, reader);
  if (!row) return std::unexpected(row.error());
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  std::optional<WallTime> partition;
  if (const auto text = call.query_value("partition")) {
    const auto named = partition_of(call, reader, *row, "partition", *text);
    if (!named) return std::unexpected(named.error());
    partition = *named;
  }
  const auto hash = call.query_value("version");
  const VersionFilter filter{row->name, partition, std::string(hash.value_or(""))};
  if (hash && !is_hash_prefix(filter.hash_prefix))
    return refuse_field("version", "b3: and 4 to 64 hex digits");
  const auto listed = reader.versions().list(filter, *page);
  if (!listed) return std::unexpected(to_problem(listed.error()));
  return list_response("versions", listed->rows, listed->total_entries, write_version);
}

Answer get_dataset_version(const Call& call, StoreReader& reader) {
  const auto row = find_dataset(call, reader);
  if (!row) return std::unexpected(row.error());
  const auto version = find_version(reader, row->name, call.param("version"));
  if (!version) return std::unexpected(version.error());
  const auto same = reader.versions().list({row->name, {}, version->hash}, {.limit = 0});
  JsonWriter out;
  out.begin_object().key("version");
  write_version(out, *version);
  out.int_field("same_content", same ? same->total_entries : 1).key("inputs").begin_array();
  for (const VersionInputRow& input : reader.versions().read_by(version->attempt, limits::lineage_nodes))
    if (const auto read = reader.versions().find(input.version)) write_version_reference(out, *read);
  out.end_array().key("read_by").begin_array();
  for (const VersionInputRow& read : reader.versions().readers_of(version->id, limits::lineage_nodes)) {
    const auto attempt = reader.versions().attempt(read.attempt);
    if (!attempt) continue;
    const AttemptName name = parse_attempt_name(attempt->name);
    out.begin_object().text_field("dag_id", name.dag_id).text_field("run_id", name.run_id);
    out.text_field("task_id", name.task_id).int_field("map_index", name.map_index);
    out.int_field("try_number", name.try_number).end_object();
  }
  out.end_array().end_object();
  return json_response(out.take());
}

Answer list_dataset_partitions(const Call& call, StoreReader& reader) {
  const auto row = find_dataset(call, reader);
  if (!row) return std::unexpected(row.error());
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  const auto listed = reader.versions().partitions(row->name, *page);
  if (!listed) return std::unexpected(to_problem(listed.error()));
  return list_response("partitions", listed->rows, listed->total_entries,
                       [](JsonWriter& out, const PartitionVersion& partition) {
                         out.begin_object();
                         time_field(out, "partition", partition.newest.partition);
                         out.int_field("versions", partition.versions).key("newest_version");
                         write_version(out, partition.newest);
                         out.end_object();
                       });
}

}  // namespace millrace::handlers
