#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/thread_annotations.h"
#include "dags/dag.h"
#include "store/reader.h"

namespace millrace {

/// The parsed DAG versions in use: those in force, which the scheduler holds too, and some of the others. A
/// version that isn't here is read from the store and parsed again; versions are immutable, so that nothing
/// here is ever stale. Any thread.
class Catalog {
 public:
  explicit Catalog(std::unique_ptr<StoreReader> reader) : reader_(std::move(reader)) {}

  struct Version {
    std::shared_ptr<const Dag> dag;  ///< shared with the scheduler's runs
    std::string folder;              ///< default cwd of its tasks
  };
  /// Nothing when the store has no such version (or it doesn't parse any more: logged).
  std::optional<Version> find(DagVersionId);

  /// The DAG as new runs see it, stored or about to be: from now on it is the producer of the datasets it
  /// declares, and of no others.
  void set_current(DagVersionId, Version);
  /// Null when no DAG declares the dataset.
  std::shared_ptr<const Dag> producer(const std::string& dataset);
  /// The same, but null also when that DAG was removed: its runs' inputs are still there, new ones won't be.
  std::shared_ptr<const Dag> maker(const std::string& dataset);

 private:
  void keep(DagVersionId, Version) REQUIRES(mutex_);

  Mutex mutex_;
  std::unique_ptr<StoreReader> reader_ GUARDED_BY(mutex_);
  std::map<std::string, DagVersionId, std::less<>> current_ GUARDED_BY(mutex_);  // by dag_id
  std::map<DagVersionId, Version> in_force_ GUARDED_BY(mutex_);
  std::map<DagVersionId, Version> others_ GUARDED_BY(mutex_);
  std::deque<DagVersionId> order_ GUARDED_BY(mutex_);  // in which the others came
  std::map<std::string, std::shared_ptr<const Dag>> producers_ GUARDED_BY(mutex_);  // by dataset
};

}  // namespace millrace
