#include <fmt/format.h>

#include <algorithm>

#include "api/dag_dates.h"
#include "api/handlers.h"
#include "api/params.h"
#include "api/shapes.h"

namespace millrace {
namespace {

std::string_view file_name_of(const std::optional<VersionFacts::Facts>& facts) {
  return facts ? std::string_view{facts->file_name} : std::string_view{};
}

void write_next(JsonWriter& out, const DagRow& row, const Dag& dag, WallTime now) {
  const auto tick = next_tick(dag.schedule, row.watermark.value_or(now));
  const auto interval = tick ? std::optional(interval_at_tick(dag.schedule, *tick)) : std::nullopt;
  const bool past_end = interval && dag.end_date && interval->start > *dag.end_date;
  const auto shown = [&](auto value) {
    return tick && !past_end ? std::optional<WallTime>(value) : std::nullopt;
  };
  time_field(out, "next_dagrun_logical_date", interval ? shown(interval->start) : std::nullopt);
  time_field(out, "next_dagrun_data_interval_start", interval ? shown(interval->start) : std::nullopt);
  time_field(out, "next_dagrun_data_interval_end", interval ? shown(interval->end) : std::nullopt);
  time_field(out, "next_dagrun_run_after", tick ? shown(*tick) : std::nullopt);
}

}  // namespace

/// Its last good version stays in force meanwhile.
bool Shapes::has_import_errors(const DagRow& row) {
  if (!broken_files_) {
    broken_files_.emplace();
    for (const ImportErrorRow& error : reader_.import_errors()) broken_files_->insert(error.file_name);
  }
  const auto facts = services_.versions.find(reader_, row.current);
  return facts && broken_files_->contains(facts->file_name);
}

void Shapes::dag(JsonWriter& out, const DagRow& row, bool details) {
  const auto dag = dag_of(row.current);
  const auto facts = services_.versions.find(reader_, row.current);
  const bool periodic =
      dag && (dag->schedule.kind == Schedule::Kind::cron || dag->schedule.kind == Schedule::Kind::every);
  out.begin_object();
  out.text_field("dag_id", row.dag_id).text_field("dag_display_name", row.dag_id);
  out.bool_field("is_paused", row.paused).bool_field("is_stale", row.removed);
  out.null_field("allowed_run_types");
  out.word_field("description", dag ? dag->description : "").word_field("stage", dag ? dag->stage : "");
  out.key("owners").begin_array();
  if (dag && !dag->owner.empty()) out.string(dag->owner);
  out.end_array().key("tags").begin_array();
  if (dag) {
    for (const std::string& tag : dag->tags) {
      out.begin_object().text_field("name", tag).text_field("dag_id", row.dag_id);
      out.text_field("dag_display_name", row.dag_id).end_object();
    }
  }
  out.end_array();
  out.text_field("fileloc", file_name_of(facts)).text_field("relative_fileloc", file_name_of(facts));
  out.text_field("file_token", row.dag_id).text_field("bundle_name", "dags");
  out.word_field("bundle_version", facts ? facts->hash : "");
  time_field(out, "last_parsed_time", facts ? std::optional(facts->created_at) : std::nullopt);
  out.null_field("last_parse_duration").null_field("last_expired");
  out.int_field("max_active_runs", dag ? dag->max_active_runs : 0);
  out.int_field("max_active_tasks", dag ? dag->max_active_tasks : 0);
  out.int_field("max_consecutive_failed_dag_runs", 0).bool_field("has_task_concurrency_limits", false);
  out.bool_field("has_import_errors", has_import_errors(row)).bool_field("is_backfillable", true);
  out.word_field("timetable_summary", dag ? dag->schedule.source : "");
  out.word_field("timetable_description", dag ? dag->schedule.source : "");
  out.bool_field("timetable_partitioned", false).bool_field("timetable_periodic", periodic);
  if (dag && !row.removed) write_next(out, row, *dag, services_.clock.now().wall);
  out.int_field("task_count", dag ? static_cast<std::int64_t>(dag->tasks.size()) : 0);
  out.int_field("version_number", facts ? facts->number : 0);
  if (details && dag) {
    out.bool_field("catchup", dag->catchup.policy != Catchup::Policy::none);
    out.int_field("concurrency", dag->max_active_tasks);
    out.text_field("timezone", clock_of(services_.backend, dag).zone.name());
    out.bool_field("render_template_as_native_obj", false).bool_field("is_favorite", false);
    out.word_field("doc_md", dag->description).null_field("asset_expression").null_field("owner_links");
    out.null_field("default_args").null_field("is_paused_upon_creation").null_field("template_search_path");
    time_field(out, "last_parsed", facts ? std::optional(facts->created_at) : std::nullopt);
    out.bool_field("rerun_with_latest_version", false);
    time_field(out, "start_date", dag->start_date);
    time_field(out, "end_date", dag->end_date);
    out.word_field("dag_run_timeout", dag->run_timeout ? to_text(*dag->run_timeout) : "");
    write_params(out, *dag);
    out.key("latest_dag_version");
    dag_version(out, row.current);
    out.key("datasets").begin_array();
    for (const Dataset& dataset : dag->datasets) {
      out.begin_object().text_field("name", dataset.name).text_field("path", dataset.path.source);
      out.word_field("format", dataset.format).word_field("description", dataset.description).end_object();
    }
    out.end_array();
  }
  out.end_object();
}

namespace handlers {
namespace {

std::expected<DagRow, Problem> find_dag(const Call& call, StoreReader& reader) {
  auto row = reader.dag(call.param("dag_id"));
  if (!row || row->removed) {
    return refuse(404, "not_found", fmt::format("there is no DAG '{}'", call.param("dag_id")),
                  "millrace dags list shows those there are");
  }
  return std::move(*row);
}

}  // namespace

Answer get_dag(const Call& call, StoreReader& reader) {
  const auto row = find_dag(call, reader);
  if (!row) return std::unexpected(row.error());
  JsonWriter out;
  Shapes(call, reader).dag(out, *row, false);
  return json_response(out.take());
}

Answer get_dag_details(const Call& call, StoreReader& reader) {
  const auto row = find_dag(call, reader);
  if (!row) return std::unexpected(row.error());
  JsonWriter out;
  Shapes(call, reader).dag(out, *row, true);
  return json_response(out.take());
}

std::expected<bool, Problem> asked_to_pause(const Call& call) {
  auto body = json_body(call);
  if (!body) return std::unexpected(std::move(body.error()));
  if (auto ok = apply_update_mask(call, *body, {"is_paused"}); !ok)
    return std::unexpected(std::move(ok.error()));
  BodyReader in(*body);
  const auto paused = in.boolean("is_paused");
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  if (!paused) return refuse_field("is_paused", "is missing: true or false");
  return *paused;
}

Started patch_dag(const CallPtr& call, StoreReader& reader) {
  if (const auto row = find_dag(*call, reader); !row) return std::unexpected(row.error());
  const auto paused = asked_to_pause(*call);
  if (!paused) return std::unexpected(paused.error());
  commit(call, DagPaused{{}, std::string(call->param("dag_id")), *paused, call->who.name},
         [call](StoreReader& later, const Reply&) { return get_dag(*call, later); });
  return {};
}

Started delete_dag(const CallPtr& call, StoreReader& reader) {
  if (const auto row = find_dag(*call, reader); !row) return std::unexpected(row.error());
  commit(call, DagRemoved{{}, std::string(call->param("dag_id")), call->who.name},
         [](StoreReader&, const Reply&) -> Answer { return empty_response(); });
  return {};
}

}  // namespace handlers
}  // namespace millrace
