#include "scheduler/dates_dag.h"

#include <catch2/catch.hpp>
#include <map>

#include "dag_builder.h"

using namespace millrace;
using namespace millrace::test;

namespace {

/// DAGs in force, by the dataset that each makes.
class Makers {
 public:
  std::shared_ptr<Dag> add(const std::string& dag_id, const std::string& schedule, const std::string& made,
                           const std::string& zone = "UTC") {
    DagBuilder builder(dag_id);
    builder.edges("t").option("t", "outputs " + made).option("", schedule).option("", "timezone " + zone);
    auto dag = std::make_shared<Dag>(*builder.build());
    by_dataset_[made] = {DagVersionId{static_cast<std::int64_t>(by_dataset_.size()) + 1}, dag};
    return dag;
  }

  DagInForce of(const std::shared_ptr<Dag>& dag) const {
    return dates_dag({DagVersionId{99}, dag}, [this](const std::string& name) -> std::optional<DagInForce> {
      const auto at = by_dataset_.find(name);
      return at == by_dataset_.end() ? std::nullopt : std::optional(at->second);
    });
  }
  std::string name_of(const std::shared_ptr<Dag>& dag) const { return of(dag).dag->dag_id; }
  std::string zone_of(const std::shared_ptr<Dag>& dag) const {
    return clock_of(*dag, *of(dag).dag).zone.name();
  }

 private:
  std::map<std::string, DagInForce> by_dataset_;
};

constexpr const char* new_york = "America/New_York";

}  // namespace

TEST_CASE("a DAG with a schedule has its own dates, in its own zone") {
  Makers makers;
  const auto daily = makers.add("daily", "schedule daily", "a", new_york);
  CHECK(makers.name_of(daily) == "daily");
  CHECK(makers.of(daily).version == DagVersionId{99});
  CHECK(makers.zone_of(daily) == new_york);
  const auto reader = makers.add("weekly", "datasets a", "w");
  reader->schedule.partition.kind = PartitionMapping::Kind::to;
  reader->schedule.partition.to = *parse_cron("@weekly");
  CHECK(makers.name_of(reader) == "weekly");
  CHECK(makers.zone_of(reader) == "UTC");
}

TEST_CASE("a DAG whose runs are its partitions' has the dates of the DAG that makes them, step by step") {
  Makers makers;
  makers.add("daily", "schedule daily", "a", new_york);
  const auto second = makers.add("second", "datasets a", "b");
  const auto third = makers.add("third", "datasets b", "c");
  for (const auto& dag : {second, third}) {
    CHECK(makers.name_of(dag) == "daily");
    CHECK(makers.zone_of(dag) == new_york);
  }
  const auto own_zone = makers.add("own_zone", "datasets b", "d", "Europe/Berlin");
  CHECK(makers.name_of(own_zone) == "daily");
  CHECK(makers.zone_of(own_zone) == "Europe/Berlin");
  const auto any = makers.add("any", "any_dataset outside a", "e");
  CHECK(makers.name_of(any) == "daily");
}

TEST_CASE("a maker with ticks goes before one without, which still says the zone") {
  Makers makers;
  makers.add("by_hand", "timezone UTC", "a", new_york);
  const auto one = makers.add("one", "datasets a", "b");
  CHECK(makers.name_of(one) == "by_hand");
  CHECK(makers.zone_of(one) == new_york);
  makers.add("daily", "schedule daily", "c");
  const auto two = makers.add("two", "datasets a c", "d");
  CHECK(makers.name_of(two) == "daily");
}

TEST_CASE("without a maker, or in a circle, the dates are its own") {
  Makers makers;
  const auto alone = makers.add("alone", "datasets outside", "a", new_york);
  CHECK(makers.name_of(alone) == "alone");
  CHECK(makers.zone_of(alone) == new_york);
  const auto left = makers.add("left", "datasets r", "l");
  makers.add("right", "datasets l", "r");
  CHECK(makers.name_of(left) == "left");
  const auto moments = makers.add("moments", "datasets l", "m");
  moments->schedule.partition.kind = PartitionMapping::Kind::none;
  CHECK(makers.name_of(moments) == "moments");
}
