#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/thread_annotations.h"
#include "dags/dag.h"
#include "store/reader.h"

namespace millrace {

/// The parsed DAG versions in use. A version that isn't here is read from the store and parsed again;
/// versions are immutable, so that nothing here is ever stale. Any thread.
class Catalog {
 public:
  explicit Catalog(std::unique_ptr<StoreReader> reader) : reader_(std::move(reader)) {}

  struct Version {
    std::shared_ptr<const Dag> dag;  ///< shared with the scheduler's runs
    std::string folder;              ///< default cwd of its tasks
  };
  /// Nothing when the store has no such version (or it doesn't parse any more: logged).
  std::optional<Version> find(DagVersionId);
  /// A version that is about to be committed.
  void put(DagVersionId, Version);

  /// The DAG as new runs see it: from now on it is the producer of the datasets it declares, and of no
  /// others.
  void set_current(const std::shared_ptr<const Dag>&);
  void remove_current(const std::string& dag_id);
  /// Null when no DAG declares the dataset.
  std::shared_ptr<const Dag> producer(const std::string& dataset);

 private:
  Mutex mutex_;
  std::unique_ptr<StoreReader> reader_ GUARDED_BY(mutex_);
  std::map<DagVersionId, Version> versions_ GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<const Dag>> producers_ GUARDED_BY(mutex_);  // by dataset
};

}  // namespace millrace
