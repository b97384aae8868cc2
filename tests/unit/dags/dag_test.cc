#include <catch2/catch.hpp>
#include <string>

#include "dags/parser.h"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<const Dag> parsed(const std::string& text) {
  const ParseResult result = parse_dag(text);
  INFO(render(result.diagnostics, "d.yaml", text));
  REQUIRE(result.dag);
  return result.dag;
}

bool depends(const Dag& dag, std::string_view task, std::string_view upstream) {
  const auto [first, last] = dag.upstream.of(*dag.find(task));
  return std::find(first, last, *dag.find(upstream)) != last;
}

}  // namespace

TEST_CASE("edges come from depends_on, datasets, checks and templates") {
  const auto dag = parsed(R"(
dag_id: d
datasets: {x: {path: x}, y: {path: y}}
tasks:
  last: {depends_on: check, command: [x]}
  read: {inputs: [x, outside], outputs: [y], command: [x]}
  check: {check: y}
  use: {command: [x, "{{ tasks.write.output.k }}"], env: {V: "{{ tasks.read.output.k }}"}}
  write: {outputs: [x], command: [x]}
)");
  CHECK(depends(*dag, "last", "check"));
  CHECK(depends(*dag, "read", "write"));
  CHECK(depends(*dag, "check", "read"));
  CHECK(depends(*dag, "use", "write"));
  CHECK(depends(*dag, "use", "read"));
  CHECK(dag->upstream.targets.size() == 5);
  CHECK(dag->downstream.targets.size() == 5);
  REQUIRE(dag->order.size() == 5);
  std::vector<std::size_t> position(5);
  for (std::size_t i = 0; i < 5; ++i) position[dag->order[i]] = i;
  for (TaskIndex task = 0; task < 5; ++task)
    for (auto [next, last] = dag->downstream.of(task); next != last; ++next)
      CHECK(position[task] < position[*next]);
  CHECK_FALSE(dag->find("nobody"));
}

TEST_CASE("a task's own keys win over defaults, env is merged") {
  const auto dag = parsed(R"(
dag_id: d
env: {A: dag, B: dag, C: dag}
defaults: {retries: 3, timeout: 5m, pool: etl, env: {B: default, C: default}, command: [standard]}
tasks:
  own: {retries: {limit: 1, delay: 2s}, timeout: 1h, env: {C: task}, script: echo}
  plain: {}
)");
  const Task& own = dag->tasks[0];
  CHECK(own.retries.limit == 1);
  CHECK(own.retries.delay == Duration{2s});
  CHECK(own.timeout == Duration{1h});
  CHECK(std::holds_alternative<ScriptAction>(own.action));
  std::string env;
  for (const auto& [name, value] : own.env) env += name + "=" + value.source + " ";
  CHECK(env == "A=dag B=default C=task ");
  const Task& plain = dag->tasks[1];
  CHECK(plain.retries.limit == 3);
  CHECK(plain.pool == "etl");
  CHECK(std::get<CommandAction>(plain.action).argv.at(0).source == "standard");
}

TEST_CASE("the pool follows the resources") {
  const auto dag = parsed(
      "dag_id: d\ntasks:\n  a: {command: [x]}\n  b: {command: [x], resources: {gpu: 2, cpu: 0.5, memory: "
      "1MiB}}\n"
      "  c: {command: [x], pool: fast, resources: {gpu: 1}}\n");
  CHECK(dag->tasks[0].pool == "cpu");
  CHECK(dag->tasks[1].pool == "gpu");
  CHECK(dag->tasks[1].resources.cpu_milli == 500);
  CHECK(dag->tasks[1].resources.memory_bytes == 1 << 20);
  CHECK(dag->tasks[2].pool == "fast");
}

