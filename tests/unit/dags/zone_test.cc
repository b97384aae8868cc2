#include <catch2/catch.hpp>

#include "dags/schedule.h"
#include "dags/zone_rule.h"

using namespace millrace;

namespace {

Zone zone(std::string_view name) {
  const auto found = Zone::find(name);
  REQUIRE(found);
  return *found;
}

WallTime at(std::string_view text) {
  const auto t = parse_iso(text);
  REQUIRE(t);
  return *t;
}

std::string wall(const Zone& z, std::string_view utc) {
  const Zone::Local l = z.to_local(at(utc));
  char out[40];
  std::snprintf(out, sizeof out, "%04d-%02d-%02d %02d:%02d:%02d", l.year, l.month, l.day, l.hour, l.minute,
                l.second);
  return out;
}

std::string unknown(std::string_view name) {
  const auto found = Zone::find(name);
  return found ? "found" : found.error().message;
}

}  // namespace

TEST_CASE("zone: UTC needs no database and is the default") {
  CHECK(Zone().name() == "UTC");
  CHECK(zone("UTC") == Zone());
  CHECK(wall(Zone(), "1969-12-31T23:59:59.5Z") == "1969-12-31 23:59:59");
}

TEST_CASE("zone: local time on both sides of a change") {
  const Zone berlin = zone("Europe/Berlin");
  CHECK(wall(berlin, "2024-03-31T00:59:59Z") == "2024-03-31 01:59:59");
  CHECK(wall(berlin, "2024-03-31T01:00:00Z") == "2024-03-31 03:00:00");
}

TEST_CASE("zone: the rule is followed after the last written transition") {
  const Zone berlin = zone("Europe/Berlin");
  CHECK(wall(berlin, "2050-07-01T12:00:00Z") == "2050-07-01 14:00:00");
  CHECK(wall(berlin, "2099-12-01T12:00:00Z") == "2099-12-01 13:00:00");
  CHECK(wall(zone("America/New_York"), "2100-07-01T12:00:00Z") == "2100-07-01 08:00:00");
  CHECK(wall(zone("Australia/Lord_Howe"), "2060-01-01T00:00:00Z") == "2060-01-01 11:00:00");
}

TEST_CASE("zone: a local time has no instant in a gap, two in an overlap, earlier first") {
  const Zone berlin = zone("Europe/Berlin");
  CHECK(berlin.from_local({2024, 3, 31, 2, 30, 0}).empty());
  CHECK(berlin.gap_end({2024, 3, 31, 2, 30, 0}) == at("2024-03-31T01:00:00Z"));
  CHECK(berlin.from_local({2024, 10, 27, 2, 30, 0}) ==
        std::vector{at("2024-10-27T00:30:00Z"), at("2024-10-27T01:30:00Z")});
  CHECK(berlin.from_local({2024, 6, 1, 0, 0, 0}) == std::vector{at("2024-05-31T22:00:00Z")});
}

TEST_CASE("zone: Apia had no 30 December 2011") {
  const Zone apia = zone("Pacific/Apia");
  CHECK(apia.from_local({2011, 12, 30, 12, 0, 0}).empty());
  CHECK(apia.gap_end({2011, 12, 30, 12, 0, 0}) == at("2011-12-30T10:00:00Z"));
  CHECK(wall(apia, "2011-12-30T10:00:00Z") == "2011-12-31 00:00:00");
}

TEST_CASE("zone: stretches cover all time without holes") {
  for (const char* name : {"Europe/Dublin", "Africa/Casablanca", "Pacific/Kwajalein", "America/Santiago"}) {
    const Zone z = zone(name);
    for (std::size_t i = 1; i < z.offsets().size(); ++i) {
      REQUIRE(z.offsets()[i - 1].end_s == z.offsets()[i].begin_s);
      REQUIRE(z.offsets()[i].begin_s < z.offsets()[i].end_s);
      REQUIRE(z.offsets()[i - 1].offset_s != z.offsets()[i].offset_s);
    }
  }
}

