// What the resources say and ask for: shapes, wishes to the loop, refusals.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "api/json.h"
#include "fakes.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

const std::string run_path = "/api/v2/dags/etl/dagRuns/manual__2001-01-05T00:00:00+00:00";

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

}  // namespace

TEST_CASE("health is open and says more to those with a token") {
  const Served served;
  const JsonValue open = json_of(served.ask("GET", "/api/v2/monitor/health", ""));
  CHECK(word(*open.find("metadatabase"), "status") == "healthy");
  CHECK(open.find("millrace") == nullptr);
  const JsonValue known = json_of(served.ask("GET", "/api/v2/monitor/health", Served::viewer));
  REQUIRE(known.find("millrace") != nullptr);
  CHECK(word(*known.find("millrace"), "isolation") == "rlimits");
}

TEST_CASE("lists have a plural name and total_entries") {
  const Served served;
  for (const auto& [target, plural] : std::initializer_list<std::pair<std::string, std::string>>{
           {"/api/v2/dags", "dags"},
           {"/api/v2/dags/etl/dagRuns", "dag_runs"},
           {"/api/v2/dags/~/dagRuns", "dag_runs"},
           {run_path + "/taskInstances", "task_instances"},
           {"/api/v2/dags/~/dagRuns/~/taskInstances", "task_instances"},
           {"/api/v2/backfills", "backfills"},
           {"/api/v2/pools", "pools"},
           {"/api/v2/eventLogs", "event_logs"},
           {"/api/v2/importErrors", "import_errors"},
           {run_path + "/taskInstances/load/xcomEntries", "xcom_entries"}}) {
    CAPTURE(target);
    const JsonValue list = json_of(served.ask("GET", target, Served::viewer));
    REQUIRE(list.find(plural) != nullptr);
    CHECK(list.find(plural)->is(JsonValue::Kind::array));
    REQUIRE(list.find("total_entries") != nullptr);
    CHECK(list.find("total_entries")->is(JsonValue::Kind::integer));
  }
}

TEST_CASE("a run shows both names of its date and Airflow's words") {
  Served served;
  served.rows.runs[0].type = RunType::dataset_triggered;
  const JsonValue run = json_of(served.ask("GET", run_path, Served::viewer));
  CHECK(word(run, "logical_date") == "2001-01-05T00:00:00Z");
  CHECK(word(run, "execution_date") == "2001-01-05T00:00:00Z");
  CHECK(word(run, "run_type") == "asset_triggered");
  CHECK(word(run, "run_kind") == "dataset_triggered");
  CHECK(word(run, "state") == "success");
  CHECK(run.find("dag_versions")->items.size() == 1);
  CHECK(run.find("conf")->is(JsonValue::Kind::object));
}

TEST_CASE("a trigger becomes one wish with the date, the params and who") {
  Served served;
  served.backend.reply = [&](const Event&) { return Reply{{}, served.rows.runs[0]}; };
  const auto answer = served.ask("POST", "/api/v2/dags/etl/dagRuns", Served::operator_,
                                 R"({"execution_date":"2001-01-05","note":"hello","conf":{}})");
  CHECK(answer.status == 200);
  CHECK(word(json_of(answer), "dag_run_id") == "manual__2001-01-05T00:00:00+00:00");
  REQUIRE(served.backend.wishes() == 1);
  const Event last = served.backend.last();
  const auto* wish = std::get_if<RunRequested>(&last);
  REQUIRE(wish != nullptr);
  CHECK(wish->dag_id == "etl");
  CHECK(wish->execution_date == parse_iso("2001-01-05"));
  CHECK(wish->note == "hello");
  CHECK(wish->by == "ops");
}

