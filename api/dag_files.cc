#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/dag_dates.h"
#include "api/filters.h"
#include "api/handlers.h"
#include "api/shapes.h"
#include "api/ui_words.h"
#include "api/waiting_runs.h"

namespace millrace::handlers {
namespace {

constexpr std::string_view shown_name = "dag.yaml";  // bodies have no name
constexpr int preview_most = 1'000;
constexpr std::size_t graph_most = 2'000;  // tasks of a file that is being written
constexpr std::size_t ticks_shown = 3;

std::expected<DagVersionRow, Problem> version_of(const Call& call, StoreReader& reader,
                                                 std::optional<int> number) {
  const std::string_view dag_id = call.param("dag_id");
  if (number) {
    for (const DagVersionRow& row : reader.dag_versions(dag_id)) {
      if (row.number == *number) {
        if (auto full = reader.dag_version(row.id)) return std::move(*full);
      }
    }
    return refuse(404, "not_found", fmt::format("DAG '{}' has no version {}", dag_id, *number));
  }
  if (const auto dag = reader.dag(dag_id)) {
    if (auto full = reader.dag_version(dag->current)) return std::move(*full);
  }
  return refuse(404, "not_found", fmt::format("there is no DAG '{}'", dag_id));
}

std::expected<std::optional<int>, Problem> number_in_query(const Call& call, std::string_view name,
                                                           int most) {
  const auto text = call.query_value(name);
  if (!text) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size() || value < 1 || value > most) {
    return refuse_field(std::string(name), fmt::format("a number from 1 to {}", most));
  }
  return value;
}

/// The next ticks after `from`, at most `most`, none whose interval begins after the DAG's end.
std::vector<WallTime> next_ticks(const Dag& dag, WallTime from, std::size_t most) {
  std::vector<WallTime> out;
  auto at = next_tick(dag.schedule, from);
  while (at && out.size() < most) {
    if (dag.end_date && interval_at_tick(dag.schedule, *at).start > *dag.end_date) break;
    out.push_back(*at);
    at = next_tick(dag.schedule, *at);
  }
  return out;
}

void write_tick(JsonWriter& out, const Dag& dag, WallTime tick) {
  const DataInterval interval = interval_at_tick(dag.schedule, tick);
  const Zone::Local local = dag.schedule.zone.to_local(tick);
  out.begin_object();
  date_fields(out, interval.start);
  time_field(out, "data_interval_start", interval.start);
  time_field(out, "data_interval_end", interval.end);
  time_field(out, "run_after", tick);
  out.text_field("local_time",
                 fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", local.year, local.month, local.day,
                             local.hour, local.minute, local.second));
  out.text_field("timezone", dag.schedule.zone.name()).end_object();
}

/// What a page shows of a file beside its text.
void write_preview(JsonWriter& out, const Dag& dag, WallTime now) {
  out.key("preview").begin_object().key("graph");
  if (dag.tasks.size() <= graph_most) {
    out.begin_object();
    graph_members(out, dag);
    out.end_object();
  } else {
    out.null();
  }
  out.key("ticks").begin_array();
  if (dag.schedule.kind != Schedule::Kind::datasets)
    for (const WallTime tick : next_ticks(dag, now, ticks_shown)) write_tick(out, dag, tick);
  out.end_array().end_object();
}

}  // namespace

Started submit_dag(const CallPtr& call, StoreReader&) {
  if (call->request.body.empty()) return refuse(422, "invalid", "the body is empty; it must be a DAG file");
  call->backend().submit_dag(call->request.body, call->context(), [call](const Submitted& done) {
    answer_on_reader(call, [call, done](StoreReader& reader) -> Answer {
      if (done.refused) return std::unexpected(to_problem(*done.refused));
      if (!done.diagnostics.empty() || !done.dag) {
        return std::unexpected(to_problem(done.diagnostics, shown_name, call->request.body));
      }
      JsonWriter dag;
      Shapes(*call, reader).dag(dag, *done.dag, false);
      std::string text = dag.take();
      text.back() = ',';  // the DAG's shape, with one member more
      return json_response(fmt::format("{}\"changed\":{}}}", text, done.changed), done.changed ? 201 : 200);
    });
  });
  return {};
}

Answer validate_dag(const Call& call, StoreReader&) {
  std::shared_ptr<const Dag> dag;
  const Diagnostics diagnostics = call.backend().validate_dag(call.request.body, &dag);
  if (!diagnostics.empty() || !dag) {
    return std::unexpected(to_problem(diagnostics, shown_name, call.request.body));
  }
  const auto preview = flag_in_query(call, "preview");
  if (!preview) return std::unexpected(preview.error());
  JsonWriter out;
  out.begin_object().bool_field("valid", true).text_field("dag_id", dag->dag_id);
  out.int_field("task_count", static_cast<std::int64_t>(dag->tasks.size())).text_field("hash", dag->hash);
  out.text_field("schedule", dag->schedule.source);
  if (preview->value_or(false)) write_preview(out, *dag, call.services->clock.now().wall);
  out.end_object();
  return json_response(out.take());
}

