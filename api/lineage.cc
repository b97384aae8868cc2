#include "api/lineage.h"

#include <fmt/format.h>

#include <charconv>
#include <deque>
#include <map>
#include <set>

#include "api/dataset_shapes.h"
#include "base/limits.h"

namespace millrace {
namespace {

using Kind = LineageNode::Kind;
using Nodes = std::vector<LineageNode>;

std::string_view strip(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string_view{};
}

LineageNode dataset_node(std::string name) {
  return {Kind::dataset, "dataset:" + name, {}, {}, std::move(name), {}, {}};
}
LineageNode task_node(std::string dag_id, std::string task_id) {
  std::string id = fmt::format("task:{}/{}", dag_id, task_id);
  return {Kind::task, std::move(id), std::move(dag_id), std::move(task_id), {}, {}, {}};
}
LineageNode dag_node(std::string dag_id) {
  return {Kind::dag, "dag:" + dag_id, std::move(dag_id), {}, {}, {}, {}};
}
/// Several writes of one content are one node for each write: each has its own producer.
LineageNode version_node(DatasetVersionRow row) {
  std::string id = fmt::format("dataset:{}@{}#{}", row.dataset, row.hash, row.id.value);
  return {Kind::version, std::move(id), row.dag_id, row.task_id, row.dataset, std::move(row), {}};
}
LineageNode attempt_node(AttemptRow row) {
  const AttemptName name = parse_attempt_name(row.name);
  return {Kind::attempt, fmt::format("attempt:{}", row.id.value), name.dag_id, name.task_id, {}, {},
          std::move(row)};
}

/// Breadth first from the roots; each question to the store is served by an index.
class Walk {
 public:
  Walk(const Call& call, StoreReader& reader) : call_(call), reader_(reader) {}

  void from(Nodes roots) {
    for (LineageNode& root : roots) add(std::move(root), 0, true, true);
  }
  Lineage go(const LineageWish& wish) {
    while (!open_.empty() && !out_.truncated) {
      const Open at = open_.front();
      open_.pop_front();
      if (at.depth >= wish.depth) continue;
      // A copy: adding nodes moves them.
      const LineageNode node = out_.nodes[at.index];
      if (wish.upstream && at.up)
        for (LineageNode& before : neighbours(node, true)) join(std::move(before), node, at.depth, true);
      if (wish.downstream && at.down)
        for (LineageNode& after : neighbours(node, false)) join(std::move(after), node, at.depth, false);
    }
    return std::move(out_);
  }

 private:
  /// Onwards only: what lies upstream of something downstream isn't its history.
  struct Open {
    std::size_t index;
    int depth;
    bool up, down;
  };

  bool add(LineageNode node, int depth, bool up, bool down) {
    if (known_.contains(node.id)) return true;
    if (out_.nodes.size() >= static_cast<std::size_t>(limits::lineage_nodes)) {
      out_.truncated = true;
      return false;
    }
    known_.insert(node.id);
    open_.push_back({out_.nodes.size(), depth, up, down});
    out_.nodes.push_back(std::move(node));
    return true;
  }

  void join(LineageNode found, const LineageNode& of, int depth, bool up) {
    auto edge = up ? std::pair(found.id, of.id) : std::pair(of.id, found.id);
    if (!add(std::move(found), depth + 1, up, !up)) return;
    if (edges_.insert(edge).second) out_.edges.push_back(std::move(edge));
  }

  Nodes neighbours(const LineageNode& node, bool up) {
    switch (node.kind) {
      case Kind::dataset:
        return users_of(node.dataset, up);
      case Kind::task:
      case Kind::dag:
        return datasets_of(node, up);
      case Kind::version:
        return up ? producer_of(*node.version) : readers_of(*node.version);
      case Kind::attempt:
        return versions_of(node.attempt->id, up);
    }
    return {};
  }

  Nodes users_of(const std::string& dataset, bool up) {
    Nodes found;
    const auto row = reader_.assets().name(dataset);
    if (!row) return found;
    for (DatasetReferenceRow& use : reader_.assets().references(row->id)) {
      if ((use.use == DatasetUse::output) != up) continue;
      found.push_back(use.use == DatasetUse::schedule ? dag_node(use.dag_id)
                                                      : task_node(use.dag_id, use.task_id));
    }
    return found;
  }

  Nodes datasets_of(const LineageNode& node, bool up) {
    Nodes found;
    const auto row = reader_.dag(node.dag_id);
    const auto dag = row ? call_.backend().dag_version(row->current) : nullptr;
    if (!dag) return found;
    if (node.kind == Kind::dag && up)
      for (const std::string& dataset : dag->schedule.datasets) found.push_back(dataset_node(dataset));
    if (node.kind == Kind::dag && up) return found;
    for (const Task& task : dag->tasks) {
      if (node.kind == Kind::task && task.task_id != node.task_id) continue;
      if (node.kind == Kind::dag) {
        if (!task.outputs.empty()) found.push_back(task_node(dag->dag_id, task.task_id));
      } else if (up) {
        for (const DatasetInput& input : task.inputs) found.push_back(dataset_node(input.dataset));
      } else {
        for (const std::string& output : task.outputs) found.push_back(dataset_node(output));
      }
    }
    return found;
  }