TEST_CASE("a refusal of the loop becomes its status, with Airflow's detail") {
  Served served;
  served.backend.reply = [](const Event&) {
    return Reply{{}, Error{ErrorKind::conflict, "a run of that date is there"}};
  };
  const auto answer = served.ask("POST", "/api/v2/dags/etl/dagRuns", served.admin, "{}");
  CHECK(answer.status == 409);
  CHECK(word(json_of(answer), "detail") == "a run of that date is there");
  CHECK(word(json_of(answer), "code") == "conflict");
  for (const auto& [kind, status] : {std::pair{ErrorKind::unavailable, 503}, {ErrorKind::overloaded, 429},
                                     {ErrorKind::full, 507}}) {
    served.backend.reply = [kind = kind](const Event&) { return Reply{{}, Error{kind, "not now"}}; };
    const auto busy = served.ask("POST", "/api/v2/dags/etl/dagRuns", served.admin, "{}");
    CHECK(busy.status == status);
    CHECK(busy.head.find("Retry-After:") != busy.head.npos);
  }
}

TEST_CASE("a failure of ours says an id and nothing else") {
  Served served;
  served.backend.reply = [](const Event&) { return Reply{{}, Error{ErrorKind::internal, "secret path /x"}}; };
  const auto answer = served.ask("POST", "/api/v2/dags/etl/dagRuns", served.admin, "{}");
  CHECK(answer.status == 500);
  CHECK(answer.body.find("secret") == answer.body.npos);
  CHECK(answer.body.find("id=") != answer.body.npos);
}

TEST_CASE("unknown and ill-typed members are named, with the nearest known one") {
  const Served served;
  const auto typo =
      served.ask("POST", "/api/v2/dags/etl/dagRuns", served.admin, R"({"logicaldate":"2001-01-05"})");
  CHECK(typo.status == 422);
  CHECK(typo.body.find("logical_date") != typo.body.npos);
  const auto feb =
      served.ask("POST", "/api/v2/dags/etl/dagRuns", served.admin, R"({"logical_date":"2001-02-31"})");
  CHECK(feb.status == 422);
  CHECK(served.ask("POST", "/api/v2/dags/etl/dagRuns", served.admin, "[]").status == 422);
  CHECK(served.ask("POST", "/api/v2/dags/nope/dagRuns", served.admin, "{}").status == 404);
  CHECK(served.backend.wishes() == 0);
}

TEST_CASE("bad paging and order are refused") {
  const Served served;
  for (const std::string_view query : {"limit=-1", "limit=1001", "limit=x", "offset=-1", "order_by=nonsense",
                                       "state=nonsense", "logical_date_gte=2001-02-31", "run_type=x"}) {
    CAPTURE(query);
    CHECK(served.ask("GET", fmt::format("/api/v2/dags/~/dagRuns?{}", query), served.admin).status == 422);
  }
  CHECK(served.ask("GET", "/api/v2/dags?limit=%zz", served.admin).status == 400);
}

TEST_CASE("a DAG with errors is 422 with places and the text as a terminal shows it") {
  const Served served;
  const auto answer = served.ask("POST", "/api/v2/dags", served.admin, "nothing: here\n", "text/yaml");
  CHECK(answer.status == 422);
  const JsonValue json = json_of(answer);
  REQUIRE(json.find("errors") != nullptr);
  CHECK(json.find("errors")->items.at(0).find("line")->integer == 1);
  CHECK(word(json.find("errors")->items.at(0), "hint") == "add one");
  CHECK(word(json, "rendered").find("1:1") != std::string::npos);
}

TEST_CASE("clear shows first: dry_run is true unless said otherwise") {
  Served served;
  served.backend.reply = [&](const Event&) {
    return Reply{{}, Cleared{served.rows.runs[0], served.rows.instances}};
  };
  const auto answer = served.ask("POST", "/api/v2/dags/etl/clearTaskInstances", Served::operator_,
                                 R"({"dag_run_id":"manual__2001-01-05T00:00:00+00:00","task_ids":["load"]})");
  CHECK(answer.status == 200);
  CHECK(json_of(answer).find("total_entries")->integer == 1);
  const Event last = served.backend.last();
  const auto* wish = std::get_if<ClearRequested>(&last);
  REQUIRE(wish != nullptr);
  CHECK(wish->dry_run);
  CHECK(wish->only_failed);
  CHECK(wish->task_ids == std::vector<std::string>{"load"});
}

