// Each way to write a schedule, and what it means.
#include <catch2/catch.hpp>
#include <string>

#include "dags/parser.h"
#include "dags/partition.h"

using namespace millrace;
using namespace std::chrono_literals;
using Kind = Schedule::Kind;

namespace {

std::shared_ptr<const Dag> dag_with(const std::string& head) {
  const std::string text = "dag_id: d\n" + head + "\ntasks: {a: {command: [x]}}\n";
  const ParseResult result = parse_dag(text);
  INFO(render(result.diagnostics, "d.yaml", text));
  REQUIRE(result.dag);
  return result.dag;
}

Schedule schedule(const std::string& text) { return dag_with("schedule: " + text)->schedule; }

std::string first_fault(const std::string& head) {
  const ParseResult result = parse_dag("dag_id: d\n" + head + "\ntasks: {a: {command: [x]}}\n");
  return result.diagnostics.empty() ? "" : result.diagnostics.entries[0].message;
}

}  // namespace

TEST_CASE("a schedule's short forms are crons, presets, @once and @continuous") {
  CHECK(schedule("null").kind == Kind::none);
  CHECK(schedule("'@once'").kind == Kind::once);
  CHECK(schedule("'@once'").source == "@once");
  CHECK(schedule("'@continuous'").kind == Kind::continuous);
  CHECK(schedule("'@hourly'").cron == parse_cron("0 * * * *"));
  CHECK(schedule("0 6 * * *").source == "0 6 * * *");
}

TEST_CASE("a schedule of datasets waits for all or for any, whichever key comes first") {
  for (const char* all : {"{datasets: [x, y]}", "{datasets: [x, y], any: false}"}) {
    CHECK(schedule(all).kind == Kind::datasets);
    CHECK_FALSE(schedule(all).any);
    CHECK(schedule(all).source == "datasets: x, y");
  }
  for (const char* any :
       {"{any: [x, y]}", "{datasets: [x, y], any: true}", "{any: true, datasets: [x, y]}"}) {
    CHECK(schedule(any).kind == Kind::datasets);
    CHECK(schedule(any).any);
    CHECK(schedule(any).source == "any: x, y");
    CHECK(schedule(any).datasets == std::vector<std::string>{"x", "y"});
  }
  CHECK(schedule("{any: [x], partition: none}").partition.kind == PartitionMapping::Kind::none);
}

TEST_CASE("listed moments are sorted, each once, and named when there is one") {
  const Schedule several = schedule("{at: [2001-01-03, 2001-01-01, 2001-01-03]}");
  CHECK(several.at == std::vector{*parse_iso("2001-01-01"), *parse_iso("2001-01-03")});
  CHECK(several.source == "at 2 moments");
  CHECK(schedule("{at: [2001-01-03]}").source == "at 2001-01-03T00:00:00Z");
}

TEST_CASE("'every' counts from its anchor, else from start_date") {
  CHECK(dag_with("start_date: 2001-01-01T00:20:00Z\nschedule: {every: 1h}")->schedule.anchor ==
        *parse_iso("2001-01-01T00:20:00Z"));
  CHECK(dag_with("start_date: 2001-01-01\nschedule: {every: 1h, anchor: 2001-01-01T00:05:00Z}")
            ->schedule.anchor == *parse_iso("2001-01-01T00:05:00Z"));
  CHECK(schedule("{every: 1h}").anchor == WallTime{});
}

TEST_CASE("the long form's other keys: clock changes, interval, jitter, zone") {
  const Schedule all = schedule(
      "{cron: 30 2 * * *, timezone: Europe/Berlin, dst: {missing: skip, duplicate: last}, "
      "data_interval: none, jitter: 5m}");
  CHECK(all.zone.name() == "Europe/Berlin");
  CHECK(all.dst.missing == DstMissing::skip);
  CHECK(all.dst.duplicate == DstDuplicate::last);
  CHECK_FALSE(all.interval_previous);
  CHECK(all.jitter == Duration{5min});
  CHECK(schedule("{cron: 0 6 * * *, dst: {duplicate: both}}").dst.duplicate == DstDuplicate::both);
  CHECK(schedule("{cron: 0 6 * * *, dst: {missing: shift}}").dst == DstPolicy{});
}

TEST_CASE("a date without a zone that the DAG's zone skips is the end of the gap") {
  const auto berlin = [](const char* date) {
    return to_iso(*dag_with(std::string{"timezone: Europe/Berlin\nstart_date: "} + date)->start_date);
  };
  CHECK(berlin("2024-03-31T02:30:00") == "2024-03-31T01:00:00Z");
  CHECK(berlin("2024-03-31T03:30:00") == "2024-03-31T01:30:00Z");
  CHECK(berlin("2024-10-27T02:30:00") == "2024-10-27T00:30:00Z");  // the first of two
  CHECK(berlin("2024-10-27T02:30:00-01:00") == "2024-10-27T03:30:00Z");
}

TEST_CASE("catch-up without a start_date needs a bound where ticks have no beginning") {
  const std::string refused = "'catchup' needs a start_date or a window";
  CHECK(first_fault("catchup: true\nschedule: '@daily'") == refused);
  CHECK(first_fault("catchup: {policy: all, max_runs: 3}\nschedule: {every: 1h}") == refused);
  for (const char* good :
       {"catchup: true\nschedule: '@daily'\nstart_date: 2001-01-01",
        "catchup: {window: 7d}\nschedule: '@daily'",
        "catchup: true\nschedule: {at: [2001-01-01]}", "catchup: true\nschedule: {datasets: [x]}",
        "catchup: {policy: latest}\nschedule: '@daily'", "catchup: true"})
    CHECK(first_fault(good) == "");
}

TEST_CASE("each policy of catch-up is what its word says") {
  const auto policy = [](const char* text) {
    return dag_with(std::string{"catchup: "} + text)->catchup.policy;
  };
  CHECK(policy("false") == Catchup::Policy::none);
  CHECK(policy("true") == Catchup::Policy::all);
  CHECK(policy("{policy: none}") == Catchup::Policy::none);
  CHECK(policy("{policy: latest}") == Catchup::Policy::latest);
  CHECK(policy("{max_runs: 3}") == Catchup::Policy::all);
  const auto bounded = dag_with("catchup: {policy: all, window: 7d, max_runs: 3}");
  CHECK(bounded->catchup.window == Duration{24h * 7});
  CHECK(bounded->catchup.max_runs == 3);
  CHECK_FALSE(dag_with("catchup: {policy: all}")->catchup.max_runs);
}

TEST_CASE("a partition mapping without days names no later run") {
  Schedule by_hand;
  by_hand.kind = Kind::datasets;
  by_hand.partition.window_days = 7;
  by_hand.partition.kind = PartitionMapping::Kind::none;
  CHECK(later_runs_of_partition(by_hand, *parse_iso("2001-01-01")).empty());
  by_hand.partition.kind = PartitionMapping::Kind::same;
  CHECK(later_runs_of_partition(by_hand, *parse_iso("2001-01-01")).size() == 6);
}
