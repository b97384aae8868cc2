#include "api/dataset_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/shapes.h"

namespace millrace {
namespace {

std::int64_t number_of(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

void write_version(JsonWriter& out, const DatasetVersionRow& row) {
  out.begin_object().int_field("id", row.id.value).text_field("dataset", row.dataset);
  time_field(out, "partition", row.partition);
  out.text_field("version", row.hash).text_field("dag_id", row.dag_id);
  out.text_field("run_id", row.run_id).text_field("dag_run_id", row.run_id);
  out.text_field("task_id", row.task_id).int_field("map_index", row.map_index);
  out.int_field("attempt", row.attempt.value).text_field("path", row.path);
  out.int_field("bytes", row.bytes).int_field("files", row.files).key("rows");
  row.rows ? out.integer(*row.rows) : out.null();
  row.schema.empty() ? out.null_field("columns") : out.raw_field("columns", row.schema);
  time_field(out, "created_at", row.created_at);
  out.end_object();
}

void write_version_reference(JsonWriter& out, const DatasetVersionRow& row) {
  out.begin_object().text_field("dataset", row.dataset);
  time_field(out, "partition", row.partition);
  out.text_field("version", row.hash).int_field("version_id", row.id.value).end_object();
}

AttemptName parse_attempt_name(std::string_view name) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    parts.push_back(name.substr(at, end - at));
    at = end + 1;
  }
  if (parts.size() != 5) return {};
  return {std::string(parts[0]), std::string(parts[1]), std::string(parts[2]),
          static_cast<int>(number_of(parts[3])), static_cast<int>(number_of(parts[4]))};
}

bool is_hash_prefix(std::string_view text) {
  return text.starts_with("b3:") && text.size() >= 7 && text.size() <= 67 &&
         std::ranges::all_of(text.substr(3),
                             [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::expected<DatasetVersionRow, Problem> find_version(StoreReader& reader, const std::string& dataset,
                                                       std::string_view text) {
  const auto missing = [&] {
    return refuse(404, "not_found", fmt::format("dataset '{}' has no version '{}'", dataset, text),
                  fmt::format("millrace datasets versions {} shows those there are", dataset));
  };
  if (!is_hash_prefix(text)) {
    auto row = reader.versions().find({number_of(text)});
    if (!row || row->dataset != dataset) return missing();
    return std::move(*row);
  }
  const auto found = reader.versions().list({dataset, {}, std::string(text)}, {.limit = 1'000});
  if (!found) return std::unexpected(to_problem(found.error()));
  if (found->rows.empty()) return missing();
  for (const DatasetVersionRow& row : found->rows)
    if (row.hash != found->rows[0].hash)
      return refuse(409, "conflict", fmt::format("'{}' is the beginning of several versions", text),
                    "give more digits");
  return found->rows[0];
}

}  // namespace millrace