TEST_CASE("marks, pauses, cancels and pools reach the loop as what they are") {
  Served served;
  CHECK(served.ask("PATCH", run_path + "/taskInstances/load", Served::operator_, R"({"new_state":"skipped"})")
            .status == 200);
  CHECK(std::get<MarkTaskRequested>(served.backend.last()).to == TaskState::skipped);
  CHECK(served.ask("PATCH", run_path + "/taskInstances/load", Served::operator_, R"({"new_state":"running"})")
            .status == 422);
  CHECK(served.ask("PATCH", "/api/v2/dags/etl", Served::operator_, R"({"is_paused":true})").status == 200);
  CHECK(std::get<DagPaused>(served.backend.last()).paused);
  CHECK(served.ask("POST", run_path + "/cancel", Served::operator_).status == 200);
  CHECK(std::get<CancelRequested>(served.backend.last()).run == RunId{1});
  CHECK(served.ask("PATCH", run_path, Served::operator_, R"({"state":"failed"})").status == 200);
  CHECK(std::get<MarkRunRequested>(served.backend.last()).to == RunState::failed);
  CHECK(served.ask("PUT", "/api/v2/backfills/3/cancel?mode=terminate", Served::operator_).status == 200);
  CHECK(std::get<BackfillAction>(served.backend.last()).kind == BackfillAction::Kind::cancel_terminate);
  CHECK(served.ask("PUT", "/api/v2/backfills/4/cancel", Served::operator_).status == 404);
  CHECK(served.ask("POST", "/api/v2/pools", served.admin, R"({"name":"gpu","slots":2})").status != 503);
  CHECK(std::get<PoolSet>(served.backend.last()).slots == 2);
  CHECK(served.ask("POST", "/api/v2/pools", served.admin, R"({"name":"cpu","slots":2})").status == 409);
  CHECK(served.ask("DELETE", "/api/v2/pools/cpu", served.admin).status == 204);
}

TEST_CASE("a backfill's dry run says per date what would happen, and changes nothing") {
  const Served served;
  const auto answer = served.ask("POST", "/api/v2/backfills/dry_run", Served::viewer,
                                 R"({"dag_id":"etl","from_date":"2001-01-05","to_date":"2001-01-07"})");
  const JsonValue plan = json_of(answer);
  REQUIRE(answer.status == 200);
  CHECK(plan.find("total_entries")->integer == 3);
  CHECK(word(plan.find("backfills")->items.at(0), "action") == "skip");
  CHECK(word(plan.find("backfills")->items.at(1), "action") == "create");
  CHECK(plan.find("counts")->find("create")->integer == 2);
  CHECK(plan.find("totals")->find("skip")->integer == 1);
  CHECK(plan.find("spans")->items.size() == 2);
  CHECK(word(plan, "revision").ends_with(".s1c2"));
  CHECK(served.backend.wishes() == 0);
  const auto backwards = served.ask("POST", "/api/v2/backfills/dry_run", Served::viewer,
                                    R"({"dag_id":"etl","from_date":"2001-01-07","to_date":"2001-01-05"})");
  CHECK(backwards.status == 422);
}

TEST_CASE("a backfill isn't made when its dates have become another matter since the handler looked") {
  Served served;
  served.backend.reply = [row = served.rows.backfills.front()](const Event&) { return Reply{{}, row}; };
  const std::string body = R"({"dag_id":"etl","from_date":"2001-01-05","to_date":"2001-01-07")";
  const auto plan = json_of(served.ask("POST", "/api/v2/backfills/dry_run", Served::viewer, body + "}"));
  const std::string start = fmt::format(R"({},"revision":"{}"}})", body, word(plan, "revision"));
  CHECK(served.ask("POST", "/api/v2/backfills", Served::operator_, start).status == 200);
  // Between the handler's look and the loop's step somebody triggers a run of the 6th.
  served.backend.before_step = [&] {
    RunRow run = served.rows.runs.front();
    run.id = {2};
    run.execution_date = *parse_iso("2001-01-06");
    served.rows.runs.push_back(run);
    NamedEvent event;
    event.event.seq = 1;
    served.rows.named_events.push_back(event);
  };
  const auto moved = served.ask("POST", "/api/v2/backfills", Served::operator_, start);
  CHECK(moved.status == 409);
  CHECK(moved.body.find("2001-01-06T00:00:00Z: was create, is skip") != std::string::npos);
}
