// What templates say to a slip of the pen: quotes and escapes, and the names that could have been meant.
#include <catch2/catch.hpp>
#include <string>

#include "dags/template.h"

using namespace millrace;

namespace {

Diagnostic fault(std::string_view text, const TemplateScope& scope = {}) {
  Diagnostics out;
  const auto parsed = parse_template(text, {1, 1}, scope, out);
  INFO(text);
  REQUIRE_FALSE(parsed);
  return out.entries.at(0);
}

std::string message(std::string_view text) { return fault(text).message; }
std::string hint(std::string_view text, const TemplateScope& scope = {}) { return fault(text, scope).hint; }

std::string literal(std::string_view text) {
  Diagnostics out;
  const auto parsed = parse_template(text, {1, 1}, {}, out);
  REQUIRE(parsed);
  REQUIRE(parsed->parts.size() == 1);
  return parsed->parts[0].literal;
}

}  // namespace

TEST_CASE("template: quoted text has five escapes") {
  CHECK(literal(R"({{ "a\nb\tc\\d\"e\'f" }})") == "a\nb\tc\\d\"e'f");
  CHECK(message(R"({{ "\x" }})") == R"('\x' isn't an escape)");
  CHECK(fault(R"({{ "\x" }})").place == Place{1, 5});
  CHECK(message(R"({{ ds | default("\q") }})") == R"('\q' isn't an escape)");
  CHECK(message(R"({{ "a" | json }})") == "text in quotes takes no filter");
  CHECK(literal("{{\r\n\t \"a\"\n}}") == "a");
}

TEST_CASE("template: a quote that stands in the wrong place is named, not what it hides") {
  CHECK(message(R"({{ ds | default("x }} and more)") == "a quote inside '{{' isn't closed before '}}'");
  // The quote in a bare word pairs with the next one; what follows that has none of its own.
  CHECK(message(R"({{ ds | default(a") | default("b }} c)") == "this quote isn't closed");
  CHECK(message(R"({{ ds | default(a") | default("b\}} c)") == "this quote isn't closed");
}

TEST_CASE("template: a bare argument ends at what can't be in it") {
  CHECK(message("{{ ds | default(a|b) }}") == "expected ')' after the argument");
  CHECK(message("{{ ds | default(a(b)) }}") == "expected ')' after the argument");
  CHECK(message("{{ ds | default(\"a\" b) }}") == "expected ')' after the argument");
  CHECK(message("{{ ds | ds b }}") == "expected '|' or '}}' after filter 'ds'");
  CHECK(message("{{ ds ds }}") == "expected '|' or '}}' after 'ds'");
  CHECK(message("{{ dag_run.conf ['x'] }}") == "'dag_run.conf ['x']' isn't a value");
  CHECK(hint("{{ dag_run.conf ['x'] }}") == "a run's values are params: {{ params.NAME }}");
}

TEST_CASE("template: text that is shown in a message is short and has no control characters") {
  CHECK(message("{{ " + std::string(60, '+') + " }}") == "'" + std::string(40, '+') + "…' isn't a value");
  CHECK(message("{{ +\x01\x7f }}") == "'+  ' isn't a value");
}

TEST_CASE("template: an unknown name gets the nearest that is there, or what there is") {
  const TemplateScope none;
  CHECK(hint("{{ params.n }}", none) == "this DAG defines none");
  const TemplateScope some{.params = {"days", "region"}, .env = {"HOME"}, .outputs = {"o"}, .inputs = {"i"}};
  CHECK(hint("{{ params.zzz }}", some) == "defined: days, region");
  CHECK(hint("{{ params.dys }}", some) == "did you mean 'params.days'?");
  CHECK(hint("{{ env.HOM }}", some) == "did you mean 'env.HOME'?");
  CHECK(hint("{{ outputs.oo }}", some) == "did you mean 'outputs.o'?");
  CHECK(hint("{{ input.i }}", some) == "did you mean 'inputs.i'?");
  CHECK(hint("{{ region }}", some) == "a parameter is read as 'params.region'");
  CHECK(hint("{{ zzzzzz }}", some).starts_with("values: ds, ts, "));
  TemplateScope many;
  const std::vector<std::string> names{"a1", "b2", "c3",  "d4",  "e5",  "f6", "g7",
                                       "h8", "i9", "j10", "k11", "l12", "m13"};
  for (const std::string& name : names) many.params.push_back(name);
  CHECK(hint("{{ params.zzzzzz }}", many) == "");  // a list that nobody reads
}

TEST_CASE("template: a task's output is tasks.TASK.output.KEY, no part of it empty") {
  const TemplateScope scope{.tasks = {"t"}};
  for (const char* text :
       {"{{ tasks.t }}", "{{ tasks.t.output }}", "{{ tasks.t.output. }}", "{{ tasks..output.k }}",
        "{{ tasks.t.output..k }}", "{{ tasks.t.output.k. }}", "{{ tasks.t.output.k..l }}"}) {
    CAPTURE(text);
    CHECK(hint(text, scope) == "a task's outputs are read as {{ tasks.TASK.output.KEY }}");
  }
}

TEST_CASE("template: habits with dots get their hint, slips of the pen theirs") {
  CHECK(hint("{{ var.value.x }}") == "write {{ params.NAME }} or {{ env.NAME }}");
  CHECK(hint("{{ conn.x }}").starts_with("connections are not part of the language"));
  CHECK(hint("{{ ti.try_number }}") == "write {{ try_number }}, {{ map_index }} or {{ task_id }}");
  CHECK(hint("{{ data_interval_start.date() }}").starts_with("write a filter: {{ data_interval_start"));
  CHECK(hint("{{ data_interval_end.x }}").starts_with("write a filter: {{ data_interval_start"));
  CHECK(hint("{{ data_interval_ends }}") == "did you mean 'data_interval_end'?");
}

TEST_CASE("template: a secret has no value, and its variable is named") {
  const TemplateScope scope{.env = {"HOME"}, .secrets = {"TOKEN"}};
  CHECK(message("{{ env.TOKEN }}") == "template reads environment variable 'TOKEN', which isn't defined");
  CHECK(fault("{{ env.TOKEN }}", scope).message == "'env.TOKEN' is a secret: it has no value in templates");
  CHECK(hint("{{ env.TOKEN }}", scope) == "the program finds it in its environment, as $TOKEN");
}

TEST_CASE("template: the variable of a param is its name in capitals") {
  const TemplateScope scope{.params = {"days_9", "LAST"}, .params_allowed = false};
  CHECK(hint("{{ params.days_9 }}", scope).starts_with("use the environment variable $PARAM_DAYS_9:"));
  CHECK(hint("{{ params.LAST }}", scope).starts_with("use the environment variable $PARAM_LAST:"));
}

TEST_CASE("template: item may be read as a whole or by a name, not by nothing") {
  const TemplateScope mapped{.item_allowed = true};
  CHECK(fault("{{ item. }}", mapped).message == "'item.' isn't a value");
  CHECK(hint("{{ item. }}", mapped) == "did you mean 'item'?");
}
