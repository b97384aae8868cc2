// Datasets as Airflow's assets: shapes, wishes to the loop, refusals.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "api/json.h"
#include "fakes.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

JsonValue json_of(const Served::Answer& answer) {
  CAPTURE(answer.body);
  auto json = parse_json(answer.body);
  REQUIRE(json.has_value());
  return *json;
}

std::string word(const JsonValue& json, std::string_view name) {
  const JsonValue* value = json.find(name);
  return value == nullptr ? "(missing)" : value->text;
}

DatasetEventRow event_of(std::int64_t id, const char* partition) {
  DatasetEventRow row;
  row.id = id;
  row.dataset = "raw";
  row.partition = *parse_iso(partition);
  row.created_by = "ops";
  row.at = *parse_iso("2026-01-01T12:00:00Z");
  return row;
}

struct ServedAssets : Served {
  ServedAssets() {
    const WallTime then = *parse_iso("2026-01-01");
    rows.datasets = {{7, "raw", "raw/{{ ds }}.csv", then, then, 1}};
    rows.references = {{7, DatasetUse::input, "etl", "load", then, false},
                       {7, DatasetUse::output, "etl", "load", then, false},
                       {7, DatasetUse::schedule, "etl", "", then, false}};
    rows.events = {event_of(3, "2001-01-05")};
    rows.links = {{3, "etl", rows.runs[0].id, 2, true, {}, then}, {3, "other", {}, 0, false, "gone", then}};
    rows.queued = {{"etl", 3, then, "raw", *parse_iso("2001-01-05T06:00"), then, false, false}};
  }
};

}  // namespace

TEST_CASE("an asset names who makes it, who reads it and whom it starts") {
  const ServedAssets served;
  const JsonValue asset = json_of(served.ask("GET", "/api/v2/assets/7", Served::viewer));
  CHECK(asset.find("id")->integer == 7);
  CHECK(word(asset, "uri") == "raw/{{ ds }}.csv");
  CHECK(word(asset, "group") == "asset");
  for (const char* name : {"scheduled_dags", "producing_tasks", "consuming_tasks"})
    CHECK(word(asset.find(name)->items.at(0), "dag_id") == "etl");
  CHECK(word(asset.find("producing_tasks")->items.at(0), "task_id") == "load");
  CHECK(asset.find("scheduled_dags")->items.at(0).find("task_id") == nullptr);
  CHECK(asset.find("last_asset_event")->find("id")->integer == 3);
  CHECK(served.ask("GET", "/api/v2/assets/8", Served::viewer).status == 404);
  CHECK(served.ask("GET", "/api/v2/assets/raw", Served::viewer).status == 400);
  CHECK(json_of(served.ask("GET", "/api/v2/assets", Served::viewer)).find("total_entries")->integer == 1);
}

TEST_CASE("an event shows the runs it fed and the DAGs that it was skipped for") {
  const ServedAssets served;
  const JsonValue list = json_of(served.ask("GET", "/api/v2/assets/events?asset_id=7", Served::viewer));
  const JsonValue& event = list.find("asset_events")->items.at(0);
  CHECK(event.find("asset_id")->integer == 7);
  CHECK(word(event, "partition_key") == "2001-01-05");
  CHECK(event.find("source_dag_id")->is(JsonValue::Kind::null));
  CHECK(event.find("source_map_index")->integer == -1);
  CHECK(event.find("version_id")->is(JsonValue::Kind::null));
  REQUIRE(event.find("created_dagruns")->items.size() == 1);
  const JsonValue& run = event.find("created_dagruns")->items.at(0);
  CHECK(word(run, "run_id") == served.rows.runs[0].run_id);
  CHECK(run.find("triggering")->boolean);
  CHECK(run.find("rerun")->integer == 2);
  CHECK_FALSE(run.find("start_date")->is(JsonValue::Kind::null));
  CHECK(word(event.find("skipped_dags")->items.at(0), "reason") == "gone");
  CHECK(json_of(served.ask("GET", "/api/v2/assets/events?asset_id=9", Served::viewer))
            .find("total_entries")
            ->integer == 0);
  CHECK(served.ask("GET", "/api/v2/assets/events?asset_id=x", Served::viewer).status == 422);
  CHECK(served.ask("GET", "/api/v2/assets/events?timestamp_gte=never", Served::viewer).status == 422);
}

