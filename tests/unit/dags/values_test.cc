#include "dags/values.h"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("durations need units, largest first") {
  CHECK(parse_duration("30s") == Duration{30s});
  CHECK(parse_duration("10m") == Duration{10min});
  CHECK(parse_duration("1h30m") == Duration{90min});
  CHECK(parse_duration("7d") == Duration{24h * 7});
  CHECK(parse_duration("2w1d") == Duration{24h * 15});
  CHECK(parse_duration("250ms") == Duration{250ms});
  CHECK(parse_duration("0s") == Duration{0});
  for (const char* bad : {"", "5", "s", "-5s", "5 s", "1.5h", "5x", "1m1h", "1h1h", "99999999999999999999s",
                          "40000d", "1h-5m", "+5s"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad));
  }
}

TEST_CASE("sizes are binary with an i and decimal without") {
  CHECK(parse_size("512MiB") == 512ll << 20);
  CHECK(parse_size("8GiB") == 8ll << 30);
  CHECK(parse_size("1.5KiB") == 1536);
  CHECK(parse_size("2GB") == 2'000'000'000);
  CHECK(parse_size("100B") == 100);
  for (const char* bad :
       {"", "512", "MiB", "8 GiB", "8G", "-1MiB", "0B", "1e3MB", "99999999TiB", "infB", "nanB"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_size(bad));
  }
}

TEST_CASE("ids may become file names") {
  for (const char* good : {"a", "A-b_c.d", "0", "...", "-"}) CHECK(is_id(good));
  for (const char* bad : {"", ".", "..", "a b", "a/b", "\xc3\xa9", "a\n"}) CHECK_FALSE(is_id(bad));
  CHECK(is_id(std::string(200, 'x')));
  CHECK_FALSE(is_id(std::string(201, 'x')));
  CHECK(is_name("A_1"));
  CHECK_FALSE(is_name("1A"));
  CHECK_FALSE(is_name("a-b"));
}

TEST_CASE("numbers are what JSON says they are") {
  for (const char* good : {"0", "-1", "10", "1.5", "1e3", "-0.5E-2"}) CHECK(is_json_number(good));
  for (const char* bad : {"", "-", "01", "1.", ".5", "+1", "0x1F", "1_000", "1e", "inf", ".nan", "1 "}) {
    CAPTURE(bad);
    CHECK_FALSE(is_json_number(bad));
  }
}

TEST_CASE("a duration is a century at most, in all its units together") {
  CHECK(parse_duration("36525d") == Duration{24h * 36'525});
  CHECK_FALSE(parse_duration("36525d1ms"));
  CHECK_FALSE(parse_duration("5217w7d"));
}

TEST_CASE("numbers of a file fit their type or are none") {
  const auto node = [](const char* text) {
    static YamlResult file;
    file = read_yaml(text);
    return file.tree.root();
  };
  CHECK(as_integer(node("9223372036854775807")) == 9'223'372'036'854'775'807);
  for (const char* bad : {"9223372036854775808", "1.5", "1e3", "'1'", "x"})
    CHECK_FALSE(as_integer(node(bad)));
  CHECK(as_number(node("1e3")) == 1'000);
  CHECK(as_number(node("-2.5E+1")) == -25);
  for (const char* bad : {"1e999", "'1'", "x", ".5"}) CHECK_FALSE(as_number(node(bad)));
}

TEST_CASE("names of variables begin with a letter and have a length") {
  for (const char* bad : {"", "9", "A-B", "A B"}) CHECK_FALSE(is_name(bad));
  CHECK(is_name(std::string(200, 'A')));
  CHECK_FALSE(is_name(std::string(201, 'A')));
}

TEST_CASE("text in JSON is escaped where JSON wants it") {
  std::string out;
  append_json_text(out, "a\"b\\c\nd\te\x01\x1f é");
  CHECK(out == R"("a\"b\\c\nd\te\u0001\u001f é")");
}
