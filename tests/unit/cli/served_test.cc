// The program against a real server: what reaches the loop, and the exit codes.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "fakes.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

int run_with(const Served& served, std::string_view token, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(),
                   {"millrace", "--url", "http://" + served.host(), "--token", std::string(token)});
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  return run_cli(static_cast<int>(pointers.size()), pointers.data(),
                 {.serve = [](const ServeOptions&) { return 99; }});
}

const std::string run_id = "manual__2001-01-05T00:00:00+00:00";

}  // namespace

TEST_CASE("requests without a body are framed as the server wants them") {
  const Served served;
  CHECK(run_with(served, served.admin, {"runs", "cancel", "etl", run_id}) == 0);
  CHECK(std::holds_alternative<CancelRequested>(served.backend.last()));
  CHECK(run_with(served, served.admin, {"backfill", "pause", "3"}) == 0);
  CHECK(std::get<BackfillAction>(served.backend.last()).kind == BackfillAction::Kind::pause);
  CHECK(run_with(served, served.admin, {"backfill", "retry", "3"}) == 0);
  CHECK(run_with(served, served.admin, {"pools", "delete", "cpu"}) == 0);
  CHECK(std::holds_alternative<PoolRemoved>(served.backend.last()));
}

TEST_CASE("lists and details print, as tables and as JSON") {
  const Served served;
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"status", "--json"},
           {"dags", "list"},
           {"dags", "show", "etl"},
           {"runs", "list", "etl"},
           {"runs", "show", "etl", run_id},
           {"runs", "show", "etl", "2001-01-05", "--json"},
           {"tasks", "list", "etl", run_id, "--json"},
           {"tasks", "log", "etl", run_id, "load"},
           {"tasks", "explain", "etl", run_id, "load"},
           {"backfill", "list"},
           {"backfill", "show", "3", "--items"},
           {"backfill", "create", "etl", "--dates", "2001-01-01..2001-01-03", "--dry-run"},
           {"datasets", "list"},
           {"lineage", "task:etl/load", "--up"},
           {"pools", "list"},
           {"variables", "list"},
           {"queue"},
           {"metrics", "--json"},
           {"events", "--dag", "etl"},
           {"dags", "versions", "etl"},
           {"dags", "preview", "etl", "--count", "3"},
           {"runs", "wait", "etl", run_id},
           {"devices"}}) {
    CAPTURE(command);
    CHECK(run_with(served, served.admin, command) == 0);
  }
  CHECK(served.backend.wishes() == 0);
}

TEST_CASE("dates go to the daemon as they were written: it knows the DAG's zone") {
  Served served;
  auto dag = std::make_shared<Dag>(*served.backend.dag);
  dag->schedule.zone = *Zone::find("America/New_York");
  served.backend.dag = dag;
  // 2001-01-05T00:00:00Z is the evening before there.
  CHECK(run_with(served, served.admin, {"runs", "show", "etl", "2001-01-04T19:00"}) == 0);
  CHECK(run_with(served, served.admin, {"runs", "show", "etl", "2001-01-05T00:00:00Z"}) == 0);
  CHECK(run_with(served, served.admin, {"runs", "show", "etl", "2001-01-05"}) == 4);
  CHECK(run_with(served, served.admin, {"run", "etl", "--date", "2001-01-06"}) != 2);
  CHECK(std::get<RunRequested>(served.backend.last()).execution_date == parse_iso("2001-01-06T05:00Z"));
}

TEST_CASE("what isn't there is exit code 4, what is refused 1") {
  const Served served;
  CHECK(run_with(served, served.admin, {"dags", "show", "nope"}) == 4);
  CHECK(run_with(served, served.admin, {"datasets", "events", "nope"}) == 4);
  CHECK(run_with(served, served.admin, {"variables", "get", "nope"}) == 4);
  CHECK(run_with(served, served.admin, {"runs", "cancel", "etl", "nope"}) == 4);
  CHECK(run_with(served, Served::viewer, {"dags", "pause", "etl"}) == 1);
  CHECK(run_with(served, "wrong", {"dags", "list"}) == 1);
  CHECK(served.backend.wishes() == 0);
}
