#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/json.h"

/// Rows as JSON, in Airflow's shapes (its client's models are the reference), what Airflow lacks beside it.
namespace millrace {

void time_field(JsonWriter&, std::string_view name, std::optional<WallTime>);
/// `logical_date` and `execution_date`, the same value.
void date_fields(JsonWriter&, std::optional<WallTime>);
/// A partition's name: `2001-01-05`, or with its time when it isn't a whole day.
std::string partition_text(WallTime);
/// A UUID that says `kind` and `id`: Airflow's clients want UUIDs where we have numbers.
std::string uuid_of(int kind, std::int64_t id);
/// Airflow's word for a run type: `asset_triggered` for ours by datasets.
std::string_view airflow_word(RunType);

void write_audit(JsonWriter&, const AuditRow&);
/// A run's params as they may be shown: not what secret-looking names hold, nor secrets of the DAG.
std::string shown_params(Backend&, std::string_view dag_id, const JsonText& params);

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
  /// `more` writes further members.
  void backfill(JsonWriter&, const BackfillRow&, const std::function<void()>& more = nullptr);
  void task(JsonWriter&, const Dag&, TaskIndex);

  std::shared_ptr<const Dag> dag_of(DagVersionId);
  /// The DAG's file can't be read any more.
  bool has_import_errors(const DagRow&);

 private:
  void task_facts(JsonWriter&, const TaskInstanceRow&, const RunRow&);
  Services& services_;
  StoreReader& reader_;
  std::map<DagVersionId, std::shared_ptr<const Dag>> dags_;
  std::map<RunId, RunRow> runs_;
  std::optional<std::set<std::string, std::less<>>> broken_files_;
};

/// `total_entries`, and that it is a lower bound when it is.
void total_fields(JsonWriter&, std::int64_t total, bool at_least);

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

/// The same of a list whose rows the store has counted: as far as it did.
template <class Row, class Write>
HttpResponse list_response(std::string_view plural, const Listed<Row>& listed, Write write) {
  JsonWriter out;
  out.begin_object().key(plural).begin_array();
  for (const Row& row : listed.rows) write(out, row);
  out.end_array();
  total_fields(out, listed.total_entries, listed.at_least);
  out.end_object();
  return json_response(out.take());
}

/// A page of rows that have an id: with a cursor, where the next page begins instead of a count.
template <class Row, class Write>
HttpResponse page_response(std::string_view plural, const Listed<Row>& listed, const Page& page,
                           Write write) {
  JsonWriter out;
  out.begin_object().key(plural).begin_array();
  for (const Row& row : listed.rows) write(out, row);
  out.end_array();
  const bool more = page.after_id && page.limit > 0 && listed.rows.size() == std::size_t(page.limit);
  out.word_field("next_cursor", more ? std::to_string(listed.rows.back().id.value) : "");
  out.null_field("previous_cursor");
  if (page.after_id) {
    out.null_field("total_entries");
  } else {
    total_fields(out, listed.total_entries, listed.at_least);
  }
  out.end_object();
  return json_response(out.take());
}

/// The word of an action, as `operator` and `operator_name` show it.
std::string_view action_word(const Task&);

}  // namespace millrace
