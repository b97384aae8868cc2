// Datasets, their versions, lineage and manifests: shapes and refusals.
#include <catch2/catch.hpp>

#include <set>

#include "api/dataset_shapes.h"
#include "api/json.h"
#include "fakes.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

JsonValue json_of(const Served::Answer& answer) {
  CAPTURE(answer.body);
  CHECK(answer.status == 200);
  auto json = parse_json(answer.body);
  REQUIRE(json.has_value());
  return *json;
}

std::string word(const JsonValue& json, std::string_view name) {
  const JsonValue* value = json.find(name);
  return value == nullptr ? "(missing)" : value->text;
}

/// raw@aaaa (attempt 1) -> made@bbbb (attempt 2) -> read by attempt 3; raw was written twice, the same.
struct ServedDatasets : Served {
  ServedDatasets() {
    const WallTime then = *parse_iso("2026-01-01");
    rows.datasets = {{7, "raw", "raw/{{ ds }}.csv", then, then, 1}};
    rows.references = {{7, DatasetUse::input, "etl", "load", then, false},
                       {7, DatasetUse::output, "etl", "load", then, false},
                       {7, DatasetUse::schedule, "other", "", then, false}};
    rows.attempts.clear();
    for (std::int64_t id : {1, 2, 3}) {
      AttemptRow attempt;
      attempt.id = {id};
      attempt.task_instance = rows.instances.at(0).id;
      attempt.run = rows.runs.at(0).id;
      attempt.try_number = static_cast<int>(id);
      attempt.name = "etl/r/load/-1/" + std::to_string(id);
      attempt.command = "python load.py";
      rows.attempts.push_back(attempt);
    }
    add(1, "raw", "b3:aaaa01", 1), add(2, "raw", "b3:aaaa01", 1), add(3, "made", "b3:bbbb", 2);
    const RunId run = rows.runs[0].id;
    rows.version_inputs = {{{2}, run, "raw", then, {2}}, {{3}, run, "made", then, {3}}};
  }
  void add(std::int64_t id, std::string dataset, std::string hash, std::int64_t attempt) {
    DatasetVersionRow row;
    row.id = {id};
    row.dataset = std::move(dataset);
    row.partition = *parse_iso("2001-01-05");
    row.hash = std::move(hash);
    row.attempt = {attempt};
    row.dag_id = "etl", row.run_id = "r", row.task_id = "load";
    row.bytes = 10, row.files = 1;
    if (id == 1) row.rows = 3, row.schema = R"([{"name":"x","type":"int64"}])";
    rows.dataset_versions.push_back(row);
  }
  std::set<std::string> nodes(const std::string& query) const {
    std::set<std::string> ids;
    const JsonValue lineage = json_of(ask("GET", "/api/v2/lineage?" + query, viewer));
    for (const JsonValue& node : lineage.find("nodes")->items) ids.insert(word(node, "id"));
    return ids;
  }
};

}  // namespace

TEST_CASE("a dataset names its users and its newest version") {
  const ServedDatasets served;
  const JsonValue raw = json_of(served.ask("GET", "/api/v2/datasets/raw", Served::viewer));
  CHECK(word(raw, "dag_id") == "etl");
  CHECK(word(raw.find("triggers")->items.at(0), "dag_id") == "other");
  CHECK(word(raw, "timezone") == "UTC");
  CHECK(raw.find("versions")->integer == 2);
  CHECK(raw.find("partitions")->integer == 1);
  CHECK(raw.find("newest_version")->find("id")->integer == 2);
  CHECK(served.ask("GET", "/api/v2/datasets/nothing", Served::viewer).status == 404);
  CHECK(json_of(served.ask("GET", "/api/v2/datasets", Served::viewer)).find("total_entries")->integer == 1);
}

TEST_CASE("a version is found by its number, its hash or the beginning of it") {
  const ServedDatasets served;
  const std::string path = "/api/v2/datasets/raw/versions";
  const JsonValue one = json_of(served.ask("GET", path + "/1", Served::viewer));
  CHECK(one.find("version")->find("rows")->integer == 3);
  CHECK(word(one.find("version")->find("columns")->items.at(0), "type") == "int64");
  CHECK(one.find("same_content")->integer == 2);
  const JsonValue two = json_of(served.ask("GET", path + "/b3:aaaa", Served::viewer));
  CHECK(two.find("version")->find("id")->integer == 2);
  CHECK(two.find("version")->find("rows")->is(JsonValue::Kind::null));
  CHECK(word(two.find("read_by")->items.at(0), "run_id") == "r");
  CHECK(two.find("read_by")->items.at(0).find("try_number")->integer == 2);
  for (const char* missing : {"/3", "/9", "/b3:cccc"})
    CHECK(served.ask("GET", path + missing, Served::viewer).status == 404);
  for (const char* bad : {"/b3:aa", "/x", "/b3:AAAA"})
    CHECK(served.ask("GET", path + bad, Served::viewer).status == 400);
  const JsonValue same = json_of(served.ask("GET", path + "?version=b3:aaaa", Served::viewer));
  CHECK(same.find("versions")->items.size() == 2);
  CHECK(served.ask("GET", path + "?version=aaaa", Served::viewer).status == 422);
  CHECK(served.ask("GET", path + "?partition=never", Served::viewer).status == 422);
  const JsonValue partitions = json_of(served.ask("GET", "/api/v2/datasets/raw/partitions", Served::viewer));
  CHECK(partitions.find("partitions")->items.at(0).find("versions")->integer == 2);
}

