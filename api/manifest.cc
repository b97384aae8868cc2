#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "api/dataset_shapes.h"
#include "api/handlers.h"
#include "api/look_up.h"
#include "api/shapes.h"
#include "base/limits.h"

namespace millrace::handlers {
namespace {

/// All rows of a run, by what they belong to; each read once.
struct RunRecord {
  std::vector<TaskInstanceRow> tasks;  // in the DAG's order
  std::map<TaskInstanceId, std::vector<AttemptRow>> attempts;
  std::map<AttemptId, std::vector<VersionInputRow>> inputs;
  std::map<AttemptId, std::vector<DatasetVersionRow>> outputs;
};

std::expected<RunRecord, Problem> read_run(StoreReader& reader, const RunRow& run) {
  RunRecord record;
  for (;;) {
    const Page page{static_cast<int>(limits::list_page), static_cast<int>(record.tasks.size()), {}};
    TaskInstanceFilter of_run;
    of_run.run = run.id;
    auto listed = reader.task_instances(of_run, page);
    if (!listed) return std::unexpected(to_problem(listed.error()));
    if (listed->total_entries > static_cast<std::int64_t>(limits::manifest_tasks))
      return refuse(422, "too_large",
                    fmt::format("the run has {} task instances; a manifest holds at most {}",
                                listed->total_entries, limits::manifest_tasks));
    std::ranges::move(listed->rows, std::back_inserter(record.tasks));
    if (listed->rows.empty() || std::ssize(record.tasks) >= listed->total_entries) break;
  }
  for (AttemptRow& row : reader.versions().attempts_of(run.id))
    record.attempts[row.task_instance].push_back(std::move(row));
  for (auto& [task, attempts] : record.attempts)
    std::ranges::sort(attempts, {}, &AttemptRow::try_number);
  for (VersionInputRow& row : reader.versions().read_by(run.id))
    record.inputs[row.attempt].push_back(std::move(row));
  for (DatasetVersionRow& row : reader.versions().written_by(run.id))
    record.outputs[row.attempt].push_back(std::move(row));
  return record;
}

void write_output(JsonWriter& out, const DatasetVersionRow& row) {
  out.begin_object().text_field("dataset", row.dataset);
  time_field(out, "partition", row.partition);
  out.text_field("version", row.hash).int_field("version_id", row.id.value);
  out.int_field("bytes", row.bytes).int_field("files", row.files).key("rows");
  row.rows ? out.integer(*row.rows) : out.null();
  out.text_field("path", row.path).end_object();
}

void write_attempt(JsonWriter& out, StoreReader& reader, const RunRecord& record, const AttemptRow& row) {
  out.begin_object().int_field("try_number", row.try_number).text_field("command", row.command);
  out.word_field("host", row.start ? row.start->host : std::string{}).key("devices").begin_array();
  for (const std::string& device : row.devices) out.string(device);
  out.end_array().int_field("memory_bytes", row.memory_bytes);
  out.word_field("outcome", row.outcome ? to_word(*row.outcome) : std::string_view{});
  time_field(out, "start_date", row.start ? std::optional(row.start->at) : std::nullopt);
  time_field(out, "end_date", row.exit ? std::optional(row.exit->at) : std::nullopt);
  out.key("inputs").begin_array();
  if (const auto read = record.inputs.find(row.id); read != record.inputs.end())
    for (const VersionInputRow& input : read->second)
      if (const auto version = reader.versions().find(input.version)) write_version_reference(out, *version);
  out.end_array().key("outputs").begin_array();
  if (const auto written = record.outputs.find(row.id); written != record.outputs.end())
    for (const DatasetVersionRow& version : written->second) write_output(out, version);
  out.end_array().end_object();
}

void write_task(JsonWriter& out, StoreReader& reader, const RunRecord& record, const Dag* dag,
                const TaskInstanceRow& row) {
  out.begin_object().text_field("task_id", row.task_id).int_field("map_index", row.map_index);
  out.raw_field("item", row.item.empty() ? "null" : row.item);
  out.word_field("state", row.state == TaskState::none ? std::string_view{} : to_word(row.state));
  out.key("env").begin_array();
  if (const auto task = dag != nullptr ? dag->find(row.task_id) : std::nullopt)
    for (const auto& [name, value] : dag->tasks[*task].env) out.string(name);
  if (dag != nullptr)
    for (const Secret& secret : dag->secrets) out.string(secret.env);
  out.end_array().key("attempts").begin_array();
  if (const auto attempts = record.attempts.find(row.id); attempts != record.attempts.end())
    for (const AttemptRow& attempt : attempts->second) write_attempt(out, reader, record, attempt);
  out.end_array().end_object();
}

}  // namespace

/// The same bytes for the same rows: members and rows in a fixed order, nothing of the moment.
Answer get_manifest(const Call& call, StoreReader& reader) {
  const auto run = find_run(call, reader);
  if (!run) return std::unexpected(run.error());
  const auto record = read_run(reader, *run);
  if (!record) return std::unexpected(record.error());
  const auto facts = call.services->versions.find(reader, run->dag_version);
  const auto dag = call.backend().dag_version(run->dag_version);
  JsonWriter out;
  out.begin_object().text_field("dag_id", run->dag_id).text_field("dag_run_id", run->run_id);
  out.text_field("run_type", airflow_word(run->type)).text_field("state", to_word(run->state));
  date_fields(out, run->execution_date);
  time_field(out, "data_interval_start", run->data_interval_start);
  time_field(out, "data_interval_end", run->data_interval_end);
  out.text_field("triggered_by", run->triggered_by);
  out.key("dag_version").begin_object().int_field("number", facts ? facts->number : 0);
  out.text_field("hash", facts ? facts->hash : std::string{}).end_object();
  out.raw_field("params", shown_params(call.backend(), run->dag_id, run->params)).key("tasks").begin_array();
  for (const TaskInstanceRow& row : record->tasks) write_task(out, reader, *record, dag.get(), row);
  out.end_array().end_object();
  return json_response(out.take());
}

}  // namespace millrace::handlers
