#pragma once

#include "store/asset_reader.h"
#include "store/scope.h"
#include "store/sqlite.h"

namespace millrace {

/// AssetReader on a connection that the caller keeps. Internal to store/.
class SqliteAssetReader final : public AssetReader {
 public:
  /// `scope` is the reader's own, which may change between calls.
  SqliteAssetReader(sqlite::Connection&, const std::optional<Scope>& scope);

  Result<Listed<DatasetNameRow>> names(const AssetFilter&, const Page&) override;
  std::optional<DatasetNameRow> name(std::int64_t id) override;
  std::optional<DatasetNameRow> name(std::string_view name) override;
  std::vector<DatasetReferenceRow> references(std::int64_t dataset) override;
  Result<Listed<DatasetEventRow>> events(const AssetEventFilter&, const Page&) override;
  std::optional<DatasetEventRow> newest_event(std::string_view dataset) override;
  std::vector<DatasetEventRunRow> links(std::int64_t event) override;
  std::vector<WallTime> partitions(std::string_view dataset, WallTime from, WallTime to) override;
  std::vector<DatasetEventRow> events_of_run(RunId) override;
  std::vector<QueuedDatasetEventRow> queued(std::string_view dag_id, std::string_view dataset,
                                            std::optional<WallTime> before) override;

 private:
  template <class Key>
  std::optional<DatasetNameRow> in_scope(const char* key, Key value);

  sqlite::Connection& connection_;
  const std::optional<Scope>& scope_;
  sqlite::Statement name_by_id_, name_, references_, newest_event_, links_, partitions_, events_of_run_;
};

}  // namespace millrace
