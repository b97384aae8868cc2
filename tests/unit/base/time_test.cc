#include "base/time.h"

#include <catch2/catch.hpp>

using namespace millrace;

TEST_CASE("an ISO time survives a round trip") {
  for (const char* text : {"2001-01-05T00:00:00Z", "1969-12-31T23:59:59Z", "2100-02-28T12:34:56.000007Z"})
    CHECK(to_iso(parse_iso(text).value()) == text);
  CHECK(to_iso_offset(parse_iso("2001-01-05").value()) == "2001-01-05T00:00:00+00:00");
  CHECK(to_date(parse_iso("2001-01-05 23:00").value()) == "2001-01-05");
}

TEST_CASE("a zone offset shifts to UTC") {
  CHECK(to_iso(parse_iso("2001-01-05T01:30:00+02:00").value()) == "2001-01-04T23:30:00Z");
  CHECK(to_iso(parse_iso("2001-01-05T01:30-0530").value()) == "2001-01-05T07:00:00Z");
}

TEST_CASE("what isn't a time is refused") {
  for (const char* text : {"", "2001-02-31", "2001-13-01", "2001-01-05T24:00:00", "2001-01-05T00:60",
                           "01-01-2001", "2001-01-05T00:00:00.", "2001-01-05T00:00:00.1234567", "2001-01-05x",
                           "2001-1-5", "2001-01-05T00:00:00+15:00", "-001-01-05", "2016-12-31T23:59:60Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_iso(text));
  }
}

TEST_CASE("a duration reads as a person would write it") {
  using namespace std::chrono_literals;
  CHECK(to_text(Duration{0}) == "0s");
  CHECK(to_text(Duration{250ms}) == "250ms");
  CHECK(to_text(Duration{90min}) == "1h 30m");
  CHECK(to_text(Duration{24h}) == "1d");
  CHECK(to_text(Duration{-10s}) == "-10s");
}
