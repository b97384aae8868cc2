#pragma once

#include "store/reader.h"
#include "store/sqlite.h"

namespace millrace {

/// VersionReader on the connection of a StoreReader. Internal to store/.
class SqliteVersionReader final : public VersionReader {
 public:
  /// `scope` is the reader's own, which may change between calls.
  SqliteVersionReader(sqlite::Connection& connection, const std::optional<Scope>& scope)
      : connection_(connection), scope_(scope) {}

  std::optional<WrittenDataset> written(std::string_view dataset) override;
  Result<Listed<DatasetVersionRow>> list(const VersionFilter&, const Page&) override;
  std::optional<DatasetVersionRow> find(DatasetVersionId) override;
  Result<Listed<PartitionVersion>> partitions(std::string_view dataset, const Page&) override;
  std::vector<DatasetVersionRow> written_by(RunId) override;
  std::vector<DatasetVersionRow> written_by(AttemptId, int limit) override;
  std::vector<VersionInputRow> read_by(RunId) override;
  std::vector<VersionInputRow> read_by(AttemptId, int limit) override;
  std::vector<VersionInputRow> readers_of(DatasetVersionId, int limit) override;
  std::vector<AttemptRow> attempts_of(RunId) override;
  std::optional<AttemptRow> attempt(AttemptId) override;

 private:
  /// The rows of a query whose parameters are an id and, where there is one, a limit.
  template <class Row>
  std::vector<Row> rows(const std::string& sql, std::int64_t id, int limit = 0);
  /// Without its producer, if that is a DAG that the scope doesn't have.
  DatasetVersionRow shown(DatasetVersionRow) const;

  sqlite::Connection& connection_;
  const std::optional<Scope>& scope_;
};

}  // namespace millrace
