// Dates without an offset: what they mean, wherever the API takes one.
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

Zone zone(std::string_view name) { return *Zone::find(name); }

/// `etl` is daily in New York.
struct ServedInNewYork : Served {
  ServedInNewYork() {
    auto dag = std::make_shared<Dag>(*backend.dag);
    dag->schedule.kind = Schedule::Kind::cron;
    dag->schedule.cron = *parse_cron("@daily");
    dag->schedule.zone = zone("America/New_York");
    backend.dag = dag;
    backend.reply = [row = rows.backfills.front()](const Event&) { return Reply{{}, row}; };
  }

  BackfillSpec backfill(const std::string& dates) {
    const auto answer =
        ask("POST", "/api/v2/backfills", operator_, fmt::format(R"({{"dag_id":"etl",{}}})", dates));
    CAPTURE(answer.body);
    REQUIRE(answer.status == 200);
    return std::get<BackfillRequested>(backend.last()).spec;
  }
};

WallTime at(std::string_view text) { return *parse_iso(text); }

}  // namespace

TEST_CASE("a backfill's dates without an offset are the DAG's, with one they are what it says") {
  ServedInNewYork served;
  BackfillSpec spec = served.backfill(R"("from_date":"2013-03-09","to_date":"2013-03-11")");
  CHECK(spec.from_date == at("2013-03-09T05:00Z"));
  CHECK(spec.to_date == at("2013-03-12T03:59:59.999999Z"));  // the whole day
  spec = served.backfill(R"("from_date":"2013-03-09T00:00:00Z","to_date":"2013-03-11T00:00:00+00:00")");
  CHECK(spec.from_date == at("2013-03-09T00:00Z"));
  CHECK(spec.to_date == at("2013-03-11T00:00Z"));
  spec = served.backfill(R"("dates":["2013-03-11","2013-03-09T00:00","2013-03-10T05:00:00Z"])");
  CHECK(spec.dates == std::vector{at("2013-03-09T05:00Z"), at("2013-03-10T05:00Z"), at("2013-03-11T04:00Z")});
}

TEST_CASE("a dry run says which zone dates were taken in") {
  ServedInNewYork served;
  const JsonValue plan =
      json_of(served.ask("POST", "/api/v2/backfills/dry_run", Served::viewer,
                         R"({"dag_id":"etl","from_date":"2013-03-09","to_date":"2013-03-11"})"));
  CHECK(word(plan, "timezone") == "America/New_York");
  CHECK(plan.find("total_entries")->integer == 3);
  CHECK(word(plan.find("backfills")->items.at(2), "logical_date") == "2013-03-11T04:00:00Z");
}

TEST_CASE("a DAG that datasets start has the dates and the zone of the DAG that makes them") {
  ServedInNewYork served;
  served.backend.makers["raw"] = served.backend.dag;
  auto reader = std::make_shared<Dag>(*served.backend.dag);
  reader->dag_id = "reader";
  reader->schedule = Schedule{};
  reader->schedule.kind = Schedule::Kind::datasets;
  reader->schedule.datasets = {"raw"};
  served.backend.dag = reader;
  const JsonValue plan =
      json_of(served.ask("POST", "/api/v2/backfills/dry_run", Served::viewer,
                         R"({"dag_id":"etl","from_date":"2013-03-09","to_date":"2013-03-11"})"));
  CHECK(word(plan, "timezone") == "America/New_York");
  REQUIRE(plan.find("backfills")->items.size() == 3);
  CHECK(word(plan.find("backfills")->items.at(1), "logical_date") == "2013-03-10T05:00:00Z");
  CHECK(word(plan.find("backfills")->items.at(2), "logical_date") == "2013-03-11T04:00:00Z");
}

TEST_CASE("a trigger's dates without an offset are the DAG's") {
  ServedInNewYork served;
  served.ask("POST", "/api/v2/dags/etl/dagRuns", Served::operator_,
             R"({"logical_date":"2013-05-01","data_interval_start":"2013-05-01","data_interval_end":)"
             R"("2013-05-02T00:00:00Z"})");
  const auto wish = std::get<RunRequested>(served.backend.last());
  CHECK(wish.execution_date == at("2013-05-01T04:00Z"));
  REQUIRE(wish.interval);
  CHECK(wish.interval->start == at("2013-05-01T04:00Z"));
  CHECK(wish.interval->end == at("2013-05-02T00:00Z"));
}

TEST_CASE("a clear reaches the runs of the DAG's days") {
  ServedInNewYork served;
  served.rows.runs[0].execution_date = at("2013-05-01T04:00Z");
  const auto count = [&](std::string_view from, std::string_view to) {
    served.ask("POST", "/api/v2/dags/etl/clearTaskInstances", Served::operator_,
               fmt::format(R"({{"start_date":"{}","end_date":"{}"}})", from, to));
    return served.backend.wishes();
  };
  CHECK(count("2013-05-01T00:00:00Z", "2013-05-01T00:00:00Z") == 0);
  CHECK(count("2013-05-02", "2013-05-03") == 0);
  CHECK(count("2013-05-01", "2013-05-01") == 1);
}

TEST_CASE("filters by execution date are the DAG's where the path names one, else UTC") {
  ServedInNewYork served;
  served.rows.runs[0].execution_date = at("2013-05-02T03:00Z");
  const auto found = [&](std::string_view path, std::string_view date) {
    const auto answer = served.ask(
        "GET", fmt::format("/api/v2/dags/{0}?logical_date_gte={1}&logical_date_lte={1}", path, date),
        Served::viewer);
    return json_of(answer).find("total_entries")->integer;
  };
  CHECK(found("etl/dagRuns", "2013-05-01") == 1);
  CHECK(found("etl/dagRuns", "2013-05-02") == 0);
  CHECK(found("etl/dagRuns", "2013-05-02T03:00:00Z") == 1);
  CHECK(found("etl/dagRuns", "2013-05-01T00:00:00Z") == 0);
  CHECK(found("~/dagRuns", "2013-05-01") == 0);
  CHECK(found("~/dagRuns", "2013-05-02") == 1);
  CHECK(found("~/dagRuns", "2013-05-02T03:00:00Z") == 1);
}

TEST_CASE("a partition without an offset is one of the DAG that makes the dataset, else of those that wait") {
  ServedInNewYork served;
  const WallTime then = at("2026-01-01");
  served.rows.datasets = {{7, "raw", "raw", then, then, 1}};
  served.rows.references = {{7, DatasetUse::schedule, "etl", "", then, false}};
  served.backend.reply = [](const Event&) { return Reply{{}, DatasetEventRow{}}; };
  const auto partition = [&](std::string_view field, std::string_view text) {
    const auto answer = served.ask("POST", "/api/v2/assets/events", Served::operator_,
                                   fmt::format(R"({{"asset_id":7,"{}":"{}"}})", field, text));
    CAPTURE(answer.body);
    REQUIRE(answer.status == 200);
    return to_iso(*std::get<DatasetUpdated>(served.backend.last()).partition);
  };
  // Nobody here makes it: as those read it who wait for it.
  CHECK(partition("partition_key", "2013-05-01") == "2013-05-01T04:00:00Z");
  CHECK(partition("partition", "2013-05-01T06:00:00+00:00") == "2013-05-01T06:00:00Z");
  auto maker = std::make_shared<Dag>(*served.backend.dag);
  maker->schedule.zone = zone("Europe/Berlin");
  served.backend.makers["raw"] = maker;
  CHECK(partition("partition_key", "2013-05-01") == "2013-04-30T22:00:00Z");
}
