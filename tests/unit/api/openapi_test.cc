// The document says of every route what it takes, what it answers and who may; nothing is missing, nothing
// idle.
#include "api/openapi.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <catch2/catch.hpp>
#include <regex>

#include "api/json.h"
#include "api/routes/table.h"
#include "fakes.h"
#include "scheduler/words.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

JsonValue document() {
  auto json = parse_json(openapi_document());
  REQUIRE(json.has_value());
  return *json;
}

const JsonValue& at(const JsonValue& json, std::initializer_list<std::string_view> path) {
  const JsonValue* value = &json;
  for (const std::string_view name : path) {
    value = value->find(name);
    CAPTURE(name);
    REQUIRE(value != nullptr);
  }
  return *value;
}

std::string lower_method(std::string_view method) {
  std::string out(method);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::vector<std::string> enum_of(const JsonValue& json, std::string_view schema) {
  std::vector<std::string> out;
  for (const JsonValue& item : at(json, {"components", "schemas", schema, "enum"}).items)
    out.push_back(item.text);
  return out;
}

template <class Enum>
std::vector<std::string> all_words(Enum last) {
  std::vector<std::string> out;
  for (int i = 0; i <= static_cast<int>(last); ++i) out.emplace_back(to_word(static_cast<Enum>(i)));
  return out;
}

}  // namespace

TEST_CASE("every schema and parameter that a route names is described, every described one is used") {
  const auto faults = openapi_faults(resources(), SchemaBook::embedded());
  INFO(fmt::format("{}", fmt::join(faults, "\n")));
  CHECK(faults.empty());
}

TEST_CASE("what a new route forgot is said with its name") {
  const Route forgetful[] = {
      {"GET",
       "/api/v2/things/{thing_id}",
       viewer,
       handlers::get_dag,
       {.id = "get_thing", .summary = "Get a thing", .query = "limit colour", .reply = "Thing"}},
      {"POST", "/api/v2/things", viewer, handlers::get_dag, {.id = "get_thing", .summary = "Make a thing"}},
  };
  const Resource things[] = {{"Things", "All kinds.", forgetful}};
  const auto faults = openapi_faults(things, SchemaBook::embedded());
  const std::string all = fmt::format("{}", fmt::join(faults, "\n"));
  CAPTURE(all);
  for (const std::string_view expected :
       {"GET /api/v2/things/{thing_id}: its reply is 'Thing', which no file of api/schemas/ describes",
        "GET /api/v2/things/{thing_id}: its path parameter 'thing_id' isn't in api/schemas/parameters.json",
        "GET /api/v2/things/{thing_id}: its query parameter 'colour' isn't in api/schemas/parameters.json",
        "POST /api/v2/things: another operation has the id 'get_thing'",
        "POST /api/v2/things: says neither a reply nor .status = 204", "no route uses the schema 'DagRun'"}) {
    CAPTURE(expected);
    CHECK(all.find(expected) != all.npos);
  }
}

TEST_CASE("a schema that refers to nothing is named") {
  const EmbeddedFile files[] = {{"a.json", R"({"A": {"properties": {"b": "[B]?"}}, "C": {"extends": "D"}})"},
                                {"b.json", R"({"A": "string"})"},
                                {"c.json", "[]"}};
  const SchemaBook book(files);
  const std::string all = fmt::format("{}", fmt::join(book.faults(), "\n"));
  CAPTURE(all);
  CHECK(all.find("'A' refers to 'B'") != all.npos);
  CHECK(all.find("'C' refers to 'D'") != all.npos);
  CHECK(all.find("api/schemas/b.json: 'A' is described in another file too") != all.npos);
  CHECK(all.find("api/schemas/c.json") != all.npos);
}

TEST_CASE("the short form of a schema is written out") {
  const EmbeddedFile files[] = {{"a.json", R"({
    "Base": {"properties": {"id": "integer"}},
    "Word": {"enum": ["a", "b", null]},
    "Thing": {"extends": "Base", "properties": {"words?": "[Word] What it says.", "by": "{Base}",
                                                "at": "Word?", "note": "string?"},
              "additionalProperties": false}
  })"}};
  const SchemaBook book(files);
  REQUIRE(book.faults().empty());
  const auto written = [&](std::string_view name) {
    JsonWriter out;
    book.write(out, *book.schema(name));
    return out.take();
  };
  CHECK(written("Word") == R"({"type":["string","null"],"enum":["a","b",null]})");
  CHECK(written("Thing") ==
        R"({"type":"object","additionalProperties":false,"properties":{"id":{"type":"integer"},)"
        R"("words":{"type":"array","items":{"$ref":"#/components/schemas/Word"},)"
        R"("description":"What it says."},)"
        R"("by":{"type":"object","additionalProperties":{"$ref":"#/components/schemas/Base"}},)"
        R"("at":{"anyOf":[{"$ref":"#/components/schemas/Word"},{"type":"null"}]},)"
        R"("note":{"type":["string","null"]}},"required":["id","by","at","note"]})");
}

