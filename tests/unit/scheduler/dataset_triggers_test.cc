#include "scheduler/dataset_triggers.h"

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "dags/partition.h"

using namespace millrace;

namespace {

WallTime day(int n) { return *parse_iso("2001-01-" + std::string(n < 10 ? "0" : "") + std::to_string(n)); }

Dag waits_for(std::string dag_id, std::vector<std::string> datasets, bool any = false) {
  Dag dag;
  dag.dag_id = std::move(dag_id);
  dag.schedule.kind = Schedule::Kind::datasets;
  dag.schedule.datasets = std::move(datasets);
  dag.schedule.any = any;
  return dag;
}

std::int64_t last_event = 0;
DatasetEventRow event_of(std::string dataset, WallTime partition) {
  DatasetEventRow row;
  row.id = ++last_event;
  row.dataset = std::move(dataset);
  row.partition = partition;
  row.at = *parse_iso("2026-01-01T12:00:00Z");
  return row;
}

std::vector<std::int64_t> ids(const std::vector<QueuedDatasetEvent>& events) {
  std::vector<std::int64_t> out;
  for (const QueuedDatasetEvent& event : events) out.push_back(event.event - last_event);
  return out;
}

using Ids = std::vector<std::int64_t>;
using Names = std::vector<std::string>;

Schedule mapped(const char* to, const char* each = nullptr, int window_days = 1) {
  Schedule s;
  s.kind = Schedule::Kind::datasets;
  s.partition.kind = PartitionMapping::Kind::to;
  s.partition.to = *parse_cron(to);
  if (each) s.partition.each = *parse_cron(each);
  s.partition.window_days = window_days;
  return s;
}

}  // namespace

TEST_CASE("an event waits for every DAG that reads its dataset, under the run of its partition") {
  DatasetTriggers t;
  t.set_dag(waits_for("features", {"raw"}));
  t.set_dag(waits_for("audit", {"raw"}));
  CHECK(t.put(event_of("raw", day(5))).empty());
  CHECK(t.dags_waiting_for("raw") == Names{"audit", "features"});
  CHECK(t.next_to_look_at("audit") == day(5));
  CHECK(t.next_to_look_at("audit") == std::nullopt);
  CHECK(t.has_set("features", day(5)));
  CHECK(ids(t.take_all("features", day(5))) == Ids{0});
  CHECK_FALSE(t.waiting("features", day(5)));
  CHECK(t.waiting("audit", day(5)));
  CHECK(cause_of(t.take_all("audit", day(5)).at(0)) == "dataset raw 2001-01-05");
  CHECK(t.dags_waiting_for("unknown").empty());
}

TEST_CASE("a partition that isn't a whole day is named with its time") {
  QueuedDatasetEvent event;
  event.dataset = "raw";
  event.partition = *parse_iso("2001-01-05T06:00");
  CHECK(cause_of(event) == "dataset raw 2001-01-05T06:00:00Z");
}

TEST_CASE("a set takes the oldest event of each dataset; any takes the oldest of all") {
  DatasetTriggers t;
  t.set_dag(waits_for("all", {"a", "b"}));
  t.set_dag(waits_for("any", {"a", "b"}, true));
  t.put(event_of("a", day(1)));
  t.put(event_of("a", day(1)));
  CHECK_FALSE(t.has_set("all", day(1)));
  t.put(event_of("b", day(1)));
  CHECK(ids(t.take_set("all", day(1))) == Ids{-2, 0});
  CHECK_FALSE(t.has_set("all", day(1)));
  CHECK(t.waiting("all", day(1)));
  CHECK(ids(t.take_set("any", day(1))) == Ids{-2});
  CHECK(ids(t.take_set("any", day(1))) == Ids{-1});
  CHECK(ids(t.take_set("any", day(1))) == Ids{0});
}

TEST_CASE("only what still waits is written, and removed when it is done with") {
  DatasetTriggers t;
  t.set_dag(waits_for("features", {"raw"}));
  t.put(event_of("raw", day(1)));
  for (const auto& event : t.take_all("features", day(1))) t.done("features", day(1), event);
  CHECK(t.take_changes().empty());  // came and went within one transaction
  t.put(event_of("raw", day(2)));
  const auto added = t.take_changes();
  REQUIRE(added.size() == 1);
  CHECK(added[0].run_date == day(2));
  CHECK_FALSE(added[0].removed);
  CHECK(t.take_changes().empty());
  auto taken = t.take_all("features", day(2));
  t.put_back("features", day(2), taken);
  CHECK(t.take_changes().empty());
  CHECK(t.next_to_look_at("features") == day(1));
  CHECK(t.next_to_look_at("features") == std::nullopt);  // put back: nothing has changed by it
  taken = t.take_all("features", day(2));
  t.done("features", day(2), taken.at(0));
  const auto removed = t.take_changes();
  REQUIRE(removed.size() == 1);
  CHECK(removed[0].removed);
}

