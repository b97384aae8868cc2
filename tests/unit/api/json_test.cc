#include "api/json.h"

#include <catch2/catch.hpp>

using namespace millrace;

TEST_CASE("JSON is refused when it is deeper than the limit, and not when it is as deep") {
  const std::string deep32 = std::string(32, '[') + std::string(32, ']');
  const std::string deep33 = std::string(33, '[') + std::string(33, ']');
  CHECK(parse_json(deep32).has_value());
  REQUIRE_FALSE(parse_json(deep33).has_value());
  CHECK(parse_json(deep33).error().message.find("32") != std::string::npos);
  CHECK_FALSE(parse_json(std::string(100'000, '[')).has_value());
}

TEST_CASE("JSON with a member given twice is refused, also deep inside, and not across siblings") {
  CHECK_FALSE(parse_json(R"({"a":1,"a":2})").has_value());
  CHECK_FALSE(parse_json(R"({"x":[{"a":1,"b":{},"a":2}]})").has_value());
  CHECK(parse_json(R"([{"a":1},{"a":2},{"b":{"a":3},"a":4}])").has_value());
}

TEST_CASE("JSON numbers that a 64-bit integer or a double can't hold are refused") {
  CHECK_FALSE(parse_json("1e400").has_value());
  CHECK_FALSE(parse_json("18446744073709551616").has_value());
  CHECK_FALSE(parse_json("9223372036854775808").has_value());
  CHECK(parse_json("9223372036854775807")->integer == INT64_MAX);
  CHECK(parse_json("-9223372036854775808")->integer == INT64_MIN);
  CHECK(to_json(*parse_json("[1.50,1e3,-0.0]")) == "[1.50,1e3,-0.0]");
}

TEST_CASE("JSON that isn't: lone surrogates, bad UTF-8, rests, nothing") {
  for (const std::string_view text : {R"("\ud800")", "\"\xff\"", "{} {}", "", "{", "nul", "'a'", "[1,]"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_json(text).has_value());
  }
}

TEST_CASE("written JSON is valid whatever the text: controls, quotes, broken UTF-8") {
  JsonWriter out;
  out.begin_object()
      .text_field("a", "q\"\\\n\t\x01")
      .text_field("b", "\xff\xc3\xa9\xed\xa0\x80")
      .end_object();
  const auto back = parse_json(out.text());
  REQUIRE(back.has_value());
  CHECK(back->find("a")->text == "q\"\\\n\t\x01");
  CHECK(back->find("b")->text.starts_with("\xef\xbf\xbd\xc3\xa9"));
}

TEST_CASE("nested writing sets commas right") {
  JsonWriter out;
  out.begin_object()
      .key("l")
      .begin_array()
      .integer(1)
      .begin_object()
      .end_object()
      .begin_array()
      .end_array()
      .null();
  out.end_array().bool_field("t", true).end_object();
  CHECK(out.text() == R"({"l":[1,{},[],null],"t":true})");
}
