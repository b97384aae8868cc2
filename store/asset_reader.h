#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "scheduler/rows.h"

namespace millrace {

struct Page;
template <class Row>
struct Listed;

/// Patterns are SQL's LIKE without regard to case, found anywhere; `|` between several; `~` and empty: all.
struct AssetFilter {
  std::string name_pattern, name_prefix, uri_pattern, uri_prefix;
  std::vector<std::string> dag_ids;  ///< used by any of these DAGs
  bool only_active = true;           ///< used by some DAG
};
struct AssetEventFilter {
  std::string dataset, name_pattern, name_prefix;
  std::string dag_id, run_id, task_id;  ///< of the producer
  std::optional<int> map_index;
  std::optional<WallTime> from, to;     ///< of the event's time, inclusive
};

/// Reads the register of datasets and what became of their events. Part of a StoreReader: same connection,
/// same rules.
class AssetReader {
 public:
  virtual ~AssetReader() = default;

  /// Keys: id name uri created_at updated_at. By id without one.
  virtual Result<Listed<DatasetNameRow>> names(const AssetFilter&, const Page&) = 0;
  virtual std::optional<DatasetNameRow> name(std::int64_t id) = 0;
  virtual std::optional<DatasetNameRow> name(std::string_view name) = 0;
  virtual std::vector<DatasetReferenceRow> references(std::int64_t dataset) = 0;  ///< by use, DAG and task

  /// Keys: id timestamp source_dag_id source_run_id source_task_id source_map_index. By id without one.
  virtual Result<Listed<DatasetEventRow>> events(const AssetEventFilter&, const Page&) = 0;
  virtual std::optional<DatasetEventRow> newest_event(std::string_view dataset) = 0;
  virtual std::vector<DatasetEventRunRow> links(std::int64_t event) = 0;  ///< as they were made
  /// Partitions in [from, to) that have events, oldest first; at most 10,000.
  virtual std::vector<WallTime> partitions(std::string_view dataset, WallTime from, WallTime to) = 0;
  virtual std::vector<DatasetEventRow> events_of_run(RunId) = 0;          ///< each once, by id
  /// What waits for one DAG (empty: any), of one dataset (empty: any), older than `before`. One of the first
  /// two is given.
  virtual std::vector<QueuedDatasetEventRow> queued(std::string_view dag_id, std::string_view dataset,
                                                    std::optional<WallTime> before) = 0;
};

}  // namespace millrace