TEST_CASE("a restart with the stored rows goes on where it was, also before the DAG is known") {
  DatasetTriggers t;
  t.load({"train", 1'000'000, day(1), "a", day(1), {}, false, false});
  CHECK(t.next_to_look_at("train") == std::nullopt);
  t.set_dag(waits_for("train", {"a", "b"}));
  CHECK(t.waiting("train", day(1)));
  t.put(event_of("b", day(1)));
  CHECK(t.has_set("train", day(1)));
  CHECK(t.take_changes().size() == 1);
}

TEST_CASE("a changed DAG keeps the events of datasets it still waits for and gives up the others by name") {
  DatasetTriggers t;
  t.set_dag(waits_for("train", {"a", "b", "c"}));
  t.put(event_of("a", day(1)));
  t.put(event_of("b", day(1)));
  const auto skipped = t.set_dag(waits_for("train", {"a", "d"}));
  REQUIRE(skipped.size() == 1);
  CHECK(skipped[0].event.dataset == "b");
  CHECK(skipped[0].why == "the DAG no longer waits for it");
  CHECK(t.waiting("train", day(1)));
  Dag manual;
  manual.dag_id = "train";
  CHECK(t.set_dag(manual).size() == 1);
  CHECK(t.dags_waiting_for("a").empty());
  CHECK(t.take_changes().empty());
}

TEST_CASE("another partition mapping moves what waits to the runs it gives") {
  DatasetTriggers t;
  t.set_dag(waits_for("train", {"a", "b"}));
  t.put(event_of("a", day(3)));
  t.put(event_of("a", day(4)));
  t.take_changes();
  Dag weekly = waits_for("train", {"a", "b"});
  weekly.schedule.partition = mapped("0 0 * * mon").partition;
  CHECK(t.set_dag(weekly).empty());
  CHECK_FALSE(t.waiting("train", day(3)));
  CHECK(ids(t.take_all("train", day(1))) == Ids{-1, 0});
}

TEST_CASE("dropping takes out what was asked for, nothing else") {
  DatasetTriggers t;
  t.set_dag(waits_for("one", {"a", "b"}));
  t.set_dag(waits_for("two", {"a", "c"}));
  t.put(event_of("a", day(1)));
  t.put(event_of("b", day(2)));
  CHECK(t.drop("one", "a", std::nullopt, "x").size() == 1);
  CHECK(t.drop("one", "a", std::nullopt, "x").empty());
  CHECK(t.drop({}, "a", parse_iso("2020-01-01"), "x").empty());
  CHECK(t.drop({}, "a", std::nullopt, "x").size() == 1);
  CHECK(t.waiting("one", day(2)));
  CHECK(t.remove_dag("one", "gone").size() == 1);
  CHECK(t.queued("one").empty());
}

TEST_CASE("a full queue refuses by name and loses nothing that waits") {
  DatasetTriggers t;
  t.set_dag(waits_for("slow", {"a", "b"}));
  for (std::size_t i = 0; i < limits::queued_dataset_events; ++i)
    CHECK(t.put(event_of("a", day(1))).empty());
  const auto refused = t.put(event_of("a", day(1)));
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].why == "too many events wait for the DAG");
  CHECK(t.queued("slow").size() == limits::queued_dataset_events);
}

TEST_CASE("partitions map to the run whose interval contains them") {
  const Schedule daily = mapped("@daily"), weekly = mapped("0 0 * * mon"), monthly = mapped("@monthly");
  const WallTime at = *parse_iso("2001-01-17T13:00");
  CHECK(run_of_partition(daily, at) == day(17));
  CHECK(run_of_partition(weekly, at) == day(15));
  CHECK(run_of_partition(monthly, at) == day(1));
  CHECK(interval_of(weekly, day(15)) == DataInterval{day(15), day(22)});
  CHECK(execution_date_at_or_after(weekly, day(16)) == day(22));
  CHECK_FALSE(is_execution_date(weekly, day(16)));
}

TEST_CASE("each names the partitions of a run, by the wall clock of the schedule's zone") {
  Schedule s = mapped("@daily", "@hourly");
  CHECK(partitions_of_run(s, day(5)).size() == 24);
  CHECK(partitions_of_run(s, day(5)).front() == day(5));
  s.zone = *Zone::find("Europe/Paris");
  const WallTime spring = run_of_partition(s, *parse_iso("2001-03-25T12:00"));
  CHECK(spring == *parse_iso("2001-03-24T23:00"));
  CHECK(partitions_of_run(s, spring).size() == 23);
}

TEST_CASE("a window names the runs after its own that read the partition too") {
  Schedule same;
  same.kind = Schedule::Kind::datasets;
  CHECK(later_runs_of_partition(same, day(1)).empty());
  same.partition.window_days = 3;
  CHECK(later_runs_of_partition(same, day(1)) == std::vector{day(2), day(3)});
  const Schedule hourly = mapped("@daily", nullptr, 2);
  CHECK(later_runs_of_partition(hourly, *parse_iso("2001-01-01T10:00")) == std::vector{day(2), day(3)});
  CHECK(later_runs_of_partition(hourly, day(1)) == std::vector{day(2)});
}