TEST_CASE("an event from outside reaches the loop with its partition, its extra and who") {
  ServedAssets served;
  served.backend.reply = [](const Event&) { return Reply{{}, event_of(4, "2001-01-06")}; };
  const auto answer = served.ask("POST", "/api/v2/assets/events", Served::operator_,
                                 R"({"asset_id":7,"extra":{"rows":12},"partition_key":"2001-01-06"})");
  CHECK(answer.status == 200);
  CHECK(json_of(answer).find("id")->integer == 4);
  const auto wish = std::get<DatasetUpdated>(served.backend.last());
  CHECK(wish.dataset == "raw");
  CHECK(wish.partition == parse_iso("2001-01-06"));
  CHECK(wish.extra == R"({"rows":12,"from_rest_api":true})");
  CHECK(wish.by == "ops");
  const std::size_t wishes = served.backend.wishes();
  for (const char* body :
       {R"({})", R"({"asset_id":"7"})", R"({"asset_id":7,"partition_key":"blue"})", R"({"asset_id":7,"x":1})",
        R"({"asset_id":7,"partition_key":"2001-01-05","partition":"2001-01-06"})"})
    CHECK(served.ask("POST", "/api/v2/assets/events", Served::operator_, body).status == 422);
  CHECK(served.ask("POST", "/api/v2/assets/events", Served::operator_, R"({"asset_id":8})").status == 404);
  CHECK(served.ask("POST", "/api/v2/assets/events", Served::viewer, R"({"asset_id":7})").status == 403);
  CHECK(served.backend.wishes() == wishes);
}

TEST_CASE("materialize asks for a run of the DAG that makes the asset") {
  ServedAssets served;
  served.backend.reply = [&](const Event&) { return Reply{{}, served.rows.runs[0]}; };
  const auto answer = served.ask("POST", "/api/v2/assets/7/materialize", Served::operator_,
                                 R"({"logical_date":"2001-01-05"})");
  CHECK(answer.status == 200);
  CHECK(word(json_of(answer), "dag_id") == "etl");
  CHECK(std::get<RunRequested>(served.backend.last()).execution_date == parse_iso("2001-01-05"));
  served.rows.references.clear();
  CHECK(served.ask("POST", "/api/v2/assets/7/materialize", Served::operator_, "{}").status == 404);
}

TEST_CASE("events that wait are listed and dropped by asset, by DAG and by both") {
  ServedAssets served;
  for (const char* path : {"/api/v2/assets/7/queuedEvents", "/api/v2/dags/etl/assets/queuedEvents"}) {
    const JsonValue list = json_of(served.ask("GET", path, Served::viewer));
    REQUIRE(list.find("total_entries")->integer == 1);
    CHECK(word(list.find("queued_events")->items.at(0), "partition_key") == "2001-01-05T06:00:00Z");
  }
  const std::string both = "/api/v2/dags/etl/assets/7/queuedEvents";
  CHECK(json_of(served.ask("GET", both, Served::viewer)).find("asset_id")->integer == 7);
  CHECK(served.ask("DELETE", both + "?before=2026-01-02", Served::operator_).status == 204);
  const auto wish = std::get<DropQueuedEvents>(served.backend.last());
  CHECK(wish.dag_id == "etl");
  CHECK(wish.dataset == "raw");
  CHECK(wish.before == parse_iso("2026-01-02"));
  CHECK(served.ask("DELETE", "/api/v2/assets/7/queuedEvents", Served::operator_).status == 204);
  CHECK(std::get<DropQueuedEvents>(served.backend.last()).dag_id.empty());
  CHECK(served.ask("DELETE", both, Served::viewer).status == 403);
  served.rows.queued.clear();
  CHECK(served.ask("GET", both, Served::viewer).status == 404);
}

TEST_CASE("the preview of a DAG that waits for datasets says what is missing, and why it waits") {
  ServedAssets served;
  auto dag = std::make_shared<Dag>(*served.backend.dag);
  dag->schedule.kind = Schedule::Kind::datasets;
  dag->schedule.datasets = {"prices", "raw"};
  dag->schedule.partition.kind = PartitionMapping::Kind::to;
  dag->schedule.partition.to = *parse_cron("@daily");
  dag->schedule.partition.each = *parse_cron("@hourly");
  served.backend.dag = dag;
  served.rows.queued[0].run_date = *parse_iso("2001-01-05");
  const auto preview = [&] {
    return json_of(served.ask("GET", "/api/v2/dags/etl/schedule/preview", Served::viewer))
        .find("waiting")
        ->items.at(0);
  };
  const JsonValue waits = preview();
  CHECK(word(waits, "execution_date") == "2001-01-05T00:00:00Z");
  CHECK(waits.find("events")->integer == 1);
  REQUIRE(waits.find("missing")->items.size() == 2);
  CHECK(word(waits.find("missing")->items.at(0), "dataset") == "prices");
  CHECK(waits.find("missing")->items.at(0).find("partitions")->items.size() == 20);
  CHECK(word(waits, "why") == "24 partitions of prices, 24 partitions of raw");
  served.rows.dags[0].paused = true;
  CHECK(word(preview(), "why") == "the DAG is paused");
}

TEST_CASE("a run names the events that fed it") {
  const ServedAssets served;
  const std::string run = "/api/v2/dags/etl/dagRuns/" + served.rows.runs[0].run_id;
  const JsonValue list = json_of(served.ask("GET", run + "/upstreamAssetEvents", Served::viewer));
  CHECK(list.find("total_entries")->integer == 1);
  CHECK(json_of(served.ask("GET", "/api/v2/assets/aliases", Served::viewer)).find("total_entries")->integer ==
        0);
  CHECK(served.ask("GET", "/api/v2/assets/aliases/1", Served::viewer).status == 404);
}
