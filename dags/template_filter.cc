#include "dags/template_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace millrace {
namespace {

using Kind = Filter::Kind;

struct Rule {
  std::string_view name;
  Kind kind;
  bool takes_argument;
  bool needs_date;
  std::optional<ValueType> gives;  // empty: what it was given
  std::string_view example;
};
constexpr std::array<Rule, 9> rules = {{
    {"ds", Kind::ds, false, true, ValueType::date, "ds"},
    {"ts", Kind::ts, false, true, ValueType::date, "ts"},
    {"date_add", Kind::date_add, true, true, ValueType::date, "date_add(-7d)"},
    {"strftime", Kind::strftime, true, true, ValueType::text, "strftime(\"%Y/%m\")"},
    {"in_timezone", Kind::in_timezone, true, true, ValueType::date, "in_timezone(\"Europe/Paris\")"},
    {"default", Kind::default_value, true, false, std::nullopt, "default(\"x\")"},
    {"json", Kind::json, false, false, ValueType::text, "json"},
    {"shell", Kind::shell, false, false, ValueType::text, "shell"},
    {"basename", Kind::basename, false, false, ValueType::text, "basename"},
}};

constexpr std::string_view conversions = "YmdHMSyjaAbBeIpfFTRsuwzZGV%";
constexpr std::array<std::string_view, 7> weekday_names = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                           "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> month_names = {"January",   "February", "March",    "April",
                                                          "May",       "June",     "July",     "August",
                                                          "September", "October",  "November", "December"};

/// The first `%` that isn't a known conversion, as written; empty when all are.
std::string_view unknown_conversion(std::string_view format) {
  for (std::size_t i = format.find('%'); i < format.size(); i = format.find('%', i + 2)) {
    const char c = i + 1 < format.size() ? format[i + 1] : ' ';
    if (conversions.find(c) == std::string_view::npos) return format.substr(i, 2);
  }
  return {};
}

void check_argument(FilterCheck& check, const Rule& rule, const std::string& argument) {
  check.in_argument = true;
  if (rule.kind == Kind::date_add && !parse_shift(argument)) {
    check.problem = fmt::format("'{}' isn't a duration", argument.substr(0, 40));
    check.hint = "write a number with a unit: date_add(-7d), date_add(1h30m); units are s m h d w";
  } else if (rule.kind == Kind::in_timezone) {
    const auto zone = Zone::find(argument);
    if (!zone) check.problem = zone.error().message;
  } else if (rule.kind == Kind::strftime) {
    const std::string_view unknown = unknown_conversion(argument);
    if (!unknown.empty()) {
      check.problem = fmt::format("strftime doesn't know '{}'", unknown);
      check.hint = "known: %Y %m %d %H %M %S %y %j %a %A %b %B %e %I %p %f %F %T %R %s %u %w %z %Z %G %V %%";
    } else if (argument.empty()) {
      check.problem = "strftime needs a format";
      check.hint = "write strftime(\"%Y/%m\")";
    }
  }
}

struct IsoWeek {
  int year;
  unsigned week;
};
/// ISO 8601: the week belongs to the year of its Thursday.
IsoWeek iso_week(std::chrono::sys_days day) {
  using namespace std::chrono;
  const sys_days thursday = day + days{4 - static_cast<int>(weekday{day}.iso_encoding())};
  const int year = int{year_month_day{thursday}.year()};
  const sys_days first{std::chrono::year{year} / January / 1};
  return {year, static_cast<unsigned>((thursday - first).count() / 7 + 1)};
}

