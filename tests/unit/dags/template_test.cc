#include "dags/template.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "dags/template_values.h"

using namespace millrace;

namespace {

TemplateScope scope() {
  TemplateScope s;
  s.params = {"window_days", "region"};
  s.env = {"HOME_DIR"};
  s.outputs = {"airport_delay_7d"};
  s.inputs = {"flights.raw"};
  s.tasks = {"list", "list-all", "extract.v2"};
  return s;
}

Template good(std::string_view text, const TemplateScope& s = scope()) {
  Diagnostics out;
  const auto parsed = parse_template(text, {5, 10}, s, out);
  INFO(text << ": " << (out.empty() ? std::string() : out.entries[0].message));
  REQUIRE(parsed);
  REQUIRE(out.empty());
  CHECK(parsed->source == text);
  return *parsed;
}

Diagnostic bad(std::string_view text, const TemplateScope& s = scope()) {
  Diagnostics out;
  const auto parsed = parse_template(text, {5, 10}, s, out);
  INFO(text);
  REQUIRE_FALSE(parsed);
  REQUIRE_FALSE(out.empty());
  return out.entries[0];
}

void refused(std::string_view text, std::string_view message, std::string_view hint = {}) {
  const Diagnostic d = bad(text);
  INFO(text);
  CHECK_THAT(d.message, Catch::Contains(std::string(message)));
  CHECK_THAT(d.hint, Catch::Contains(std::string(hint)));
}

RunValues run_values() {
  RunValues run;
  run.dag_id = "flights";
  run.run_id = "scheduled__2001-01-05T00:00:00+00:00";
  run.task_id = "build";
  run.data_dir = "data";
  run.execution_date = *parse_iso("2001-01-05");
  run.interval = {*parse_iso("2001-01-05"), *parse_iso("2001-01-06")};
  run.previous_execution_date = *parse_iso("2001-01-04");
  return run;
}

std::optional<TemplateValue> value_of(std::string_view name) {
  static const std::map<std::string_view, TemplateValue> own = {
      {"params.window_days", {TemplateValue::Kind::json, "7", 0}},
      {"params.region", {TemplateValue::Kind::json, "\"eu \\\"w\\\"\"", 0}},
      {"tasks.list.output.files", {TemplateValue::Kind::json, "[\"a\", {\"z\": 1, \"b\": null}]", 0}},
      {"tasks.list.output.none", {TemplateValue::Kind::json, "null", 0}},
      {"tasks.list.output.broken", {TemplateValue::Kind::json, "{", 0}},
      {"outputs.airport_delay_7d", {TemplateValue::Kind::text, "features/2001/x.parquet", 0}},
      {"env.HOME_DIR", {TemplateValue::Kind::text, "it's here", 0}},
  };
  const auto found = own.find(name);
  return found != own.end() ? std::optional{found->second} : standard_value(name, run_values());
}

std::string rendered(std::string_view text) {
  const auto result = render(good(text), value_of);
  return result ? *result : "error: " + result.error().message;
}

}  // namespace

TEST_CASE("template: text without braces is itself") {
  for (const char* text : {"", "plain", "${7*7} <% 1 %> {% if %} {x} }} $(ls) #{1}"}) {
    CHECK(good(text).is_literal());
    CHECK(rendered(text) == text);
  }
}

TEST_CASE("template: every plain name") {
  CHECK(rendered("{{ ds }} {{ds_nodash}}") == "2001-01-05 20010105");
  CHECK(rendered("{{ ts }}") == "2001-01-05T00:00:00+00:00");
  CHECK(rendered("{{ ts_nodash }}") == "20010105T000000");
  CHECK(rendered("{{ execution_date }}") == "2001-01-05T00:00:00+00:00");
  CHECK(rendered("{{ logical_date }}") == rendered("{{ execution_date }}"));
  CHECK(rendered("{{ data_interval_start | ds }}..{{ data_interval_end | ds }}") == "2001-01-05..2001-01-06");
  CHECK(rendered("{{ dag_id }}/{{ task_id }}/{{ run_id }}") ==
        "flights/build/scheduled__2001-01-05T00:00:00+00:00");
  CHECK(rendered("{{ map_index }} {{ try_number }} {{ data_dir }} {{ prev_ds }}") == "-1 1 data 2001-01-04");
  CHECK(rendered("{{ next_ds | default(\"none\") }}") == "none");
  CHECK(rendered("{{ prev_data_interval_start_success | ds | default('never') }}") == "never");
}

TEST_CASE("template: JSON values print as a person writes them") {
  CHECK(rendered("{{ params.window_days }}") == "7");
  CHECK(rendered("{{ params.region }}") == "eu \"w\"");
  CHECK(rendered("{{ tasks.list.output.files }}") == R"(["a",{"z":1,"b":null}])");
  CHECK(rendered("{{ tasks.list.output.none | default(\"x\") }}") == "x");
  CHECK_THAT(rendered("{{ tasks.list.output.broken }}"), Catch::Contains("isn't JSON"));
}

