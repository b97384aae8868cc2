#include "daemon/catalog.h"

#include <utility>

#include "base/log.h"
#include "dags/parser.h"

namespace millrace {
namespace {

/// Parsed versions kept for runs and pages beside those in force; the first to come go first. A DAG of 100
/// tasks takes about 100 KB.
constexpr std::size_t others_kept = 1'024;

}  // namespace

std::optional<Catalog::Version> Catalog::find(DagVersionId id) {
  MutexLock lock(mutex_);
  for (const auto* known : {&in_force_, &others_})
    if (const auto found = known->find(id); found != known->end()) return found->second;
  const std::optional<DagVersionRow> row = reader_->dag_version(id);
  if (!row) return {};
  ParseResult parsed = parse_dag(row->source);
  if (!parsed.dag) {
    log::error("dag={} version={} the stored source doesn't parse any more: {}", row->dag_id, row->number,
               render(parsed.diagnostics, row->file_name, row->source));
    return {};
  }
  Version version{std::move(parsed.dag), row->folder};
  keep(id, version);
  return version;
}

void Catalog::keep(DagVersionId id, Version version) {
  if (!others_.insert_or_assign(id, std::move(version)).second) return;
  order_.push_back(id);
  if (order_.size() <= others_kept) return;
  others_.erase(order_.front());
  order_.pop_front();
}

void Catalog::set_current(DagVersionId id, Version version) {
  MutexLock lock(mutex_);
  const std::shared_ptr<const Dag> dag = version.dag;
  const auto [current, fresh] = current_.try_emplace(dag->dag_id, id);
  if (!fresh)
    if (auto before = in_force_.extract(current->second); !before.empty()) {
      for (const Dataset& dataset : before.mapped().dag->datasets)
        if (const auto made = producers_.find(dataset.name);
            made != producers_.end() && made->second->dag_id == dag->dag_id)
          producers_.erase(made);
      keep(current->second, std::move(before.mapped()));
    }
  current->second = id;
  in_force_.insert_or_assign(id, std::move(version));
  for (const Dataset& dataset : dag->datasets) producers_[dataset.name] = dag;
}

std::shared_ptr<const Dag> Catalog::producer(const std::string& dataset) {
  MutexLock lock(mutex_);
  const auto found = producers_.find(dataset);
  return found == producers_.end() ? nullptr : found->second;
}

std::shared_ptr<const Dag> Catalog::maker(const std::string& dataset) {
  MutexLock lock(mutex_);
  const auto found = producers_.find(dataset);
  if (found == producers_.end()) return nullptr;
  const auto row = reader_->dag(found->second->dag_id);
  return row && row->removed ? nullptr : found->second;
}

}  // namespace millrace
