#include <catch2/catch.hpp>

#include "api/explain_words.h"
#include "fakes.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

Transition line(std::int64_t at, std::string kind, std::string to) {
  return {{1}, {at}, std::move(kind), {}, std::move(to), {}};
}

using Reasons = std::vector<Reason>;

}  // namespace

TEST_CASE("states of the record become reasons, with how long each lasted") {
  const std::vector<Transition> record{line(1, "run", "queued"),     line(5, "run", "running"),
                                       line(9, "task", "scheduled"), line(20, "task", "queued"),
                                       line(21, "task", "running"),  line(30, "task", "up_for_retry"),
                                       line(40, "task", "scheduled")};
  CHECK(reasons_of(record, "pool", {50}) ==
        Reasons{{{1}, WallTime{5}, "max_active_runs"},
                {{5}, WallTime{9}, "upstream"},
                {{9}, WallTime{20}, "admission"},
                {{20}, WallTime{21}, "not_before"},
                {{30}, WallTime{40}, "retry_delay"},
                {{40}, std::nullopt, "pool"}});
}

TEST_CASE("a noted reason names the wait so far; a later one ends it") {
  const std::vector<Transition> record{line(1, "task", "scheduled"), line(31, "waits", "pool"),
                                       line(61, "waits", "cpu"),     line(62, "waits", "cpu"),
                                       line(70, "task", "queued"),   line(71, "task", "running")};
  CHECK(reasons_of(record, "", {80}) == Reasons{{{1}, WallTime{61}, "pool"},
                                                {{61}, WallTime{70}, "cpu"},
                                                {{70}, WallTime{71}, "not_before"}});
}

TEST_CASE("nothing waits after the end, and what took no time isn't shown") {
  const std::vector<Transition> record{line(1, "run", "queued"), line(1, "run", "running"),
                                       line(2, "task", "skipped"), line(3, "run", "success")};
  CHECK(reasons_of(record, "", {9}) == Reasons{{{1}, WallTime{2}, "upstream"}});
}

TEST_CASE("times of another day carry their date") {
  const WallTime now = *parse_iso("2001-01-05T09:00:00Z");
  CHECK(clock_text(*parse_iso("2001-01-05T09:44:10Z"), now) == "09:44:10 UTC");
  CHECK(clock_text(*parse_iso("2001-01-06T09:44:10Z"), now) == "2001-01-06 09:44:10 UTC");
}

TEST_CASE("a finished task is explained in one sentence and waits for nothing") {
  Served served;
  served.rows.instances[0].ended_at = parse_iso("2001-01-05T00:00:07Z");
  const auto answer = served.ask(
      "GET", "/api/v2/dags/etl/dagRuns/manual__2001-01-05T00:00:00+00:00/taskInstances/load/explain",
      Served::viewer);
  CHECK(answer.status == 200);
  CHECK(answer.body.find(R"("waiting_on":[])") != answer.body.npos);
  CHECK(answer.body.find("Task 'load' ended as success at") != answer.body.npos);
}
