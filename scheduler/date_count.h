#pragma once

#include <cstdint>

#include "base/time.h"
#include "dags/schedule.h"

namespace millrace {

/// Whether the schedule has ticks at all (cron, every, at).
bool schedule_has_ticks(const Schedule&);

/// How many ticks lie in [first, last]; both are ticks. Ten years of a cron in milliseconds: a local day
/// without a change of the zone's offset has as many ticks as its pattern says, only the other days are
/// walked through.
std::int64_t count_ticks(const Schedule&, WallTime first, WallTime last);

}  // namespace millrace
