#include <fmt/format.h>

#include <charconv>

#include "api/dataset_shapes.h"
#include "api/handlers.h"
#include "api/lineage.h"
#include "api/shapes.h"
#include "base/limits.h"

namespace millrace::handlers {
namespace {

std::string_view word_of(LineageNode::Kind kind) {
  switch (kind) {
    case LineageNode::Kind::dataset:
      return "dataset";
    case LineageNode::Kind::task:
      return "task";
    case LineageNode::Kind::dag:
      return "dag";
    case LineageNode::Kind::version:
      return "version";
    case LineageNode::Kind::attempt:
      return "attempt";
  }
  return "dataset";
}

void write_node(JsonWriter& out, const LineageNode& node) {
  std::optional<AttemptName> name;
  if (node.attempt) name = parse_attempt_name(node.attempt->name);
  const auto& version = node.version;
  out.begin_object().text_field("id", node.id).text_field("kind", word_of(node.kind));
  out.word_field("dataset", node.dataset).word_field("dag_id", node.dag_id);
  out.word_field("task_id", node.task_id);
  out.word_field("run_id", name ? name->run_id : version ? version->run_id : std::string{});
  if (name) {
    out.int_field("map_index", name->map_index).int_field("try_number", name->try_number);
  } else {
    version ? out.int_field("map_index", version->map_index) : out.null_field("map_index");
    out.null_field("try_number");
  }
  time_field(out, "partition", version ? std::optional(version->partition) : std::nullopt);
  out.word_field("version", version ? version->hash : std::string{});
  const bool ended = node.attempt && node.attempt->outcome;
  out.word_field("outcome", ended ? to_word(*node.attempt->outcome) : std::string_view{});
  out.end_object();
}

}  // namespace

Answer get_lineage(const Call& call, StoreReader& reader) {
  LineageWish wish;
  wish.root = call.query_value("node").value_or("");
  const std::string_view depth = call.query_value("depth").value_or("2");
  const auto [end, error] = std::from_chars(depth.data(), depth.data() + depth.size(), wish.depth);
  if (error != std::errc{} || end != depth.data() + depth.size() || wish.depth < 0 ||
      wish.depth > limits::lineage_depth)
    return refuse_field("depth", fmt::format("must be a number from 0 to {}", limits::lineage_depth));
  const std::string_view direction = call.query_value("direction").value_or("both");
  if (direction != "both" && direction != "upstream" && direction != "downstream")
    return refuse_field("direction", "must be both, upstream or downstream");
  wish.upstream = direction != "downstream";
  wish.downstream = direction != "upstream";
  const auto lineage = find_lineage(call, reader, wish);
  if (!lineage) return std::unexpected(lineage.error());
  JsonWriter out;
  out.begin_object().text_field("node", wish.root).int_field("depth", wish.depth);
  out.text_field("direction", direction).key("nodes").begin_array();
  for (const LineageNode& node : lineage->nodes) write_node(out, node);
  out.end_array().key("edges").begin_array();
  for (const auto& [from, to] : lineage->edges)
    out.begin_object().text_field("from", from).text_field("to", to).end_object();
  out.end_array().bool_field("truncated", lineage->truncated).end_object();
  return json_response(out.take());
}

}  // namespace millrace::handlers
