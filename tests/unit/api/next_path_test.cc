// Where a login leads: to our own pages and nowhere else.
#include "api/next_path.h"

#include <catch2/catch.hpp>

#include "base/limits.h"

using namespace millrace;

namespace {

HttpRequest visit(std::string path, std::string query = {}) {
  HttpRequest request;
  request.path = std::move(path);
  request.query = std::move(query);
  return request;
}

}  // namespace

TEST_CASE("a login leads to the page that was asked for") {
  for (const std::string_view page :
       {"/", "/dags", "/dags/etl", "/dags/etl/grid?runs=50&tz=America%2FNew_York",
        "/runs?state=failed", "/dags/a/runs/manual__2001-01-05T00:00:00%2B00:00?task=x#line=7", "/docs",
        "/?window=6h", "/nowhere", "/dags//evil.example", "/dags?next=https://evil.example"}) {
    CAPTURE(page);
    CHECK(next_path(page) == page);
  }
}

TEST_CASE("a login leads nowhere else") {
  for (const std::string_view elsewhere :
       {"", "dags", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
        "/dags\\..", "https://evil.example", "https:/dags", "javascript:alert(1)", "//evil.example/dags",
        "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " /dags", "/dags ",
        "/dags\r\nSet-Cookie: a=b", "/dags\x7f", "/d\xc3\xa4gs", "/%2f/evil.example", "/.//evil.example",
        "/..//evil.example", "/dags/%zz", "/api/v2/dags", "/events?topics=runs", "/login", "/logout",
        "/auth/link/0", "/assets/a.js", "/theme.js", "/metrics", "/openapi.json", "@evil.example",
        "/@evil.example", "?next=/dags", "#/dags"}) {
    CAPTURE(elsewhere);
    CHECK(next_path(elsewhere) == "/");
  }
  CHECK(next_path(std::string_view("/dags\0", 6)) == "/");
  CHECK(next_path("/dags/" + std::string(limits::next_path_bytes, 'a')) == "/");
}

TEST_CASE("the login page is told which page was asked for") {
  CHECK(login_path(visit("/")) == "/login");
  CHECK(login_path(visit("/dags")) == "/login?next=%2Fdags");
  CHECK(login_path(visit("/runs", "state=failed&q=a%26b")) ==
        "/login?next=%2Fruns%3Fstate%3Dfailed%26q%3Da%2526b");
  CHECK(login_path(visit("/", "window=6h")) == "/login?next=%2F%3Fwindow%3D6h");
  CHECK(login_path(visit("/dags/" + std::string(limits::next_path_bytes, 'a'))) == "/login");
  CHECK(login_path(visit("//evil.example")) == "/login");
}

TEST_CASE("what is told comes back as it was") {
  const std::string page = "/dags/etl/runs/manual__2001-01-05T00:00:00%2B00:00?q=%25&tz=UTC";
  const std::size_t question = page.find('?');
  const std::string login = login_path(visit(page.substr(0, question), page.substr(question + 1)));
  const auto query = parse_query(login.substr(login.find('?') + 1));
  REQUIRE(query);
  REQUIRE(query->size() == 1);
  CHECK(query->at(0).second == page);
  CHECK(next_path(query->at(0).second) == page);
}
