#include "base/diagnostics.h"

#include <catch2/catch.hpp>

using namespace millrace;

TEST_CASE("a diagnostic shows the line, a caret and the hint") {
  Diagnostics diagnostics;
  diagnostics.add({2, 18}, "task 'load' depends on 'transfrm', which isn't defined",
                  "did you mean 'transform' (line 5)?");
  CHECK(render(diagnostics, "etl.yaml", "a: 1\n    depends_on: [transfrm]\n") ==
        "etl.yaml:2:18: task 'load' depends on 'transfrm', which isn't defined\n"
        "        depends_on: [transfrm]\n"
        "                     ^ did you mean 'transform' (line 5)?\n");
}

TEST_CASE("control bytes of the user's file don't reach the terminal") {
  Diagnostics diagnostics;
  diagnostics.add({1, 1}, "bad");
  CHECK(render(diagnostics, "x", "\x1b[31mred") == "x:1:1: bad\n    ?[31mred\n    ^\n");
}

TEST_CASE("a caret far to the right keeps its place in a cut line") {
  Diagnostics diagnostics;
  diagnostics.add({1, 501}, "here");
  const std::string text = std::string(500, 'a') + "X" + std::string(500, 'b');
  const std::string out = render(diagnostics, "x", text);
  const auto line = out.find("    a");
  const auto next = out.find('\n', line);
  CHECK(out[line + (out.find('^') - next - 1)] == 'X');
}

TEST_CASE("the nearest word is suggested, a far one isn't") {
  CHECK(nearest("transfrm", {"extract", "transform", "load"}) == "transform");
  CHECK(nearest("zzz", {"extract", "transform"}).empty());
}
