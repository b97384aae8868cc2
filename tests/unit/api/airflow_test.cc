// What Airflow's clients send beyond our own: masks, pairs, bulk requests; and the refusals that they read.
#include <catch2/catch.hpp>

#include "api/json.h"
#include "fakes.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

const std::string run_path = "/api/v2/dags/etl/dagRuns/manual__2001-01-05T00:00:00+00:00";

JsonValue json_of(const Served::Answer& answer) {
  auto json = parse_json(answer.body);
  REQUIRE(json.has_value());
  return *json;
}

}  // namespace

TEST_CASE("a 422 lists what is wrong and where; other refusals are a sentence") {
  const Served served;
  const auto wrong = json_of(served.ask("GET", "/api/v2/dags?limit=many", served.admin));
  const JsonValue& first = wrong.find("detail")->items.at(0);
  CHECK(first.find("loc")->items.at(1).text == "limit");
  CHECK(first.find("msg")->text == "a number from 0 to 1000");
  CHECK(first.find("type")->text == "invalid");
  const auto missing = json_of(served.ask("GET", "/api/v2/dags/nobody", served.admin));
  CHECK(missing.find("detail")->text == "there is no DAG 'nobody'");
}

TEST_CASE("a member that update_mask leaves out isn't taken, an unknown name is refused") {
  const Served served;
  const std::string body = R"({"state":"failed","note":"seen"})";
  CHECK(served.ask("PATCH", run_path + "?update_mask=note", Served::operator_, body).status == 200);
  CHECK(std::get<NoteSet>(served.backend.last()).note == "seen");
  CHECK(served.backend.wishes() == 1);
  CHECK(served.ask("PATCH", run_path + "?update_mask=colour", Served::operator_, body).status == 400);
}

TEST_CASE("a clear takes names and pairs of a task and a map_index together") {
  const Served served;
  const std::string body =
      R"({"dag_run_id":"manual__2001-01-05T00:00:00+00:00","task_ids":["load",["map",2],["map",5]],)"
      R"("include_downstream":true,"only_failed":false,"dry_run":false,"note":"again"})";
  CHECK(served.ask("POST", "/api/v2/dags/etl/clearTaskInstances", Served::operator_, body).status == 200);
  const auto wish = std::get<ClearRequested>(served.backend.last());
  CHECK(wish.task_ids == std::vector<std::string>{"load"});
  CHECK(wish.instances == std::vector<std::pair<std::string, int>>{{"map", 2}, {"map", 5}});
  CHECK((wish.downstream && !wish.only_failed && !wish.dry_run));
  CHECK(wish.note == "again");
}

TEST_CASE("a bulk request says of each entity what became of it") {
  Served served;
  served.backend.reply = [](const Event& event) -> Reply {
    const auto* set = std::get_if<VariableSet>(&event);
    if (set != nullptr && set->key == "taken") return {{}, Error{ErrorKind::conflict, "there is one"}};
    return {{}, Done{}};
  };
  const std::string body =
      R"({"actions":[{"action":"create","entities":[{"key":"a","value":1},{"key":"taken","value":2}]},)"
      R"({"action":"create","entities":[{"key":"taken","value":2}],"action_on_existence":"skip"},)"
      R"({"action":"delete","entities":["b"]}]})";
  const auto answer = served.ask("PATCH", "/api/v2/variables", Served::operator_, body);
  CHECK(answer.status == 200);
  const auto json = json_of(answer);
  CHECK(json.find("create")->find("success")->items.size() == 1);
  CHECK(json.find("create")->find("errors")->items.size() == 1);
  CHECK(json.find("create")->find("errors")->items.at(0).find("status_code")->integer == 409);
  CHECK(json.find("delete")->find("success")->items.at(0).text == "b");
  CHECK(json.find("update")->is(JsonValue::Kind::null));
  const auto odd =
      served.ask("PATCH", "/api/v2/variables", Served::operator_, R"({"actions":[{"action":"x"}]})");
  CHECK(odd.status == 422);
}

TEST_CASE("a variable's value is kept as text, what isn't a string as its JSON") {
  const Served served;
  served.ask("POST", "/api/v2/variables", Served::operator_, R"({"key":"k","value":{"a":[1]}})");
  CHECK(std::get<VariableSet>(served.backend.last()).value == R"({"a":[1]})");
  served.ask("POST", "/api/v2/variables", Served::operator_, R"({"key":"k","value":"plain"})");
  CHECK(std::get<VariableSet>(served.backend.last()).value == "plain");
  CHECK(served.ask("POST", "/api/v2/variables", Served::operator_, R"({"key":"k"})").status == 422);
  CHECK(served.ask("POST", "/api/v2/variables", Served::viewer, R"({"key":"k","value":1})").status == 403);
}

TEST_CASE("a batch list reads its filters from the body and refuses what it doesn't know") {
  const Served served;
  const auto status = [&](std::string_view body) {
    return served.ask("POST", "/api/v2/dags/~/dagRuns/list", Served::viewer, body).status;
  };
  CHECK(status(R"({"dag_ids":["etl"],"states":[null,"failed"],"logical_date_gte":"2001-01-01"})") == 200);
  CHECK(status(R"({"colour":1})") == 422);
  CHECK(status(R"({"states":["odd"]})") == 422);
}

TEST_CASE("a list with a cursor tells where the next page begins instead of a count") {
  const Served served;
  const auto page = json_of(served.ask("GET", "/api/v2/dags/etl/dagRuns?cursor=&limit=1", Served::viewer));
  CHECK(page.find("next_cursor")->text == "1");
  CHECK(page.find("total_entries")->is(JsonValue::Kind::null));
  CHECK(served.ask("GET", "/api/v2/dags/etl/dagRuns?cursor=x", Served::viewer).status == 422);
  CHECK(served.ask("GET", "/api/v2/dags/etl/dagRuns?cursor=0&order_by=state", Served::viewer).status == 422);
}

TEST_CASE("waiting for a run that has ended is answered at once, for a stream as one line") {
  const Served served;
  const auto ended = json_of(served.ask("GET", run_path + "/wait?interval=1", Served::viewer));
  CHECK(ended.find("state")->text == "success");
  const auto line = served.ask("GET", run_path + "/wait?interval=1", Served::viewer, {}, {},
                               "Accept: application/x-ndjson\r\n");
  CHECK(line.head.find("application/x-ndjson") != line.head.npos);
  CHECK(line.body.ends_with("\n"));
}
