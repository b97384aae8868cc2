#include "dags/zone_rule.h"

#include <chrono>

namespace millrace {
namespace {

/// Reads the string from the left; `failed` sticks.
struct Reader {
  std::string_view rest;
  bool failed = false;

  bool take(char c) {
    if (!rest.starts_with(c)) return false;
    rest.remove_prefix(1);
    return true;
  }

  int number() {
    int value = 0;
    std::size_t digits = 0;
    while (digits < rest.size() && digits < 4 && rest[digits] >= '0' && rest[digits] <= '9')
      value = value * 10 + (rest[digits++] - '0');
    if (digits == 0) failed = true;
    rest.remove_prefix(digits);
    return value;
  }

  void skip_name() {
    std::size_t length = 0;
    if (rest.starts_with('<')) {
      const std::size_t close = rest.find('>');
      length = close == std::string_view::npos ? 0 : close + 1;
    } else {
      while (length < rest.size() && ((rest[length] | 0x20) >= 'a' && (rest[length] | 0x20) <= 'z')) ++length;
    }
    if (length < 3) failed = true;
    rest.remove_prefix(length);
  }

  std::int64_t time() {
    const bool negative = take('-');
    if (!negative) take('+');
    std::int64_t seconds = std::int64_t{3600} * number();
    if (take(':')) seconds += std::int64_t{60} * number();
    if (take(':')) seconds += number();
    return negative ? -seconds : seconds;
  }

  ZoneRule::Day day() {
    using Kind = ZoneRule::Day::Kind;
    ZoneRule::Day day;
    if (take('M')) {
      day.month = number();
      if (!take('.')) failed = true;
      day.week = number();
      if (!take('.')) failed = true;
      day.weekday = number();
      failed = failed || day.month < 1 || day.month > 12 || day.week < 1 || day.week > 5 || day.weekday > 6;
    } else {
      day.kind = take('J') ? Kind::day_without_leap : Kind::day_with_leap;
      day.day = number();
      failed = failed || day.day > 365 || (day.kind == Kind::day_without_leap && day.day < 1);
    }
    if (take('/')) day.time_s = time();
    return day;
  }
};

/// Local midnight of the rule's day, as if local time were UTC, plus its time of day.
std::int64_t local_seconds(const ZoneRule::Day& rule, int year) {
  using namespace std::chrono;
  using Kind = ZoneRule::Day::Kind;
  const std::chrono::year y{year};
  sys_days day{y / January / 1};
  if (rule.kind == Kind::weekday_of_month) {
    const month m{static_cast<unsigned>(rule.month)};
    const weekday w{static_cast<unsigned>(rule.weekday)};
    day = rule.week == 5 ? sys_days{y / m / w[last]} : sys_days{y / m / w[static_cast<unsigned>(rule.week)]};
  } else if (rule.kind == Kind::day_without_leap) {
    const bool past_leap_day = y.is_leap() && rule.day >= 60;
    day += days{rule.day - 1 + (past_leap_day ? 1 : 0)};
  } else {
    day += days{rule.day};
  }
  return std::int64_t{day.time_since_epoch().count()} * 86400 + rule.time_s;
}

}  // namespace

std::int64_t ZoneRule::begin_of_summer(int year) const {
  return local_seconds(summer_begin, year) - standard_s;
}
std::int64_t ZoneRule::end_of_summer(int year) const { return local_seconds(summer_end, year) - summer_s; }

std::optional<ZoneRule> parse_zone_rule(std::string_view text) {
  Reader reader{text};
  ZoneRule rule;
  reader.skip_name();
  rule.standard_s = -reader.time();
  if (!reader.failed && !reader.rest.empty()) {
    rule.has_summer = true;
    reader.skip_name();
    rule.summer_s = reader.rest.starts_with(',') ? rule.standard_s + 3600 : -reader.time();
    if (!reader.take(',')) return std::nullopt;
    rule.summer_begin = reader.day();
    if (!reader.take(',')) return std::nullopt;
    rule.summer_end = reader.day();
  }
  if (reader.failed || !reader.rest.empty()) return std::nullopt;
  return rule;
}

}  // namespace millrace
