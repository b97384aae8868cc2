#include "base/time.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace millrace {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

/// Writes the last `digits` decimal digits of `value` at `to`.
void put_number(char* to, std::int64_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i, value /= 10) to[i] = static_cast<char>('0' + value % 10);
}

// By hand: every attempt's environment and every answer has several, and fmt takes five times as long.
std::string seconds_part(WallTime t) {
  using namespace std::chrono;
  const sys_time<microseconds> at{microseconds{t.us}};
  const auto midnight = floor<days>(at);
  const year_month_day date{midnight};
  const hh_mm_ss time{at - midnight};
  const int year{date.year()};
  const bool has_four_digits = year >= 0 && year <= 9'999;
  std::string out = has_four_digits ? "0000" : std::to_string(year);
  const std::size_t end = out.size();
  if (has_four_digits) put_number(&out[0], year, 4);
  out += "-00-00T00:00:00";
  put_number(&out[end + 1], unsigned{date.month()}, 2);
  put_number(&out[end + 4], unsigned{date.day()}, 2);
  put_number(&out[end + 7], time.hours().count(), 2);
  put_number(&out[end + 10], time.minutes().count(), 2);
  put_number(&out[end + 13], time.seconds().count(), 2);
  if (time.subseconds().count() != 0) {
    out += ".000000";
    put_number(&out[end + 16], time.subseconds().count(), 6);
  }
  return out;
}

/// Takes exactly `digits` digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return {};
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc{} || end != text.data() + digits || text[0] == '-') return {};
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

/// `.f{1,6}` in microseconds; 0 when there is none.
std::optional<int> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return 0;
  int value = 0;
  int digits = 0;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    if (++digits > 6) return {};
    value = value * 10 + (text[0] - '0');
    text.remove_prefix(1);
  }
  if (digits == 0) return {};
  for (; digits < 6; ++digits) value *= 10;
  return value;
}

/// Minutes east of UTC.
std::optional<int> take_zone(std::string_view& text) {
  if (text.empty() || take(text, 'Z')) return 0;
  const int sign = take(text, '+') ? 1 : take(text, '-') ? -1 : 0;
  if (sign == 0) return {};
  const auto hours = take_number(text, 2);
  take(text, ':');
  const auto minutes = take_number(text, 2);
  if (!hours || !minutes || *hours > 14 || *minutes > 59) return {};
  return sign * (*hours * 60 + *minutes);
}

struct TimeOfDay {
  int hour = 0, minute = 0, second = 0, us = 0;
};

std::optional<TimeOfDay> take_time(std::string_view& text) {
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return {};
  const auto minute = take_number(text, 2);
  if (!minute) return {};
  TimeOfDay out{*hour, *minute, 0, 0};
  if (take(text, ':')) {
    const auto second = take_number(text, 2);
    const auto fraction = second ? take_fraction(text) : std::nullopt;
    if (!fraction) return {};
    out.second = *second;
    out.us = *fraction;
  }
  if (out.hour > 23 || out.minute > 59 || out.second > 59) return {};
  return out;
}

}  // namespace

std::string to_iso(WallTime t) { return seconds_part(t) + "Z"; }
std::string to_iso_offset(WallTime t) { return seconds_part(t) + "+00:00"; }
std::string to_date(WallTime t) { return seconds_part(t).substr(0, 10); }

std::optional<WallTime> parse_iso(std::string_view text) {
  const auto y = take_number(text, 4);
  if (!y || !take(text, '-')) return {};
  const auto m = take_number(text, 2);
  if (!m || !take(text, '-')) return {};
  const auto d = take_number(text, 2);
  if (!d) return {};
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*m)}, day{static_cast<unsigned>(*d)}};
  if (!date.ok()) return {};
  TimeOfDay time;
  int offset_minutes = 0;
  if (!text.empty()) {
    if (!take(text, 'T') && !take(text, ' ')) return {};
    const auto taken = take_time(text);
    if (!taken) return {};
    time = *taken;
    const auto zone = take_zone(text);
    if (!zone || !text.empty()) return {};
    offset_minutes = *zone;
  }
  const auto at = sys_days{date} + std::chrono::hours{time.hour} +
                  std::chrono::minutes{time.minute - offset_minutes} + std::chrono::seconds{time.second} +
                  std::chrono::microseconds{time.us};
  return WallTime{at.time_since_epoch().count()};
}

std::string to_text(Duration d) {
  if (d.count() < 0) return "-" + to_text(-d);
  if (d < std::chrono::seconds{1}) {
    if (d.count() == 0) return "0s";
    return d.count() % 1'000 == 0 ? fmt::format("{}ms", d.count() / 1'000) : fmt::format("{}us", d.count());
  }
  const std::int64_t seconds = d.count() / 1'000'000;
  static constexpr std::array<std::pair<std::int64_t, char>, 4> units{
      {{86'400, 'd'}, {3'600, 'h'}, {60, 'm'}, {1, 's'}}};
  std::string out;
  int parts = 0;
  std::int64_t rest = seconds;
  for (const auto& [size, letter] : units) {
    if (rest >= size && parts < 2) {
      out += fmt::format("{}{}{}", out.empty() ? "" : " ", rest / size, letter);
      rest %= size;
      ++parts;
    } else if (parts > 0) {
      ++parts;
    }
  }
  return out;
}

}  // namespace millrace
