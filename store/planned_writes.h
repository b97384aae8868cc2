#pragma once

#include <span>
#include <vector>

#include "store/store.h"

namespace millrace {

/// One row to write, and the version that the stored row must have before (0: no such row is stored).
struct PlannedWrite {
  const Change* change;  ///< never null; of the span that was planned
  std::int64_t version_before;
};

/// What of a transaction's changes has to be written, in order. A task instance or attempt that moves several
/// times in one batch, as those of short tasks do, is written once: its last state in the place of its first,
/// with the guard of the first. All others are written one by one. Pure.
std::vector<PlannedWrite> planned_writes(std::span<const Change>);

}  // namespace millrace
