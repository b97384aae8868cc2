#pragma once

#include <array>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "dags/schedule.h"

namespace millrace::test {

// A slow second opinion on schedules, written from docs/dag-language.md alone; it shares no code with dags/.
// Local time comes from the C library, a cron is a set of numbers for each field, ticks come from walking.

/// Names of the IANA database, links included.
std::vector<std::string> zone_names();

/// The C library's local time of one zone, as a table. Made by one thread at a time: it sets TZ.
class LibraryZone {
 public:
  static constexpr std::int64_t begin_s = -2'208'988'800;  // 1900
  static constexpr std::int64_t end_s = 5'522'688'000;     // 2145

  explicit LibraryZone(const std::string& name);
  std::int64_t offset(std::int64_t utc_s) const { return std::prev(stretches_.upper_bound(utc_s))->second; }
  /// Begins of the stretches of one offset, in UTC seconds; found by steps of five days, then by halving.
  const std::map<std::int64_t, std::int64_t>& stretches() const { return stretches_; }
  /// Where the offset changes in [from, to).
  std::vector<std::int64_t> transitions(std::int64_t from, std::int64_t to) const;

 private:
  std::map<std::int64_t, std::int64_t> stretches_;  // begin -> offset
};

struct ReferenceCron {
  std::string text;
  std::array<std::set<int>, 6> sets;  // second minute hour day month weekday
  bool either = false, wildcard = false;

  explicit ReferenceCron(std::string cron);
  /// Days since 1970-01-01, by the wall.
  bool matches_day(std::int64_t day) const;
  /// Minutes since 1970-01-01 00:00, by the wall.
  bool matches(std::int64_t minute) const;
  /// False: no month that is chosen has a day that is chosen.
  bool comes() const;

  /// The tick after or before a UTC second; nothing when none comes within 42 years.
  std::optional<std::int64_t> next(const LibraryZone&, DstPolicy, std::int64_t utc_s) const;
  std::optional<std::int64_t> previous(const LibraryZone&, DstPolicy, std::int64_t utc_s) const;
  /// All of [from, to).
  std::vector<std::int64_t> between(const LibraryZone&, DstPolicy, std::int64_t from, std::int64_t to) const;

 private:
  std::vector<std::int64_t> fixed_ticks(const LibraryZone&, DstPolicy, std::int64_t day) const;
};

/// Crons from the whole grammar, the same from the same seed.
class RandomCrons {
 public:
  explicit RandomCrons(std::uint64_t seed) : random_(seed) {}
  std::string draw();
  /// Ticks in most nights, when clocks change.
  std::string draw_nightly();
  std::uint64_t number(std::uint64_t below) { return random_() % below; }
  DstPolicy policy();

 private:
  std::string element(int field);
  std::string list(int field);
  std::string value(int field, int number);
  std::mt19937_64 random_;
};

Schedule schedule_of(const ReferenceCron&, const Zone&, DstPolicy);

}  // namespace millrace::test
