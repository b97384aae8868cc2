#include "dags/schedule.h"

#include <catch2/catch.hpp>
#include <chrono>

using namespace millrace;
using namespace std::chrono_literals;

namespace {

WallTime at(std::string_view text) {
  const auto t = parse_iso(text);
  INFO(text);
  REQUIRE(t);
  return *t;
}

Schedule cron(std::string_view text, std::string_view zone = "UTC", DstPolicy dst = {}) {
  Schedule s;
  s.kind = Schedule::Kind::cron;
  s.cron = parse_cron(text).value();
  s.zone = Zone::find(zone).value();
  s.dst = dst;
  return s;
}

Schedule every(Duration d, std::string_view anchor = "1970-01-01") {
  Schedule s;
  s.kind = Schedule::Kind::every;
  s.every = d;
  s.anchor = at(anchor);
  return s;
}

/// All ticks in (from, to], found forwards and checked backwards.
std::vector<std::string> ticks(const Schedule& s, std::string_view from, std::string_view to) {
  std::vector<std::string> out;
  WallTime t = at(from);
  for (auto tick = next_tick(s, t); tick && *tick <= at(to); tick = next_tick(s, t)) {
    REQUIRE(*tick > t);
    REQUIRE(previous_tick(s, *tick + 1us) == *tick);
    out.push_back(to_iso(*tick));
    t = *tick;
  }
  return out;
}

using Ticks = std::vector<std::string>;
constexpr DstPolicy skip{DstMissing::skip, DstDuplicate::first};
constexpr DstPolicy last{DstMissing::shift, DstDuplicate::last};
constexpr DstPolicy both{DstMissing::shift, DstDuplicate::both};

}  // namespace

TEST_CASE("ticks: strictly after and strictly before") {
  const Schedule daily = cron("@daily");
  CHECK(next_tick(daily, at("2001-01-05")) == at("2001-01-06"));
  CHECK(next_tick(daily, at("2001-01-05") - 1us) == at("2001-01-05"));
  CHECK(previous_tick(daily, at("2001-01-05")) == at("2001-01-04"));
  CHECK(previous_tick(daily, at("2001-01-05") + 1us) == at("2001-01-05"));
  CHECK(next_tick(daily, at("1969-12-31T23:59:59.999999Z")) == at("1970-01-01"));
}

TEST_CASE("ticks: day and weekday both restricted means either") {
  CHECK(
      ticks(cron("0 0 13 * fri"), "2024-09-01", "2024-09-30") ==
      Ticks{"2024-09-06T00:00:00Z", "2024-09-13T00:00:00Z", "2024-09-20T00:00:00Z", "2024-09-27T00:00:00Z"});
  CHECK(ticks(cron("0 0 13 9 mon"), "2024-09-08", "2024-09-17") ==
        Ticks{"2024-09-09T00:00:00Z", "2024-09-13T00:00:00Z", "2024-09-16T00:00:00Z"});
}

TEST_CASE("ticks: a star in one of the two means both") {
  CHECK(ticks(cron("0 0 */10 * mon"), "2024-07-01", "2024-12-31") ==
        Ticks{"2024-10-21T00:00:00Z", "2024-11-11T00:00:00Z"});
}

TEST_CASE("ticks: 29 February, also over 2100") {
  const Schedule leap = cron("0 0 29 2 *");
  CHECK(next_tick(leap, at("2024-02-29")) == at("2028-02-29"));
  CHECK(next_tick(leap, at("2096-02-29")) == at("2104-02-29"));
  CHECK(previous_tick(leap, at("2104-02-29")) == at("2096-02-29"));
  // 29, and only as a Monday: day `29/40` isn't allowed, so the star stands in the weekday's list.
  const Schedule monday = cron("0 0 29 2 1,*/7");
  CHECK(next_tick(monday, at("2088-02-29")).has_value());
}

TEST_CASE("ticks: six fields tick by the second") {
  CHECK(ticks(cron("*/20 59 23 31 12 *"), "2024-12-31", "2025-01-01") ==
        Ticks{"2024-12-31T23:59:00Z", "2024-12-31T23:59:20Z", "2024-12-31T23:59:40Z"});
}

TEST_CASE("DST gap: a fixed time runs once, at the first instant after the gap, or not with skip") {
  const Schedule job = cron("30 2 * * *", "Europe/Berlin");
  CHECK(ticks(job, "2024-03-30T00:00", "2024-04-01T12:00") ==
        Ticks{"2024-03-30T01:30:00Z", "2024-03-31T01:00:00Z", "2024-04-01T00:30:00Z"});
  CHECK(ticks(cron("30 2 * * *", "Europe/Berlin", skip), "2024-03-30T00:00", "2024-04-01T12:00") ==
        Ticks{"2024-03-30T01:30:00Z", "2024-04-01T00:30:00Z"});
}

