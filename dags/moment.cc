#include "dags/moment.h"

namespace millrace {

namespace {

constexpr std::size_t days_length = std::string_view("2013-05-01").size();

/// `midnight` is read as if it were UTC.
WallTime first_of_day(WallTime midnight, const Zone& zone) {
  const Zone::Local local = Zone{}.to_local(midnight);
  const std::vector<WallTime> instants = zone.from_local(local);
  return instants.empty() ? zone.gap_end(local) : instants.front();
}

}  // namespace

LocalClock clock_of(const Schedule& schedule) { return {schedule.zone, schedule.dst.duplicate}; }

bool names_offset(std::string_view moment) {
  return moment.size() > 11 && moment.find_first_of("Z+-", 11) != std::string_view::npos;
}

std::optional<WallTime> parse_moment(std::string_view text, const LocalClock& clock, OfDay of_day) {
  const auto moment = parse_iso(text);
  if (!moment || names_offset(text)) return moment;
  if (of_day == OfDay::last && text.size() == days_length)
    return first_of_day(*moment + std::chrono::hours{24}, clock.zone) - Duration{1};
  if (clock.zone == Zone{}) return moment;
  // Read as if it were UTC, it says what the clock shows.
  const Zone::Local local = Zone{}.to_local(*moment);
  const std::vector<WallTime> instants = clock.zone.from_local(local);
  if (instants.empty()) return clock.zone.gap_end(local);
  const WallTime whole = clock.duplicate == DstDuplicate::last ? instants.back() : instants.front();
  const std::int64_t below_a_second = ((moment->us % 1'000'000) + 1'000'000) % 1'000'000;
  return WallTime{whole.us + below_a_second};
}

}  // namespace millrace
