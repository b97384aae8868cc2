#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/asset_shapes.h"
#include "api/dag_dates.h"
#include "api/filters.h"
#include "api/handlers.h"
#include "api/look_up.h"
#include "base/limits.h"

namespace millrace::handlers {
namespace {

std::expected<std::optional<std::int64_t>, Problem> integer_in_query(const Call& call,
                                                                     std::string_view name) {
  const auto text = call.query_value(name);
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size())
    return refuse_field(std::string(name), "a number");
  return value;
}

HttpResponse events_response(StoreReader& reader, const Listed<DatasetEventRow>& listed) {
  AssetShapes shapes(reader);
  return list_response("asset_events", listed,
                       [&](JsonWriter& out, const DatasetEventRow& row) { shapes.event(out, row); });
}

/// The queue's routes name a DAG, an asset or both.
std::string_view param_or_empty(const Call& call, std::string_view name) {
  const auto found = std::ranges::find(call.params, name, &std::pair<std::string, std::string>::first);
  return found == call.params.end() ? std::string_view{} : std::string_view(found->second);
}

/// The dataset that the path names; empty when it names none.
std::expected<std::string, Problem> dataset_of_path(const Call& call, StoreReader& reader) {
  if (param_or_empty(call, "asset_id").empty()) return std::string{};
  const auto row = find_asset(reader, call.number("asset_id"));
  if (!row) return std::unexpected(row.error());
  return row->name;
}

std::expected<std::vector<QueuedDatasetEventRow>, Problem> queued_of(const Call& call, StoreReader& reader) {
  const auto dataset = dataset_of_path(call, reader);
  if (!dataset) return std::unexpected(dataset.error());
  const auto before = time_in_query(call, "before");
  if (!before) return std::unexpected(before.error());
  return reader.assets().queued(param_or_empty(call, "dag_id"), *dataset, *before);
}

/// Marks the event as Airflow does, so that a consumer can tell it from a task's.
JsonText marked_extra(const std::optional<JsonText>& given) {
  JsonValue extra = parse_json(given.value_or("{}")).value_or(JsonValue{});
  extra.kind = JsonValue::Kind::object;
  std::erase_if(extra.members, [](const JsonMember& member) { return member.name == "from_rest_api"; });
  JsonValue yes;
  yes.kind = JsonValue::Kind::boolean;
  yes.boolean = true;
  extra.members.push_back({"from_rest_api", yes});
  return to_json(extra);
}

}  // namespace

Answer list_asset_events(const Call& call, StoreReader& reader) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  AssetEventFilter filter;
  bool is_known = true;  // of one that isn't there nothing has been heard, whatever else is asked
  const auto asset_id = integer_in_query(call, "asset_id");
  if (!asset_id) return std::unexpected(asset_id.error());
  if (*asset_id) {
    const auto name = reader.assets().name(**asset_id);
    is_known = name.has_value();
    if (name) filter.dataset = name->name;
  }
  filter.name_pattern = call.query_value("name_pattern").value_or("");
  filter.name_prefix = call.query_value("name_prefix_pattern").value_or("");
  filter.dag_id = call.query_value("source_dag_id").value_or("");
  filter.run_id = call.query_value("source_run_id").value_or("");
  filter.task_id = call.query_value("source_task_id").value_or("");
  const auto map_index = integer_in_query(call, "source_map_index");
  if (!map_index) return std::unexpected(map_index.error());
  if (*map_index) filter.map_index = static_cast<int>(std::clamp<std::int64_t>(**map_index, -2, INT32_MAX));
  const auto written = time_span(call, "timestamp");
  if (!written) return std::unexpected(written.error());
  filter.from = written->from;
  filter.to = written->to;
  const auto listed = reader.assets().events(filter, *page);
  if (!listed) return std::unexpected(to_problem(listed.error()));
  return events_response(reader, is_known ? *listed : Listed<DatasetEventRow>{});
}

Answer list_upstream_asset_events(const Call& call, StoreReader& reader) {
  const auto run = find_run(call, reader);
  if (!run) return std::unexpected(run.error());
  auto rows = reader.assets().events_of_run(run->id);
  const std::int64_t count = std::ssize(rows);
  return events_response(reader, {std::move(rows), count});
}

Started create_asset_event(const CallPtr& call, StoreReader& reader) {
  auto body = json_body(*call);
  if (!body) return std::unexpected(std::move(body.error()));
  BodyReader in(*body);
  const auto asset_id = in.integer("asset_id", 0, INT64_MAX);
  const auto extra = in.object("extra");
  const auto key = in.text("partition_key");
  const auto partition = in.text("partition");
  in.accept("access_control");  // teams, which there are none of
  if (!asset_id) in.refuse("asset_id", "is missing");
  if (extra && extra->size() > limits::params_bytes)
    in.refuse("extra", fmt::format("is larger than {} bytes", limits::params_bytes));
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  const auto asset = find_asset(reader, *asset_id);
  if (!asset) return std::unexpected(asset.error());
  std::optional<WallTime> named;
  for (const auto& [field, text] : {std::pair{"partition_key", &key}, std::pair{"partition", &partition}}) {
    if (!*text) continue;
    const auto time = partition_of(*call, reader, *asset, field, **text);
    if (!time) return std::unexpected(time.error());
    if (named && *named != *time) return refuse_field(field, "differs from partition_key");
    named = *time;
  }
  DatasetUpdated wish{{}, asset->name, named, marked_extra(extra), call->who.name};
  commit(call, std::move(wish), [](StoreReader& later, const Reply& reply) -> Answer {
    const auto* row = std::get_if<DatasetEventRow>(&reply.body);
    if (!row) return std::unexpected(internal_problem("a dataset event was answered without its row"));
    JsonWriter out;
    AssetShapes(later).event(out, *row);
    return json_response(out.take());
  });
  return {};
}

Answer list_queued_events(const Call& call, StoreReader& reader) {
  const auto rows = queued_of(call, reader);
  if (!rows) return std::unexpected(rows.error());
  AssetShapes shapes(reader);
  return list_response("queued_events", *rows, static_cast<std::int64_t>(rows->size()),
                       [&](JsonWriter& out, const QueuedDatasetEventRow& row) { shapes.queued(out, row); });
}

Answer get_queued_event(const Call& call, StoreReader& reader) {
  const auto rows = queued_of(call, reader);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return refuse(404, "not_found", "no event of this asset waits for this DAG");
  JsonWriter out;
  AssetShapes(reader).queued(out, rows->front());
  return json_response(out.take());
}

Started delete_queued_events(const CallPtr& call, StoreReader& reader) {
  const auto dataset = dataset_of_path(*call, reader);
  if (!dataset) return std::unexpected(dataset.error());
  const auto before = time_in_query(*call, "before");
  if (!before) return std::unexpected(before.error());
  const std::string dag_id(param_or_empty(*call, "dag_id"));
  commit(call, DropQueuedEvents{{}, dag_id, *dataset, *before, call->who.name},
         [](StoreReader&, const Reply&) -> Answer { return empty_response(); });
  return {};
}

}  // namespace millrace::handlers