TEST_CASE("DST gap: several swallowed times and the time at its end are one tick") {
  CHECK(ticks(cron("0,15,30 2,3 * * *", "Europe/Berlin"), "2024-03-31T00:00", "2024-03-31T02:00") ==
        Ticks{"2024-03-31T01:00:00Z", "2024-03-31T01:15:00Z", "2024-03-31T01:30:00Z"});
}

TEST_CASE("DST overlap: a fixed time runs first, last or both") {
  const auto on_the_day = [](DstPolicy dst) {
    return ticks(cron("30 2 * * *", "Europe/Berlin", dst), "2024-10-26T12:00", "2024-10-27T12:00");
  };
  CHECK(on_the_day({}) == Ticks{"2024-10-27T00:30:00Z"});
  CHECK(on_the_day(last) == Ticks{"2024-10-27T01:30:00Z"});
  CHECK(on_the_day(both) == Ticks{"2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z"});
}

TEST_CASE("DST: an hourly job runs each real hour, whatever the policies") {
  for (const DstPolicy dst : {DstPolicy{}, skip, last, both}) {
    for (const char* day : {"2024-03-31", "2024-10-27"}) {
      const Schedule hourly = cron("0 * * * *", "Europe/Berlin", dst);
      WallTime t = at(day);
      for (int hour = 0; hour < 24; ++hour) {
        const auto tick = next_tick(hourly, t);
        REQUIRE(tick == t + 1h);
        t = *tick;
      }
    }
  }
}

TEST_CASE("DST: steps of hours are wildcards and lists are fixed (cron(8))") {
  CHECK(ticks(cron("0 */2 * * *", "Europe/Berlin"), "2024-03-30T22:30", "2024-03-31T04:30") ==
        Ticks{"2024-03-30T23:00:00Z", "2024-03-31T02:00:00Z", "2024-03-31T04:00:00Z"});
  CHECK(ticks(cron("0 0,2,4 * * *", "Europe/Berlin"), "2024-03-30T22:30", "2024-03-31T04:30") ==
        Ticks{"2024-03-30T23:00:00Z", "2024-03-31T01:00:00Z", "2024-03-31T02:00:00Z"});
}

TEST_CASE("DST: Lord Howe shifts by half an hour") {
  CHECK(ticks(cron("15 2 * * *", "Australia/Lord_Howe"), "2024-10-05T00:00", "2024-10-06T12:00") ==
        Ticks{"2024-10-05T15:30:00Z"});
  CHECK(ticks(cron("45 1 * * *", "Australia/Lord_Howe"), "2024-04-06T00:00", "2024-04-07T00:00") ==
        Ticks{"2024-04-06T14:45:00Z"});
}

TEST_CASE("DST: the day that Apia and Kwajalein skipped") {
  CHECK(ticks(cron("0 12 * * *", "Pacific/Apia"), "2011-12-29T00:00", "2011-12-31T12:00") ==
        Ticks{"2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"});
  CHECK(ticks(cron("0 12 * * *", "Pacific/Apia", skip), "2011-12-29T00:00", "2011-12-31T12:00") ==
        Ticks{"2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z"});
  CHECK(ticks(cron("0 12 * * *", "Pacific/Kwajalein"), "1993-08-20T12:00", "1993-08-22T12:00").size() == 3);
}

TEST_CASE("DST: an offset with seconds: Monrovia left -0:44:30 in 1972") {
  CHECK(ticks(cron("15 0 * * *", "Africa/Monrovia"), "1972-01-06T12:00", "1972-01-08T12:00") ==
        Ticks{"1972-01-07T00:44:30Z", "1972-01-08T00:15:00Z"});
}

TEST_CASE("every: a grid through the anchor, in both directions") {
  const Schedule s = every(15min, "2001-01-01T00:05");
  CHECK(next_tick(s, at("2001-01-01T00:05")) == at("2001-01-01T00:20"));
  CHECK(next_tick(s, at("2001-01-01T00:00")) == at("2001-01-01T00:05"));
  CHECK(previous_tick(s, at("2001-01-01T00:05")) == at("2000-12-31T23:50"));
}

TEST_CASE("at: only the listed moments") {
  Schedule s;
  s.kind = Schedule::Kind::at;
  s.at = {at("2001-01-01"), at("2001-06-01")};
  CHECK(next_tick(s, at("2000-01-01")) == at("2001-01-01"));
  CHECK(next_tick(s, at("2001-01-01")) == at("2001-06-01"));
  CHECK_FALSE(next_tick(s, at("2001-06-01")));
  CHECK(previous_tick(s, at("2001-06-01")) == at("2001-01-01"));
  CHECK_FALSE(previous_tick(s, at("2001-01-01")));
  CHECK(interval_at_tick(s, at("2001-06-01")) == DataInterval{at("2001-06-01"), at("2001-06-01")});
  CHECK(is_execution_date(s, at("2001-06-01")));
  CHECK_FALSE(is_execution_date(s, at("2001-06-02")));
  CHECK(execution_date_at_or_after(s, at("2001-01-02")) == at("2001-06-01"));
}

