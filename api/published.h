#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "scheduler/rows.h"
#include "store/named_event.h"

namespace millrace {

/// A renewed partition with the names of its producer.
struct NamedDatasetEvent {
  DatasetEventRow row;
  std::string dag_id, run_id;  ///< empty: from outside
};

/// What one commit changed, as the stream of events tells it.
struct Publication {
  std::vector<NamedEvent> events;      ///< in order, each with its number
  std::vector<BackfillRow> backfills;  ///< progress: the newest row of each that changed
  std::vector<NamedDatasetEvent> datasets;
  std::int64_t last_seq = 0;  ///< of the newest event; 0: there was none
};

/// A run that is in memory, or null. The pointer is used before the next call.
using FindRun = std::function<const RunRow*(RunId)>;

/// Names what a committed batch holds. Every task instance of an event is in its batch, every run is there or
/// in memory.
Publication published(std::vector<Change> committed, const FindRun&);
/// The newest event's number in a batch; 0: none.
std::int64_t last_seq_of(const std::vector<Change>&);

}  // namespace millrace
