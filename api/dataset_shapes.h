#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "api/json.h"
#include "api/problem.h"
#include "store/reader.h"

/// Datasets and their versions as JSON.
namespace millrace {

/// One write of a partition, with its producer in words.
void write_version(JsonWriter&, const DatasetVersionRow&);
/// `{dataset, partition, version, version_id}`: what else there is of it, its own path tells.
void write_version_reference(JsonWriter&, const DatasetVersionRow&);

/// The parts of an attempt's name (scheduler/rows.h). Ids hold no `/`.
struct AttemptName {
  std::string dag_id, run_id, task_id;
  int map_index = -1, try_number = 0;
};
AttemptName parse_attempt_name(std::string_view);

/// Whether the text is `b3:` and 4 to 64 hex digits.
bool is_hash_prefix(std::string_view);

/// The newest version of a dataset that `text` names: its number, or its hash or the beginning of it. 404
/// when there is none; 409 when the beginning fits different contents.
std::expected<DatasetVersionRow, Problem> find_version(StoreReader&, const std::string& dataset,
                                                       std::string_view text);

}  // namespace millrace