TEST_CASE("intervals: the run at a tick covers the time since the tick before") {
  const Schedule daily = cron("@daily");
  CHECK(interval_at_tick(daily, at("2001-01-06")) == DataInterval{at("2001-01-05"), at("2001-01-06")});
  CHECK(interval_of(daily, at("2001-01-05")) == DataInterval{at("2001-01-05"), at("2001-01-06")});
  CHECK(interval_of(daily, at("2001-01-05T13:00")) == DataInterval{at("2001-01-05"), at("2001-01-06")});
  CHECK(due_at(daily, at("2001-01-05")) == at("2001-01-06"));
  CHECK(is_execution_date(daily, at("2001-01-05")));
  CHECK_FALSE(is_execution_date(daily, at("2001-01-05T00:00:01")));
  CHECK(execution_date_at_or_after(daily, at("2001-01-05")) == at("2001-01-05"));
  CHECK(execution_date_at_or_after(daily, at("2001-01-05T00:00:00.000001Z")) == at("2001-01-06"));
}

TEST_CASE("intervals: data_interval none makes the tick itself the execution_date") {
  Schedule s = cron("@daily");
  s.interval_previous = false;
  CHECK(interval_at_tick(s, at("2001-01-06")) == DataInterval{at("2001-01-06"), at("2001-01-06")});
  CHECK(due_at(s, at("2001-01-06")) == at("2001-01-06"));
}

TEST_CASE("intervals: contiguous over both changes of a year") {
  const Schedule s = cron("30 2 * * *", "Europe/Berlin");
  WallTime t = at("2024-01-01");
  DataInterval before = interval_at_tick(s, *next_tick(s, t));
  for (int day = 0; day < 400; ++day) {
    const WallTime tick = *next_tick(s, before.end);
    const DataInterval now = interval_at_tick(s, tick);
    REQUIRE(now.start == before.end);
    REQUIRE(now.end == tick);
    REQUIRE(interval_of(s, now.start) == now);
    REQUIRE(due_at(s, now.start) == tick);
    before = now;
  }
}

TEST_CASE("a schedule without ticks takes every date and goes by days in UTC") {
  for (const auto kind : {Schedule::Kind::none, Schedule::Kind::datasets, Schedule::Kind::once}) {
    Schedule s;
    s.kind = kind;
    CHECK_FALSE(next_tick(s, at("2001-01-01")));
    CHECK_FALSE(previous_tick(s, at("2001-01-01")));
    CHECK(is_execution_date(s, at("2001-01-01T03:04:05")));
    CHECK(execution_date_at_or_after(s, at("2001-01-01")) == at("2001-01-01"));
    CHECK(execution_date_at_or_after(s, at("2001-01-01T00:00:01")) == at("2001-01-02"));
    CHECK(interval_of(s, at("2001-01-01")) == DataInterval{at("2001-01-01"), at("2001-01-01")});
    CHECK(due_at(s, at("2001-01-01")) == at("2001-01-01"));
  }
}

TEST_CASE("ticks: the ends of time are refused, not overflowed") {
  for (const Schedule& s : {cron("* * * * *", "Europe/Berlin"), every(1s), Schedule{}}) {
    for (const WallTime t :
         {WallTime{INT64_MIN}, WallTime{INT64_MAX}, WallTime{INT64_MIN / 2}, WallTime{0}}) {
      const auto next = next_tick(s, t);
      CHECK((!next || *next > t));
      const auto previous = previous_tick(s, t);
      CHECK((!previous || *previous < t));
      (void)is_execution_date(s, t);
      (void)execution_date_at_or_after(s, t);
    }
  }
}

TEST_CASE("ticks: a schedule made by hand that never ticks has none, and the search ends") {
  Schedule never;
  never.kind = Schedule::Kind::cron;
  never.cron = *parse_cron("30 2 1 2 *");
  never.cron.days = 1u << 30;  // 30 February: parse_cron refuses it
  const WallTime t = *parse_iso("2001-01-01");
  for (const char* zone : {"UTC", "Europe/Berlin", "Africa/Casablanca"}) {
    never.zone = *Zone::find(zone);
    CHECK_FALSE(next_tick(never, t));
    CHECK_FALSE(previous_tick(never, t));
  }
  Schedule nothing;
  nothing.kind = Schedule::Kind::every;
  nothing.every = Duration{0};
  CHECK_FALSE(next_tick(nothing, t));
  CHECK_FALSE(previous_tick(nothing, t));
}
