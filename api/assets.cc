#include <fmt/format.h>

#include <set>

#include "api/asset_shapes.h"
#include "api/handlers.h"
#include "api/look_up.h"

namespace millrace {

std::expected<DatasetNameRow, Problem> find_asset(StoreReader& reader, std::int64_t id) {
  auto row = reader.assets().name(id);
  if (row) return std::move(*row);
  return refuse(404, "not_found", fmt::format("there is no asset {}", id), "GET /api/v2/assets lists them");
}

namespace handlers {

Answer list_assets(const Call& call, StoreReader& reader) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  AssetFilter filter;
  filter.name_pattern = call.query_value("name_pattern").value_or("");
  filter.name_prefix = call.query_value("name_prefix_pattern").value_or("");
  filter.uri_pattern = call.query_value("uri_pattern").value_or("");
  filter.uri_prefix = call.query_value("uri_prefix_pattern").value_or("");
  for (const std::string_view dag_id : call.query_values("dag_ids")) filter.dag_ids.emplace_back(dag_id);
  const std::string_view active = call.query_value("only_active").value_or("true");
  if (active != "true" && active != "false") return refuse_field("only_active", "true or false");
  filter.only_active = active == "true";
  const auto listed = reader.assets().names(filter, *page);
  if (!listed) return std::unexpected(to_problem(listed.error()));
  AssetShapes shapes(reader);
  return list_response("assets", *listed,
                       [&](JsonWriter& out, const DatasetNameRow& row) { shapes.asset(out, row); });
}

Answer get_asset(const Call& call, StoreReader& reader) {
  const auto row = find_asset(reader, call.number("asset_id"));
  if (!row) return std::unexpected(row.error());
  JsonWriter out;
  AssetShapes(reader).asset(out, *row);
  return json_response(out.take());
}

/// A dataset has one name.
Answer list_asset_aliases(const Call& call, StoreReader&) {
  if (const auto page = page_of(call); !page) return std::unexpected(page.error());
  return list_response("asset_aliases", std::vector<int>{}, 0, [](JsonWriter&, int) {});
}

Answer get_asset_alias(const Call& call, StoreReader&) {
  return refuse(404, "not_found", fmt::format("there is no asset alias {}", call.number("asset_alias_id")));
}

Started materialize_asset(const CallPtr& call, StoreReader& reader) {
  const auto asset = find_asset(reader, call->number("asset_id"));
  if (!asset) return std::unexpected(asset.error());
  std::set<std::string> makers;
  for (const DatasetReferenceRow& row : reader.assets().references(asset->id))
    if (row.use == DatasetUse::output) makers.insert(row.dag_id);
  if (makers.empty())
    return refuse(404, "not_found", fmt::format("no DAG makes asset '{}'", asset->name),
                  "POST /api/v2/assets/events says that it was made elsewhere");
  return start_run(call, reader, *makers.begin());
}

}  // namespace handlers
}  // namespace millrace
