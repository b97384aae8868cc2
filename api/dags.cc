#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "api/handlers.h"
#include "api/shapes.h"
#include "base/limits.h"

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

void write_params(JsonWriter& out, const Dag& dag) {
  out.key("params").begin_object();
  for (const Param& param : dag.params) {
    out.key(param.name).begin_object();
    out.raw_field("value", param.default_value.value_or("null")).word_field("description", param.description);
    out.key("schema").begin_object().text_field("type", param.type).end_object();
    out.end_object();
  }
  out.end_object();
}

}  // namespace

void Shapes::dag(JsonWriter& out, const DagRow& row, bool details) {
  const auto dag = dag_of(row.current);
  const auto facts = services_.versions.find(reader_, row.current);
  const bool periodic =
      dag && (dag->schedule.kind == Schedule::Kind::cron || dag->schedule.kind == Schedule::Kind::every);
  out.begin_object();
  out.text_field("dag_id", row.dag_id).text_field("dag_display_name", row.dag_id);
  out.bool_field("is_paused", row.paused).bool_field("is_stale", row.removed);
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
  out.bool_field("has_import_errors", false).bool_field("is_backfillable", true);
  out.word_field("timetable_summary", dag ? dag->schedule.source : "");
  out.word_field("timetable_description", dag ? dag->schedule.source : "");
  out.bool_field("timetable_partitioned", false).bool_field("timetable_periodic", periodic);
  if (dag && !row.removed) write_next(out, row, *dag, services_.clock.now().wall);
  out.int_field("task_count", dag ? static_cast<std::int64_t>(dag->tasks.size()) : 0);
  out.int_field("version_number", facts ? facts->number : 0);
  if (details && dag) {
    out.bool_field("catchup", dag->catchup.policy != Catchup::Policy::none);
    out.int_field("concurrency", dag->max_active_tasks).text_field("timezone", dag->timezone.name());
    out.bool_field("render_template_as_native_obj", false);
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

bool has_tags(const Dag& dag, const std::vector<std::string_view>& wanted, bool all) {
  const auto has = [&](std::string_view tag) { return std::ranges::find(dag.tags, tag) != dag.tags.end(); };
  return all ? std::ranges::all_of(wanted, has) : std::ranges::any_of(wanted, has);
}

/// SQL's LIKE with `%` and `_`, or, without either, "contains". No regular expressions: no surprise in time.
bool matches(std::string_view pattern, std::string_view text) {
  if (pattern.find_first_of("%_") == pattern.npos) return text.find(pattern) != text.npos;
  std::size_t p = 0, t = 0, star = pattern.npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '_' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

}  // namespace

Answer list_dags(const Call& call, StoreReader& reader) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  const auto paused = call.query_value("paused");
  if (paused && *paused != "true" && *paused != "false") return refuse_field("paused", "true or false");
  const auto pattern = call.query_value("dag_id_pattern");
  const auto tags = call.query_values("tags");
  const auto owners = call.query_values("owners");
  const bool all_tags = call.query_value("tags_match_mode").value_or("any") == "all";
  const std::string_view order =
      page->order_by.empty() ? std::string_view{"dag_id"} : std::string_view{page->order_by};
  if (order != "dag_id" && order != "-dag_id") return refuse_field("order_by", "dag_id or -dag_id");
  Shapes shapes(call, reader);
  std::vector<DagRow> rows = reader.dags();
  std::erase_if(rows, [&](const DagRow& row) {
    if (paused && row.paused != (*paused == "true")) return true;
    if (pattern && !matches(*pattern, row.dag_id)) return true;
    if (tags.empty() && owners.empty()) return false;
    const auto dag = shapes.dag_of(row.current);
    if (!dag) return true;
    if (!owners.empty() && std::ranges::find(owners, std::string_view(dag->owner)) == owners.end())
      return true;
    return !tags.empty() && !has_tags(*dag, tags, all_tags);
  });
  if (order == "-dag_id") std::ranges::reverse(rows);
  const std::size_t from = std::min(rows.size(), static_cast<std::size_t>(page->offset));
  const std::size_t to = std::min(rows.size(), from + static_cast<std::size_t>(page->limit));
  const auto total = static_cast<std::int64_t>(rows.size());
  const std::vector<DagRow> shown(rows.begin() + static_cast<std::ptrdiff_t>(from),
                                  rows.begin() + static_cast<std::ptrdiff_t>(to));
  return list_response("dags", shown, total,
                       [&](JsonWriter& out, const DagRow& row) { shapes.dag(out, row, false); });
}

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

Answer list_dag_tags(const Call& call, StoreReader& reader) {
  Shapes shapes(call, reader);
  std::set<std::string> tags;
  for (const DagRow& row : reader.dags()) {
    if (const auto dag = shapes.dag_of(row.current)) tags.insert(dag->tags.begin(), dag->tags.end());
  }
  const std::vector<std::string> all(tags.begin(), tags.end());
  return list_response("tags", all, static_cast<std::int64_t>(all.size()),
                       [](JsonWriter& out, const std::string& tag) { out.string(tag); });
}

Answer dag_stats(const Call& call, StoreReader& reader) {
  static constexpr std::array states = {RunState::queued, RunState::running, RunState::success,
                                        RunState::failed};
  const auto wanted = call.query_values("dag_ids");
  std::vector<DagRow> rows = reader.dags();
  std::erase_if(rows, [&](const DagRow& row) {
    return !wanted.empty() && std::ranges::find(wanted, std::string_view(row.dag_id)) == wanted.end();
  });
  if (rows.size() > limits::list_page) return refuse_field("dag_ids", "name fewer DAGs");
  return list_response(
      "dags", rows, static_cast<std::int64_t>(rows.size()), [&](JsonWriter& out, const DagRow& row) {
        out.begin_object().text_field("dag_id", row.dag_id).text_field("dag_display_name", row.dag_id);
        out.key("stats").begin_array();
        for (const RunState state : states) {
          RunFilter filter;
          filter.dag_id = row.dag_id;
          filter.states = {state};
          const auto listed = reader.runs(filter, Page{1, 0, {}});
          out.begin_object().text_field("state", to_word(state));
          out.int_field("count", listed ? listed->total_entries : 0).end_object();
        }
        out.end_array().end_object();
      });
}

Started patch_dag(const CallPtr& call, StoreReader& reader) {
  if (const auto row = find_dag(*call, reader); !row) return std::unexpected(row.error());
  auto body = json_body(*call);
  if (!body) return std::unexpected(std::move(body.error()));
  BodyReader in(*body);
  const auto paused = in.boolean("is_paused");
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  if (!paused) return refuse_field("is_paused", "is missing: true or false");
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
