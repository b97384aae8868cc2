#include "scheduler/forecast.h"

#include <catch2/catch.hpp>

using namespace millrace;

namespace {

constexpr WallTime now{1'000'000'000};
using Times = std::vector<std::optional<WallTime>>;

Claim claim(std::string task, std::int64_t slots = 1) {
  Claim c;
  c.dag_id = "d";
  c.task_id = std::move(task);
  c.pool = "cpu";
  c.slots = slots;
  return c;
}

WallTime at(int s) { return now + std::chrono::seconds{s}; }

/// "t10" lasts ten seconds; a task without digits has no past.
std::optional<Duration> lasts(const Claim& c) {
  const auto digit = c.task_id.find_first_of("0123456789");
  if (digit == c.task_id.npos) return std::nullopt;
  return std::chrono::seconds{std::stoi(c.task_id.substr(digit))};
}

Contest contest(std::int64_t slots) {
  Contest c;
  c.slots["cpu"] = slots;
  return c;
}

}  // namespace

TEST_CASE("the next in line starts when the first holder ends, by its past and what has gone by") {
  Contest c = contest(2);
  c.holders = {claim("t60"), claim("t30")};
  c.holders[0].started_at = at(-10);
  c.holders[1].started_at = at(-10);
  c.waiting = {claim("t5"), claim("t5"), claim("t5")};
  CHECK(expected_starts(c, now, lasts) == Times{at(20), at(25), at(30)});
}

TEST_CASE("a holder that lasts longer than ever may end now") {
  Contest c = contest(1);
  c.holders = {claim("t10")};
  c.holders[0].started_at = at(-100);
  c.waiting = {claim("t1")};
  CHECK(expected_starts(c, now, lasts) == Times{now});
}

TEST_CASE("a small one passes a big one that doesn't fit, as in admission") {
  Contest c = contest(2);
  c.holders = {claim("t10")};
  c.holders[0].started_at = now;
  c.waiting = {claim("t1", 2), claim("t20")};
  CHECK(expected_starts(c, now, lasts) == Times{at(20), now});
}

TEST_CASE("nothing is promised behind a task without a past") {
  Contest c = contest(1);
  c.holders = {claim("unknown")};
  c.waiting = {claim("t1")};
  CHECK(expected_starts(c, now, lasts) == Times{std::nullopt});
}

TEST_CASE("what can't ever start gets no time, the others do") {
  Contest c = contest(1);
  c.waiting = {claim("t1", 5), claim("t1")};
  c.waiting[0].gpus = 1;
  CHECK(expected_starts(c, now, lasts) == Times{std::nullopt, now});
}

TEST_CASE("cores, memory, devices and a run's own limit hold a start back too") {
  for (const int what : {0, 1, 2, 3}) {
    Contest c = contest(10);
    c.cpu_milli = c.memory_bytes = c.gpus = 1;
    Claim both = claim("t10");
    both.run = {7};
    if (what == 0) both.cpu_milli = 1;
    if (what == 1) both.memory_bytes = 1;
    if (what == 2) both.gpus = 1;
    if (what == 3) c.run_limits[RunId{7}] = 1;
    c.holders = {both};
    c.holders[0].started_at = now;
    c.waiting = {both};
    CAPTURE(what);
    CHECK(expected_starts(c, now, lasts) == Times{at(10)});
  }
}

TEST_CASE("a task starts when the longest way through its unfinished ancestors ends") {
  const auto past = [](const std::string& task) { return lasts(claim(task)); };
  const std::vector<Ancestor> ways{{"a10", at(-4), {}},
                                   {"b20", std::nullopt, {0}},
                                   {"c1", std::nullopt, {0}},
                                   {"d5", std::nullopt, {1, 2}}};
  CHECK(expected_end(ways, now, past) == at(6 + 20 + 5));
  CHECK(expected_end({}, now, past) == now);
  CHECK(expected_end({{"unknown", std::nullopt, {}}}, now, past) == std::nullopt);
}
