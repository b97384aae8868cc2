// Ticks are searched stretch by stretch of one UTC offset: inside a stretch local time is plain arithmetic;
// where two stretches meet there may be a gap whose wall times tick at the meeting point.
#include "dags/cron_ticks.h"

#include <algorithm>
#include <bit>
#include <chrono>

#include "base/invariant.h"

namespace millrace {
namespace {

constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t horizon_s = 41 * 366 * day_s;

std::int64_t floor_day(std::int64_t s) { return s / day_s - (s % day_s < 0 ? 1 : 0); }

/// The lowest bit from `from` on, which is at most 60; -1: none.
int lowest_from(std::uint64_t bits, int from) {
  const std::uint64_t rest = bits >> from << from;
  return rest == 0 ? -1 : std::countr_zero(rest);
}
/// The highest bit up to `to`, which is from -1 to 59; -1: none.
int highest_to(std::uint64_t bits, int to) {
  const std::uint64_t rest = to < 0 ? 0 : bits & ((std::uint64_t{2} << to) - 1);
  return rest == 0 ? -1 : 63 - std::countl_zero(rest);
}

bool matches_day(const Cron& cron, const std::chrono::year_month_day& date, std::int64_t day) {
  const bool by_day = (cron.days >> unsigned{date.day()} & 1u) != 0;
  const auto weekday = static_cast<unsigned>(((day + 4) % 7 + 7) % 7);  // 1970-01-01 was a Thursday
  const bool by_weekday = (cron.weekdays >> weekday & 1u) != 0;
  return cron.day_restricted && cron.weekday_restricted ? by_day || by_weekday : by_day && by_weekday;
}

/// The first matching second of the day at or after `from`, or -1.
std::int64_t time_at_or_after(const Cron& cron, std::int64_t from) {
  const int hour = static_cast<int>(from / 3600), minute = static_cast<int>(from / 60 % 60);
  for (int h = lowest_from(cron.hours, hour); h >= 0; h = lowest_from(cron.hours, h + 1)) {
    const int first_minute = h == hour ? minute : 0;
    for (int m = lowest_from(cron.minutes, first_minute); m >= 0; m = lowest_from(cron.minutes, m + 1)) {
      const int first_second = h == hour && m == minute ? static_cast<int>(from % 60) : 0;
      const int s = lowest_from(cron.seconds, first_second);
      if (s >= 0) return std::int64_t{h} * 3600 + m * 60 + s;
    }
  }
  return -1;
}

/// The last matching second of the day at or before `to`, or -1.
std::int64_t time_at_or_before(const Cron& cron, std::int64_t to) {
  const int hour = static_cast<int>(to / 3600), minute = static_cast<int>(to / 60 % 60);
  for (int h = highest_to(cron.hours, hour); h >= 0; h = highest_to(cron.hours, h - 1)) {
    const int last_minute = h == hour ? minute : 59;
    for (int m = highest_to(cron.minutes, last_minute); m >= 0; m = highest_to(cron.minutes, m - 1)) {
      const int last_second = h == hour && m == minute ? static_cast<int>(to % 60) : 59;
      const int s = highest_to(cron.seconds, last_second);
      if (s >= 0) return std::int64_t{h} * 3600 + m * 60 + s;
    }
  }
  return -1;
}

/// The first matching local second in [from, end).
std::optional<std::int64_t> first_local(const Cron& cron, std::int64_t from, std::int64_t end) {
  using namespace std::chrono;
  for (std::int64_t day = floor_day(from); day * day_s < end;) {
    const year_month_day date{sys_days{days{day}}};
    if ((cron.months >> unsigned{date.month()} & 1u) == 0) {
      day = sys_days{date.year() / date.month() / last}.time_since_epoch().count() + 1;
      continue;
    }
    if (matches_day(cron, date, day)) {
      const std::int64_t time = time_at_or_after(cron, std::max<std::int64_t>(from - day * day_s, 0));
      if (time >= 0) return day * day_s + time < end ? std::optional{day * day_s + time} : std::nullopt;
    }
    ++day;
  }
  return std::nullopt;
}

/// The last matching local second in [begin, to].
std::optional<std::int64_t> last_local(const Cron& cron, std::int64_t begin, std::int64_t to) {
  using namespace std::chrono;
  for (std::int64_t day = floor_day(to); (day + 1) * day_s > begin;) {
    const year_month_day date{sys_days{days{day}}};
    if ((cron.months >> unsigned{date.month()} & 1u) == 0) {
      day = sys_days{date.year() / date.month() / 1}.time_since_epoch().count() - 1;
      continue;
    }
    if (matches_day(cron, date, day)) {
      const std::int64_t time = time_at_or_before(cron, std::min(to - day * day_s, day_s - 1));
      if (time >= 0) return day * day_s + time >= begin ? std::optional{day * day_s + time} : std::nullopt;
    }
    --day;
  }
  return std::nullopt;
}

class Search {
 public:
  Search(const Cron& cron, const Zone& zone, DstPolicy dst)
      : cron_(cron), dst_(dst), stretches_(zone.offsets()) {}

