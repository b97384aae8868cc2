#include "scheduler/cascade_plan.h"

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "dag_builder.h"
#include "scheduler/backfill_dates.h"

using namespace millrace;
using namespace millrace::test;

namespace {

std::vector<DagInForce> numbered(std::vector<std::shared_ptr<const Dag>> dags) {
  std::vector<DagInForce> out;
  for (auto& dag : dags) out.push_back({DagVersionId{static_cast<std::int64_t>(out.size()) + 1}, dag});
  return out;
}

BackfillSpec days(const std::string& dag_id, std::string_view from, std::string_view to) {
  BackfillSpec spec;
  spec.dag_id = dag_id;
  spec.from_date = date_from(std::string(from));
  spec.to_date = date_from(std::string(to));
  spec.cascade = true;
  return spec;
}

std::vector<std::string> names(const CascadePlan& plan) {
  std::vector<std::string> out;
  for (const CascadeStep& step : plan.steps) out.push_back(step.spec.dag_id);
  return out;
}

std::shared_ptr<const Dag> raw() {
  return DagBuilder("raw").edges("a -> b").option("", "schedule daily").option("b", "outputs x").build();
}

}  // namespace

TEST_CASE(
    "a window of n days and its readers are two views of one relation, also over a change of the clock") {
  Dag reader;
  reader.timezone = *Zone::find("America/New_York");
  const WallTime noon_before = *parse_iso("2013-03-09T17:00:00Z");
  for (int hour = 0; hour < 24 * 6; hour += 5) {
    const WallTime s{noon_before.us + hour * 3'600'000'000};
    for (int later = 0; later < 24 * 6; later += 7) {
      const WallTime t{s.us + later * 3'600'000'000};
      for (const int window : {1, 2, 3})
        CHECK((first_read(reader, t, window) <= s) == (t <= last_reader(reader, s, window)));
    }
  }
  // The day of the change has 23 hours: two days before midnight of the 12th are 47 hours.
  const WallTime midnight = *parse_iso("2013-03-12T04:00:00Z");
  CHECK(first_read(reader, midnight, 3) == *parse_iso("2013-03-10T05:00:00Z"));
  CHECK(first_read(reader, midnight, 1) == midnight);
}

TEST_CASE("a cascade goes to readers by schedule and by input, sources first") {
  const auto dags =
      numbered({DagBuilder("a_model").edges("m").option("", "datasets y").option("m", "outputs z").build(),
                DagBuilder("features")
                    .edges("f")
                    .option("", "schedule daily")
                    .option("f", "inputs x 7")
                    .option("f", "outputs y")
                    .build(),
                DagBuilder("other").edges("o").option("", "datasets w").build(), raw(),
                DagBuilder("report").edges("r").option("", "datasets x z").build()});
  const auto plan = plan_cascade(dags, dags[3], dags[3], days("raw", "2001-01-01", "2001-01-31"));
  REQUIRE(plan);
  CHECK(names(*plan) == std::vector<std::string>{"features", "a_model", "report"});
  CHECK(plan->left_out.empty());
  const CascadeStep& features = plan->steps[0];
  REQUIRE(features.sources.size() == 1);
  CHECK(features.sources[0].window_days == 7);
  CHECK(BackfillDates(*features.grid.dag, *features.of.dag, features.spec).count() == 37);
  // A DAG without ticks has the dates of what it reads.
  CHECK(plan->steps[1].grid.dag->dag_id == "features");
  REQUIRE(plan->steps[2].sources.size() == 2);
  CHECK(plan->steps[2].spec.reprocess == Reprocess::completed);
}

TEST_CASE("what can't be followed is left out with a reason") {
  DagBuilder own("own");
  own.edges("t").option("", "schedule daily").option("t", "inputs x");
  Template partition;
  partition.source = "{{ prev_ds }}";
  partition.parts.push_back({"", "prev_ds", {}, {}});
  own.task("t").inputs[0].partition = partition;
  DagBuilder whenever("whenever");
  whenever.edges("t").option("", "datasets x");
  whenever.dag().schedule.partition.kind = PartitionMapping::Kind::none;
  const auto dags =
      numbered({own.build(), raw(), whenever.build(),
                DagBuilder("u").edges("t").option("", "datasets x v").option("t", "outputs w").build(),
                DagBuilder("v").edges("t").option("", "datasets w").option("t", "outputs v").build()});
  const auto plan = plan_cascade(dags, dags[1], dags[1], days("raw", "2001-01-01", "2001-01-31"));
  REQUIRE(plan);
  CHECK(plan->steps.empty());
  std::vector<std::string> left;
  for (const auto& [dag_id, why] : plan->left_out) left.push_back(dag_id + ": " + why);
  CHECK(left == std::vector<std::string>{"own: task 't' reads the partition {{ prev_ds }} of 'x'",
                                         "whenever: its schedule waits for 'x' without a partition",
                                         "u: it reads what it makes, through others",
                                         "v: it reads what it makes, through others"});
}

TEST_CASE("a list of dates maps to a list; too many are refused") {
  const auto dags = numbered(
      {DagBuilder("features").edges("f").option("", "datasets x").option("f", "inputs x 3").build(), raw()});
  BackfillSpec spec;
  spec.dag_id = "raw";
  spec.cascade = true;
  spec.dates = {date_from("2001-01-01"), date_from("2001-01-02"), date_from("2001-02-01")};
  auto plan = plan_cascade(dags, dags[1], dags[1], spec);
  REQUIRE(plan);
  REQUIRE(plan->steps.size() == 1);
  CHECK(plan->steps[0].spec.dates.size() == 7);
  const auto wide = numbered(
      {DagBuilder("features").edges("f").option("", "datasets x").option("f", "inputs x 300").build(),
       raw()});
  spec.dates.clear();
  for (std::size_t n = 0; n < limits::backfill_dates; ++n)
    spec.dates.push_back(
        WallTime{date_from("1900-01-01").us + static_cast<std::int64_t>(n) * 86'400'000'000 * 400});
  CHECK_FALSE(plan_cascade(wide, wide[1], wide[1], spec));
}

TEST_CASE("tasks that aren't chosen renew nothing") {
  const auto dags = numbered({DagBuilder("features").edges("f").option("", "datasets x").build(), raw()});
  BackfillSpec spec = days("raw", "2001-01-01", "2001-01-02");
  spec.task_ids = {"a"};
  CHECK(plan_cascade(dags, dags[1], dags[1], spec)->steps.empty());
  spec.include_downstream = true;
  CHECK(plan_cascade(dags, dags[1], dags[1], spec)->steps.size() == 1);
}