TEST_CASE("dates without a zone are local to the DAG's zone") {
  const auto dag = parsed(
      "dag_id: d\ntimezone: Europe/Paris\nstart_date: 2024-07-01\nend_date: 2024-12-31T00:00:00Z\n"
      "schedule: {at: [2024-07-02, '2024-07-03T00:00:00+00:00']}\ntasks: {a: {command: [x]}}\n");
  CHECK(to_iso(*dag->start_date) == "2024-06-30T22:00:00Z");
  CHECK(to_iso(*dag->end_date) == "2024-12-31T00:00:00Z");
  REQUIRE(dag->schedule.at.size() == 2);
  CHECK(to_iso(dag->schedule.at[0]) == "2024-07-01T22:00:00Z");
  CHECK(to_iso(dag->schedule.at[1]) == "2024-07-03T00:00:00Z");
}

TEST_CASE("every action keeps what it was told") {
  const auto dag = parsed(R"(
dag_id: d
tasks:
  s: {sensor: {dataset: raw, window: 7d, partition: "{{ ds }}", poke_interval: 5s, timeout: 1h}}
  r: {sensor: {run: {dag_id: other, task_id: load}}}
  t: {trigger_dag: {dag_id: other, params: {n: 3}, wait: false}}
  e: {command: [x, "{{ item.k }}"], expand: {k: [1, "1", {a: b}], max_active: 2}, branch: false}
  x: {script: "echo $PARAM_X", termination: {signal: SIGINT, grace: 1s}, skip_exit_codes: [7]}
)");
  const auto& sensor = std::get<SensorAction>(dag->tasks[0].action);
  CHECK(sensor.kind == SensorAction::Kind::dataset);
  CHECK(sensor.target.source == "raw");
  CHECK(sensor.window_days == 7);
  CHECK(sensor.partition->source == "{{ ds }}");
  CHECK(sensor.poke_interval == Duration{5s});
  CHECK(std::get<SensorAction>(dag->tasks[1].action).task_id == "load");
  const auto& trigger = std::get<TriggerDagAction>(dag->tasks[2].action);
  CHECK_FALSE(trigger.wait);
  CHECK(trigger.params.at(0).second.source == "3");
  const Expand& expand = dag->tasks[3].expand.value();
  CHECK(expand.max_active == 2);
  CHECK(expand.keys.at(0).items == std::vector<JsonText>{"1", "\"1\"", R"({"a":"b"})"});
  CHECK(dag->tasks[4].termination_signal == 2);
  CHECK(dag->tasks[4].skip_exit_codes == std::vector<int>{7});
}

TEST_CASE("an error inside a block of text is where it stands in the file") {
  const auto result = parse_dag("dag_id: d\ntasks:\n  a:\n    script: |\n      one\n        {{ nope }}\n");
  REQUIRE(result.diagnostics.entries.size() == 1);
  CHECK(result.diagnostics.entries[0].place.line == 6);
  CHECK(result.diagnostics.entries[0].place.column == 12);
}

TEST_CASE("no more errors than anyone reads") {
  std::string text = "dag_id: d\ntasks:\n";
  for (int i = 0; i < 500; ++i) text += "  t" + std::to_string(i) + ": {comand: [x]}\n";
  const auto result = parse_dag(text);
  REQUIRE(result.diagnostics.entries.size() == 101);
  CHECK(result.diagnostics.entries.back().message == "and 900 more");
}

TEST_CASE("each signal is its number, and without one it is SIGTERM") {
  const std::pair<const char*, int> signals[] = {
      {"SIGTERM", 15}, {"SIGINT", 2},   {"SIGHUP", 1},  {"SIGQUIT", 3},
      {"SIGUSR1", 10}, {"SIGUSR2", 12}, {"SIGABRT", 6}, {"SIGKILL", 9}};
  for (const auto& [word, number] : signals)
    CHECK(parsed("dag_id: d\ntasks: {a: {command: [x], termination: {signal: " + std::string{word} + "}}}\n")
              ->tasks[0]
              .termination_signal == number);
  CHECK(parsed("dag_id: d\ntasks: {a: {command: [x]}}\n")->tasks[0].termination_signal == 15);
}

