#include <catch2/catch.hpp>
#include <chrono>
#include <string>

#include "dags/parser.h"

using namespace millrace;

namespace {

constexpr int tasks = 100'000;

std::string name(int i) { return "t" + std::to_string(i); }

std::string chain(bool closed) {
  std::string text = "dag_id: chain\ntasks:\n";
  for (int i = 0; i < tasks; ++i) {
    text += "  " + name(i) + ":\n    command: [\"true\"]\n";
    if (i > 0 || closed) text += "    depends_on: [" + name(i > 0 ? i - 1 : tasks - 1) + "]\n";
  }
  return text;
}

}  // namespace

TEST_CASE("a chain of 100,000 tasks is parsed without recursion") {
  const auto result = parse_dag(chain(false));
  REQUIRE(result.dag);
  REQUIRE(result.dag->order.size() == tasks);
  for (int i = 0; i < tasks; ++i)
    REQUIRE(result.dag->order[static_cast<std::size_t>(i)] == static_cast<TaskIndex>(i));
}

TEST_CASE("a cycle of 100,000 tasks is named without recursion") {
  const auto result = parse_dag(chain(true));
  REQUIRE(result.diagnostics.entries.size() == 1);
  const std::string& message = result.diagnostics.entries[0].message;
  CHECK(message.starts_with("the tasks form a cycle: t0 -> t1 -> "));
  CHECK(message.find("99980 more") != std::string::npos);
  CHECK(message.ends_with("t99999 -> t0"));
}

TEST_CASE("a fan-out of 100,000 tasks and a fan-in are parsed") {
  std::string text =
      "dag_id: fan\ntasks:\n  root: {command: [x]}\n  last:\n    command: [x]\n    depends_on:\n";
  for (int i = 0; i < tasks - 2; ++i) text += "      - " + name(i) + "\n";
  for (int i = 0; i < tasks - 2; ++i) text += "  " + name(i) + ": {command: [x], depends_on: [root]}\n";
  const auto result = parse_dag(text);
  REQUIRE(result.dag);
  const auto [first, last] = result.dag->downstream.of(0);
  CHECK(last - first == tasks - 2);
  CHECK(result.dag->order.front() == 0);
  CHECK(result.dag->order.back() == 1);
}

TEST_CASE("one task above the limit is refused") {
  std::string text = "dag_id: d\ntasks:\n";
  for (int i = 0; i <= tasks; ++i) text += "  " + name(i) + ": {command: [x]}\n";
  const auto result = parse_dag(text);
  REQUIRE(result.diagnostics.entries.size() == 1);
  CHECK(result.diagnostics.entries[0].message == "100001 tasks; the limit is 100000");
}
