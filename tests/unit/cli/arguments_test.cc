// What the program makes of its arguments: exit codes, options of serve, the bodies it sends.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/commands.h"
#include "test_paths.h"

using namespace millrace;

namespace {

int run_with(const Programs& programs, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "millrace");
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  return run_cli(static_cast<int>(pointers.size()), pointers.data(), programs);
}

int run_with(std::vector<std::string> arguments, ServeOptions* seen = nullptr) {
  return run_with({.serve =
                       [seen](ServeOptions options) {
                         if (seen != nullptr) *seen = std::move(options);
                         return 42;
                       }},
                  std::move(arguments));
}

}  // namespace

TEST_CASE("serve needs nothing and passes on what is said") {
  ServeOptions options;
  CHECK(run_with({"serve"}, &options) == 42);
  CHECK(options.data_dir == ".millrace");
  CHECK(options.listen == "127.0.0.1:8080");
  CHECK(options.given.empty());
  CHECK(run_with({"serve", "--data", "/d", "--dags", "x", "--listen", "127.0.0.1:9", "--behind-proxy"},
                 &options) == 42);
  CHECK(options.data_dir == "/d");
  CHECK(options.dags_dir == "x");
  CHECK(options.listen == "127.0.0.1:9");
  CHECK(options.behind_proxy);
  CHECK(options.given == std::vector<std::string>{"dags", "listen", "behind-proxy", "data"});
}

TEST_CASE("bad arguments are exit code 2, help and version 0") {
  CHECK(run_with({}) == 2);
  CHECK(run_with({"nonsense"}) == 2);
  CHECK(run_with({"run"}) == 2);
  CHECK(run_with({"dags"}) == 2);
  CHECK(run_with({"tasks", "mark", "a", "b", "c", "running"}) == 2);
  CHECK(run_with({"run", "etl", "--param", "novalue"}) == 2);
  CHECK(run_with({"backfill", "create", "etl"}) == 2);
  CHECK(run_with({"backfill", "create", "etl", "--dates", "2001-02-31..2001-03-01"}) == 2);
  CHECK(run_with({"--help"}) == 0);
  CHECK(run_with({"--version"}) == 0);
}

TEST_CASE("no daemon is exit code 3") {
  // Port 1 of loopback: nobody listens there.
  CHECK(run_with({"--url", "http://127.0.0.1:1", "dags", "list"}) == 3);
  CHECK(run_with({"status", "--url", "http://127.0.0.1:1", "--json"}) == 3);
}

TEST_CASE("validate tells good files from bad ones without a daemon") {
  CHECK(run_with({"validate", "/nonexistent.yaml"}) == 1);
  CHECK(run_with({"validate", "/proc/self/comm"}) == 1);
}

TEST_CASE("a backfill's dates come as a range, as ends or one by one") {
  cli::BackfillOptions options;
  options.dag_id = "etl";
  CHECK_FALSE(cli::backfill_body(options).has_value());
  options.range = "2001-01-01..2001-01-31";
  const auto range = cli::backfill_body(options);
  REQUIRE(range.has_value());
  CHECK(range->find(R"("from_date":"2001-01-01","to_date":"2001-01-31")") != std::string::npos);
  options.range = "2001-01-05";
  CHECK(cli::backfill_body(options)->find(R"("from_date":"2001-01-05","to_date":"2001-01-05")") !=
        std::string::npos);
  options.range.clear();
  options.dates = {"2001-01-01", "2001-02-01"};
  CHECK(cli::backfill_body(options)->find(R"("dates":["2001-01-01","2001-02-01"])") != std::string::npos);
  CHECK(cli::backfill_body(options)->find("cascade") == std::string::npos);
  options.cascade = true;
  CHECK(cli::backfill_body(options)->find(R"("cascade":true)") != std::string::npos);
}

