#include "scheduler/dataset_triggers.h"

#include <catch2/catch.hpp>

using namespace millrace;

namespace {

WallTime day(int n) { return *parse_iso("2001-01-" + std::string(n < 10 ? "0" : "") + std::to_string(n)); }
const WallTime at = *parse_iso("2026-01-01T12:00:00Z");

Dag waits_for(std::string dag_id, std::vector<std::string> datasets, bool any = false, bool same = true) {
  Dag dag;
  dag.dag_id = std::move(dag_id);
  dag.schedule.kind = Schedule::Kind::datasets;
  dag.schedule.datasets = std::move(datasets);
  dag.schedule.any = any;
  dag.schedule.partition_same = same;
  return dag;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a DAG that waits for one dataset starts with each partition, for the partition's date") {
  DatasetTriggers t;
  t.set_dag(waits_for("features", {"raw"}));
  t.set_dag(waits_for("audit", {"raw"}));
  const auto answer = t.updated("raw", day(5), at);
  REQUIRE(answer.fired.size() == 2);
  CHECK(answer.fired[0].dag_id == "audit");
  CHECK(answer.fired[1].dag_id == "features");
  CHECK(answer.fired[1].execution_date == day(5));
  CHECK(answer.fired[1].cause == "dataset raw 2001-01-05");
  CHECK(answer.changes.empty());
  CHECK(t.updated("unknown", day(5), at).fired.empty());
}

TEST_CASE("a partition that isn't a whole day is named with its time") {
  DatasetTriggers t;
  t.set_dag(waits_for("features", {"raw"}));
  CHECK(t.updated("raw", *parse_iso("2001-01-05T06:00"), at).fired.at(0).cause ==
        "dataset raw 2001-01-05T06:00:00Z");
}

TEST_CASE("all-of waits for each partition by itself and records what it has got") {
  DatasetTriggers t;
  t.set_dag(waits_for("train", {"b", "a"}));
  auto answer = t.updated("a", day(1), at);
  CHECK(answer.fired.empty());
  REQUIRE(answer.changes.size() == 1);
  CHECK(answer.changes[0] == PendingPartitionRow{"train", day(1), "a", false});
  CHECK(t.missing("train", day(1)) == Names{"b"});
  CHECK(t.missing("train", day(2)) == Names{"a", "b"});
  CHECK(t.updated("b", day(2), at).fired.empty());
  CHECK(t.updated("a", day(1), at).changes.empty());  // again: nothing new
  answer = t.updated("b", day(1), at);
  REQUIRE(answer.fired.size() == 1);
  CHECK(answer.fired[0].execution_date == day(1));
  CHECK(answer.changes == std::vector<PendingPartitionRow>{{"train", day(1), "a", true}});
  // Day 1 begins anew, day 2 goes on.
  CHECK(t.missing("train", day(1)) == Names{"a", "b"});
  CHECK(t.updated("a", day(2), at).fired.size() == 1);
}

TEST_CASE("any-of starts with each dataset") {
  DatasetTriggers t;
  t.set_dag(waits_for("train", {"a", "b"}, true));
  CHECK(t.updated("a", day(1), at).fired.size() == 1);
  CHECK(t.updated("b", day(1), at).fired.size() == 1);
  CHECK(t.updated("b", day(1), at).changes.empty());
}

TEST_CASE("partition: none takes the time of the event and waits for the datasets whatever their partition") {
  DatasetTriggers t;
  t.set_dag(waits_for("train", {"a", "b"}, false, false));
  CHECK(t.updated("a", day(1), at).fired.empty());
  CHECK(t.missing("train", day(9)) == Names{"b"});
  const auto answer = t.updated("b", day(7), at);
  REQUIRE(answer.fired.size() == 1);
  CHECK(answer.fired[0].execution_date == at);
  CHECK(answer.changes.size() == 1);
  CHECK(answer.changes[0].removed);
}

TEST_CASE("a restart with the stored rows goes on where it was") {
  DatasetTriggers t;
  t.set_dag(waits_for("train", {"a", "b"}));
  t.load({"train", day(1), "a", false});
  t.load({"train", day(1), "no longer waited for", false});
  CHECK(t.missing("train", day(1)) == Names{"b"});
  const auto answer = t.updated("b", day(1), at);
  CHECK(answer.fired.size() == 1);
  CHECK(answer.changes == std::vector<PendingPartitionRow>{{"train", day(1), "a", true}});
}

TEST_CASE("a changed DAG keeps what it has got of the datasets it still waits for") {
  DatasetTriggers t;
  t.set_dag(waits_for("train", {"a", "b", "c"}));
  t.updated("a", day(1), at);
  t.updated("b", day(1), at);
  t.set_dag(waits_for("train", {"a", "d"}));
  CHECK(t.missing("train", day(1)) == Names{"d"});
  CHECK(t.updated("b", day(1), at).fired.empty());
  CHECK(t.updated("d", day(1), at).fired.size() == 1);
}

TEST_CASE("a partition completed by the change of the DAG starts with the DAG's next update") {
  DatasetTriggers t;
  t.set_dag(waits_for("train", {"a", "b", "c"}));
  t.updated("a", day(1), at);
  t.updated("b", day(1), at);
  t.set_dag(waits_for("train", {"a", "b"}));
  CHECK(t.missing("train", day(1)).empty());
  const auto answer = t.updated("a", day(2), at);
  REQUIRE(answer.fired.size() == 1);
  CHECK(answer.fired[0].execution_date == day(1));
  CHECK(answer.changes.size() == 3);  // two done with, one new
  CHECK(t.missing("train", day(2)) == Names{"b"});
}

TEST_CASE("a DAG that is removed or no longer waits for datasets isn't started") {
  DatasetTriggers t;
  t.set_dag(waits_for("train", {"a"}));
  t.set_dag(waits_for("other", {"a"}));
  t.remove_dag("train");
  t.remove_dag("never seen");
  CHECK(t.updated("a", day(1), at).fired.size() == 1);
  Dag manual;
  manual.dag_id = "other";
  t.set_dag(manual);
  CHECK(t.updated("a", day(1), at).fired.empty());
  CHECK(t.missing("other", day(1)).empty());
}