TEST_CASE("template: date filters") {
  CHECK(rendered("{{ ds | date_add(-7d) }}") == "2000-12-29");
  CHECK(rendered("{{ ds | date_add(1h30m) }}") == "2001-01-05T01:30:00+00:00");
  CHECK(rendered("{{ execution_date | date_add(\"2w\") | ds }}") == "2001-01-19");
  CHECK(rendered("{{ execution_date | strftime(\"%Y/%m/%d %j %a %B %H:%M:%S %%\") }}") ==
        "2001/01/05 005 Fri January 00:00:00 %");
  CHECK(rendered("{{ execution_date | strftime('%G-W%V-%u') }}") == "2001-W01-5");
  CHECK(rendered("{{ execution_date | in_timezone(\"Europe/Paris\") }}") == "2001-01-05T01:00:00+01:00");
  CHECK(rendered("{{ execution_date | in_timezone(\"America/New_York\") | ds }}") == "2001-01-04");
  CHECK(rendered("{{ ts | in_timezone('Asia/Kolkata') | strftime('%H:%M%z %Z') }}") ==
        "05:30+0530 Asia/Kolkata");
  CHECK(rendered("{{ ts | ds | ts }}") == "2001-01-05T00:00:00+00:00");
  CHECK_THAT(rendered("{{ params.region | ds }}"), Catch::Contains("isn't a date"));
  CHECK_THAT(rendered("{{ ds | date_add(-365000d) | date_add(-366000d) }}"),
             Catch::Contains("years 1 to 9999"));
}

TEST_CASE("template: json, shell, basename and chains of them") {
  CHECK(rendered("{{ params.region | json }}") == R"("eu \"w\"")");
  CHECK(rendered("{{ tasks.list.output.files | json }}") == R"(["a",{"z":1,"b":null}])");
  CHECK(rendered("{{ ds | json }}") == "\"2001-01-05\"");
  CHECK(rendered("{{ env.HOME_DIR | shell }}") == R"('it'\''s here')");
  CHECK(rendered("{{ outputs.airport_delay_7d | basename }}") == "x.parquet");
  CHECK(rendered("{{ outputs.airport_delay_7d|basename|shell|json }}") == "\"'x.parquet'\"");
}

TEST_CASE("template: a value that isn't there is an error with its place") {
  CHECK(rendered("a {{ next_ds }}") ==
        "error: 5:12: 'next_ds' has no value; `| default(\"…\")` would give it one");
}

TEST_CASE("template: quoted text stands for itself") {
  CHECK(rendered("{{ \"{{\" }} ds {{ '}}' }}") == "{{ ds }}");
  CHECK(good("{{ \"{{\" }}").is_literal());
  CHECK(rendered("{{ next_ds | default(\"}} \\\"q\\\"\") }}") == "}} \"q\"");
}

TEST_CASE("template: expressions are refused where they stand") {
  const Diagnostic d = bad("x {{7*7}}");
  CHECK(d.place == Place{5, 14});
  CHECK_THAT(d.hint, Catch::Contains("no expressions"));
  for (const char* text : {"{{ 7*7 }}",
                           "{{ ds + 1 }}",
                           "{{ f(x) }}",
                           "{{ ds.__class__ }}",
                           "{{ ds[0] }}",
                           "{{ config }}",
                           "{{ self }}",
                           "{{ ''.__class__ }}",
                           "{{ params }}",
                           "{{ env }}",
                           "{{ tasks }}",
                           "{{ . }}",
                           "{{ item }}",
                           "{{ params. }}",
                           "{{ tasks.list.files }}",
                           "{{ tasks.list.output. }}",
                           "{{ ds }} {{ | ds }}",
                           "{{ ds | }}",
                           "{{ ds || ds }}",
                           "{{}}",
                           "{{ {{ ds }} }}"})
    bad(text);
}

TEST_CASE("template: unknown names and filters come with a suggestion") {
  refused("{{ dss }}", "'dss' isn't a value", "did you mean 'ds'?");
  refused("{{ exection_date }}", "isn't a value", "did you mean 'execution_date'?");
  refused("{{ data_interval_strat }}", "isn't a value", "did you mean 'data_interval_start'?");
  refused("{{ params.windw_days }}", "parameter 'windw_days'", "did you mean 'params.window_days'?");
  refused("{{ window_days }}", "isn't a value", "params.window_days");
  refused("{{ tasks.lst.output.files }}", "task 'lst', which isn't defined", "did you mean 'list'?");
  refused("{{ ds | strtime(\"%Y\") }}", "no filter 'strtime'", "did you mean 'strftime'?");
  refused("{{ ds | upper }}", "no filter 'upper'", "filters: ds");
}

TEST_CASE("template: habits of Jinja and Airflow get the way to write it here") {
  refused("{{ macros.ds_add(ds, -7) }}", "isn't a value", "date_add(-7d)");
  refused("{{ ti.xcom_pull(task_ids='x') }}", "isn't a value", "tasks.TASK.output.KEY");
  refused("{{ dag_run.conf['x'] }}", "isn't a value", "params.NAME");
  refused("{{ params['x'] }}", "isn't a value", "params.NAME");
  refused("{{ execution_date.strftime('%Y') }}", "isn't a value", "strftime");
}