TEST_CASE("the document has every route with its permission") {
  const JsonValue json = document();
  for (const Route& route : routes()) {
    const std::string method = lower_method(route.method);
    CAPTURE(route.method, route.pattern);
    std::string path(route.pattern);
    std::erase(path, '*');
    const JsonValue& operation = at(json, {"paths", path, method});
    const std::string wanted = route.needs.open() ? "anyone" : std::string(to_word(route.needs.least()));
    CHECK(at(operation, {"x-permission"}).text == wanted);
    const JsonValue& security = at(operation, {"security"});
    if (route.needs.open()) {
      CHECK(security.items.front().members.empty());
    } else {
      REQUIRE(security.items.size() == 1);
      CHECK(at(security.items.front(), {"token"}).items.at(0).text == wanted);
      CHECK(operation.find("responses")->find("401") != nullptr);
    }
  }
}

TEST_CASE("what was made leads on to what can be done with it") {
  const JsonValue json = document();
  const JsonValue& links =
      at(json, {"paths", "/api/v2/dags/{dag_id}/dagRuns", "post", "responses", "200", "links"});
  CHECK(at(links, {"get_dag_run", "parameters", "run_id"}).text == "$response.body#/dag_run_id");
  CHECK(at(links, {"get_task_instances", "parameters", "dag_id"}).text == "$response.body#/dag_id");
  CHECK(links.find("get_task_instance") == nullptr);  // a run says no task_id
  const JsonValue& made = at(json, {"paths", "/api/v2/dags", "post", "responses"});
  CHECK(at(made, {"201", "links"}).find("trigger_dag_run") != nullptr);
}

TEST_CASE("a DAG file is described by the language's own schema") {
  const JsonValue json = document();
  CHECK(at(json, {"components", "schemas", "DagFile", "properties", "dag_id"}).find("pattern") != nullptr);
  CHECK(at(json, {"components", "schemas", "DagFile_task", "properties"}).find("depends_on") != nullptr);
  CHECK(openapi_document().find("#/$defs/") == std::string::npos);
}

TEST_CASE("path parameters are described as segment_ok checks them") {
  const std::vector<std::string> samples = {"a",
                                            "A-b_c.1",
                                            "..",
                                            ".",
                                            "",
                                            "~",
                                            "-1",
                                            "-2",
                                            "0",
                                            "12",
                                            "999999999999999999",
                                            "a+b:c",
                                            ".hidden",
                                            "a~b",
                                            "a/b",
                                            "a b",
                                            "a%b",
                                            "manual__2001-01-05T00:00:00+00:00",
                                            "\xc3\xa9",
                                            "1000000000000000000",
                                            std::string(200, 'a'),
                                            std::string(201, 'a'),
                                            std::string(250, 'a'),
                                            std::string(251, 'a')};
  const SchemaBook& book = SchemaBook::embedded();
  for (const auto& [name, value] : book.parameters("path")) {
    const JsonValue* schema = &value;
    if (value.is(JsonValue::Kind::string)) schema = book.schema(value.text.substr(0, value.text.find(' ')));
    REQUIRE(schema != nullptr);
    for (const std::string& sample : samples) {
      CAPTURE(name, sample);
      if (const JsonValue* pattern = schema->find("pattern"); pattern != nullptr) {
        CHECK(std::regex_search(sample, std::regex(pattern->text)) == segment_ok(name, sample));
        continue;
      }
      REQUIRE(schema->find("minimum") != nullptr);
      const bool number = std::regex_match(sample, std::regex("-?[0-9]{1,18}"));
      const bool inside = number && std::stoll(sample) >= schema->find("minimum")->integer &&
                          std::stoll(sample) <= schema->find("maximum")->integer;
      CHECK(inside == segment_ok(name, sample));
    }
  }
}

TEST_CASE("the states of the document are those of the machine") {
  const JsonValue json = document();
  CHECK(enum_of(json, "RunState") == all_words(RunState::failed));
  CHECK(enum_of(json, "RunKind") == all_words(RunType::dataset_triggered));
  CHECK(enum_of(json, "Outcome") == all_words(Outcome::skipped));
  CHECK(enum_of(json, "BackfillState") == all_words(BackfillState::cancelled));
  CHECK(enum_of(json, "BackfillItemState") == all_words(ItemState::cancelled));
  CHECK(enum_of(json, "TriggerRule") == all_words(TriggerRule::always));
  auto task_states = all_words(TaskState::deferred);
  task_states.erase(task_states.begin());  // none is null in JSON
  CHECK(enum_of(json, "TaskState") == task_states);
}

TEST_CASE("the document is served to those with a token, at both places") {
  const Served served;
  for (const char* path : {"/openapi.json", "/api/v2/openapi.json"}) {
    CHECK(served.ask("GET", path, "").status == 401);
    const auto answer = served.ask("GET", path, Served::viewer);
    CHECK(answer.status == 200);
    CHECK(answer.body == openapi_document());
  }
}
