#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/call.h"
#include "store/reader.h"

namespace millrace {

/// A node of lineage, by its id:
///   dataset:NAME  task:DAG/TASK  dag:DAG        what the current definitions say
///   dataset:NAME@b3:…#ID  attempt:N             what has been recorded
struct LineageNode {
  enum class Kind : std::uint8_t { dataset, task, dag, version, attempt } kind = Kind::dataset;
  std::string id;
  std::string dag_id, task_id, dataset;
  std::optional<DatasetVersionRow> version;
  std::optional<AttemptRow> attempt;
};

struct Lineage {
  std::vector<LineageNode> nodes;                          ///< nearest first
  std::vector<std::pair<std::string, std::string>> edges;  ///< as the data flows
  bool truncated = false;                                  ///< more nodes than limits::lineage_nodes
};

struct LineageWish {
  std::string root;  ///< a node's id, or `run:DAG/RUN_ID`: all attempts of it that read or wrote a version
  int depth = 2;
  bool upstream = true, downstream = true;
};

/// 404 when there is no such node, 422 when the text names none.
std::expected<Lineage, Problem> find_lineage(const Call&, StoreReader&, const LineageWish&);

}  // namespace millrace
