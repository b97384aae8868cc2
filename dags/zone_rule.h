#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace {

/// The rule a zone follows after its last written transition: the POSIX TZ string at the end of a TZif file
/// (RFC 8536), such as `CET-1CEST,M3.5.0,M10.5.0/3`. The date library stops at the last transition; this goes
/// on.
struct ZoneRule {
  /// `Mm.n.d`, `Jn` or `n` with a local time of day, which may be negative or above 24 h.
  struct Day {
    enum class Kind : std::uint8_t { weekday_of_month, day_without_leap, day_with_leap };
    Kind kind = Kind::weekday_of_month;
    int month = 0, week = 0, weekday = 0, day = 0;
    std::int64_t time_s = 7200;
  };
  std::int64_t standard_s = 0;  ///< offset from UTC, east is positive
  bool has_summer = false;
  std::int64_t summer_s = 0;
  Day summer_begin, summer_end;

  /// UTC seconds of the two changes in a year.
  std::int64_t begin_of_summer(int year) const;
  std::int64_t end_of_summer(int year) const;
};

/// Empty when the text isn't such a rule.
std::optional<ZoneRule> parse_zone_rule(std::string_view text);

}  // namespace millrace
