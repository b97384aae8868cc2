#pragma once

#include <optional>
#include <span>

#include "scheduler/rows.h"

namespace millrace {

/// The run as it will be stored once this batch is: what the store has, with the batch's newer rows laid over
/// it. `stored` is nothing for a run that the batch made. Linear in the batch; for the rare run that comes
/// back at once.
std::optional<RunSnapshot> with_uncommitted(std::optional<RunSnapshot> stored, RunId,
                                            std::span<const Change> batch);

}  // namespace millrace
