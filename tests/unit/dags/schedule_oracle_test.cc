// Schedules against a slow reference that shares no code with them: local time comes from the C library, a
// cron is a set of numbers for each field, ticks come from walking every minute around a transition.
// MILLRACE_ORACLE_CRONS=n samples n crons at each transition instead of 2; MILLRACE_ORACLE_TRANSITIONS=n
// looks at n transitions of each zone instead of 3.
#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "dags/schedule.h"

using namespace millrace;

namespace {

constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t begin_s = 0;            // 1970
constexpr std::int64_t end_s = 4'133'980'800;  // 2101

/// The C library's local time of one zone at a time.
class LibraryZone {
 public:
  explicit LibraryZone(const std::string& name) {
    setenv("TZ", (":" + name).c_str(), 1);
    tzset();
  }
  ~LibraryZone() {
    unsetenv("TZ");
    tzset();
  }
  LibraryZone(const LibraryZone&) = delete;
  LibraryZone& operator=(const LibraryZone&) = delete;

  std::int64_t offset(std::int64_t utc_s) const {
    const std::time_t t = utc_s;
    std::tm tm{};
    localtime_r(&t, &tm);
    return tm.tm_gmtoff;
  }

  /// Where the offset changes: steps of five days, then halving.
  std::vector<std::int64_t> transitions() const {
    std::vector<std::int64_t> found;
    std::int64_t before = offset(begin_s);
    for (std::int64_t t = begin_s; t < end_s; t += 5 * day_s) {
      const std::int64_t after = offset(t + 5 * day_s);
      if (after == before) continue;
      std::int64_t low = t, high = t + 5 * day_s;
      while (high - low > 1) {
        const std::int64_t middle = low + (high - low) / 2;
        (offset(middle) == before ? low : high) = middle;
      }
      found.push_back(high);
      before = after;
    }
    return found;
  }
};

std::vector<std::string> zone_names() {
  std::vector<std::string> names;
  std::ifstream table("/usr/share/zoneinfo/tzdata.zi");
  for (std::string line; std::getline(table, line);)
    if (line.starts_with("Z ") && !line.starts_with("Z Factory "))
      names.push_back(line.substr(2, line.find(' ', 2) - 2));
  return names;
}

std::size_t scale(const char* variable, std::size_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoul(text);
}

std::set<int> numbers(const std::string& field, int low, int high) {
  std::set<int> out;
  std::stringstream list(field);
  for (std::string item; std::getline(list, item, ',');) {
    int first = low, last_value = high, step = 1;
    char dash = 0;
    std::stringstream in(item.substr(0, item.find('/')));
    if (item[0] != '*') {
      in >> first;
      last_value = first;
      if (in >> dash) in >> last_value;
    }
    if (item.find('/') != std::string::npos) step = std::stoi(item.substr(item.find('/') + 1));
    for (int v = first; v <= last_value; v += step) out.insert(v);
  }
  return out;
}

struct ReferenceCron {
  std::string text;
  std::array<std::set<int>, 6> sets;
  bool either = false, wildcard = false;

  explicit ReferenceCron(std::string cron) : text(std::move(cron)) {
    std::vector<std::string> words;
    std::stringstream in(text);
    for (std::string word; in >> word;) words.push_back(word);
    if (words.size() == 5) words.insert(words.begin(), "0");
    constexpr std::array<std::array<int, 2>, 6> bounds = {
        {{0, 59}, {0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}}};
    for (std::size_t i = 0; i < 6; ++i) sets[i] = numbers(words[i], bounds[i][0], bounds[i][1]);
    const auto star = [&](std::size_t i) { return words[i].find('*') != std::string::npos; };
    either = !star(3) && !star(5);
    wildcard = star(1) || star(2);
  }

  /// `minute`: local minutes since 1970-01-01 00:00.
  bool matches(std::int64_t minute) const {
    const std::time_t t = minute * 60;
    std::tm tm{};
    gmtime_r(&t, &tm);
    if (!sets[1].contains(tm.tm_min) || !sets[2].contains(tm.tm_hour) || !sets[4].contains(tm.tm_mon + 1))
      return false;
    const bool day = sets[3].contains(tm.tm_mday), weekday = sets[5].contains(tm.tm_wday);
    return either ? day || weekday : day && weekday;
  }
};

/// The wall clock around a transition, minute by minute.
struct Walk {
  std::int64_t first = 0;                                   // UTC minute
  std::vector<std::int64_t> local;                          // local minute shown in UTC minute first + i
  std::map<std::int64_t, std::vector<std::int64_t>> shown;  // local minute -> UTC minutes
  bool aligned = true;                                      // offsets are whole minutes