TEST_CASE("the option --param takes JSON where it is JSON and text elsewhere") {
  CHECK(cli::params_object({"a=1", "b=x y", "c=[1,2]", "d=\"7\"", "e="}) ==
        R"({"a":1,"b":"x y","c":[1,2],"d":"7","e":""})");
  CHECK_FALSE(cli::params_object({"=1"}).has_value());
}

TEST_CASE("an event stream comes in pieces and leaves as messages") {
  cli::EventParser parser;
  std::vector<cli::StreamEvent> seen;
  const auto keep = [&](const cli::StreamEvent& event) {
    seen.push_back(event);
    return event.event != "end";
  };
  for (const std::string_view piece : {"retry: 3000\nid: 4", "1\n\n: ping\n\nevent: ti\r\ndata: {\"a\"",
                                       ":1}\r\n", "\r\nevent:run\nid: 43\ndata: one\ndata: two\n\n"})
    CHECK(parser.feed(piece, keep));
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].id == "41");
  CHECK(seen[0].event.empty());
  CHECK(seen[1].event == "ti");
  CHECK(seen[1].data == "{\"a\":1}");
  CHECK(seen[2].event == "run");
  CHECK(seen[2].id == "43");
  CHECK(seen[2].data == "one\ntwo");
  CHECK_FALSE(parser.feed("event: end\n\nevent: never\n\n", keep));
  CHECK(seen.size() == 4);
}

TEST_CASE("a run of a file gets a daemon of its own, told where the file is") {
  ServeOptions seen;
  const auto start = [&](ServeOptions options) -> Result<std::unique_ptr<cli::LocalDaemon>> {
    seen = std::move(options);
    return fail(ErrorKind::unavailable, "not today");
  };
  cli::Context context;
  cli::RunOptions options;
  options.dag_id = MILLRACE_SOURCE_DIR "/nonexistent.yaml";
  CHECK(cli::run_local(context, options, start) == 1);
  CHECK(seen.data_dir == ".millrace");  // not asked
  options.params = {"novalue"};
  CHECK(cli::run_local(context, options, start) == 2);
  options.params.clear();
  options.dag_id = MILLRACE_SOURCE_DIR "/examples/flights/dags/flights_ingest.yaml";
  CHECK(cli::run_local(context, options, start) == 1);
  CHECK(seen.dags_dir == MILLRACE_SOURCE_DIR "/examples/flights/dags");
  REQUIRE(seen.data_dir != ".millrace");
  CHECK_FALSE(std::filesystem::exists(std::filesystem::path(seen.data_dir).parent_path()));
}

TEST_CASE("backup, restore and verify go to the folder that was named, and say how it went") {
  std::string asked;
  Programs programs;
  programs.backup = [&](const std::string& data, const std::string& file) -> Result<cli::BackupDone> {
    asked = data + " " + file;
    return fail(ErrorKind::not_found, "no database");
  };
  programs.restore = [&](const std::string& file, const std::string& data,
                         bool force) -> Result<cli::BackupDone> {
    asked = file + " " + data + (force ? " force" : "");
    return cli::BackupDone{.file = data, .bytes = 1, .runs = 2, .schema = 3, .replaced = {}};
  };
  std::vector<cli::Finding> found{{"pages", 1, {}}, {"datasets", 2, {}}};
  programs.verify = [&](const std::string& data, bool hash,
                        const cli::Progress& progress) -> Result<std::vector<cli::Finding>> {
    asked = data + (hash ? " hash" : "");
    progress("x");
    return found;
  };
  CHECK(run_with(programs, {"backup", "b.db", "--data", "/d"}) == 4);
  CHECK(asked == "/d b.db");
  CHECK(run_with(programs, {"restore", "b.db", "--data", "/d", "--force", "--json"}) == 0);
  CHECK(asked == "b.db /d force");
  CHECK(run_with(programs, {"verify", "--data", "/d", "--hash"}) == 0);
  CHECK(asked == "/d hash");
  found[1].problems = {"gone"};
  CHECK(run_with(programs, {"verify", "--json"}) == 1);
  CHECK(run_with(programs, {"backup"}) == 2);
}
