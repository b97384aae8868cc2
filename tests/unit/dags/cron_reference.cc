#include "cron_reference.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>

namespace millrace::test {
namespace {

constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t horizon_days = 42 * 366;

struct Field {
  int low, high, last;  // `last` of a star
  std::vector<std::string> names;
};
const std::array<Field, 6> fields = {
    {{0, 59, 59, {}},
     {0, 59, 59, {}},
     {0, 23, 23, {}},
     {1, 31, 31, {}},
     {1, 12, 12, {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
     {0, 7, 6, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}}}};

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

int value_of(std::string text, int field) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto& names = fields[static_cast<std::size_t>(field)].names;
  const auto at = std::find(names.begin(), names.end(), text);
  if (at != names.end())
    return fields[static_cast<std::size_t>(field)].low + static_cast<int>(at - names.begin());
  return std::stoi(text);
}

std::set<int> numbers(const std::string& text, int field) {
  const Field& f = fields[static_cast<std::size_t>(field)];
  std::set<int> out;
  std::stringstream list(text);
  for (std::string item; std::getline(list, item, ',');) {
    const auto slash = item.find('/');
    const std::string base = item.substr(0, slash);
    const auto dash = base.find('-');
    int first = f.low, last = f.last;
    if (base != "*") {
      first = value_of(base.substr(0, dash), field);
      last = dash != std::string::npos    ? value_of(base.substr(dash + 1), field)
             : slash != std::string::npos ? std::max(f.last, first)
                                          : first;
      if (field == 5 && last == 0 && first > 0) last = 7;
    }
    const int step = slash == std::string::npos ? 1 : std::stoi(item.substr(slash + 1));
    for (int v = first; v <= last; v += step) out.insert(field == 5 && v == 7 ? 0 : v);
  }
  return out;
}

std::string expanded(const std::string& text) {
  for (const auto& [preset, cron] : {std::pair{"@hourly", "0 * * * *"},
                                     {"@daily", "0 0 * * *"},
                                     {"@midnight", "0 0 * * *"},
                                     {"@weekly", "0 0 * * 0"},
                                     {"@monthly", "0 0 1 * *"},
                                     {"@quarterly", "0 0 1 1,4,7,10 *"},
                                     {"@yearly", "0 0 1 1 *"},
                                     {"@annually", "0 0 1 1 *"}})
    if (text == preset) return cron;
  return text;
}

}  // namespace

std::vector<std::string> zone_names() {
  std::vector<std::string> names;
  std::ifstream table("/usr/share/zoneinfo/tzdata.zi");
  for (std::string line; std::getline(table, line);) {
    std::istringstream in(line);
    std::string kind, first, second;
    in >> kind >> first >> second;
    if (kind == "Z" && first != "Factory") names.push_back(first);
    if (kind == "L") names.push_back(second);
  }
  return names;
}

LibraryZone::LibraryZone(const std::string& name) {
  setenv("TZ", (":" + name).c_str(), 1);
  tzset();
  const auto ask = [](std::int64_t utc_s) -> std::int64_t {
    const std::time_t t = utc_s;
    std::tm tm{};
    localtime_r(&t, &tm);
    return tm.tm_gmtoff;
  };
  std::int64_t before = ask(begin_s);
  stretches_[begin_s] = before;
  for (std::int64_t t = begin_s; t < end_s; t += 5 * day_s) {
    const std::int64_t after = ask(t + 5 * day_s);
    if (after == before) continue;
    std::int64_t low = t, high = t + 5 * day_s;
    while (high - low > 1) {
      const std::int64_t middle = low + (high - low) / 2;
      (ask(middle) == before ? low : high) = middle;
    }
    stretches_[high] = before = after;
  }
  unsetenv("TZ");
  tzset();
}

std::vector<std::int64_t> LibraryZone::transitions(std::int64_t from, std::int64_t to) const {
  std::vector<std::int64_t> out;
  for (auto at = stretches_.lower_bound(std::max(from, begin_s + 1));
       at != stretches_.end() && at->first < to; ++at)
    out.push_back(at->first);
  return out;
}

ReferenceCron::ReferenceCron(std::string cron) : text(std::move(cron)) {
  std::vector<std::string> words;
  std::stringstream in(expanded(text));
  for (std::string word; in >> word;) words.push_back(word);
  if (words.size() == 5) words.insert(words.begin(), "0");
  for (std::size_t i = 0; i < 6; ++i) sets[i] = numbers(words[i], static_cast<int>(i));
  const auto star = [&](std::size_t i) { return words[i].find('*') != std::string::npos; };
  either = !star(3) && !star(5);
  wildcard = star(1) || star(2);
}

bool ReferenceCron::matches_day(std::int64_t day) const {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  if (!sets[4].contains(static_cast<int>(unsigned{date.month()}))) return false;
  const bool by_day = sets[3].contains(static_cast<int>(unsigned{date.day()}));
  const std::chrono::weekday weekday{std::chrono::sys_days{std::chrono::days{day}}};
  const bool by_weekday = sets[5].contains(static_cast<int>(weekday.c_encoding()));
  return either ? by_day || by_weekday : by_day && by_weekday;
}

bool ReferenceCron::matches(std::int64_t minute) const {
  const std::int64_t day = floor_div(minute, 1440);
  const int in_day = static_cast<int>(minute - day * 1440);
  return sets[1].contains(in_day % 60) && sets[2].contains(in_day / 60) && matches_day(day);
}

bool ReferenceCron::comes() const {
  if (either) return true;
  const int longest[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return std::ranges::any_of(sets[4], [&](int month) { return *sets[3].begin() <= longest[month - 1]; });
}

/// A fixed cron's ticks of the wall's day `day`, in order; they may lie on the day after, behind a gap.
std::vector<std::int64_t> ReferenceCron::fixed_ticks(const LibraryZone& zone, DstPolicy dst,
                                                     std::int64_t day) const {
  std::set<std::int64_t> out;
  const std::int64_t from = day * day_s - 52 * 3600, to = day * day_s + 76 * 3600;
  const std::vector<std::int64_t> changes = zone.transitions(from, to);
  std::set<std::int64_t> offsets = {zone.offset(from)};
  for (const std::int64_t change : changes) offsets.insert(zone.offset(change));
  for (const int hour : sets[2])
    for (const int minute : sets[1])
      for (const int second : sets[0]) {
        const std::int64_t wall = day * day_s + hour * 3600 + minute * 60 + second;
        std::set<std::int64_t> shown;
        for (const std::int64_t offset : offsets)
          if (zone.offset(wall - offset) == offset) shown.insert(wall - offset);
        if (!shown.empty()) {
          if (dst.duplicate != DstDuplicate::last) out.insert(*shown.begin());
          if (dst.duplicate != DstDuplicate::first) out.insert(*shown.rbegin());
        } else if (dst.missing == DstMissing::shift) {
          for (const std::int64_t change : changes)
            if (change + zone.offset(change - 1) <= wall && wall < change + zone.offset(change))
              out.insert(change);
        }
      }
  return {out.begin(), out.end()};
}

std::optional<std::int64_t> ReferenceCron::next(const LibraryZone& zone, DstPolicy dst,
                                                std::int64_t t) const {
  if (wildcard) {
    auto stretch = std::prev(zone.stretches().upper_bound(t + 1));
    for (std::int64_t u = t + 1; u < t + horizon_days * day_s;) {
      const auto after = std::next(stretch);
      const std::int64_t end = after == zone.stretches().end() ? LibraryZone::end_s : after->first;
      const std::int64_t local = u + stretch->second, day = floor_div(local, day_s);
      if (!matches_day(day))
        u = std::min((day + 1) * day_s - stretch->second, end);
      else if (!matches(floor_div(local, 60)))
        u = std::min(u + 60 - (local - floor_div(local, 60) * 60), end);
      else if (!sets[0].contains(static_cast<int>(local - floor_div(local, 60) * 60)))
        ++u;
      else
        return u;
      if (u >= end && after != zone.stretches().end()) stretch = after;
    }
    return {};
  }
  const std::int64_t today = floor_div(t + zone.offset(t), day_s);
  std::optional<std::int64_t> best;
  for (std::int64_t day = today - 2, last = today + horizon_days; day <= last; ++day) {
    if (!matches_day(day)) continue;
    for (const std::int64_t tick : fixed_ticks(zone, dst, day))
      if (tick > t && (!best || tick < *best)) best = tick;
    // The wall may show the beginning of the day after before the end of this one, at most once again.
    if (best) last = std::min(last, day + 1);
  }
  return best;
}

std::optional<std::int64_t> ReferenceCron::previous(const LibraryZone& zone, DstPolicy dst,
                                                    std::int64_t t) const {
  if (wildcard) {
    auto stretch = std::prev(zone.stretches().upper_bound(t - 1));
    for (std::int64_t u = t - 1; u > t - horizon_days * day_s;) {
      const std::int64_t local = u + stretch->second, day = floor_div(local, day_s), begin = stretch->first;
      if (!matches_day(day))
        u = std::max(day * day_s - stretch->second, begin) - 1;
      else if (!matches(floor_div(local, 60)))
        u = std::max(u - (local - floor_div(local, 60) * 60), begin) - 1;
      else if (!sets[0].contains(static_cast<int>(local - floor_div(local, 60) * 60)))
        --u;
      else
        return u;
      if (u < begin && stretch != zone.stretches().begin()) --stretch;
    }
    return {};
  }
  const std::int64_t today = floor_div(t + zone.offset(t), day_s);
  std::optional<std::int64_t> best;
  for (std::int64_t day = today + 2, last = today - horizon_days; day >= last; --day) {
    if (!matches_day(day)) continue;
    for (const std::int64_t tick : fixed_ticks(zone, dst, day))
      if (tick < t && (!best || tick > *best)) best = tick;
    if (best) last = std::max(last, day - 1);
  }
  return best;
}

std::vector<std::int64_t> ReferenceCron::between(const LibraryZone& zone, DstPolicy dst, std::int64_t from,
                                                 std::int64_t to) const {
  std::vector<std::int64_t> out;
  for (auto t = next(zone, dst, from - 1); t && *t < to; t = next(zone, dst, *t)) out.push_back(*t);
  return out;
}

std::string RandomCrons::value(int field, int number_) {
  const auto& names = fields[static_cast<std::size_t>(field)].names;
  const int index = number_ - fields[static_cast<std::size_t>(field)].low;
  if (index >= static_cast<int>(names.size()) || number(2) == 0) return std::to_string(number_);
  std::string word = names[static_cast<std::size_t>(index)];
  for (char& c : word)
    if (number(3) == 0) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return word;
}

std::string RandomCrons::element(int field) {
  const Field& f = fields[static_cast<std::size_t>(field)];
  const auto any = [&](int low, int high) {
    return low + static_cast<int>(number(static_cast<std::uint64_t>(high - low + 1)));
  };
  const std::string step = "/" + std::to_string(any(1, f.last - f.low + 1));
  const int first = any(f.low, f.high), last = any(first, f.high);
  // One after the other: the order in which `a() + b()` calls is the compiler's.
  const std::string from = value(field, first);
  const std::string to = value(field, last);
  switch (number(field == 0 ? 4 : 7)) {  // a dense second hides what the other fields do
    case 0:
      return from + "-" + to;
    case 1:
      return from + "-" + to + step;
    case 2:
      return from + step;
    case 3:
      return from;
    case 4:
      return "*" + step;
    default:
      return "*";
  }
}

std::string RandomCrons::list(int field) {
  std::string out = element(field);
  while (number(4) == 0) out.append(",").append(element(field));
  return out;
}

std::string RandomCrons::draw() {
  if (number(40) == 0) {
    const char* presets[] = {"@hourly",  "@daily",     "@midnight", "@weekly",
                             "@monthly", "@quarterly", "@yearly",   "@annually"};
    return presets[number(8)];
  }
  std::string out;
  for (int field = number(4) == 0 ? 0 : 1; field < 6; ++field) {
    if (!out.empty()) out += number(8) == 0 ? " \t" : " ";
    out += list(field);
  }
  return out;
}

std::string RandomCrons::draw_nightly() {
  std::string out = number(4) == 0 ? list(0) + " " : "";
  out += list(1);
  const std::uint64_t first = number(5), last = first + number(3);
  out += " " + (number(2) == 0 ? list(2) : std::to_string(first) + "-" + std::to_string(last));
  out += " " + (number(4) == 0 ? list(3) : "*");
  out += " * " + (number(4) == 0 ? list(5) : "*");
  return out;
}

DstPolicy RandomCrons::policy() {
  return {number(2) == 0 ? DstMissing::shift : DstMissing::skip, static_cast<DstDuplicate>(number(3))};
}

Schedule schedule_of(const ReferenceCron& cron, const Zone& zone, DstPolicy dst) {
  Schedule s;
  s.kind = Schedule::Kind::cron;
  s.cron = parse_cron(cron.text).value();
  s.zone = zone;
  s.dst = dst;
  return s;
}

}  // namespace millrace::test
