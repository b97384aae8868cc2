// Schedules against the slow reference of cron_reference.h.
// MILLRACE_ORACLE_CRONS=n draws n crons for the case that looks anywhere (`make oracle CRONS=n`) instead of
// 100,000; MILLRACE_ORACLE_SEED draws others.
#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "cron_reference.h"

using namespace millrace;
using namespace millrace::test;

namespace {

constexpr std::int64_t begin_s = 0;            // 1970
constexpr std::int64_t end_s = 4'133'980'800;  // 2101

std::size_t scale(const char* variable, std::size_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoul(text);
}

/// A third opinion, minute by minute: the wall clock around a transition, minute by minute.
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
  RandomCrons random(7);
  while (crons.size() < random_count + 15) crons.emplace_back(random.draw_nightly());
  return crons;
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
    for (const std::int64_t transition : library.transitions(begin_s, end_s))
      REQUIRE(std::ranges::binary_search(ours, transition));
    seen += ours.size();
  }
  CHECK(seen > 20'000);
}

TEST_CASE("oracle: ticks around transitions of every zone are the slow reference's") {
  constexpr std::size_t per_zone = 2, per_transition = 2;
  const auto crons = sampled_crons(40);
  const std::set<std::string> odd = {"Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca",
                                     "Pacific/Kwajalein"};
  std::mt19937 random(1970);
  std::size_t compared = 0;
  for (const std::string& name : zone_names()) {
    const LibraryZone library(name);
    const Zone zone = Zone::find(name).value();
    const auto transitions = library.transitions(begin_s, end_s);
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
    for (const std::int64_t t : library.transitions(begin_s, end_s)) {
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

TEST_CASE("oracle: crons from the whole grammar at any moment in every zone are the slow reference's") {
  const std::size_t wanted = scale("MILLRACE_ORACLE_CRONS", 100'000);
  const std::size_t seed = scale("MILLRACE_ORACLE_SEED", 1);
  const std::vector<std::string> names = zone_names();
  RandomCrons random(seed);
  std::size_t drawn = 0, never = 0, ticks = 0, differences = 0;
  for (std::size_t z = 0; z < names.size(); ++z) {
    const LibraryZone library(names[z]);
    const Zone zone = Zone::find(names[z]).value();
    const auto changes = library.transitions(begin_s, end_s);
    for (const std::size_t until = wanted * (z + 1) / names.size(); drawn < until; ++drawn) {
      const bool nightly = random.number(2) == 0 && !changes.empty();
      const ReferenceCron cron(nightly ? random.draw_nightly() : random.draw());
      const DstPolicy dst = random.policy();
      if (parse_cron(cron.text).has_value() != cron.comes())
        FAIL_CHECK(cron.text << (cron.comes() ? " is refused" : " is taken, and never comes"));
      if (!cron.comes() && ++never > 0) continue;
      const Schedule s = schedule_of(cron, zone, dst);
      const std::int64_t change = nightly ? changes[random.number(changes.size())] : 0;
      const std::int64_t moment = nightly ? change - 26 * 3600 + std::int64_t(random.number(52 * 3600))
                                          : begin_s + std::int64_t(random.number(end_s - begin_s));
      std::optional<std::int64_t> expected = moment;
      std::optional<WallTime> ours = WallTime{moment * 1'000'000};
      const auto differs = [&](const char* way, std::int64_t from) {
        ++ticks;
        if (expected.has_value() == ours.has_value() && (!ours || ours->us == *expected * 1'000'000))
          return false;
        FAIL_CHECK(names[z] << ", '" << cron.text << "', missing " << int(dst.missing) << ", duplicate "
                            << int(dst.duplicate) << ", " << way << " " << to_iso(WallTime{from * 1'000'000})
                            << ": " << (ours ? to_iso(*ours) : "never") << " instead of "
                            << (expected ? to_iso(WallTime{*expected * 1'000'000}) : "never"));
        ++differences;
        return true;
      };
      for (int i = 0; i < 3 && expected; ++i) {
        const std::int64_t from = *expected;
        expected = cron.next(library, dst, from), ours = next_tick(s, *ours);
        if (differs("after", from)) break;
      }
      expected = moment, ours = WallTime{moment * 1'000'000};
      for (int i = 0; i < 3 && expected; ++i) {
        const std::int64_t from = *expected;
        expected = cron.previous(library, dst, from), ours = previous_tick(s, *ours);
        if (differs("before", from)) break;
      }
    }
  }
  CHECK(drawn == wanted);
  if (std::getenv("MILLRACE_ORACLE_CRONS") != nullptr)
    std::cout << "oracle: crons=" << drawn << " never_come=" << never << " zones=" << names.size()
              << " ticks=" << ticks << " differences=" << differences << " seed=" << seed << "\n";
}
