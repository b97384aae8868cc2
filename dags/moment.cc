#include "dags/moment.h"

namespace millrace {

LocalClock clock_of(const Schedule& schedule) { return {schedule.zone, schedule.dst.duplicate}; }

bool names_offset(std::string_view moment) {
  return moment.size() > 11 && moment.find_first_of("Z+-", 11) != std::string_view::npos;
}

std::optional<WallTime> parse_moment(std::string_view text, const LocalClock& clock) {
  const auto moment = parse_iso(text);
  if (!moment || names_offset(text) || clock.zone == Zone{}) return moment;
  // Read as if it were UTC, it says what the clock shows.
  const Zone::Local local = Zone{}.to_local(*moment);
  const std::vector<WallTime> instants = clock.zone.from_local(local);
  if (instants.empty()) return clock.zone.gap_end(local);
  const WallTime whole = clock.duplicate == DstDuplicate::last ? instants.back() : instants.front();
  const std::int64_t below_a_second = ((moment->us % 1'000'000) + 1'000'000) % 1'000'000;
  return WallTime{whole.us + below_a_second};
}

}  // namespace millrace
