#include <set>
#include <tuple>
#include <variant>

#include "scheduler/core.h"

/// The register of dataset names and of who uses them.
namespace millrace {
namespace {

using Reference = std::tuple<std::string, DatasetUse, std::string>;  // dataset, use, task_id

std::set<Reference> references_of(const Dag* dag) {
  std::set<Reference> out;
  if (!dag) return out;
  for (const std::string& name : dag->schedule.datasets) out.insert({name, DatasetUse::schedule, ""});
  for (const Task& task : dag->tasks) {
    for (const std::string& name : task.outputs) out.insert({name, DatasetUse::output, task.task_id});
    for (const DatasetInput& input : task.inputs)
      out.insert({input.dataset, DatasetUse::input, task.task_id});
    if (const auto* check = std::get_if<CheckAction>(&task.action))
      out.insert({check->dataset, DatasetUse::input, task.task_id});
  }
  return out;
}

}  // namespace

DatasetNameRow& Core::dataset_named(const std::string& name) {
  const auto [it, fresh] = dataset_names.try_emplace(name);
  if (!fresh) return it->second;
  it->second.id = next.next_dataset_name++;
  it->second.name = it->second.uri = name;
  it->second.created_at = it->second.updated_at = now.wall;
  dirty_dataset_names.insert(name);
  return it->second;
}

void Core::declare_datasets(const Dag* before, const Dag* after) {
  if (!before && !after) return;
  const std::set<Reference> old = references_of(before), fresh = references_of(after);
  const std::string& dag_id = after ? after->dag_id : before->dag_id;
  const auto change = [&](const Reference& reference, bool removed) {
    const auto& [dataset, use, task_id] = reference;
    new_references.push_back({dataset_named(dataset).id, use, dag_id, task_id, now.wall, removed});
  };
  for (const Reference& reference : old)
    if (!fresh.contains(reference)) change(reference, true);
  for (const Reference& reference : fresh)
    if (!old.contains(reference)) change(reference, false);
  if (!after) return;
  for (const Dataset& dataset : after->datasets) {
    DatasetNameRow& row = dataset_named(dataset.name);
    if (row.uri == dataset.path.source) continue;
    if (dirty_dataset_names.insert(dataset.name).second) ++row.version;
    row.uri = dataset.path.source;
    row.updated_at = now.wall;
  }
}

bool Core::knows_datasets(const Dag& dag) const {
  for (const auto& [dataset, use, task_id] : references_of(&dag))
    if (!dataset_names.contains(dataset)) return false;
  return true;
}

void Core::on(const DatasetNameLoaded& fact) { dataset_names[fact.row.name] = fact.row; }

}  // namespace millrace
