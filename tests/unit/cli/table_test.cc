#include "cli/table.h"

#include <catch2/catch.hpp>

using namespace millrace::cli;

TEST_CASE("a table is as wide as its widest cell, by characters") {
  CHECK(render_table({"A", "LONG"}, {{"ä", "x"}, {"abc", ""}}, false) == "A    LONG\nä    x\nabc\n");
}

TEST_CASE("control characters in a cell don't reach the terminal") {
  const std::string table = render_table({"A"}, {{"a\x1b[31m\nb"}}, false);
  CHECK(table == "A\na?[31m?b\n");
}

TEST_CASE("state words are painted only when asked") {
  CHECK(render_table({"S"}, {{"failed"}}, false).find('\033') == std::string::npos);
  CHECK(render_table({"S"}, {{"failed"}}, true).find("\033[31mfailed\033[0m") != std::string::npos);
}

TEST_CASE("facts leave out what is empty") {
  CHECK(render_facts({{"a", "1"}, {"bbb", ""}, {"cc", "2"}}) == "a    1\ncc   2\n");
}

TEST_CASE("the bar fills from nothing to all") {
  CHECK(render_bar(0, 0, 4) == "[....]   0 %  0/0");
  CHECK(render_bar(1, 2, 4) == "[##..]  50 %  1/2");
  CHECK(render_bar(5, 2, 4) == "[####] 100 %  5/2");
}

TEST_CASE("seconds are readable") {
  CHECK(render_seconds("") == "");
  CHECK(render_seconds("0.25") == "0.2 s");
  CHECK(render_seconds("125") == "2 min 5 s");
  CHECK(render_seconds("7325") == "2 h 2 min");
}