  Nodes producer_of(const DatasetVersionRow& version) {
    Nodes found;
    if (auto attempt = reader_.versions().attempt(version.attempt))
      found.push_back(attempt_node(std::move(*attempt)));
    return found;
  }

  Nodes readers_of(const DatasetVersionRow& version) {
    Nodes found;
    for (const VersionInputRow& read : reader_.versions().readers_of(version.id, limits::lineage_nodes))
      if (auto attempt = reader_.versions().attempt(read.attempt))
        found.push_back(attempt_node(std::move(*attempt)));
    return found;
  }

  Nodes versions_of(AttemptId attempt, bool up) {
    Nodes found;
    if (!up) {
      for (DatasetVersionRow& row : reader_.versions().written_by(attempt, limits::lineage_nodes))
        found.push_back(version_node(std::move(row)));
      return found;
    }
    for (const VersionInputRow& input : reader_.versions().read_by(attempt, limits::lineage_nodes))
      if (auto row = reader_.versions().find(input.version)) found.push_back(version_node(std::move(*row)));
    return found;
  }

  const Call& call_;
  StoreReader& reader_;
  Lineage out_;
  std::deque<Open> open_;
  std::set<std::string> known_;
  std::set<std::pair<std::string, std::string>> edges_;
};

std::unexpected<Problem> missing(std::string_view root) {
  return refuse(404, "not_found", fmt::format("there is nothing like '{}'", root));
}

std::expected<Nodes, Problem> dataset_roots(StoreReader& reader, std::string_view root) {
  const std::string_view text = strip(root, "dataset:");
  const auto at = text.find('@');
  const std::string name(text.substr(0, at));
  if (at == std::string_view::npos) {
    if (!reader.assets().name(name)) return missing(root);
    return Nodes{dataset_node(name)};
  }
  // `@b3:…#7` is one write of that content.
  std::string_view version = text.substr(at + 1);
  if (const auto number = version.find('#'); number != std::string_view::npos)
    version.remove_prefix(number + 1);
  auto row = find_version(reader, name, version);
  if (!row) return std::unexpected(std::move(row.error()));
  return Nodes{version_node(std::move(*row))};
}

std::expected<Nodes, Problem> run_roots(StoreReader& reader, std::string_view root) {
  const std::string_view text = strip(root, "run:");
  const auto slash = text.find('/');
  const auto run = slash == std::string_view::npos
                       ? std::nullopt
                       : reader.run(text.substr(0, slash), text.substr(slash + 1));
  if (!run) return missing(root);
  std::set<AttemptId> attempts;
  for (const VersionInputRow& row : reader.versions().read_by(run->id)) attempts.insert(row.attempt);
  for (const DatasetVersionRow& row : reader.versions().written_by(run->id)) attempts.insert(row.attempt);
  Nodes found;
  for (const AttemptId id : attempts)
    if (auto attempt = reader.versions().attempt(id)) found.push_back(attempt_node(std::move(*attempt)));
  return found;
}

std::expected<Nodes, Problem> roots_of(const Call& call, StoreReader& reader, std::string_view root) {
  if (root.starts_with("dataset:")) return dataset_roots(reader, root);
  if (root.starts_with("run:")) return run_roots(reader, root);
  if (const std::string_view number = strip(root, "attempt:"); !number.empty()) {
    AttemptId id;
    std::from_chars(number.data(), number.data() + number.size(), id.value);
    auto attempt = reader.versions().attempt(id);
    if (!attempt) return missing(root);
    return Nodes{attempt_node(std::move(*attempt))};
  }
  const bool is_task = root.starts_with("task:");
  if (!is_task && !root.starts_with("dag:"))
    return refuse_field("node", "must be dataset:NAME, dataset:NAME@b3:…, task:DAG/TASK, dag:DAG, "
                                "run:DAG/RUN_ID or attempt:N");
  const std::string_view text = strip(root, is_task ? "task:" : "dag:");
  const auto slash = text.find('/');
  const auto row = reader.dag(text.substr(0, slash));
  const auto dag = row && !row->removed ? call.backend().dag_version(row->current) : nullptr;
  if (!dag) return missing(root);
  if (!is_task) return Nodes{dag_node(dag->dag_id)};
  const std::string task_id(slash == std::string_view::npos ? std::string_view{} : text.substr(slash + 1));
  if (!dag->find(task_id)) return missing(root);
  return Nodes{task_node(dag->dag_id, task_id)};
}

}  // namespace

std::expected<Lineage, Problem> find_lineage(const Call& call, StoreReader& reader, const LineageWish& wish) {
  auto roots = roots_of(call, reader, wish.root);
  if (!roots) return std::unexpected(std::move(roots.error()));
  Walk walk(call, reader);
  walk.from(std::move(*roots));
  return walk.go(wish);
}

}  // namespace millrace
