#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"
#include "dags/schedule.h"

namespace millrace {

/// The clock on the wall that people read a date or time from when they write it without an offset.
struct LocalClock {
  Zone zone;
  DstDuplicate duplicate = DstDuplicate::first;  ///< of a time shown twice; `both` is its first
};

/// The clock that a schedule's cron is matched against.
LocalClock clock_of(const Schedule&);

/// Whether the text says `Z` or `±hh:mm` itself. Only for what parse_iso takes.
bool names_offset(std::string_view moment);

/// Which instant of a day its name alone means: the first where something begins, the last (the microsecond
/// before the next day) where something ends with it.
enum class OfDay { first, last };

/// As parse_iso, but a date alone or a time without an offset is one of the clock: `2013-05-01` is an instant
/// of that day there. A time that the clock jumps over is the first instant after the jump.
std::optional<WallTime> parse_moment(std::string_view, const LocalClock&, OfDay = OfDay::first);

}  // namespace millrace
