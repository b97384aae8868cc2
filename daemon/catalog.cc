#include "daemon/catalog.h"

#include <utility>

#include "base/log.h"
#include "dags/parser.h"

namespace millrace {
namespace {

/// Parsed versions kept for runs and pages; the oldest ids go first. A DAG of 100 tasks takes about 100 KB.
constexpr std::size_t versions_kept = 1'024;

}  // namespace

std::optional<Catalog::Version> Catalog::find(DagVersionId id) {
  MutexLock lock(mutex_);
  if (const auto known = versions_.find(id); known != versions_.end()) return known->second;
  const std::optional<DagVersionRow> row = reader_->dag_version(id);
  if (!row) return {};
  ParseResult parsed = parse_dag(row->source);
  if (!parsed.dag) {
    log::error("dag={} version={} the stored source doesn't parse any more: {}", row->dag_id, row->number,
               render(parsed.diagnostics, row->file_name, row->source));
    return {};
  }
  if (versions_.size() >= versions_kept) versions_.erase(versions_.begin());
  return versions_.emplace(id, Version{std::move(parsed.dag), row->folder}).first->second;
}

void Catalog::put(DagVersionId id, Version version) {
  MutexLock lock(mutex_);
  versions_.insert_or_assign(id, std::move(version));
}

void Catalog::set_current(const std::shared_ptr<const Dag>& dag) {
  remove_current(dag->dag_id);
  MutexLock lock(mutex_);
  for (const Dataset& dataset : dag->datasets) producers_[dataset.name] = dag;
}

void Catalog::remove_current(const std::string& dag_id) {
  MutexLock lock(mutex_);
  std::erase_if(producers_, [&](const auto& entry) { return entry.second->dag_id == dag_id; });
}

std::shared_ptr<const Dag> Catalog::producer(const std::string& dataset) {
  MutexLock lock(mutex_);
  const auto found = producers_.find(dataset);
  return found == producers_.end() ? nullptr : found->second;
}

}  // namespace millrace
