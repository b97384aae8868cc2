#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/json.h"

/// Rows as JSON, in Airflow's shapes (its client's models are the reference), what Airflow lacks beside it.
namespace millrace {

void time_field(JsonWriter&, std::string_view name, std::optional<WallTime>);
/// `logical_date` and `execution_date`, the same value.
void date_fields(JsonWriter&, std::optional<WallTime>);
/// A UUID that says `kind` and `id`: Airflow's clients want UUIDs where we have numbers.
std::string uuid_of(int kind, std::int64_t id);
/// Airflow's word for a run type: `asset_triggered` for ours by datasets.
std::string_view airflow_word(RunType);

/// Rows written for one call: remembers the runs and versions it looked up.
class Shapes {
 public:
  Shapes(const Call& call, StoreReader& reader) : services_(*call.services), reader_(reader) {}
  Shapes(Services& services, StoreReader& reader) : services_(services), reader_(reader) {}

  void dag(JsonWriter&, const DagRow&, bool details);
  void dag_version(JsonWriter&, DagVersionId);
  void run(JsonWriter&, const RunRow&);
  void task_instance(JsonWriter&, const TaskInstanceRow&, const RunRow&, const AttemptRow* newest);
  /// Of a row from a list over several runs.
  void task_instance(JsonWriter&, const TaskInstanceRow&);
  void attempt(JsonWriter&, const AttemptRow&, const TaskInstanceRow&, const RunRow&);
  void backfill(JsonWriter&, const BackfillRow&);
  void task(JsonWriter&, const Dag&, TaskIndex);

  std::shared_ptr<const Dag> dag_of(DagVersionId);

 private:
  void task_facts(JsonWriter&, const TaskInstanceRow&, const RunRow&);
  Services& services_;
  StoreReader& reader_;
  std::map<DagVersionId, std::shared_ptr<const Dag>> dags_;
  std::map<RunId, RunRow> runs_;
};

/// `{"<plural>": [...], "total_entries": n}`
template <class Row, class Write>
HttpResponse list_response(std::string_view plural, const std::vector<Row>& rows, std::int64_t total,
                           Write write) {
  JsonWriter out;
  out.begin_object().key(plural).begin_array();
  for (const Row& row : rows) write(out, row);
  out.end_array().int_field("total_entries", total).end_object();
  return json_response(out.take());
}

/// The word of an action, as `operator` and `operator_name` show it.
std::string_view action_word(const Task&);

}  // namespace millrace