Answer schedule_preview(const Call& call, StoreReader& reader) {
  const auto row = reader.dag(call.param("dag_id"));
  const auto dag = row && !row->removed ? call.backend().dag_version(row->current) : nullptr;
  if (!dag) return refuse(404, "not_found", fmt::format("there is no DAG '{}'", call.param("dag_id")));
  const auto count = number_in_query(call, "count", preview_most);
  if (!count) return std::unexpected(count.error());
  const auto from = time_in_query(call, "from", clock_of(call.backend(), dag));
  if (!from) return std::unexpected(from.error());
  if (dag->schedule.kind == Schedule::Kind::datasets)
    return waiting_runs(reader, *row, *dag, static_cast<std::size_t>(count->value_or(20)));
  const auto ticks = next_ticks(*dag, from->value_or(call.services->clock.now().wall),
                                static_cast<std::size_t>(count->value_or(20)));
  return list_response("ticks", ticks, static_cast<std::int64_t>(ticks.size()),
                       [&](JsonWriter& out, WallTime tick) { write_tick(out, *dag, tick); });
}

Answer dag_source(const Call& call, StoreReader& reader) {
  const auto number = number_in_query(call, "version_number", INT32_MAX);
  if (!number) return std::unexpected(number.error());
  const auto row = version_of(call, reader, *number);
  if (!row) return std::unexpected(row.error());
  const std::string_view accept = call.request.header("accept");
  if (accept.find("text/plain") != accept.npos && accept.find("application/json") == accept.npos) {
    HttpResponse response;
    response.content_type = "text/plain; charset=utf-8";
    response.body = row->source;
    return response;
  }
  JsonWriter out;
  out.begin_object().text_field("content", row->source).text_field("dag_id", row->dag_id);
  out.text_field("dag_display_name", row->dag_id).int_field("version_number", row->number).end_object();
  return json_response(out.take());
}

Answer list_dag_versions(const Call& call, StoreReader& reader) {
  auto rows = reader.dag_versions(call.param("dag_id"));
  if (rows.empty())
    return refuse(404, "not_found", fmt::format("there is no DAG '{}'", call.param("dag_id")));
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  const auto number = number_in_query(call, "version_number", INT32_MAX);
  if (!number) return std::unexpected(number.error());
  const auto bundle = call.query_value("bundle_name"), hash = call.query_value("bundle_version");
  std::erase_if(rows, [&](const DagVersionRow& row) {
    return (*number && row.number != **number) || (bundle && *bundle != "dags") ||
           (hash && *hash != row.hash);
  });
  if (!page->order_by.empty() && page->order_by != "version_number" && page->order_by != "-version_number")
    return refuse_field("order_by", "version_number or -version_number");
  if (page->order_by.starts_with('-')) std::ranges::reverse(rows);
  Shapes shapes(call, reader);
  return list_response("dag_versions", one_page(rows, *page), static_cast<std::int64_t>(rows.size()),
                       [&](JsonWriter& out, const DagVersionRow& row) { shapes.dag_version(out, row.id); });
}

Answer get_dag_version(const Call& call, StoreReader& reader) {
  const auto row = version_of(
      call, reader, static_cast<int>(std::min<std::int64_t>(call.number("version_number"), INT32_MAX)));
  if (!row) return std::unexpected(row.error());
  JsonWriter out;
  Shapes(call, reader).dag_version(out, row->id);
  return json_response(out.take());
}

namespace {

void write_import_error(JsonWriter& out, const ImportErrorRow& row) {
  out.begin_object().int_field("import_error_id", row.id).text_field("filename", row.file_name);
  out.text_field("stack_trace", row.message).text_field("bundle_name", "dags");
  time_field(out, "timestamp", row.at);
  out.end_object();
}

}  // namespace

Answer list_import_errors(const Call& call, StoreReader& reader) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  const TextMatch pattern = text_match(call, "filename");
  const auto name = call.query_value("filename");
  const auto bundle = call.query_value("bundle_name");
  auto rows = reader.import_errors();
  std::erase_if(rows, [&](const ImportErrorRow& row) {
    return !matches(pattern, row.file_name) || (name && row.file_name != *name) ||
           (bundle && *bundle != "dags");
  });
  return list_response("import_errors", one_page(rows, *page), static_cast<std::int64_t>(rows.size()),
                       write_import_error);
}

Answer get_import_error(const Call& call, StoreReader& reader) {
  for (const ImportErrorRow& row : reader.import_errors()) {
    if (row.id != call.number("import_error_id")) continue;
    JsonWriter out;
    write_import_error(out, row);
    return json_response(out.take());
  }
  return refuse(404, "not_found", fmt::format("there is no import error {}", call.param("import_error_id")));
}

/// The token is the DAG's id. The folder is looked through: what is unchanged there stays as it is.
Started parse_dag_file(const CallPtr& call, StoreReader& reader) {
  const auto row = reader.dag(call->param("file_token"));
  if (!row || row->removed)
    return refuse(404, "not_found", fmt::format("there is no DAG '{}'", call->param("file_token")));
  call->backend().scan_dags([call] { call->answer(json_response("null", 201)); });
  return {};
}

}  // namespace millrace::handlers
