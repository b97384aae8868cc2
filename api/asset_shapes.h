#pragma once

#include <map>
#include <string>
#include <string_view>

#include "api/json.h"
#include "api/shapes.h"
#include "store/asset_reader.h"

/// Datasets and their events in the shapes of Airflow's assets, what Airflow lacks beside it.
namespace millrace {

class AssetShapes {
 public:
  explicit AssetShapes(StoreReader& reader) : reader_(reader) {}

  void asset(JsonWriter&, const DatasetNameRow&);
  void event(JsonWriter&, const DatasetEventRow&);
  void queued(JsonWriter&, const QueuedDatasetEventRow&);

 private:
  const DatasetNameRow& name_of(const std::string& dataset);
  void created_runs(JsonWriter&, const DatasetEventRow&, const std::vector<DatasetEventRunRow>&);
  StoreReader& reader_;
  std::map<std::string, DatasetNameRow> names_;
};

}  // namespace millrace
