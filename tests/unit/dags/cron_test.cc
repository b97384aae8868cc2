#include <catch2/catch.hpp>
#include <random>

#include "dags/schedule.h"

using namespace millrace;

namespace {

std::string error_of(std::string_view text) {
  const auto cron = parse_cron(text);
  return cron ? "accepted" : cron.error().message;
}

void refused(std::string_view text, std::string_view part) {
  INFO(text);
  CHECK_THAT(error_of(text), Catch::Contains(std::string(part)));
}

Cron good(std::string_view text) {
  const auto cron = parse_cron(text);
  INFO(text << ": " << (cron ? std::string() : cron.error().message));
  REQUIRE(cron);
  return *cron;
}

}  // namespace

TEST_CASE("cron: five fields start at second 0, six begin with the second") {
  const Cron five = good("30 6 1 2 3");
  CHECK(five.seconds == 1);
  CHECK(five.minutes == 1ull << 30);
  CHECK(five.hours == 1u << 6);
  CHECK(five.days == 1u << 1);
  CHECK(five.months == 1u << 2);
  CHECK(five.weekdays == 1u << 3);
  CHECK(good("15 30 6 1 2 3").seconds == 1ull << 15);
}

TEST_CASE("cron: lists, ranges and steps") {
  CHECK(good("0,15,30-32 * * * *").minutes == (1ull | 1ull << 15 | 7ull << 30));
  CHECK(good("*/20 * * * *").minutes == (1ull | 1ull << 20 | 1ull << 40));
  CHECK(good("10-20/5 * * * *").minutes == (1ull << 10 | 1ull << 15 | 1ull << 20));
  CHECK(good("5/15 * * * *").minutes == (1ull << 5 | 1ull << 20 | 1ull << 35 | 1ull << 50));
}

TEST_CASE("cron: names of months and weekdays in any case, Sunday is 0 and 7") {
  CHECK(good("0 0 * JAN-mar *").months == 0b1110);
  CHECK(good("0 0 * * mon-FRI").weekdays == 0b0111110);
  CHECK(good("0 0 * * 7").weekdays == 1);
  CHECK(good("0 0 * * 5-7").weekdays == 0b1100001);
  CHECK(good("0 0 * * fri-sun").weekdays == 0b1100001);
}

TEST_CASE("cron: presets are what they stand for") {
  CHECK(good("@hourly") == good("0 * * * *"));
  CHECK(good("@daily") == good("0 0 * * *"));
  CHECK(good("@midnight") == good("@daily"));
  CHECK(good("@weekly") == good("0 0 * * 0"));
  CHECK(good("@monthly") == good("0 0 1 * *"));
  CHECK(good("@quarterly") == good("0 0 1 */3 *"));
  CHECK(good("@yearly") == good("@annually"));
  CHECK(good("@daily").source == "0 0 * * *");
}

TEST_CASE("cron: white space doesn't matter") { CHECK(good("  0\t6  * * * ") == good("0 6 * * *")); }

TEST_CASE("cron: a star makes minute or hour a wildcard, and day or weekday unrestricted") {
  CHECK(good("*/5 2 * * *").wildcard);
  CHECK(good("0 */4 * * *").wildcard);
  CHECK_FALSE(good("30 2 * * *").wildcard);
  CHECK_FALSE(good("* 30 2 * * *").wildcard);
  CHECK_FALSE(good("0-59 7,8,13 * * *").wildcard);
  CHECK_FALSE(good("0 0 */2 * 1").day_restricted);
  CHECK(good("0 0 */2 * 1").weekday_restricted);
}

TEST_CASE("cron: a refusal names the field, the value and what is allowed") {
  refused("60 * * * *", "cron field 'minute': 60 is out of range, allowed are 0-59");
  refused("0 24 * * *", "cron field 'hour': 24 is out of range, allowed are 0-23");
  refused("0 0 0 * *", "cron field 'day': 0 is out of range, allowed are 1-31");
  refused("0 0 * 13 *", "cron field 'month': 13 is out of range, allowed are 1-12");
  refused("0 0 * * 8", "cron field 'weekday': 8 is out of range, allowed are 0-7");
  refused("99999999999999999999 * * * *", "out of range");
  refused("0 0 * * mno", "'mno' isn't a value; allowed are 0-7 and the names sun..sat");
  refused("0 0 ? * *", "write '*'");
  refused("0 0 L * *", "aren't known here");
  refused("0 0 * * 5#2", "aren't known here");
  refused("*/0 * * * *", "step 0 is out of range, allowed are 1-60");
  refused("*/90 * * * *", "step 90 is out of range, allowed are 1-60");
  refused("*/x * * * *", "step 'x' isn't a number");
  refused("1,,2 * * * *", "''");
  refused("-5 * * * *", "''");
}

TEST_CASE("cron: a range that wraps around is refused with the way to write it") {
  refused("0 22-2 * * *", "range 22-2 runs backwards; a range can't wrap around: write 22-23,0-2");
  refused("0 0 * * fri-mon", "write 5-6,0-1");
}

TEST_CASE("cron: the number of fields") {
  refused("", "this has 0");
  refused("0 0 * *", "this has 4");
  refused("0 0 0 1 1 * 2030", "this has 7");
  refused("@dayly", "did you mean '@daily'?");
  refused("@reboot", "isn't a preset");
}

TEST_CASE("cron: a date that never comes is refused") {
  refused("0 0 31 2 *", "never comes");
  refused("0 0 30 feb *", "never comes");
  refused("0 0 31 4,6,9,11 *", "never comes");
  good("0 0 29 2 *");
  good("0 0 31 2 mon");  // either may match: every Monday of February
  good("0 0 31 2,3 *");
}

TEST_CASE("cron: any bytes are either a cron or refused, and a cron's ticks move forward") {
  std::mt19937 random(20010101);
  const std::string alphabet = "0123456789*/,-  \t@monsuL?#\xff";
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (auto n = random() % 24; n > 0; --n) text += alphabet[random() % alphabet.size()];
    if (i % 2 == 0) text = "0 " + text.substr(0, 4) + " * * *";
    const auto cron = parse_cron(text);
    if (!cron) {
      REQUIRE_FALSE(cron.error().message.empty());
      continue;
    }
    Schedule schedule;
    schedule.kind = Schedule::Kind::cron;
    schedule.cron = *cron;
    WallTime t{static_cast<std::int64_t>(random()) * 1'000'000};
    for (int step = 0; step < 3; ++step) {
      const auto next = next_tick(schedule, t);
      INFO(text);
      REQUIRE(next);
      REQUIRE(*next > t);
      REQUIRE(previous_tick(schedule, *next + Duration{1}) == next);
      t = *next;
    }
  }
}

TEST_CASE("cron: what can't be one is refused in words that can be shown") {
  CHECK_FALSE(parse_cron("* * * * " + std::string(600, ' ') + "*"));
  CHECK(parse_cron("* * * * " + std::string(500, ' ') + "*"));
  CHECK(parse_cron("\x01\xff * * * *").error().message.starts_with(
      "cron field 'minute': '?\?' isn't a value"));
  CHECK(parse_cron("*/99999999999 * * * *").error().message ==
        "cron field 'minute': step 99999999999 is out of range, allowed are 1-60");
}
