#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "dags/form_check.h"
#include "dags/read.h"

namespace millrace {
namespace {

std::string suggestion(const DagDraft& draft, std::string_view word) {
  if (draft.out.entries.size() > limits::diagnostics_per_file) return {};
  const std::string found = nearest(word, draft.scope.tasks);
  const auto task = draft.dag.find(found);
  if (!task) return {};
  return fmt::format("did you mean '{}' (line {})?", found, draft.dag.tasks[*task].place.line);
}

void read_dependency(DagDraft& draft, TaskIndex index, YamlNode name) {
  const std::string& task_id = draft.dag.tasks[index].task_id;
  if (!name.is_scalar() || name.text().empty()) return;  // an empty name: form_check says so
  const auto from = draft.dag.find(name.text());
  if (!from)
    draft.out.add(name.place(),
                  fmt::format("task '{}' depends on '{}', which isn't defined", task_id, name.text()),
                  suggestion(draft, name.text()));
  else if (*from == index)
    draft.out.add(name.place(), fmt::format("task '{}' depends on itself", task_id));
  else
    draft.edges.push_back({*from, index, name.place()});
}

void read_dependencies(DagDraft& draft, TaskIndex index) {
  const YamlNode node = draft.sources[index].find("depends_on");
  if (node.is_scalar()) return read_dependency(draft, index, node);
  std::vector<std::pair<std::string_view, Place>> seen;
  for (const YamlNode name : node.items()) {
    read_dependency(draft, index, name);
    seen.emplace_back(name.text(), name.place());
  }
  std::ranges::sort(seen);
  for (std::size_t i = 1; i < seen.size(); ++i)
    if (seen[i].first == seen[i - 1].first && !seen[i].first.empty())
      draft.out.add(seen[i].second, fmt::format("task '{}' depends on '{}' twice",
                                                draft.dag.tasks[index].task_id, seen[i].first));
}

using Producers = std::vector<std::pair<std::string_view, TaskIndex>>;

/// Who writes what, sorted by dataset. A dataset has one declaration and one writer.
Producers read_producers(DagDraft& draft) {
  Producers producers;
  std::vector<std::string_view> declared;
  for (const Dataset& dataset : draft.dag.datasets) declared.push_back(dataset.name);
  std::ranges::sort(declared);
  for (TaskIndex index = 0; index < draft.dag.tasks.size(); ++index) {
    const Task& task = draft.dag.tasks[index];
    for (const YamlNode item : draft.sources[index].find("outputs").items()) {
      if (!std::ranges::binary_search(declared, item.text())) {
        std::string hint = did_you_mean(item.text(), declared, draft.out);
        if (hint.empty()) hint = "declare it in 'datasets'";
        draft.out.add(item.place(), fmt::format("output '{}' isn't a dataset of this DAG", item.text()),
                      std::move(hint));
      }
    }
    for (const std::string& output : task.outputs) producers.emplace_back(output, index);
  }
  std::ranges::sort(producers);
  for (std::size_t i = 1; i < producers.size(); ++i) {
    if (producers[i].first != producers[i - 1].first || producers[i].second == producers[i - 1].second)
      continue;
    const Task& first = draft.dag.tasks[producers[i - 1].second];
    const Task& second = draft.dag.tasks[producers[i].second];
    draft.out.add(second.place,
                  fmt::format("tasks '{}' and '{}' both write dataset '{}'", first.task_id, second.task_id,
                              producers[i].first),
                  fmt::format("'{}' is at line {}", first.task_id, first.place.line));
  }
  return producers;
}

const TaskIndex* producer_of(const Producers& producers, std::string_view dataset) {
  const auto found = std::ranges::lower_bound(producers, dataset, {}, &Producers::value_type::first);
  return found != producers.end() && found->first == dataset ? &found->second : nullptr;
}

void read_dataset_edges(DagDraft& draft, TaskIndex index, const Producers& producers) {
  const Task& task = draft.dag.tasks[index];
  for (const DatasetInput& input : task.inputs) {
    const TaskIndex* writer = producer_of(producers, input.dataset);
    if (writer == nullptr) continue;
    if (*writer != index)
      draft.edges.push_back({*writer, index, input.place});
    else if (input.window_days == 1 && !input.partition)  // older partitions of its own are fair
      draft.out.add(input.place, fmt::format("task '{}' reads the partition of '{}' that it writes",
                                             task.task_id, input.dataset));
  }
  if (const auto* check = std::get_if<CheckAction>(&task.action)) {
    const TaskIndex* writer = producer_of(producers, check->dataset);
    if (writer != nullptr && *writer != index) draft.edges.push_back({*writer, index, task.place});
  }
}

}  // namespace

void read_edges(DagDraft& draft) {
  const Producers producers = read_producers(draft);
  for (TaskIndex index = 0; index < draft.dag.tasks.size(); ++index) {
    read_dependencies(draft, index);
    read_dataset_edges(draft, index, producers);
  }
}

}  // namespace millrace
