#include <catch2/catch.hpp>

#include "dag_builder.h"
#include "dags/parser.h"
#include "world.h"

using namespace millrace;
using namespace millrace::test;

namespace {

std::shared_ptr<const Dag> parsed(const std::string& text) {
  ParseResult result = parse_dag(text);
  INFO(render(result.diagnostics, "dag.yaml", text));
  REQUIRE(result.dag);
  return result.dag;
}

constexpr const char* child = R"(dag_id: child
params:
  text: {type: string, default: ""}
  count: {type: integer, default: 0}
  share: {type: number, default: 0}
  on: {type: boolean, default: false}
  list: {type: array, default: []}
  map: {type: object, default: {}}
tasks: {t: {command: ["true"]}}
)";

struct Triggered : World {
  explicit Triggered(const std::string& trigger) {
    boot();
    submit(parsed(child));
    submit(
        parsed("dag_id: parent\ntasks:\n  make: {command: ['true']}\n  go:\n    depends_on: [make]\n"
               "    trigger_dag: {dag_id: child, " +
               trigger + "}\n"));
    send(RunRequested{{}, "parent", {}, date_from("2001-01-05"), {}, "{}", "", "x"});
    finish(*ledger.live.begin(), exited(0),
           {{"n", "[1,2]"}, {"date", "\"2001-02-03\""}, {"word", "\"soon\""}});
  }
  const RunRow* made() const {
    for (const auto& [id, run] : ledger.runs)
      if (run.dag_id == "child") return &run;
    return nullptr;
  }
  TaskInstanceRow go() const {
    for (const auto& [id, row] : ledger.task_instances)
      if (row.task_id == "go") return row;
    return {};
  }
};

}  // namespace

TEST_CASE("a child's params take the types that it declares") {
  Triggered world(
      R"(params: {text: "{{ ds }}", count: "7", share: "0.5", on: "true", list: "{{ tasks.make.output.n }}",
                     map: "{}"})");
  CHECK(world.problems.empty());
  REQUIRE(world.made());
  CHECK(world.made()->params ==
        R"({"count":7,"list":[1,2],"map":{},"on":true,"share":0.5,"text":"2001-01-05"})");
  CHECK(world.made()->execution_date == date_from("2001-01-05"));
}

TEST_CASE("a child's date may be the parent's, another or an output; what isn't one is said") {
  CHECK(Triggered("execution_date: same").made()->execution_date == date_from("2001-01-05"));
  CHECK(Triggered(R"(execution_date: "2001-03-04")").made()->execution_date == date_from("2001-03-04"));
  CHECK(Triggered(R"(execution_date: "{{ tasks.make.output.date }}")").made()->execution_date ==
        date_from("2001-02-03"));
  for (const char* odd : {R"(execution_date: "{{ tasks.make.output.word }}")",
                          R"(execution_date: "{{ tasks.make.output.nothing }}")",
                          R"(params: {text: "{{ tasks.make.output.nothing }}"})",
                          R"(params: {count: "{{ tasks.make.output.word }}"})"}) {
    INFO(odd);
    const Triggered world(odd);
    CHECK(world.made() == nullptr);
    CHECK(world.go().state == TaskState::failed);
    CHECK(world.problems.empty());
  }
}
