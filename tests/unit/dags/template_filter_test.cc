#include "dags/template_filter.h"

#include <catch2/catch.hpp>
#include <string>

#include "dags/template.h"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// The text, rendered with no value at all: what stands in default("…") is what the filters work on.
std::string rendered(const std::string& text) {
  Diagnostics out;
  const TemplateScope scope{.params = {"p"}, .tasks = {"t"}};
  const auto parsed = parse_template(text, {1, 1}, scope, out);
  INFO(text << ": " << (out.empty() ? "" : out.entries[0].message));
  REQUIRE(parsed);
  const auto lookup = [](std::string_view name) -> std::optional<TemplateValue> {
    if (name == "tasks.t.output.broken") return TemplateValue{TemplateValue::Kind::json, "{", 0};
    if (name == "tasks.t.output.null") return TemplateValue{TemplateValue::Kind::json, "null", 0};
    return std::nullopt;
  };
  const auto result = render(*parsed, lookup);
  return result ? *result : "error: " + result.error().message;
}

std::string formatted(const char* format, const char* at, const char* zone = "UTC") {
  return format_time(format, *parse_iso(at), *Zone::find(zone));
}

std::string of(const std::string& value, const std::string& filters) {
  return rendered("{{ params.p | default(\"" + value + "\") | " + filters + " }}");
}

}  // namespace

TEST_CASE("strftime: every conversion by name, on a morning and an evening") {
  const char* evening = "2024-02-29T17:03:09.000450Z";
  CHECK(formatted("%Y %y %m %d %e %j", evening) == "2024 24 02 29 29 060");
  CHECK(formatted("%H %I %M %S %p %f", evening) == "17 05 03 09 PM 000450");
  CHECK(formatted("%I %p|%e", "2001-01-05T00:00:00Z") == "12 AM| 5");
  CHECK(formatted("%I %p", "2001-01-05T12:00:00Z") == "12 PM");
  CHECK(formatted("%a %A %b %B", evening) == "Thu Thursday Feb February");
  CHECK(formatted("%F %T %R", evening) == "2024-02-29 17:03:09 17:03");
  CHECK(formatted("%s", evening) == "1709226189");
  CHECK(formatted("%s %f", "1969-12-31T23:59:58.5Z") == "-2 500000");
  CHECK(formatted("%u %w", "2024-03-03") == "7 0");  // a Sunday
  CHECK(formatted("%u %w", "2024-03-04") == "1 1");
  CHECK(formatted("%G-W%V", "2024-12-30") == "2025-W01");
  CHECK(formatted("%G-W%V", "2021-01-03") == "2020-W53");
  CHECK(formatted("%Y-%m-%dT%H%z %Z", evening, "America/St_Johns") == "2024-02-29T13-0330 America/St_Johns");
  CHECK(formatted("100%%", evening) == "100%");
}

TEST_CASE("strftime: every conversion that check_filter lets through is known, and no other") {
  for (char c = ' '; c < 127; ++c) {
    const std::string format = {'%', c};
    const bool let_through = check_filter("strftime", format, ValueType::date).problem.empty();
    CAPTURE(format);
    CHECK(let_through == (formatted(format.c_str(), "2001-01-05") != std::string{c} || c == '%'));
  }
  CHECK(check_filter("strftime", "", ValueType::date).problem == "strftime needs a format");
  CHECK(check_filter("strftime", "%Y%", ValueType::date).problem == "strftime doesn't know '%'");
}

TEST_CASE("shifts have a sign and units in any order, and end after a thousand years") {
  CHECK(parse_shift("+1d") == Duration{24h});
  CHECK(parse_shift("-1h30m") == Duration{-90min});
  CHECK(parse_shift("30m1h") == Duration{90min});
  CHECK(parse_shift("2w") == Duration{24h * 14});
  CHECK(parse_shift("0s") == Duration{0});
  CHECK(parse_shift("366000d") == Duration{24h * 366'000});
  for (const char* bad : {"", "-", "+", "d", "7", "-7", "1 d", "1/2d", "7x", "366001d", "366000d1s", "1y",
                          "999999999999d", "1000000000000s", "--1d"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_shift(bad));
  }
}

TEST_CASE("dates of text keep what they are: a day, a moment, a fraction of a second") {
  CHECK(of("2001-01-05", "date_add(1d)") == "2001-01-06");
  CHECK(of("2001-01-05", "date_add(24h)") == "2001-01-06");
  CHECK(of("2001-01-05", "date_add(1h)") == "2001-01-05T01:00:00+00:00");
  CHECK(of("2001-01-05T06:00:00.25Z", "ts") == "2001-01-05T06:00:00.250000+00:00");
  CHECK(of("2001-01-05T06:00:00-02:30", "ts") == "2001-01-05T08:30:00+00:00");
  CHECK(of("2001-07-05", "in_timezone('America/New_York')") == "2001-07-04T20:00:00-04:00");
  CHECK_THAT(of("soon", "ds"), Catch::Contains("| ds: 'soon' isn't a date"));
}

TEST_CASE("date_add stays within the years that dates are written in") {
  CHECK(of("9999-12-30", "date_add(1d)") == "9999-12-31");
  CHECK(of("0001-01-02", "date_add(-1d)") == "0001-01-01");
  for (const char* out : {"9999-12-31", "9999-12-31T23:59:59.5Z"})
    CHECK_THAT(of(out, "date_add(1d)"), Catch::Contains("leaves the years 1 to 9999"));
  CHECK_THAT(of("0001-01-01", "date_add(-1s)"), Catch::Contains("leaves the years 1 to 9999"));
  CHECK_THAT(of("0000-12-31", "date_add(7d)"), Catch::Contains("leaves the years 1 to 9999"));
  CHECK_THAT(of("9999-12-31T23:59:59.5Z", "date_add(-7d)"), Catch::Contains("leaves the years 1 to 9999"));
}

TEST_CASE("basename is the last name of a path, whatever slashes it has") {
  CHECK(of("a/b.csv", "basename") == "b.csv");
  CHECK(of("a/b///", "basename") == "b");
  CHECK(of("b", "basename") == "b");
  CHECK(of("/", "basename") == "/");
  CHECK(of("///", "basename") == "/");
  CHECK(of("", "basename") == "");
}

TEST_CASE("a value that isn't JSON is an error behind every filter, null is a value") {
  for (const char* filter : {"json", "shell", "basename", "ds"})
    CHECK_THAT(rendered(std::string{"{{ tasks.t.output.broken | "} + filter + " }}"),
               Catch::Contains("isn't JSON"));
  CHECK(rendered("{{ tasks.t.output.null }}") == "null");
  CHECK(rendered("{{ tasks.t.output.null | json }}") == "null");
  CHECK(rendered("{{ tasks.t.output.null | default('x') | shell }}") == "'x'");
}
