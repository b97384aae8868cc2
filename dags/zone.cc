// The only user of the tz database. Each zone's offsets are read once into a table that is never freed, so
// that a look-up is a binary search. The packaged date library reads the system's zone files but not the rule
// at their end; zone_rule.h continues where it stops.
#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>

#include "base/invariant.h"
#include "dags/schedule.h"
#include "dags/zone_rule.h"

// The packaged library's classes have another layout without this, which its CMake target defines.
static_assert(USE_OS_TZDB == 1, "link date::date-tz");

namespace millrace {
namespace {

constexpr std::int64_t time_begin = -(std::int64_t{1} << 60);
constexpr std::int64_t time_end = std::int64_t{1} << 60;
constexpr int last_rule_year = 2200;
constexpr Zone::Offset utc_offsets[] = {{time_begin, time_end, 0}};

using Table = std::vector<Zone::Offset>;

void append(Table& table, std::int64_t begin_s, std::int64_t offset_s) {
  if (!table.empty() && table.back().offset_s == offset_s) return;
  if (!table.empty()) table.back().end_s = begin_s;
  table.push_back({begin_s, time_end, offset_s});
}

/// The last line of a zone's file, where the rule stands; empty when there is none.
std::string rule_text(const std::string& name) {
  std::ifstream file("/usr/share/zoneinfo/" + name, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (bytes.size() < 2 || bytes.back() != '\n') return {};
  const std::size_t line = bytes.rfind('\n', bytes.size() - 2);
  return line == std::string::npos ? std::string{} : bytes.substr(line + 1, bytes.size() - line - 2);
}

void append_rule(Table& table, const ZoneRule& rule) {
  const std::int64_t after = table.back().begin_s;
  const std::int64_t year_length_s = 31'556'952;
  const int first_year = after < 0 ? 1970 : static_cast<int>(1970 + after / year_length_s - 1);
  // Permanent summer time is an end and a beginning at one instant: sorted last, the beginning wins.
  struct Change {
    std::int64_t at_s;
    bool begins_summer;
    std::int64_t offset_s;
    auto operator<=>(const Change&) const = default;
  };
  std::vector<Change> changes;
  for (int year = first_year; year <= last_rule_year; ++year) {
    changes.push_back({rule.end_of_summer(year), false, rule.standard_s});
    changes.push_back({rule.begin_of_summer(year), true, rule.summer_s});
  }
  std::ranges::sort(changes);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const bool replaced = i + 1 < changes.size() && changes[i + 1].at_s == changes[i].at_s;
    if (changes[i].at_s > after && !replaced) append(table, changes[i].at_s, changes[i].offset_s);
  }
}

Table read_table(const date::time_zone& zone) {
  Table table;
  date::sys_seconds at{std::chrono::seconds{-62'135'596'800}};        // year 1
  const date::sys_seconds stop{std::chrono::seconds{7'258'118'400}};  // 2200
  for (bool first = true; at < stop; first = false) {
    const date::sys_info found = zone.get_info(at);
    append(table, first ? time_begin : found.begin.time_since_epoch().count(), found.offset.count());
    if (found.end <= at) break;
    at = found.end;
  }
  const auto rule = parse_zone_rule(rule_text(zone.name()));
  if (rule && rule->has_summer) append_rule(table, *rule);
  return table;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// "europe/berlin" and "Berlin" mean Europe/Berlin; anything else is a matter of spelling.
std::string suggestion(std::string_view name) {
  const std::string wanted = lower(name);
  std::vector<std::string_view> names;
  for (const auto& zone : date::get_tzdb().zones) {
    const std::string candidate = lower(zone.name());
    if (candidate == wanted || candidate.ends_with("/" + wanted)) return zone.name();
    names.push_back(zone.name());
  }
  return name.size() <= 64 ? nearest(name, names) : std::string{};
}

/// Null when there is no such zone. Throws what the library throws when there is no database.
const Table* find_table(const std::string& name) {
  static std::mutex mutex;
  static auto& tables = *new std::map<std::string, std::unique_ptr<Table>>;  // outlives every static user
  const std::scoped_lock lock(mutex);
  const auto known = tables.find(name);
  if (known != tables.end()) return known->second.get();
  const auto& zones = date::get_tzdb().zones;
  const auto zone = std::ranges::find_if(zones, [&](const date::time_zone& z) { return z.name() == name; });
  if (zone == zones.end()) return nullptr;
  return tables.emplace(name, std::make_unique<Table>(read_table(*zone))).first->second.get();
}

std::int64_t floor_seconds(WallTime t) { return t.us / 1'000'000 - (t.us % 1'000'000 < 0 ? 1 : 0); }

std::int64_t seconds_of(const Zone::Local& l) {
  using namespace std::chrono;
  const sys_days day{year{l.year} / month{static_cast<unsigned>(l.month)} / 1};
  const std::int64_t days = day.time_since_epoch().count() + l.day - 1;
  return days * 86400 + std::int64_t{l.hour} * 3600 + std::int64_t{l.minute} * 60 + l.second;
}

}  // namespace

Zone::Zone() : name_("UTC"), offsets_(utc_offsets), offset_count_(1) {}

Result<Zone> Zone::find(std::string_view name) {
  if (name == "UTC") return Zone();
  try {
    const Table* table = find_table(std::string(name));
    if (table != nullptr) {
      Zone zone;
      zone.name_ = name;
      zone.offsets_ = table->data();
      zone.offset_count_ = table->size();
      return zone;
    }
    const std::string near = suggestion(name);
    return fail(ErrorKind::invalid,
                fmt::format("'{}' isn't a zone of the IANA database{}", name.substr(0, 64),
                            near.empty() ? std::string{} : fmt::format("; did you mean '{}'?", near)));
  } catch (const std::exception& e) {
    return fail(ErrorKind::internal,
                fmt::format("the time zone database can't be read (is the package tzdata "
                            "installed?): {}",
                            e.what()));
  }
}

Zone::Local Zone::to_local(WallTime t) const {
  using namespace std::chrono;
  const std::int64_t utc_s = floor_seconds(t);
  const auto after = std::ranges::upper_bound(offsets(), utc_s, {}, &Offset::begin_s);
  INVARIANT(after != offsets().begin());
  const sys_seconds local{seconds{utc_s + std::prev(after)->offset_s}};
  const auto day = floor<days>(local);
  const year_month_day date{day};
  const hh_mm_ss time{local - day};
  return {int{date.year()},
          static_cast<int>(unsigned{date.month()}),
          static_cast<int>(unsigned{date.day()}),
          static_cast<int>(time.hours().count()),
          static_cast<int>(time.minutes().count()),
          static_cast<int>(time.seconds().count())};
}

std::vector<WallTime> Zone::from_local(const Local& local) const {
  const std::int64_t local_s = seconds_of(local);
  std::vector<WallTime> shown;
  // Offsets are within a day of UTC, and a stretch may be short: look at each that touches the two days
  // around.
  auto stretch = std::ranges::upper_bound(offsets(), local_s - 172'800, {}, &Offset::end_s);
  for (; stretch != offsets().end() && stretch->begin_s <= local_s + 172'800; ++stretch) {
    const std::int64_t utc_s = local_s - stretch->offset_s;
    if (utc_s >= stretch->begin_s && utc_s < stretch->end_s) shown.push_back({utc_s * 1'000'000});
  }
  return shown;
}

WallTime Zone::gap_end(const Local& local) const {
  const std::int64_t local_s = seconds_of(local);
  for (std::size_t i = 1; i < offset_count_; ++i) {
    const Offset& now = offsets_[i];
    const Offset& before = offsets_[i - 1];
    if (local_s >= now.begin_s + before.offset_s && local_s < now.begin_s + now.offset_s)
      return {now.begin_s * 1'000'000};
  }
  const auto shown = from_local(local);
  INVARIANT(!shown.empty());
  return shown.front();
}

}  // namespace millrace