TEST_CASE("a dataset's format is what it says, else what its path ends in") {
  const auto format = [](const std::string& dataset) {
    return parsed("dag_id: d\ndatasets: {x: " + dataset + "}\ntasks: {a: {command: [x]}}\n")
        ->datasets[0]
        .format;
  };
  CHECK(format("{path: a.parquet}") == "parquet");
  CHECK(format("{path: a.csv}") == "csv");
  CHECK(format("{path: a.csv.gz}") == "csv");
  CHECK(format("{path: a.json}") == "json");
  CHECK(format("{path: a.jsonl}") == "json");
  CHECK(format("{path: a.ndjson}") == "json");
  CHECK(format("{path: a.gz}") == "dir");
  CHECK(format("{path: a, format: csv}") == "csv");
}

TEST_CASE("a task may read older or other partitions of what it writes, and check its own output") {
  const auto dag = parsed(R"(
dag_id: d
datasets: {x: {path: x}, y: {path: y}}
tasks:
  week: {inputs: [{dataset: x, window: 7d}], outputs: [x], command: [a]}
  other: {inputs: [{dataset: y, partition: "{{ prev_ds }}"}], outputs: [y], command: [a]}
  checked: {check: z, depends_on: other}
)");
  CHECK(dag->upstream.targets.size() == 1);
  const auto itself = parse_dag(
      "dag_id: d\ndatasets: {z: {path: z}}\ntasks: {a: {check: z, outputs: [z]}}\n");
  REQUIRE(itself.dag);  // no circle of one
  CHECK(itself.dag->order.size() == 1);
}

TEST_CASE("a task that waits for what follows it waits for itself") {
  const auto dag = parsed(R"(
dag_id: d
tasks:
  a: {command: [x], wait_for_downstream: true}
  b: {command: [x], depends_on_past: true}
  c: {command: [x]}
)");
  CHECK(dag->tasks[0].depends_on_past);
  CHECK(dag->tasks[1].depends_on_past);
  CHECK_FALSE(dag->tasks[2].depends_on_past);
  CHECK(parsed("dag_id: d\ndepends_on_past: true\ntasks: {a: {command: [x]}}\n")->tasks[0].depends_on_past);
}

TEST_CASE("another execution_date lets a DAG trigger itself") {
  const auto dag = parsed(
      "dag_id: d\ntasks: {a: {trigger_dag: {dag_id: d, execution_date: \"{{ next_ds }}\"}}, "
      "b: {trigger_dag: {dag_id: e, execution_date: same}}}\n");
  CHECK(std::get<TriggerDagAction>(dag->tasks[0].action).execution_date->source == "{{ next_ds }}");
  CHECK_FALSE(std::get<TriggerDagAction>(dag->tasks[1].action).execution_date);
}

TEST_CASE("more secrets than a start can read are refused as a number") {
  std::string text = "dag_id: d\nsecrets:\n";
  for (int i = 0; i < 101; ++i) text += "  - {env: S" + std::to_string(i) + ", from: env:S}\n";
  const auto result = parse_dag(text + "tasks: {a: {command: [x]}}\n");
  REQUIRE(result.diagnostics.entries.size() == 1);
  CHECK(result.diagnostics.entries[0].message == "101 secrets; the limit is 100");
}

TEST_CASE("a text with templates has a size") {
  const std::string head = "dag_id: d\ntasks: {a: {command: [x, \"";
  const std::string big(1u << 20, 'x');
  CHECK(parse_dag(head + big + "\"]}}\n").dag);
  const auto result = parse_dag(head + big + "{{ ds }}\"]}}\n");
  REQUIRE(result.diagnostics.entries.size() == 1);
  CHECK(result.diagnostics.entries[0].message == "a text with templates has at most 1048576 bytes");
}