  std::size_t stretch_of(std::int64_t utc_s) const {
    const auto after = std::ranges::upper_bound(stretches_, utc_s, {}, &Zone::Offset::begin_s);
    return static_cast<std::size_t>(after - stretches_.begin()) - 1;
  }
  const Zone::Offset& stretch(std::size_t i) const { return stretches_[i]; }
  std::size_t count() const { return stretches_.size(); }

  /// Whether stretch `i` starts with the tick of wall times that its gap swallowed.
  bool ticks_at_begin(std::size_t i) const {
    INVARIANT(i > 0);  // time itself begins with the first
    if (cron_.wildcard || dst_.missing == DstMissing::skip) return false;
    const std::int64_t begin = stretches_[i].begin_s + stretches_[i - 1].offset_s;
    const std::int64_t end = stretches_[i].begin_s + stretches_[i].offset_s;
    for (auto local = first_local(cron_, begin, end); local; local = first_local(cron_, *local + 1, end))
      if (!shown_before(i, *local) && !shown_after(i, *local)) return true;
    return false;
  }

  /// Whether the local time, which stretch `i` shows, ticks there.
  bool ticks_in(std::size_t i, std::int64_t local) const {
    if (cron_.wildcard || dst_.duplicate == DstDuplicate::both) return true;
    return dst_.duplicate == DstDuplicate::first ? !shown_before(i, local) : !shown_after(i, local);
  }

 private:
  bool shows(const Zone::Offset& o, std::int64_t local) const {
    return local - o.offset_s >= o.begin_s && local - o.offset_s < o.end_s;
  }
  // Offsets differ by less than two days, so only stretches that near can show the same wall time.
  bool shown_before(std::size_t i, std::int64_t local) const {
    for (std::size_t j = i; j-- > 0 && stretches_[j].end_s + stretches_[j].offset_s > local - 2 * day_s;)
      if (shows(stretches_[j], local)) return true;
    return false;
  }
  bool shown_after(std::size_t i, std::int64_t local) const {
    for (std::size_t j = i + 1; j < stretches_.size() && stretches_[j].begin_s < local + 2 * day_s; ++j)
      if (shows(stretches_[j], local)) return true;
    return false;
  }

  const Cron& cron_;
  DstPolicy dst_;
  std::span<const Zone::Offset> stretches_;
};

}  // namespace

std::optional<std::int64_t> cron_tick_at_or_after(const Cron& cron, const Zone& zone, DstPolicy dst,
                                                  std::int64_t utc_s) {
  const Search search(cron, zone, dst);
  const std::int64_t stop = utc_s + horizon_s;
  for (std::size_t i = search.stretch_of(utc_s); i < search.count(); ++i) {
    const Zone::Offset& o = search.stretch(i);
    if (o.begin_s >= stop) break;
    const std::int64_t from = std::max(utc_s, o.begin_s), end = std::min(o.end_s, stop);
    if (from == o.begin_s && search.ticks_at_begin(i)) return from;
    for (auto local = first_local(cron, from + o.offset_s, end + o.offset_s); local;
         local = first_local(cron, *local + 1, end + o.offset_s))
      if (search.ticks_in(i, *local)) return *local - o.offset_s;
  }
  return std::nullopt;
}

std::optional<std::int64_t> cron_tick_at_or_before(const Cron& cron, const Zone& zone, DstPolicy dst,
                                                   std::int64_t utc_s) {
  const Search search(cron, zone, dst);
  const std::int64_t stop = utc_s - horizon_s;
  for (std::size_t i = search.stretch_of(utc_s) + 1; i-- > 0;) {
    const Zone::Offset& o = search.stretch(i);
    if (o.end_s <= stop) break;
    const std::int64_t to = std::min(utc_s, o.end_s - 1), begin = std::max(o.begin_s, stop);
    for (auto local = last_local(cron, begin + o.offset_s, to + o.offset_s); local;
         local = last_local(cron, begin + o.offset_s, *local - 1))
      if (search.ticks_in(i, *local)) return *local - o.offset_s;
    if (begin == o.begin_s && search.ticks_at_begin(i)) return begin;
  }
  return std::nullopt;
}

}  // namespace millrace
