#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

using Duration = std::chrono::microseconds;

/// UTC, microseconds since 1970-01-01T00:00:00Z without leap seconds. May jump: for schedules, storage,
/// display.
struct WallTime {
  std::int64_t us = 0;
  friend auto operator<=>(const WallTime&, const WallTime&) = default;
};

/// Microseconds since some start of this process's host; never jumps. For delays. Means nothing after a
/// restart.
struct MonoTime {
  std::int64_t us = 0;
  friend auto operator<=>(const MonoTime&, const MonoTime&) = default;
};

/// One reading of both clocks, handed to everything that needs the time.
struct Now {
  WallTime wall;
  MonoTime mono;
};

inline WallTime operator+(WallTime t, Duration d) { return {t.us + d.count()}; }
inline WallTime operator-(WallTime t, Duration d) { return {t.us - d.count()}; }
inline Duration operator-(WallTime a, WallTime b) { return Duration{a.us - b.us}; }
inline MonoTime operator+(MonoTime t, Duration d) { return {t.us + d.count()}; }
inline Duration operator-(MonoTime a, MonoTime b) { return Duration{a.us - b.us}; }

/// `2001-01-05T00:00:00Z`, with `.ffffff` only when the microseconds aren't zero. For JSON.
std::string to_iso(WallTime);
/// `2001-01-05T00:00:00+00:00`, Airflow's form in run ids and in the template value `ts`.
std::string to_iso_offset(WallTime);
/// `2001-01-05`
std::string to_date(WallTime);

/// ISO 8601: `2001-01-05`, `2001-01-05T00:00[:00[.f{1,6}]]`, then nothing, `Z` or `±hh:mm`; a space may stand
/// for the `T`. No zone means UTC. Empty result for anything else, impossible dates (31 February) included.
std::optional<WallTime> parse_iso(std::string_view);

/// `1h 30m`, `10s`, `250ms`; zero is `0s`. For messages and tables.
std::string to_text(Duration);

}  // namespace millrace
