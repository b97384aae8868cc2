// The pages: who gets them, who is sent to the login page, what a login leads to. Against a real server.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>

#include "fakes.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

constexpr std::string_view browser = "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n";

std::string header(const Served::Answer& answer, std::string_view name) {
  const std::string wanted = fmt::format("\r\n{}: ", name);
  const std::size_t at = answer.head.find(wanted);
  if (at == answer.head.npos) return {};
  const std::size_t from = at + wanted.size();
  return answer.head.substr(from, answer.head.find("\r\n", from) - from);
}

Served::Answer post_login(const Served& served, std::string_view token, std::string_view next) {
  return served.ask("POST", "/login", "", fmt::format("token={}&next={}", token, next),
                    "application/x-www-form-urlencoded", fmt::format("Origin: http://{}\r\n", served.host()));
}

std::string session(const Served& served) {
  const std::string set = header(post_login(served, served.admin, ""), "Set-Cookie");
  REQUIRE_FALSE(set.empty());
  return fmt::format("Cookie: {}\r\n", set.substr(0, set.find(';')));
}

}  // namespace

TEST_CASE("a browser without a session is sent to the login page, a program is refused") {
  const Served served;
  const auto visit = [&](std::string_view path, std::string_view more = {}, std::string_view method = "GET") {
    return served.ask(method, path, "", "", "", fmt::format("{}{}", browser, more));
  };
  for (const std::string_view method : {"GET", "HEAD"}) {
    const auto sent = visit("/dags/etl?tab=grid", {}, method);
    CHECK(sent.status == 303);
    CHECK(header(sent, "Location") == "/login?next=%2Fdags%2Fetl%3Ftab%3Dgrid");
    CHECK(header(sent, "Cache-Control") == "no-store");
    CHECK(sent.body.empty());
  }
  CHECK(header(visit("/"), "Location") == "/login");
  CHECK(header(visit("/docs"), "Location") == "/login?next=%2Fdocs");
  CHECK(visit("/dags", "Cookie: millrace_session=old\r\n").status == 303);
  CHECK(visit("/dags", "Authorization: Bearer wrong\r\n").status == 401);
  CHECK(visit("/dags", {}, "POST").status == 401);
  for (const std::string_view path :
       {"/api/v2/dags", "/api/v2/nothing", "/events", "/assets/a.js", "/theme.js", "/metrics", "/.git/config",
        "//evil.example", "/openapi.json"}) {
    CAPTURE(path);
    CHECK(visit(path).status == 401);
  }
  CHECK(served.ask("GET", "/dags", "").status == 401);
}

TEST_CASE("every page is one document, for every token") {
  const Served served;
  const auto home = served.ask("GET", "/", Served::viewer);
  CHECK(home.status == 200);
  CHECK(header(home, "Content-Type") == "text/html; charset=utf-8");
  CHECK(header(home, "Cache-Control") == "no-cache");
  CHECK(home.body.find("<script>") == home.body.npos);
  CHECK(home.body.find("http://") == home.body.npos);
  for (const std::string_view path :
       {"/dags", "/dags/etl", "/dags/etl/runs/r1", "/runs", "/backfills/1", "/datasets", "/features",
        "/capacity", "/compare", "/event-log", "/settings", "/submit", "/nowhere"}) {
    CAPTURE(path);
    CHECK(served.ask("GET", path, Served::viewer).body == home.body);
    CHECK(served.ask("GET", path, Served::scoped).status == 200);
    CHECK(served.ask("POST", path, served.admin).status == 405);
  }
  for (const std::string_view path :
       {"/api/v2/nothing", "/assets/a.js", "/assets/index.html", "/assets", "/x.js", "/index.html"}) {
    CAPTURE(path);
    CHECK(served.ask("GET", path, served.admin, "", "", browser).status == 404);
  }
}

TEST_CASE("the parts of a page are kept by their names, and come in the coding that was asked for") {
  const Served served;
  const auto home = served.ask("GET", "/", served.admin);
  const std::size_t at = home.body.find("/assets/");
  REQUIRE(at != home.body.npos);
  const std::string script = home.body.substr(at, home.body.find('"', at) - at);
  const auto ask = [&](std::string_view more, std::string_view method = "GET") {
    return served.ask(method, script, served.admin, "", "", more);
  };
  const auto plain = ask(""), brotli = ask("Accept-Encoding: gzip, br\r\n");
  CHECK(plain.status == 200);
  CHECK(header(plain, "Content-Encoding").empty());
  CHECK(header(plain, "Content-Type") == "text/javascript; charset=utf-8");
  CHECK(header(plain, "Cache-Control") == "private, max-age=31536000, immutable");
  CHECK(header(brotli, "Content-Encoding") == "br");
  CHECK(header(brotli, "ETag") != header(plain, "ETag"));
  CHECK(brotli.body.size() < plain.body.size() / 2);
  const auto head = ask("Accept-Encoding: br\r\n", "HEAD");
  CHECK(header(head, "Content-Length") == std::to_string(brotli.body.size()));
  CHECK(head.body.empty());
  CHECK(served.ask("GET", script, "").status == 401);
  CHECK(served.ask("GET", script + ".br", served.admin).status == 404);
  CHECK(served.ask("GET", "/favicon.svg", "").status == 200);
  CHECK(header(served.ask("GET", "/theme.js", served.admin), "Cache-Control") == "no-cache");
}

TEST_CASE("a login leads to the page that was asked for, and a failed one still knows it") {
  const Served served;
  CHECK(header(post_login(served, served.admin, "%2Fdags%2Fetl%3Ftab%3Dgrid"), "Location") ==
        "/dags/etl?tab=grid");
  CHECK(header(post_login(served, served.admin, "%2F%2Fevil.example"), "Location") == "/");
  CHECK(header(post_login(served, served.admin, "https%3A%2F%2Fevil.example"), "Location") == "/");
  const auto failed = post_login(served, "wrong", "%2Fdags%2F%22%3E%3Cb%3E");
  CHECK(failed.status == 401);
  CHECK(failed.body.find("value=\"/dags/&quot;&gt;&lt;b&gt;\"") != failed.body.npos);
  CHECK(failed.body.find("role=\"alert\"") != failed.body.npos);
  const auto form = served.ask("GET", "/login?next=%2Fdags", "");
  CHECK(form.body.find("name=\"next\" value=\"/dags\"") != form.body.npos);
  CHECK(served.ask("GET", "/login?next=%2F%2Fevil.example", "").body.find("evil") == std::string::npos);
}

TEST_CASE("who is logged in goes on from the login page") {
  const Served served;
  const std::string cookie = session(served);
  CHECK(header(served.ask("GET", "/login?next=%2Fdags", "", "", "", cookie), "Location") == "/dags");
  CHECK(header(served.ask("GET", "/login", "", "", "", cookie), "Location") == "/");
  CHECK(served.ask("GET", "/dags", "", "", "", cookie).status == 200);
  // By a link of another site, which the cookie doesn't come with: from our own page it does.
  const auto bounced =
      served.ask("GET", "/login?next=%2Fdags%3Fq%3D%22", "", "", "", "Sec-Fetch-Site: cross-site\r\n");
  CHECK(bounced.status == 200);
  CHECK(bounced.body.find("url=/login?next=%2Fdags%3Fq%3D%22\"") != bounced.body.npos);
  CHECK(served.ask("GET", "/login", "", "", "", "Sec-Fetch-Site: cross-site\r\n").body.find("<form") !=
        std::string::npos);
}
