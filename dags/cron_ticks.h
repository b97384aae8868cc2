#pragma once

#include <cstdint>
#include <optional>

#include "dags/schedule.h"

namespace millrace {

/// The first tick at or after / the last tick at or before an instant, in UTC seconds; empty when none comes
/// within 41 years. The rules stand at the head of schedule.h.
std::optional<std::int64_t> cron_tick_at_or_after(const Cron&, const Zone&, DstPolicy, std::int64_t utc_s);
std::optional<std::int64_t> cron_tick_at_or_before(const Cron&, const Zone&, DstPolicy, std::int64_t utc_s);

}  // namespace millrace
