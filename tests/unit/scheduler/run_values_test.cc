#include "scheduler/run_values.h"

#include <catch2/catch.hpp>

using namespace millrace;
using Kind = TemplateValue::Kind;

namespace {

struct Named {
  Run run;
  Instance ti;
  std::string asked;

  Named() {
    run.row.dag_id = "etl", run.row.run_id = "r1";
    run.row.execution_date = parse_iso("2001-01-05T06:00:00").value();
    run.row.data_interval_start = run.row.execution_date;
    run.row.data_interval_end = parse_iso("2001-01-06T06:00:00").value();
    run.row.params = R"({"limit": 3, "name": "x"})";
    ti.row.task_id = "load", ti.row.map_index = 2, ti.row.try_number = 4;
    ti.row.item = R"({"day": "mon"})";
  }

  std::optional<TemplateValue> operator()(std::string_view name) {
    return run_values(run, ti, [this](const std::string& task, const std::string& key) {
      asked = task + "/" + key;
      return task == "a.b" ? std::optional<JsonText>("[1]") : std::nullopt;
    })(name);
  }
};

}  // namespace

TEST_CASE("the scheduler's own templates see dates, ids, params, the item and outputs") {
  Named named;
  for (const auto& [name, text] : {std::pair{"ds", "2001-01-05"},
                                   {"ds_nodash", "20010105"},
                                   {"ts", "2001-01-05T06:00:00+00:00"},
                                   {"ts_nodash", "20010105T060000"},
                                   {"run_id", "r1"},
                                   {"dag_id", "etl"},
                                   {"task_id", "load"},
                                   {"map_index", "2"},
                                   {"try_number", "4"}}) {
    INFO(name);
    REQUIRE(named(name));
    CHECK(named(name)->kind == Kind::text);
    CHECK(named(name)->text == text);
  }
  for (const char* name : {"execution_date", "logical_date", "data_interval_start"})
    CHECK(named(name)->time_us == named.run.row.execution_date.us);
  CHECK(named("data_interval_end")->time_us == named.run.row.data_interval_end.us);
  CHECK(named("item")->text == named.ti.row.item);
  CHECK(named("item.day")->text == "\"mon\"");
  CHECK(named("params.limit")->text == "3");
  CHECK(named("params.limit")->kind == Kind::json);
  CHECK(named("tasks.a.b.output.n.m")->text == "[1]");
  CHECK(named.asked == "a.b/n.m");
}

TEST_CASE("what a scheduler's template names and isn't there has no value") {
  Named named;
  for (const char* name : {"item.month", "params.other", "tasks.c.output.n", "tasks..output.n", "tasks.c.n",
                           "task.c.output.n", "env.HOME", "ts_", ""}) {
    INFO(name);
    CHECK_FALSE(named(name));
  }
  named.ti.row.item = "3";
  CHECK_FALSE(named("item.day"));
}
