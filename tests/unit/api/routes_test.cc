#include "api/routes.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "test_paths.h"

using namespace millrace;

TEST_CASE("a literal segment is preferred to a parameter") {
  const Match dry_run = match_route("POST", "/api/v2/backfills/dry_run");
  REQUIRE(dry_run.route != nullptr);
  CHECK(dry_run.route->pattern == "/api/v2/backfills/dry_run");
  const Match tries = match_route("GET", "/api/v2/dags/a/dagRuns/r/taskInstances/t/tries");
  REQUIRE(tries.route != nullptr);
  CHECK(tries.route->pattern.ends_with("/tries"));
}

TEST_CASE("HEAD finds GET's route; another method finds none but says which there are") {
  CHECK(match_route("HEAD", "/api/v2/dags").route == match_route("GET", "/api/v2/dags").route);
  const Match match = match_route("DELETE", "/api/v2/dags");
  CHECK(match.route == nullptr);
  CHECK(match.allow == "OPTIONS, GET, HEAD, PATCH, POST");
}

TEST_CASE("a task called like a part of another route is found by its methods") {
  const std::string path = "/api/v2/dags/d/dagRuns/r/taskInstances/list";
  CHECK(match_route("GET", path).route->pattern.ends_with("/taskInstances/{task_id}"));
  CHECK(match_route("POST", path).route->pattern.ends_with("/taskInstances/list"));
  CHECK(match_route("PUT", path).route == nullptr);
}

TEST_CASE("a method that only a parameter's path has is not taken where the value can't be one") {
  const std::string instance = "/api/v2/dags/a/dagRuns/r/taskInstances/t";
  CHECK(match_route("PATCH", instance + "/0").route != nullptr);
  const Match match = match_route("PATCH", instance + "/dependencies");
  CHECK(match.route == nullptr);
  CHECK(match.allow == "OPTIONS, GET, HEAD");
  CHECK(match_route("GET", "/api/v2/backfills/dry_run").route == nullptr);
}

TEST_CASE("a page is what no other route begins with, and all that follows it") {
  const auto page_of = [](std::string_view path) {
    const Match match = match_route("GET", path);
    const bool page = match.route != nullptr && match.route->pattern == "/{page*}";
    return page && !match.bad_escape ? match.params.at(0).second : std::string("none");
  };
  CHECK(page_of("/dags") == "dags");
  CHECK(page_of("/dags/") == "dags");
  CHECK(page_of("/dags/etl/runs/manual__2001-01-05T00:00:00%2B00:00") == "dags");
  CHECK(page_of("/event-log") == "event-log");
  CHECK(page_of("/nowhere/at/all") == "nowhere");
  for (const std::string_view path :
       {"/", "//", "//dags", "/api", "/api/x", "/api/v2/nothing", "/assets", "/assets/", "/assets/a/b",
        "/docs/x/y", "/events", "/events/x", "/login/x", "/logout", "/auth/x", "/metrics/x", "/theme.js/x",
        "/favicon.ico", "/.git/config", "/admin.token", "/..", "/%2e%2e/x", "/%64ags", "/Dags", "/-x",
        "/dags/%zz", "/dags%00", "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    CAPTURE(path);
    CHECK(page_of(path) == "none");
  }
  CHECK(match_route("POST", "/dags").route == nullptr);
  CHECK(match_route("POST", "/dags").allow == "OPTIONS, GET, HEAD");
  CHECK(match_route("HEAD", "/dags").route == match_route("GET", "/dags").route);
}

TEST_CASE("paths that aren't in the table match nothing") {
  for (const std::string_view path :
       {"/api/v2", "/api/v2/", "/api/v2/dags/", "/api/v2//dags", "/api/v2/dags/a/b",
        "/api/v2/dags/../version", "/API/v2/dags", "api/v2/dags", ""}) {
    CAPTURE(path);
    const Match match = match_route("GET", path);
    // `..` is a segment like another: it stands for a dag_id here, and the alphabet refuses it.
    if (match.route != nullptr) CHECK_FALSE(segment_ok(match.params.at(0).first, match.params.at(0).second));
  }
}

TEST_CASE("parameters are decoded once") {
  const Match match = match_route("GET", "/api/v2/dags/a%252Fb/dagRuns/manual__2001%2B00:00");
  REQUIRE(match.params.size() == 2);
  CHECK(match.params[0].second == "a%2Fb");
  CHECK(match.params[1].second == "manual__2001+00:00");
  CHECK(match_route("GET", "/api/v2/dags/a%2").bad_escape);
  CHECK(match_route("GET", "/api/v2/dags/a%zz").bad_escape);
}

TEST_CASE("ids have a strict alphabet") {
  for (const std::string_view bad :
       {"..", ".", "a/b", "a\\b", "a b", "a%2Fb", "", "a\nb", "\xe2\x88\x95", "a+b"}) {
    CAPTURE(bad);
    CHECK_FALSE(segment_ok("dag_id", bad));
  }
  CHECK_FALSE(segment_ok("dag_id", std::string_view("a\0b", 3)));
  CHECK_FALSE(segment_ok("dag_id", std::string(300, 'a')));
  CHECK(segment_ok("dag_id", std::string(200, 'a')));
  CHECK(segment_ok("dag_id", "Etl_1.daily-x"));
  CHECK(segment_ok("run_id", "scheduled__2001-01-05T00:00:00+00:00"));
  CHECK_FALSE(segment_ok("run_id", ".hidden"));
  CHECK_FALSE(segment_ok("run_id", "../../x"));
  CHECK(segment_ok("map_index", "-1"));
  CHECK_FALSE(segment_ok("map_index", "-2"));
  CHECK_FALSE(segment_ok("backfill_id", "99999999999999999999"));
}

namespace {

/// `GET /api/v2/assets`, as docs/security.md writes it (`GET /assets`) and as the table does.
using Named = std::set<std::pair<std::string, std::string>>;

Named of_document(std::string_view scope) {
  std::ifstream in(MILLRACE_SOURCE_DIR "/docs/security.md");
  REQUIRE(in);
  Named out;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("| `" + std::string(scope) + "` |")) continue;
    // The cells are between bars, the routes of the last one between backticks.
    std::istringstream cell(line.substr(line.rfind('|', line.size() - 2)));
    std::string code;
    for (std::getline(cell, code, '`'); std::getline(cell, code, '`'); std::getline(cell, code, '`')) {
      const std::size_t slash = code.find('/');
      const bool whole = code.substr(slash).starts_with("//");
      std::istringstream methods(code.substr(0, slash));
      for (std::string method; methods >> method;)
        out.emplace(method, whole ? code.substr(slash + 1) : "/api/v2" + code.substr(slash));
    }
  }
  return out;
}

}  // namespace

TEST_CASE("docs/security.md says of each route that names no DAG what limited tokens get of it") {
  for (const Reach reach : {Reach::filtered, Reach::open, Reach::shut}) {
    Named named;
    for (const Route& route : routes())
      if (route.needs.reach() == reach && route.needs.least() <= Role::operator_)
        named.emplace(route.method, route.pattern);
    CHECK(named.size() > 5);
    const Named said = of_document(to_word(reach));
    for (const auto& [method, path] : named) {
      INFO(to_word(reach) << ": " << method << " " << path);
      CHECK(said.contains({method, path}));
    }
    for (const auto& [method, path] : said) {
      INFO(to_word(reach) << " in the document: " << method << " " << path);
      CHECK(named.contains({method, path}));
    }
  }
}