TEST_CASE("template: bad arguments are refused at their place") {
  CHECK(bad("{{ ds | date_add(7) }}").place == Place{5, 27});
  refused("{{ ds | date_add(7) }}", "'7' isn't a duration", "-7d");
  refused("{{ ds | date_add(99999999999999d) }}", "isn't a duration");
  refused("{{ ds | date_add }}", "needs an argument", "date_add(-7d)");
  refused("{{ ds | json(1) }}", "takes no argument", "json");
  refused("{{ ds | strftime(\"%Q\") }}", "'%Q'");
  refused("{{ ds | strftime(\"%\") }}", "strftime doesn't know");
  refused("{{ ds | in_timezone(\"Europe/Pariss\") }}", "did you mean 'Europe/Paris'?");
  refused("{{ run_id | date_add(1d) }}", "needs a date");
  refused("{{ ds | json | ds }}", "needs a date");
  refused("{{ ds | default(\"x }}", "quote");
  refused("{{ ds | default(x }}", "expected ')'");
  refused("{{ ds | default(1, 2) }}", "one argument");
}

TEST_CASE("template: braces left open are refused at the braces") {
  CHECK(bad("abc {{ ds").place == Place{5, 14});
  refused("abc {{ ds", "never closed", "plain braces");
  refused("{{ ds }", "never closed");
}

TEST_CASE("template: places count lines of a block") {
  CHECK(bad("line 1\n  {{ nope }}").place == Place{6, 6});
  CHECK(good("a\n{{ ds }}").parts[1].place == Place{6, 1});
}

TEST_CASE("template: all faults of one text are told") {
  Diagnostics out;
  CHECK_FALSE(parse_template("{{ a }} {{ ds }} {{ b }} {{ ds | c | d }}", {1, 1}, scope(), out));
  CHECK(out.entries.size() == 4);
}

TEST_CASE("template: params aren't put into a script, its variable is named") {
  TemplateScope s = scope();
  s.params_allowed = false;
  CHECK_THAT(bad("{{ params.window_days }}", s).hint, Catch::Contains("$PARAM_WINDOW_DAYS"));
}

TEST_CASE("template: item is for tasks with expand") {
  TemplateScope s = scope();
  s.item_allowed = true;
  good("{{ item }} {{ item.region }} {{ item.a.b }}", s);
  CHECK_THAT(bad("{{ item }}").hint, Catch::Contains("expand"));
}

TEST_CASE("template: the tasks it reads, once each, names with dots and dashes too") {
  const Template t = good(
      "{{ tasks.list.output.a }} {{ tasks.list.output.b.c }} {{ tasks.list-all.output.x }} "
      "{{ tasks.extract.v2.output.y }} {{ inputs.flights.raw }}");
  CHECK(tasks_read_by(t) == std::vector<std::string>{"list", "list-all", "extract.v2"});
}

TEST_CASE("template: a sorted list of tasks is searched by halving") {
  TemplateScope s;
  s.tasks = {"a", "b", "c"};
  s.tasks_sorted = true;
  good("{{ tasks.b.output.x }}", s);
  bad("{{ tasks.d.output.x }}", s);
}

TEST_CASE("template values: the environment has the same values") {
  const auto environment = standard_environment(run_values());
  const std::map<std::string, std::string> by_name(environment.begin(), environment.end());
  CHECK(environment.size() == 10);
  CHECK(by_name.at("DAG_ID") == "flights");
  CHECK(by_name.at("DS") == "2001-01-05");
  CHECK(by_name.at("EXECUTION_DATE") == "2001-01-05T00:00:00+00:00");
  CHECK(by_name.at("DATA_INTERVAL_END") == "2001-01-06T00:00:00+00:00");
  CHECK(by_name.at("MAP_INDEX") == "-1");
  CHECK_FALSE(standard_value("nope", run_values()));
}

TEST_CASE("template: any bytes are a template or refused with a place inside the text") {
  std::mt19937 random(42);
  const std::vector<std::string> pieces = {"{{",
                                           "}}",
                                           "ds",
                                           " ",
                                           "|",
                                           "date_add(",
                                           ")",
                                           "\"",
                                           "'",
                                           "-7d",
                                           "\\",
                                           "\n",
                                           "tasks.list.output.x",
                                           "strftime(",
                                           "%",
                                           "\xff",
                                           "item",
                                           "{",
                                           "}",
                                           "json"};
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    for (auto n = random() % 14; n > 0; --n) {
      if (random() % 6 == 0)
        text += static_cast<char>(random() % 256);
      else
        text += pieces[random() % pieces.size()];
    }
    Diagnostics out;
    const auto parsed = parse_template(text, {1, 1}, scope(), out);
    REQUIRE(parsed.has_value() == out.empty());
    if (parsed) (void)render(*parsed, value_of);
    for (const Diagnostic& d : out.entries) REQUIRE((d.place.line >= 1 && d.place.column <= text.size() + 1));
  }
}