  Walk(const LibraryZone& zone, std::int64_t transition) : first((transition - 52 * 3600) / 60) {
    aligned = transition % 60 == 0;
    for (std::int64_t m = first; m < first + 104 * 60; ++m) {
      const std::int64_t offset = zone.offset(m * 60);
      aligned = aligned && offset % 60 == 0;
      local.push_back(m + offset / 60);
      shown[local.back()].push_back(m);
    }
  }

  std::set<std::int64_t> ticks(const ReferenceCron& cron, DstPolicy dst) const {
    std::set<std::int64_t> out;
    const auto add = [&](std::int64_t utc_minute) {
      for (const int second : cron.sets[0]) out.insert(utc_minute * 60 + second);
    };
    if (cron.wildcard) {
      for (std::size_t i = 0; i < local.size(); ++i)
        if (cron.matches(local[i])) add(first + static_cast<std::int64_t>(i));
      return out;
    }
    for (std::int64_t wall = shown.begin()->first; wall <= shown.rbegin()->first; ++wall) {
      if (!cron.matches(wall)) continue;
      const auto at = shown.find(wall);
      if (at != shown.end()) {
        if (dst.duplicate != DstDuplicate::last) add(at->second.front());
        if (dst.duplicate != DstDuplicate::first) add(at->second.back());
      } else if (dst.missing == DstMissing::shift) {
        for (std::size_t i = 1; i < local.size(); ++i)
          if (local[i - 1] < wall && wall < local[i]) out.insert((first + static_cast<std::int64_t>(i)) * 60);
      }
    }
    return out;
  }
};

std::vector<ReferenceCron> sampled_crons(std::size_t random_count) {
  std::vector<ReferenceCron> crons;
  for (const char* text :
       {"30 2 * * *", "0 */4 * * *", "0 7,8,13 * * *", "0 0 29 2 *", "*/5 * * * *", "0 * * * *", "0 0 * * *",
        "15 0,1,2,3 * * *", "0,59 0-4 * * *", "*/10 2 * * *", "*/15 30 2 * * *", "59 59 23 * * *",
        "30 */5 1 * * *", "45 1-3 1-7 * 0", "0 12 * * 1-5"})
    crons.emplace_back(text);
  std::mt19937 random(7);
  const auto number = [&](int low, int high) {
    return std::to_string(low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1)));
  };
  const auto field = [&](int low, int high) -> std::string {
    switch (random() % 5) {
      case 0:
        return "*";
      case 1:
        return "*/" + number(1, (high - low) / 2 + 1);
      case 2:
        return number(low, high) + "," + number(low, high);
      case 3:
        return number(low, low + 1) + "-" + number(high - 2, high) + "/" + number(1, 3);
      default:
        return number(low, high);
    }
  };
  while (crons.size() < random_count + 15) {
    const std::string seconds = random() % 4 == 0 ? number(0, 59) + "," + number(0, 59) + " " : "";
    const std::string hours = random() % 2 == 0 ? number(0, 3) + "-" + number(3, 5) : field(0, 23);
    crons.emplace_back(seconds + field(0, 59) + " " + hours + " " + (random() % 3 == 0 ? field(1, 28) : "*") +
                       " * " + (random() % 3 == 0 ? field(0, 6) : "*"));
  }
  return crons;
}

Schedule schedule_of(const ReferenceCron& cron, const Zone& zone, DstPolicy dst) {
  Schedule s;
  s.kind = Schedule::Kind::cron;
  s.cron = parse_cron(cron.text).value();
  s.zone = zone;
  s.dst = dst;
  return s;
}

