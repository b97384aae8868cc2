#pragma once

#include <string>

#include "scheduler/rows.h"

namespace millrace {

/// An event with the names of what it is about, which its row has as numbers. The names never change, so that
/// an event of long ago reads as it did when it happened.
struct NamedEvent {
  EventRow event;
  std::string run_id;       ///< empty: not about a run
  WallTime execution_date;  ///< of that run
  RunType run_type = RunType::manual;
  BackfillId backfill;  ///< of that run; 0: none
  std::string task_id;  ///< empty: not about a task instance
  int map_index = -1;
  int try_number = 0;  ///< of the event's attempt; 0: it has none
  friend bool operator==(const NamedEvent&, const NamedEvent&) = default;
};

}  // namespace millrace
