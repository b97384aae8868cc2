#include <catch2/catch.hpp>
#include <string>

#include "base/limits.h"
#include "dags/parser.h"

using namespace millrace;

namespace {

std::shared_ptr<const Dag> dag_with(const std::string& params) {
  const ParseResult result = parse_dag("dag_id: d\nparams:\n" + params + "tasks: {a: {command: [x]}}\n");
  INFO(render(result.diagnostics, "d.yaml", params));
  REQUIRE(result.dag);
  return result.dag;
}

const std::string typical =
    "  days: {type: integer, default: 7, minimum: 1, maximum: 90}\n"
    "  region: {type: string, enum: [eu, us], default: eu}\n"
    "  day: {type: date, default: '2001-01-31'}\n"
    "  note: {type: string, pattern: '^[a-z]*$'}\n";

}  // namespace

TEST_CASE("defaults fill what a run leaves out") {
  const auto dag = dag_with(typical);
  CHECK(resolve_params(*dag, R"({"note": "x"})") ==
        R"({"day":"2001-01-31","days":7,"note":"x","region":"eu"})");
  CHECK(resolve_params(*dag, R"({"note": "", "days": 90})")->find("\"days\":90") != std::string::npos);
}

TEST_CASE("all that is wrong with a conf comes at once") {
  const auto result = resolve_params(*dag_with(typical),
                                     R"({"days": 91, "region": "asia", "day": "2001-02-31", "noet": "x"})");
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::invalid);
  CHECK(result.error().message ==
        "param 'days' must be at most 90, not 91\n"
        "param 'region' must be one of \"eu\", \"us\", not \"asia\"\n"
        "param 'day' must be a date, not \"2001-02-31\"\n"
        "param 'note' has no default and needs a value\n"
        "param 'noet' isn't a param of this DAG; did you mean 'note'?");
}

TEST_CASE("each fault of a conf names its param, and a conf that can't be read names none") {
  const auto dag = dag_with(typical);
  const auto faults = param_faults(*dag, R"({"days": 91, "noet": "x"})");
  REQUIRE(faults.size() == 3);
  CHECK(faults[0].param == "days");
  CHECK(faults[0].message == "must be at most 90, not 91");
  CHECK(faults[1].param == "note");
  CHECK(faults[2].param == "noet");
  CHECK(param_faults(*dag, "[]").at(0).param.empty());
  CHECK(param_faults(*dag, R"({"note": "x"})").empty());
}

TEST_CASE("types are not bent") {
  const auto dag = dag_with(
      "  i: {type: integer, default: 1}\n  n: {type: number, default: 1}\n  b: {type: boolean, default: "
      "true}\n"
      "  t: {type: timestamp, default: '2001-01-01T00:00:00Z'}\n  l: {type: array, default: []}\n"
      "  o: {type: object, default: {}}\n");
  for (const char* good :
       {R"({"i": -5})", R"({"n": 1.5})", R"({"n": 2})", R"({"b": false})", R"({"l": [1, "x"]})",
        R"({"o": {"k": 1}})", R"({"t": "2001-01-31"})", "{}", "", "null"}) {
    CAPTURE(good);
    CHECK(resolve_params(*dag, good));
  }
  for (const char* bad :
       {R"({"i": 1.5})", R"({"i": "1"})", R"({"n": "1"})", R"({"b": 1})", R"({"b": "true"})", R"({"l": {}})",
        R"({"o": []})", R"({"t": "soon"})", R"({"i": null})", "[]", "{", "1"}) {
    CAPTURE(bad);
    CHECK_FALSE(resolve_params(*dag, bad));
  }
}

TEST_CASE("a conf has limits in size, depth and text for patterns") {
  const auto dag =
      dag_with("  l: {type: array, default: []}\n  s: {type: string, default: a, pattern: '(a|b)*'}\n");
  CHECK_FALSE(resolve_params(*dag, "{\"l\": " + std::string(40, '[') + std::string(40, ']') + "}"));
  CHECK_FALSE(resolve_params(*dag, "{\"s\": \"" + std::string(limits::params_bytes, 'a') + "\"}"));
  CHECK_FALSE(resolve_params(*dag, "{\"s\": \"" + std::string(200'000, 'a') + "\"}"));
  CHECK(resolve_params(*dag, "{\"l\": [\"" + std::string(100, '[') + "\"]}"));
}

TEST_CASE("what doesn't fit is shown, cut where nobody reads on") {
  const auto dag = dag_with(typical);
  const auto fault = [&](const std::string& conf) { return param_faults(*dag, conf).at(0).message; };
  CHECK(fault(R"({"note": "", "days": 0})") == "must be at least 1, not 0");
  CHECK(fault(R"({"note": "", "day": 5})") == "must be a date, not 5");
  CHECK(fault(R"({"note": "", "day": "2001-01-31T00:00:00Z"})") ==
        "must be a date, not \"2001-01-31T00:00:00Z\"");
  CHECK(fault(R"({"note": "A"})") == "must match ^[a-z]*$, not \"A\"");
  CHECK(fault(R"({"note": "", "zzzzzz": 1})") == "isn't a param of this DAG");
  CHECK(fault(R"({"note": "", "days": ")" + std::string(100, 'x') + "\"}") ==
        "must be an integer, not \"" + std::string(59, 'x') + "…");
  CHECK(param_faults(*dag, R"({"note": "\"["})").at(0).message == R"(must match ^[a-z]*$, not ""[")");
}

TEST_CASE("a param of a DAG file is refused where its own values don't fit it") {
  const auto fault = [](const std::string& param) {
    const auto result = parse_dag("dag_id: d\nparams: {p: " + param + "}\ntasks: {a: {command: [x]}}\n");
    return result.diagnostics.empty() ? "" : result.diagnostics.entries.at(0).message;
  };
  CHECK(fault("{type: number, default: 1e999}") == "'default' isn't valid JSON");
  CHECK(fault("{type: string, pattern: '" + std::string(1'024, 'a') + "'}") == "");
  CHECK(fault("{type: string, pattern: '" + std::string(1'025, 'a') + "'}") ==
        "'pattern' isn't a regular expression: too long");
  CHECK(fault("{type: integer, minimum: 3, maximum: 3}") == "");
  CHECK(fault("{type: integer, minimum: 4, maximum: 3}") == "'maximum' is less than 'minimum'");
}
