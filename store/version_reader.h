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

/// A dataset that has been written at least once.
struct WrittenDataset {
  std::string name;
  std::int64_t versions = 0, partitions = 0;
  DatasetVersionId newest;
};
/// A partition's newest version, and how often it was written.
struct PartitionVersion {
  DatasetVersionRow newest;
  std::int64_t versions = 0;
};
struct VersionFilter {
  std::string dataset;
  std::optional<WallTime> partition;  ///< empty: of all partitions
  std::string hash_prefix;            ///< `b3:` and up to 64 hex digits; empty: any
};

/// Reads versions of datasets, and who wrote and read them. Part of a StoreReader: same connection, same
/// rules.
class VersionReader {
 public:
  virtual ~VersionReader() = default;

  /// Nothing for a dataset that was never published.
  virtual std::optional<WrittenDataset> written(std::string_view dataset) = 0;
  /// Key: id, newest first without one.
  virtual Result<Listed<DatasetVersionRow>> list(const VersionFilter&, const Page&) = 0;
  virtual std::optional<DatasetVersionRow> find(DatasetVersionId) = 0;
  /// Key: partition, newest first without one.
  virtual Result<Listed<PartitionVersion>> partitions(std::string_view dataset, const Page&) = 0;

  virtual std::vector<DatasetVersionRow> written_by(RunId) = 0;                 ///< by id
  virtual std::vector<DatasetVersionRow> written_by(AttemptId, int limit) = 0;  ///< by id
  virtual std::vector<VersionInputRow> read_by(RunId) = 0;                      ///< by attempt
  virtual std::vector<VersionInputRow> read_by(AttemptId, int limit) = 0;
  virtual std::vector<VersionInputRow> readers_of(DatasetVersionId, int limit) = 0;  ///< newest first

  virtual std::vector<AttemptRow> attempts_of(RunId) = 0;  ///< in no order
  virtual std::optional<AttemptRow> attempt(AttemptId) = 0;
};

}  // namespace millrace
