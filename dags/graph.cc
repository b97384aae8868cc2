#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/strong_components.hpp>
#include <boost/graph/topological_sort.hpp>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/invariant.h"
#include "dags/read.h"

namespace millrace {
namespace {

using Graph = boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, boost::no_property,
                                                 boost::no_property, TaskIndex, std::uint32_t>;
using Arrow = std::pair<TaskIndex, TaskIndex>;

constexpr std::size_t cycles_shown = 10;
constexpr std::size_t path_shown = 20;

Graph make_graph(std::vector<Arrow>& arrows, std::size_t tasks) {
  std::ranges::sort(arrows);
  arrows.erase(std::unique(arrows.begin(), arrows.end()), arrows.end());
  return Graph{boost::edges_are_sorted, arrows.begin(), arrows.end(), static_cast<TaskIndex>(tasks)};
}

Adjacency adjacency_of(const Graph& graph) {
  Adjacency out;
  out.offsets.push_back(0);
  out.targets.reserve(boost::num_edges(graph));
  for (auto [task, last] = boost::vertices(graph); task != last; ++task) {
    for (auto [next, end] = boost::adjacent_vertices(*task, graph); next != end; ++next)
      out.targets.push_back(*next);
    out.offsets.push_back(static_cast<std::uint32_t>(out.targets.size()));
  }
  return out;
}

/// The shortest way from `start` back to itself within its component, by breadth.
std::vector<TaskIndex> shortest_cycle(const Adjacency& downstream,
                                      const std::vector<std::uint32_t>& component, TaskIndex start) {
  constexpr TaskIndex unseen = ~TaskIndex{0};
  std::vector<TaskIndex> reached_from(component.size(), unseen);
  std::vector<TaskIndex> queue{start};
  for (std::size_t head = 0;; ++head) {
    INVARIANT(head < queue.size());  // every task of its component leads back
    const auto [first, last] = downstream.of(queue[head]);
    for (const TaskIndex* next = first; next != last; ++next) {
      if (component[*next] != component[start] || reached_from[*next] != unseen) continue;
      reached_from[*next] = queue[head];
      if (*next != start) {
        queue.push_back(*next);
        continue;
      }
      std::vector<TaskIndex> path;
      for (TaskIndex at = queue[head]; at != start; at = reached_from[at]) path.push_back(at);
      path.push_back(start);
      std::ranges::reverse(path);
      return path;
    }
  }
}

void name_cycle(DagDraft& draft, const std::vector<TaskIndex>& path) {
  std::string text;
  std::string lines;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Task& task = draft.dag.tasks[path[i]];
    if (path.size() > path_shown && i == path_shown / 2) {
      text += fmt::format("… {} more … -> ", path.size() - path_shown);
      i += path.size() - path_shown - 1;
      continue;
    }
    text += fmt::format("{} -> ", task.task_id);
    lines += fmt::format("{}{} (line {})", lines.empty() ? "" : ", ", task.task_id, task.place.line);
  }
  text += draft.dag.tasks[path.front()].task_id;
  Place place = draft.dag.tasks[path.front()].place;
  for (const Edge& edge : draft.edges)
    if (edge.from == path.back() && edge.to == path.front()) place = edge.place;
  draft.out.add(place, fmt::format("the tasks form a cycle: {}", text),
                path.size() <= path_shown ? lines : "");
}

void name_cycles(DagDraft& draft, const Graph& graph) {
  std::vector<std::uint32_t> component(draft.dag.tasks.size());
  std::vector<std::uint32_t> sizes(boost::strong_components(
      graph, boost::make_iterator_property_map(component.begin(), boost::get(boost::vertex_index, graph))));
  for (const std::uint32_t number : component) ++sizes[number];
  std::size_t shown = 0;
  for (TaskIndex task = 0; task < component.size() && shown < cycles_shown; ++task) {
    if (sizes[component[task]] < 2) continue;
    name_cycle(draft, shortest_cycle(draft.dag.downstream, component, task));
    sizes[component[task]] = 0;
    ++shown;
  }
}

}  // namespace

void build_graph(DagDraft& draft) {
  Dag& dag = draft.dag;
  std::vector<Arrow> down, up;
  down.reserve(draft.edges.size());
  up.reserve(draft.edges.size());
  for (const Edge& edge : draft.edges) {
    down.emplace_back(edge.from, edge.to);
    up.emplace_back(edge.to, edge.from);
  }
  const Graph downstream = make_graph(down, dag.tasks.size());
  const Graph upstream = make_graph(up, dag.tasks.size());
  dag.downstream = adjacency_of(downstream);
  dag.upstream = adjacency_of(upstream);
  try {
    // Over the reversed graph it yields upstream tasks first and stays close to the order of the file.
    boost::topological_sort(upstream, std::back_inserter(dag.order));
  } catch (const boost::not_a_dag&) {
    dag.order.clear();
    name_cycles(draft, downstream);
  }
}

}  // namespace millrace