TEST_CASE("two contents with one beginning are a conflict") {
  ServedDatasets served;
  served.add(4, "raw", "b3:aaaa02", 1);
  CHECK(served.ask("GET", "/api/v2/datasets/raw/versions/b3:aaaa", Served::viewer).status == 409);
  CHECK(served.ask("GET", "/api/v2/datasets/raw/versions/b3:aaaa02", Served::viewer).status == 200);
}

TEST_CASE("lineage follows what is recorded, in both directions and no further than asked") {
  const ServedDatasets served;
  const std::string root = "node=dataset:made@b3:bbbb";
  CHECK(served.nodes(root + "&depth=0") == std::set<std::string>{"dataset:made@b3:bbbb#3"});
  CHECK(served.nodes(root + "&depth=1") ==
        std::set<std::string>{"dataset:made@b3:bbbb#3", "attempt:2", "attempt:3"});
  CHECK(served.nodes(root + "&direction=upstream&depth=9") ==
        std::set<std::string>{"dataset:made@b3:bbbb#3", "attempt:2", "dataset:raw@b3:aaaa01#2", "attempt:1"});
  CHECK(served.nodes(root + "&direction=downstream&depth=9") ==
        std::set<std::string>{"dataset:made@b3:bbbb#3", "attempt:3"});
  const JsonValue all = json_of(served.ask("GET", "/api/v2/lineage?" + root, Served::viewer));
  CHECK_FALSE(all.find("truncated")->boolean);
  const JsonValue& edge = all.find("edges")->items.at(0);
  CHECK(word(edge, "from") == "attempt:2");
  CHECK(word(edge, "to") == "dataset:made@b3:bbbb#3");
}

TEST_CASE("lineage of definitions goes through tasks; what isn't there is refused") {
  const ServedDatasets served;
  CHECK(served.nodes("node=dataset:raw&depth=1") ==
        std::set<std::string>{"dataset:raw", "task:etl/load", "dag:other"});
  for (const char* missing : {"dataset:x", "task:etl/x", "task:x/y", "dag:x", "run:etl/x", "attempt:99"})
    CHECK(served.ask("GET", std::string("/api/v2/lineage?node=") + missing, Served::viewer).status == 404);
  for (const char* bad : {"", "x", "node=", "node=thing:x", "node=dataset:raw&depth=21",
                          "node=dataset:raw&depth=x", "node=dataset:raw&direction=sideways"})
    CHECK(served.ask("GET", std::string("/api/v2/lineage?") + bad, Served::viewer).status == 422);
}

TEST_CASE("a manifest is the same bytes each time and names what was read and written") {
  const ServedDatasets served;
  const std::string path = "/api/v2/dags/etl/dagRuns/" + served.rows.runs.at(0).run_id + "/manifest";
  const auto answer = served.ask("GET", path, Served::viewer);
  CHECK(served.ask("GET", path, Served::viewer).body == answer.body);
  const JsonValue manifest = json_of(answer);
  CHECK(word(*manifest.find("dag_version"), "hash") == "abc");
  const JsonValue& task = manifest.find("tasks")->items.at(0);
  REQUIRE(task.find("attempts")->items.size() == 3);
  const JsonValue& second = task.find("attempts")->items[1];
  CHECK(word(second, "command") == "python load.py");
  CHECK(word(second.find("inputs")->items.at(0), "version") == "b3:aaaa01");
  CHECK(word(second.find("outputs")->items.at(0), "version") == "b3:bbbb");
  CHECK(served.ask("GET", "/api/v2/dags/etl/dagRuns/none/manifest", Served::viewer).status == 404);
}

TEST_CASE("an attempt's name comes apart") {
  const AttemptName name = parse_attempt_name("etl/scheduled__2001-01-05T00:00:00+00:00/load/7/2");
  CHECK(name.run_id == "scheduled__2001-01-05T00:00:00+00:00");
  CHECK(name.map_index == 7);
  CHECK(name.try_number == 2);
  CHECK(parse_attempt_name("nonsense").task_id.empty());
}