TEST_CASE("zone: an unknown name is refused with the name that was meant") {
  CHECK_THAT(unknown("Europe/Berln"), Catch::Contains("did you mean 'Europe/Berlin'?"));
  CHECK_THAT(unknown("europe/paris"), Catch::Contains("did you mean 'Europe/Paris'?"));
  CHECK_THAT(unknown("Tokyo"), Catch::Contains("did you mean 'Asia/Tokyo'?"));
  CHECK_THAT(unknown("../../etc/passwd"), Catch::Contains("isn't a zone"));
  CHECK_THAT(unknown(""), Catch::Contains("isn't a zone"));
  CHECK_THAT(unknown(std::string(10'000, 'x')), Catch::Contains("isn't a zone"));
}

TEST_CASE("zone rule: the POSIX string at the end of a zone file") {
  const auto berlin = parse_zone_rule("CET-1CEST,M3.5.0,M10.5.0/3");
  REQUIRE(berlin);
  CHECK(berlin->standard_s == 3600);
  CHECK(berlin->summer_s == 7200);
  CHECK(WallTime{berlin->begin_of_summer(2024) * 1'000'000} == at("2024-03-31T01:00:00Z"));
  CHECK(WallTime{berlin->end_of_summer(2024) * 1'000'000} == at("2024-10-27T01:00:00Z"));
  const auto nuuk = parse_zone_rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
  REQUIRE(nuuk);
  CHECK(WallTime{nuuk->begin_of_summer(2040) * 1'000'000} == at("2040-03-25T01:00:00Z"));
  const auto julian = parse_zone_rule("AAA3BBB,J60/0,59/0");
  REQUIRE(julian);
  CHECK(WallTime{julian->begin_of_summer(2024) * 1'000'000} == at("2024-03-01T03:00:00Z"));
  CHECK(WallTime{julian->end_of_summer(2024) * 1'000'000} == at("2024-02-29T02:00:00Z"));
  CHECK(parse_zone_rule("EST5")->has_summer == false);
  for (const char* bad :
       {"", "X", "EST", "EST5EDT", "EST5EDT,M3", "EST5EDT,M13.1.0,M1.1.0", "<abc5", "EST5,x"})
    CHECK_FALSE(parse_zone_rule(bad));
}

TEST_CASE("zone rule: days and times in each of their forms") {
  const auto seconds = parse_zone_rule("AAA3:30:15BBB2,J59/0:0:30,J1/+1");
  REQUIRE(seconds);
  CHECK(seconds->standard_s == -(3 * 3600 + 30 * 60 + 15));
  CHECK(seconds->summer_s == -2 * 3600);
  const auto utc = [](std::int64_t s, std::int64_t offset_s) {
    return to_iso(WallTime{(s + offset_s) * 1'000'000});
  };
  CHECK(utc(seconds->begin_of_summer(2024), seconds->standard_s) == "2024-02-28T00:00:30Z");
  CHECK(utc(seconds->begin_of_summer(2023), seconds->standard_s) == "2023-02-28T00:00:30Z");
  CHECK(utc(seconds->end_of_summer(2024), seconds->summer_s) == "2024-01-01T01:00:00Z");
  const auto leap = parse_zone_rule("AAA3BBB,J60/0,J365/0");  // J never names 29 February
  REQUIRE(leap);
  CHECK(utc(leap->begin_of_summer(2023), leap->standard_s) == "2023-03-01T00:00:00Z");
  CHECK(utc(leap->begin_of_summer(2024), leap->standard_s) == "2024-03-01T00:00:00Z");
  CHECK(utc(leap->end_of_summer(2024), leap->summer_s) == "2024-12-31T00:00:00Z");
  for (const char* bad :
       {"AAA3BBB,M0.1.0,M1.1.0", "AAA3BBB,M1.0.0,M1.1.0", "AAA3BBB,M1.6.0,M1.1.0", "AAA3BBB,M1.1.7,M1.1.0",
        "AAA3BBB,J0,J2", "AAA3BBB,366,1", "AAA3BBB,J366,1", "AAA3BBB,1,2x", "AAA12345", "A[A3", "AAA3,",
        "AAA3BBB", "AAA3BBB,1"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_zone_rule(bad));
  }
  CHECK(parse_zone_rule("AAA3BBB,0,365"));
}

TEST_CASE("zone: the end of a gap that there isn't is the local time's first instant") {
  const Zone berlin = zone("Europe/Berlin");
  CHECK(berlin.gap_end({2024, 6, 1, 0, 0, 0}) == at("2024-05-31T22:00:00Z"));
  CHECK(berlin.gap_end({2024, 10, 27, 2, 30, 0}) == at("2024-10-27T00:30:00Z"));
}