std::string offset_text(std::int64_t seconds) {
  const std::int64_t minutes = (seconds < 0 ? -seconds : seconds) / 60;
  return fmt::format("{}{:02}{:02}", seconds < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

/// One conversion at a time: the local date and time, and what is derived from them.
struct Moment {
  Zone::Local local;
  std::chrono::sys_days day;
  WallTime utc;
  std::int64_t offset_s;
  const Zone& zone;

  std::string convert(char c) const {
    using namespace std::chrono;
    const unsigned weekday = std::chrono::weekday{day}.c_encoding();
    const int hour12 = local.hour % 12 == 0 ? 12 : local.hour % 12;
    const std::string_view month = month_names[static_cast<std::size_t>(local.month - 1)];
    const auto year_day = (day - sys_days{year{local.year} / January / 1}).count() + 1;
    const std::int64_t fraction = (utc.us % 1'000'000 + 1'000'000) % 1'000'000;
    // clang-format off: a table
    switch (c) {
      case 'Y': return fmt::format("{:04}", local.year);
      case 'm': return fmt::format("{:02}", local.month);
      case 'd': return fmt::format("{:02}", local.day);
      case 'H': return fmt::format("{:02}", local.hour);
      case 'M': return fmt::format("{:02}", local.minute);
      case 'S': return fmt::format("{:02}", local.second);
      case 'y': return fmt::format("{:02}", (local.year % 100 + 100) % 100);
      case 'j': return fmt::format("{:03}", year_day);
      case 'a': return std::string(weekday_names[weekday].substr(0, 3));
      case 'A': return std::string(weekday_names[weekday]);
      case 'b': return std::string(month.substr(0, 3));
      case 'B': return std::string(month);
      case 'e': return fmt::format("{:2}", local.day);
      case 'I': return fmt::format("{:02}", hour12);
      case 'p': return local.hour < 12 ? "AM" : "PM";
      case 'f': return fmt::format("{:06}", fraction);
      case 'F': return fmt::format("{:04}-{:02}-{:02}", local.year, local.month, local.day);
      case 'T': return fmt::format("{:02}:{:02}:{:02}", local.hour, local.minute, local.second);
      case 'R': return fmt::format("{:02}:{:02}", local.hour, local.minute);
      case 's': return fmt::format("{}", (utc.us - fraction) / 1'000'000);
      case 'u': return fmt::format("{}", weekday == 0 ? 7u : weekday);
      case 'w': return fmt::format("{}", weekday);
      case 'z': return offset_text(offset_s);
      case 'Z': return zone.name();
      case 'G': return fmt::format("{:04}", iso_week(day).year);
      case 'V': return fmt::format("{:02}", iso_week(day).week);
      default: return std::string(1, c);
    }
    // clang-format on
  }
};

}  // namespace

std::string_view filter_name(Kind kind) { return std::ranges::find(rules, kind, &Rule::kind)->name; }

std::string_view filter_names() {
  return "ds, ts, date_add(-7d), strftime(\"%Y/%m\"), in_timezone(\"Europe/Paris\"), default(\"x\"), json, "
         "shell, basename";
}

FilterCheck check_filter(std::string_view name, const std::optional<std::string>& argument, ValueType input) {
  const auto rule = std::ranges::find(rules, name, &Rule::name);
  FilterCheck check;
  if (rule == rules.end()) {
    std::vector<std::string_view> names;
    for (const Rule& known : rules) names.push_back(known.name);
    const std::string near = nearest(name, names);
    check.problem = fmt::format("there is no filter '{}'", name.substr(0, 40));
    check.hint =
        near.empty() ? fmt::format("filters: {}", filter_names()) : fmt::format("did you mean '{}'?", near);
    return check;
  }
  check.kind = rule->kind;
  check.type = rule->gives.value_or(input);
  if (rule->takes_argument != argument.has_value()) {
    check.problem =
        fmt::format("filter '{}' {}", name, rule->takes_argument ? "needs an argument" : "takes no argument");
    check.hint = fmt::format("write {}", rule->example);
  } else if (rule->needs_date && input == ValueType::text) {
    check.problem = fmt::format("filter '{}' needs a date, and this is text", name);
    check.hint = "apply it to a date such as execution_date, ds or data_interval_start, before it is printed";
  } else if (argument) {
    check_argument(check, *rule, *argument);
  }
  return check;
}

std::optional<Duration> parse_shift(std::string_view text) {
  constexpr std::int64_t most_s = std::int64_t{366'000} * 86'400;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  std::int64_t total_s = 0;
  while (!text.empty()) {
    std::int64_t amount = 0;
    std::size_t digits = 0;
    while (digits < text.size() && digits < 12 && text[digits] >= '0' && text[digits] <= '9')
      amount = amount * 10 + (text[digits++] - '0');
    if (digits == 0 || digits == text.size()) return std::nullopt;
    constexpr std::string_view units = "smhdw";
    constexpr std::array<std::int64_t, 5> unit_s = {1, 60, 3'600, 86'400, 604'800};
    const std::size_t unit = units.find(text[digits]);
    if (unit == std::string_view::npos || amount > most_s) return std::nullopt;
    total_s += amount * unit_s[unit];
    if (total_s > most_s) return std::nullopt;
    text.remove_prefix(digits + 1);
  }
  return std::chrono::seconds{negative ? -total_s : total_s};
}

std::string format_time(std::string_view format, WallTime t, const Zone& zone) {
  using namespace std::chrono;
  const Zone::Local local = zone.to_local(t);
  const sys_days day{year{local.year} / month{static_cast<unsigned>(local.month)} /
                     std::chrono::day{static_cast<unsigned>(local.day)}};
  const std::int64_t utc_s = floor<seconds>(microseconds{t.us}).count();
  const std::int64_t local_s = std::int64_t{day.time_since_epoch().count()} * 86'400 + local.hour * 3600 +
                               local.minute * 60 + local.second;
  const Moment moment{local, day, t, local_s - utc_s, zone};
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%' && i + 1 < format.size()) {
      out += moment.convert(format[++i]);
    } else {
      out += format[i];
    }
  }
  return out;
}

}  // namespace millrace
