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

/// What the scheduler has in memory, or null. A pointer is used before the next call.
struct InMemory {
  std::function<const RunRow*(RunId)> run;
  std::function<const TaskInstanceRow*(TaskInstanceId)> task;
};

/// Names what a committed batch holds: what an event is about is in its batch or in memory.
Publication published(std::vector<Change> committed, const InMemory&);
/// The newest event's number in a batch; 0: none.
std::int64_t last_seq_of(const std::vector<Change>&);

}  // namespace millrace
