// What the tables of keys.cc may say and don't yet: choices between choices, anything, nothing.
#include "dags/form_check.h"

#include <catch2/catch.hpp>
#include <string>

#include "dags/parser.h"

using namespace millrace;

namespace {

constexpr Form word{.shape = Shape::id};
constexpr Form nothing{.shape = Shape::null};
constexpr Form anything{.shape = Shape::any};
constexpr Form not_yet{.shape = Shape::later};
constexpr Form list{.shape = Shape::list, .items = &word};
constexpr const Form* inner_forms[] = {&nothing, &list};
constexpr Form inner{.shape = Shape::one_of, .forms = inner_forms};
constexpr const Form* outer_forms[] = {&inner, &not_yet, &word};
constexpr Form outer{.shape = Shape::one_of, .title = "a choice", .forms = outer_forms};

std::string problems(const char* yaml, const Form& form) {
  const YamlResult file = read_yaml(std::string{"k: "} + yaml + "\n");
  REQUIRE(file.diagnostics.empty());
  Diagnostics out;
  check_form(file.tree.root().find("k"), form, "'k'", out);
  return out.empty() ? "" : out.entries.at(0).message;
}

std::string canonical(const char* yaml, const Form& form) {
  const YamlResult file = read_yaml(std::string{"k: "} + yaml + "\n");
  REQUIRE(file.diagnostics.empty());
  std::string out;
  append_canonical(out, file.tree.root().find("k"), form);
  return out;
}

}  // namespace

TEST_CASE("a choice may hold choices, and what isn't there yet is no choice") {
  for (const char* good : {"null", "[a, b]", "a"}) CHECK(problems(good, outer) == "");
  CHECK(problems("{a: b}", outer) == "'k' must be a choice, not a map");
  CHECK(problems("a b", outer) == "'k' isn't a valid name: 'a b'");
  CHECK(problems("[a b]", outer) == "an item of 'k' isn't a valid name: 'a b'");
  CHECK(canonical("[a, b]", outer) == R"(["a","b"])");
  CHECK(canonical("", outer) == "null");
}

TEST_CASE("anything may be anything, null is null, later is refused by name") {
  for (const char* good : {"null", "[a]", "{a: b}", "1"}) {
    CHECK(problems(good, anything) == "");
    const YamlResult file = read_yaml(good);
    CHECK(matches(file.tree.root(), anything));
    CHECK_FALSE(matches(file.tree.root(), not_yet));
  }
  CHECK(problems("", nothing) == "");
  CHECK(problems("a", nothing) == "'k' must be a value, not 'a'");
  CHECK(problems("a", not_yet) == "''k'' is not available in this version");
}

TEST_CASE("of many faults each that is told has its hint") {
  std::string text =
      "dag_id: d\ntasks:\n  extract: {command: [x]}\n  last:\n    command: [x]\n    depends_on:\n";
  for (int i = 0; i < 150; ++i) text += "      - extrac" + std::to_string(100 + i) + "\n";
  const auto result = parse_dag(text);
  REQUIRE(result.diagnostics.entries.size() == 101);
  for (int i = 0; i < 100; ++i)
    CHECK(result.diagnostics.entries[static_cast<std::size_t>(i)].hint == "did you mean 'extract' (line 3)?");
  CHECK(result.diagnostics.entries.back().message == "and 50 more");
}

TEST_CASE("a file with a thousand faults isn't looked through for templates any more") {
  std::string text = "dag_id: d\ntasks:\n";
  for (int i = 0; i < 1'200; ++i) text += "  t" + std::to_string(i) + ": {command: [\"{{ nope }}\"]}\n";
  const auto result = parse_dag(text);
  REQUIRE(result.diagnostics.entries.size() == 101);
  CHECK(result.diagnostics.entries.back().message == "and 901 more");  // 1,001 were found
}
