#include <catch2/catch.hpp>

#include "dag_builder.h"
#include "world.h"

using namespace millrace;
using namespace millrace::test;

namespace {

using Names = std::vector<std::string>;
constexpr RequestId asked{1};

std::shared_ptr<const Dag> dag(const std::string& dag_id, Names tags, const std::string& owner = "anna",
                               const std::string& option = "") {
  DagBuilder builder(dag_id);
  builder.edges("a");
  if (!option.empty()) builder.option("", option);
  builder.dag().tags = std::move(tags);
  builder.dag().owner = owner;
  return builder.build();
}

/// Five DAGs: `etl_b` is paused, `etl_a` has two runs of which one is queued.
class Listing {
 public:
  Listing() {
    world.boot();
    world.submit(dag("etl_b", {"hot"}, "ben", "schedule daily"), true);
    world.submit(dag("web", {"hot", "front"}, "ben", "datasets x"));
    world.submit(dag("etl_a", {"cold"}, "anna", "max_active_runs 1"));
    world.submit(dag("ETL_c", {"cold", "hot"}, "anna", "schedule hourly"));
    world.submit(dag("late", {}, "anna", "schedule daily"));
    for (const int day : {1, 2})
      world.send(RunRequested{asked, "etl_a", {}, WallTime{day * 86'400'000'000}, {}, "{}", "", "x"});
  }
  Names names(DagWish wish) {
    const DagPage page = world.scheduler->dags(wish);
    total = page.total;
    Names out;
    for (const DagSeen& seen : page.dags) out.push_back(seen.row->dag_id);
    return out;
  }
  World world;
  std::int64_t total = 0;
};

}  // namespace

TEST_CASE("DAGs are listed by id, a page at a time, with the total") {
  Listing list;
  CHECK(list.names({}) == Names{"ETL_c", "etl_a", "etl_b", "late", "web"});
  CHECK(list.names({.limit = 2, .offset = 1}) == Names{"etl_a", "etl_b"});
  CHECK(list.total == 5);
  CHECK(list.names({.descending = true, .limit = 2}) == Names{"web", "late"});
  CHECK(list.names({.limit = 0}).empty());
  CHECK(list.names({.offset = 9}).empty());
  CHECK(list.total == 5);
}

TEST_CASE("DAGs are found by a piece of their id, a prefix, labels and what their runs do") {
  Listing list;
  CHECK(list.names({.piece = "etl"}) == Names{"ETL_c", "etl_a", "etl_b"});
  CHECK(list.names({.piece = "L_"}) == Names{"ETL_c", "etl_a", "etl_b"});
  CHECK(list.names({.piece = "b"}) == Names{"etl_b", "web"});
  CHECK(list.names({.piece = "b\nw"}).empty());
  CHECK(list.names({.prefix = "etl_"}) == Names{"etl_a", "etl_b"});
  CHECK(list.names({.prefix = "x"}).empty());
  CHECK(list.names({.labels = {{label_of_tag("hot")}}}) == Names{"ETL_c", "etl_b", "web"});
  CHECK(list.names({.labels = {{label_of_tag("front"), label_of_tag("cold")}}}) ==
        Names{"ETL_c", "etl_a", "web"});
  CHECK(list.names({.labels = {{label_of_tag("hot")}, {label_of_tag("cold")}}}) == Names{"ETL_c"});
  CHECK(list.names({.labels = {{label_of_owner("ben")}, {label_of_schedule(false)}}}) == Names{"etl_b"});
  CHECK(list.names({.labels = {{label_of_dataset("x")}}}) == Names{"web"});
  CHECK(list.names({.labels = {{label_of_tag("none")}}}).empty());
  CHECK(list.names({.state = DagWish::State::paused}) == Names{"etl_b"});
  CHECK(list.names({.state = DagWish::State::active}).size() == 4);
  CHECK(list.names({.state = DagWish::State::running}) == Names{"etl_a"});
  CHECK(list.names({.state = DagWish::State::queued, .piece = "a"}) == Names{"etl_a"});
  CHECK(list.names({.only = std::set<std::string>{"web", "nowhere"}}) == Names{"web"});
  CHECK(list.names({.named = [](std::string_view id) { return id.ends_with("e"); }}) == Names{"late"});
}

TEST_CASE("DAGs are sorted by their next run, by what runs, by whether they are paused") {
  Listing list;
  using Sort = DagWish::Sort;
  // ETL_c within the hour, late at midnight, the others never.
  CHECK(list.names({.sort = Sort::next_run_at}) == Names{"ETL_c", "late", "etl_a", "etl_b", "web"});
  CHECK(list.names({.sort = Sort::next_run_at, .limit = 1, .offset = 1}) == Names{"late"});
  CHECK(list.names({.sort = Sort::running, .limit = 2}) == Names{"etl_a", "ETL_c"});
  CHECK(list.names({.sort = Sort::paused}).back() == "etl_b");
  CHECK(list.names({.sort = Sort::paused, .descending = true}).front() == "etl_b");
}

TEST_CASE("a new version has its own labels, a removed DAG none that anybody sees") {
  Listing list;
  const auto tags = [&] { return list.world.scheduler->dag_words(label_of_tag(""), nullptr); };
  CHECK(tags() == Names{"cold", "front", "hot"});
  list.world.submit(dag("web", {"back"}, "ben"));
  CHECK(tags() == Names{"back", "cold", "hot"});
  CHECK(list.names({.labels = {{label_of_tag("front")}}}).empty());
  CHECK(list.names({.labels = {{label_of_dataset("x")}}}).empty());
  list.world.send(DagRemoved{asked, "web", "x"});
  CHECK(tags() == Names{"cold", "hot"});
  CHECK(list.names({}).size() == 4);
  CHECK(list.names({.with_removed = true}).size() == 5);
  const auto only_a = [](std::string_view dag_id) { return dag_id == "etl_a"; };
  CHECK(list.world.scheduler->dag_words(label_of_tag(""), only_a) == Names{"cold"});
  CHECK(list.world.scheduler->dag_words(label_of_pool(""), nullptr) == Names{"cpu"});
  CHECK(list.world.problems.empty());
}
