#pragma once

#include <cstdint>

#include "base/time.h"
#include "dags/schedule.h"

namespace millrace {

/// Whether the schedule has ticks at all (cron, every, at).
bool schedule_has_ticks(const Schedule&);

/// The first instant of a local day, counted from 1970-01-01.
WallTime local_midnight(const Zone&, std::int64_t day);
/// The local day that `t` lies in, likewise.
std::int64_t local_day(const Zone&, WallTime t);

/// How many ticks lie in [first, last]; both are ticks. Ten years of a cron in milliseconds: a local day
/// without a change of the zone's offset has as many ticks as its pattern says, only the other days are
/// walked through.
std::int64_t count_ticks(const Schedule&, WallTime first, WallTime last);

}  // namespace millrace