void compare(const std::string& zone, std::int64_t transition, const Walk& walk, const ReferenceCron& cron,
             const Schedule& s) {
  const std::int64_t from = transition - 26 * 3600, to = transition + 26 * 3600;
  std::vector<std::int64_t> expected, forwards, backwards;
  for (const std::int64_t tick : walk.ticks(cron, s.dst))
    if (tick > from && tick < to) expected.push_back(tick);
  for (auto t = next_tick(s, WallTime{from * 1'000'000}); t && t->us / 1'000'000 < to; t = next_tick(s, *t))
    forwards.push_back(t->us / 1'000'000);
  for (auto t = previous_tick(s, WallTime{to * 1'000'000}); t && t->us / 1'000'000 > from;
       t = previous_tick(s, *t))
    backwards.insert(backwards.begin(), t->us / 1'000'000);
  INFO(zone << " at " << to_iso(WallTime{transition * 1'000'000}) << ", cron " << cron.text << ", missing "
            << int(s.dst.missing) << ", duplicate " << int(s.dst.duplicate));
  REQUIRE(forwards == expected);
  REQUIRE(backwards == expected);
}

constexpr std::array<DstPolicy, 6> policies = {{{DstMissing::shift, DstDuplicate::first},
                                                {DstMissing::skip, DstDuplicate::last},
                                                {DstMissing::shift, DstDuplicate::both},
                                                {DstMissing::skip, DstDuplicate::first},
                                                {DstMissing::shift, DstDuplicate::last},
                                                {DstMissing::skip, DstDuplicate::both}}};

}  // namespace

TEST_CASE("oracle: every zone's offsets 1970-2100 are the C library's") {
  const auto names = zone_names();
  REQUIRE(names.size() > 300);
  std::size_t seen = 0;
  for (const std::string& name : names) {
    const LibraryZone library(name);
    const auto zone = Zone::find(name);
    INFO(name);
    REQUIRE(zone);
    std::vector<std::int64_t> ours;
    for (const Zone::Offset& o : zone->offsets()) {
      if (o.begin_s > begin_s && o.begin_s < end_s) ours.push_back(o.begin_s);
      if (o.begin_s < end_s && o.end_s > begin_s)
        REQUIRE(library.offset(std::max(o.begin_s, begin_s)) == o.offset_s);
    }
    for (const std::int64_t transition : library.transitions())
      if (transition < end_s) REQUIRE(std::ranges::binary_search(ours, transition));
    seen += ours.size();
  }
  CHECK(seen > 20'000);
}

TEST_CASE("oracle: ticks around transitions of every zone are the slow reference's") {
  const std::size_t per_zone = scale("MILLRACE_ORACLE_TRANSITIONS", 3);
  const std::size_t per_transition = scale("MILLRACE_ORACLE_CRONS", 2);
  const auto crons = sampled_crons(std::max<std::size_t>(40, per_transition));
  const std::set<std::string> odd = {"Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca",
                                     "Pacific/Kwajalein"};
  std::mt19937 random(1970);
  std::size_t compared = 0;
  for (const std::string& name : zone_names()) {
    const LibraryZone library(name);
    const Zone zone = Zone::find(name).value();
    const auto transitions = library.transitions();
    for (std::size_t i = 0; i < per_zone && !transitions.empty(); ++i) {
      const std::int64_t transition = transitions[random() % transitions.size()];
      const Walk walk(library, transition);
      if (!walk.aligned) continue;  // Monrovia 1972, tested by hand
      const std::size_t count = odd.contains(name) ? crons.size() : per_transition;
      for (std::size_t k = 0; k < count; ++k) {
        const ReferenceCron& cron = odd.contains(name) ? crons[k] : crons[random() % crons.size()];
        const DstPolicy dst = policies[random() % policies.size()];
        compare(name, transition, walk, cron, schedule_of(cron, zone, dst));
        ++compared;
      }
    }
  }
  CHECK(compared > 1'000);
}

TEST_CASE("oracle: the days that were skipped or lived twice") {
  for (const std::string name :
       {"Pacific/Apia", "Pacific/Kwajalein", "Pacific/Kiritimati", "Pacific/Fakaofo"}) {
    const LibraryZone library(name);
    const Zone zone = Zone::find(name).value();
    std::int64_t widest = 0, size = 0;
    for (const std::int64_t t : library.transitions()) {
      const std::int64_t change = std::abs(library.offset(t) - library.offset(t - 1));
      if (change > size) std::tie(widest, size) = std::tuple(t, change);
    }
    REQUIRE(size >= 23 * 3600);
    const Walk walk(library, widest);
    if (!walk.aligned) continue;
    for (const ReferenceCron& cron : sampled_crons(40))
      for (const DstPolicy dst : policies) compare(name, widest, walk, cron, schedule_of(cron, zone, dst));
  }
}
