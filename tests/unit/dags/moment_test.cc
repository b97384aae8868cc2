#include "dags/moment.h"

#include <catch2/catch.hpp>

using namespace millrace;

namespace {

std::string read(std::string_view zone, std::string_view text, DstDuplicate duplicate = DstDuplicate::first,
                 OfDay of_day = OfDay::first) {
  const auto found = Zone::find(zone);
  REQUIRE(found);
  const auto moment = parse_moment(text, {*found, duplicate}, of_day);
  return moment ? to_iso(*moment) : "nothing";
}

}  // namespace

TEST_CASE("moment: without an offset a date or time is what the zone's clocks show") {
  CHECK(read("UTC", "2013-05-01") == "2013-05-01T00:00:00Z");
  CHECK(read("America/New_York", "2013-05-01") == "2013-05-01T04:00:00Z");
  CHECK(read("America/New_York", "2013-01-01") == "2013-01-01T05:00:00Z");
  CHECK(read("Europe/Berlin", "2013-05-01T06:30") == "2013-05-01T04:30:00Z");
  CHECK(read("Europe/Berlin", "2013-05-01 06:30:15.25") == "2013-05-01T04:30:15.250000Z");
  CHECK(read("Europe/Berlin", "1969-12-31T23:59:59.5") == "1969-12-31T22:59:59.500000Z");
}

TEST_CASE("moment: a day that something ends with is meant to its last instant, a time is itself") {
  const auto end = [](std::string_view zone, std::string_view text) {
    return read(zone, text, DstDuplicate::first, OfDay::last);
  };
  CHECK(end("UTC", "2013-05-01") == "2013-05-01T23:59:59.999999Z");
  CHECK(end("America/New_York", "2013-05-01") == "2013-05-02T03:59:59.999999Z");
  // The day after begins at one o'clock, an hour after midnight by its old clock.
  CHECK(end("America/Sao_Paulo", "2015-10-17") == "2015-10-18T02:59:59.999999Z");
  for (const char* text : {"2013-05-01T00:00", "2013-05-01T00:00:00Z", "2013-05-01 06:30:15.25", "nothing"})
    CHECK(end("Europe/Berlin", text) == read("Europe/Berlin", text));
  // No instant lies between a day and the next, in a year with a jump and a doubled hour.
  for (const char* zone : {"Europe/Berlin", "America/Sao_Paulo", "Asia/Beirut", "Australia/Lord_Howe"}) {
    const auto found = Zone::find(zone);
    REQUIRE(found);
    std::chrono::sys_days day = std::chrono::year{2015} / 1 / 1;
    for (int i = 0; i < 366; ++i, day += std::chrono::days{1}) {
      const auto name = [](std::chrono::sys_days d) {
        return to_date(WallTime{std::chrono::duration_cast<Duration>(d.time_since_epoch()).count()});
      };
      const auto last = parse_moment(name(day), {.zone = *found}, OfDay::last);
      const auto next = parse_moment(name(day + std::chrono::days{1}), {.zone = *found});
      REQUIRE(last);
      REQUIRE(next);
      CHECK(*last + Duration{1} == *next);
    }
  }
}

TEST_CASE("moment: an offset in the text says all, whatever the zone") {
  for (const char* zone : {"UTC", "America/New_York"}) {
    CHECK(read(zone, "2013-05-01T00:00:00Z") == "2013-05-01T00:00:00Z");
    CHECK(read(zone, "2013-05-01T00:00:00+02:00") == "2013-04-30T22:00:00Z");
    CHECK(read(zone, "2013-05-01T00:00-0400") == "2013-05-01T04:00:00Z");
  }
  CHECK(names_offset("2013-05-01T00:00Z"));
  CHECK(names_offset("2013-05-01T00:00:00.5-04:00"));
  CHECK_FALSE(names_offset("2013-05-01"));
  CHECK_FALSE(names_offset("2013-05-01T00:00:00.5"));
}

TEST_CASE("moment: what the clocks jump over is the first instant after, as a schedule's missing ticks are") {
  CHECK(read("America/New_York", "2013-03-10T02:30") == "2013-03-10T07:00:00Z");
  // The day of 2015-10-18 began at one o'clock.
  CHECK(read("America/Sao_Paulo", "2015-10-18") == "2015-10-18T03:00:00Z");
  CHECK(read("Pacific/Apia", "2011-12-30") == "2011-12-30T10:00:00Z");
}

TEST_CASE("moment: what they show twice is the first, or the last where the schedule takes that") {
  CHECK(read("Europe/Berlin", "2013-10-27T02:30:00.5") == "2013-10-27T00:30:00.500000Z");
  CHECK(read("Europe/Berlin", "2013-10-27T02:30", DstDuplicate::last) == "2013-10-27T01:30:00Z");
  CHECK(read("Europe/Berlin", "2013-10-27T02:30", DstDuplicate::both) == "2013-10-27T00:30:00Z");
  CHECK(read("Europe/Berlin", "2013-10-27T03:30", DstDuplicate::last) == "2013-10-27T02:30:00Z");
}

TEST_CASE("moment: each fixed tick of a schedule is what its local time means") {
  Schedule schedule;
  schedule.kind = Schedule::Kind::cron;
  schedule.cron = *parse_cron("30 2 * * *");
  schedule.zone = *Zone::find("Europe/Berlin");
  for (const auto duplicate : {DstDuplicate::first, DstDuplicate::last}) {
    schedule.dst.duplicate = duplicate;
    auto tick = next_tick(schedule, *parse_iso("2013-01-01"));
    for (int day = 0; day < 400; ++day, tick = next_tick(schedule, *tick)) {
      const std::string date = to_date(*tick + std::chrono::hours{1});
      INFO(date);
      CHECK(parse_moment(date + "T02:30", clock_of(schedule)) == tick);
    }
  }
}

TEST_CASE("moment: what isn't one stays nothing") {
  for (const char* text : {"2013-02-30", "2013-05", "20130501", "2013-05-01T", "2013-05-01T24:00", "today"})
    CHECK(read("Europe/Berlin", text) == "nothing");
}
