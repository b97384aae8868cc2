// Who comes in by which secret: tokens, their limits and their end, browser sessions, one-time links.
#include "api/access.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>

#include "api/event_topics.h"
#include "api/login.h"
#include "api/routes.h"
#include "base/limits.h"
#include "fakes.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

std::string header(const Served::Answer& answer, std::string_view name) {
  const std::string wanted = fmt::format("\r\n{}: ", name);
  const std::size_t at = answer.head.find(wanted);
  if (at == answer.head.npos) return {};
  const std::size_t from = at + wanted.size();
  return answer.head.substr(from, answer.head.find("\r\n", from) - from);
}

std::string member(const std::string& body, std::string_view name) {
  const std::string wanted = fmt::format("\"{}\":\"", name);
  const std::size_t at = body.find(wanted);
  if (at == body.npos) return {};
  return body.substr(at + wanted.size(), body.find('"', at + wanted.size()) - at - wanted.size());
}

std::string origin_of(const Served& served) { return fmt::format("Origin: http://{}\r\n", served.host()); }

Served::Answer post_login(const Served& served, std::string_view token, std::string_view more) {
  return served.ask("POST", "/login", "", fmt::format("token={}", token), "application/x-www-form-urlencoded",
                    more);
}

/// Answers a trigger with the one run there is.
void answer_with_run(Served& served) {
  served.backend.reply = [row = served.rows.runs.front()](const Event&) { return Reply{{}, row}; };
}

/// `Cookie: …` of a fresh browser session of the admin.
std::string log_in(const Served& served) {
  const auto answer = post_login(served, served.admin, origin_of(served));
  REQUIRE(answer.status == 303);
  const std::string set = header(answer, "Set-Cookie");
  return fmt::format("Cookie: {}\r\n", set.substr(0, set.find(';')));
}

}  // namespace

TEST_CASE("a pattern's star stands for any characters and its question mark for one") {
  CHECK(pattern_fits("*", ""));
  CHECK(pattern_fits("flights_*", "flights_ingest"));
  CHECK(pattern_fits("*_x_*", "a_x_b_x_c"));
  CHECK(pattern_fits("a?c", "abc"));
  CHECK(pattern_fits("a*b*c", "a1b2b3c"));
  CHECK_FALSE(pattern_fits("flights_*", "flights"));
  CHECK_FALSE(pattern_fits("a?c", "ac"));
  CHECK_FALSE(pattern_fits("a*b", "abc"));
  CHECK_FALSE(pattern_fits("", "a"));
  CHECK_FALSE(pattern_fits(std::string(100, '*') + "b", std::string(200, 'a')));
}

TEST_CASE("a token made by the API opens what its role may, until it is revoked") {
  Served served;
  answer_with_run(served);
  const auto made = served.ask("POST", "/api/v2/tokens", served.admin, R"({"name":"ci","role":"operator"})");
  REQUIRE(made.status == 201);
  const std::string secret = member(made.body, "token"), id = member(made.body, "id");
  CHECK(secret.starts_with("mr_"));
  CHECK(served.ask("GET", "/api/v2/dags", secret).status == 200);
  CHECK(served.ask("POST", "/api/v2/dags/etl/dagRuns", secret, "{}").status == 200);
  CHECK(served.ask("GET", "/api/v2/tokens", secret).status == 403);
  CHECK(served.ask("POST", "/api/v2/tokens", served.admin, R"({"name":"ci"})").status == 409);
  const auto listed = served.ask("GET", "/api/v2/tokens", served.admin);
  CHECK(listed.body.find("\"ci\"") != listed.body.npos);
  CHECK(listed.body.find(secret) == listed.body.npos);
  CHECK(served.ask("DELETE", "/api/v2/tokens/" + id, served.admin).status == 204);
  CHECK(served.ask("GET", "/api/v2/dags", secret).status == 401);
  CHECK(served.ask("DELETE", "/api/v2/tokens/" + id, served.admin).status == 404);
  CHECK(served.ask("DELETE", "/api/v2/tokens/eye", served.admin).status == 409);  // of a file
  CHECK(served.ask("POST", "/api/v2/tokens", served.admin, R"({"name":"ci"})").status == 201);
}

TEST_CASE("a token's wish is checked") {
  const Served served;
  for (const std::string_view body :
       {R"({})", R"({"name":""})", R"({"name":"a b"})", R"({"name":"x","role":"root"})",
        R"({"name":"x","scope":{"dags":[]}})", R"({"name":"x","scope":{"dags":["a/b"]}})",
        R"({"name":"x","scope":{"tags":["a"]}})", R"({"name":"x","role":"admin","scope":{"dags":["a"]}})",
        R"({"name":"x","role":"author","scope":{"dags":["a"]}})", R"({"name":"x","expires_in":0})",
        R"({"name":"x","expires_at":"2001-01-01"})", R"({"name":"x","rolle":"viewer"})"}) {
    CAPTURE(body);
    CHECK(served.ask("POST", "/api/v2/tokens", served.admin, body).status == 422);
  }
}

TEST_CASE("a token limited to some DAGs sees those alone, on every route") {
  const Served served;
  CHECK(served.ask("GET", "/api/v2/dags/etl", Served::scoped).status == 200);
  CHECK(served.ask("GET", "/api/v2/dags/etl", Served::elsewhere).status == 404);
  CHECK(served.ask("GET", "/api/v2/dags/other_1", Served::scoped).status == 404);
  CHECK(served.ask("GET", "/api/v2/dags", Served::scoped).body.find("etl") != std::string::npos);
  CHECK(served.ask("GET", "/api/v2/dags", Served::elsewhere).body.find("etl") == std::string::npos);
  CHECK(served.ask("GET", "/api/v2/dagTags", Served::elsewhere).body.find("demo") == std::string::npos);
  for (const char* list :
       {"/api/v2/dags/~/dagRuns", "/api/v2/backfills", "/api/v2/dags", "/api/v2/dagStats"}) {
    CAPTURE(list);
    const auto own = served.ask("GET", list, Served::scoped);
    const auto none = served.ask("GET", list, Served::elsewhere);
    CHECK(own.status == 200);
    CHECK(own.body.find("\"etl\"") != std::string::npos);
    CHECK(none.status == 200);
    CHECK(none.body.find("\"etl\"") == std::string::npos);
    CHECK(none.body.find("\"total_entries\":0") != std::string::npos);
  }
  CHECK(served.ask("GET", "/api/v2/dags/~/details", Served::scoped).status == 404);
  CHECK(served.ask("GET", "/api/v2/backfills/3", Served::scoped).status == 200);
  CHECK(served.ask("GET", "/api/v2/backfills/3", Served::elsewhere).status == 404);
  CHECK(served.ask("PUT", "/api/v2/backfills/3/cancel", Served::elsewhere).status == 404);
  CHECK(served.ask("POST", "/api/v2/backfills", Served::elsewhere,
                   R"({"dag_id":"etl","from_date":"2001-01-01","to_date":"2001-01-02"})")
            .status == 404);
  CHECK(served.ask("POST", "/api/v2/dags/etl/dagRuns", Served::elsewhere, "{}").status == 404);
  CHECK(served.backend.wishes() == 0);
}

TEST_CASE("what a limited token may not see looks like what isn't there") {
  const Served served;
  const auto hidden = served.ask("GET", "/api/v2/dags/etl/dagRuns", Served::elsewhere);
  const auto missing = served.ask("GET", "/api/v2/dags/eti/dagRuns", Served::elsewhere);
  CHECK(hidden.status == missing.status);
  std::string body = hidden.body;
  for (std::size_t at = 0; (at = body.find("etl")) != body.npos;) body.replace(at, 3, "eti");
  CHECK(body == missing.body);
}

TEST_CASE("a route for limited tokens names a DAG or says how it keeps to theirs; the rest is shut") {
  const Served served;
  for (const Route& route : routes()) {
    CAPTURE(route.method, route.pattern);
    const bool names_one = route.pattern.find("{dag_id}") != route.pattern.npos;
    const Reach reach = route.needs.reach();
    if (reach == Reach::dag) CHECK(names_one);
    if (names_one) CHECK((reach == Reach::dag || reach == Reach::filtered));
    if (route.needs.least() > Role::operator_) CHECK((reach == Reach::shut || reach == Reach::dag));
    if (reach != Reach::shut || route.needs.least() > Role::operator_) continue;
    CAPTURE(route.method, route.pattern);
    std::string path(route.pattern);
    for (auto at = path.find('{'); at != path.npos; at = path.find('{')) {
      path.replace(at, path.find('}') - at + 1, "1");
    }
    CHECK(served.ask(route.method, path, Served::scoped).status == 403);
  }
}

TEST_CASE("the event stream's topic of the audit log is for admins") {
  for (const Role role : {Role::viewer, Role::operator_, Role::author, Role::admin}) {
    const auto topics = read_topics(*parse_query("topics=runs,audit"), Principal{"x", role, {}});
    CHECK(topics.has_value() == (role == Role::admin));
    if (!topics) CHECK(topics.error().status == 403);
  }
}

TEST_CASE("a token in the login form opens a browser session, whose cookie no page can read or lend") {
  const Served served;
  const auto answer = post_login(served, served.admin, origin_of(served));
  CHECK(answer.status == 303);
  CHECK(header(answer, "Location") == "/");
  const std::string set = header(answer, "Set-Cookie");
  CHECK(set.find("; HttpOnly") != set.npos);
  CHECK(set.find("; SameSite=Strict") != set.npos);
  CHECK(set.find("; Path=/") != set.npos);
  CHECK(set.find(served.admin) == set.npos);
  const std::string cookie = fmt::format("Cookie: theme=dark; {}\r\n", set.substr(0, set.find(';')));
  CHECK(served.ask("GET", "/", "", "", "", cookie).status == 200);
  CHECK(served.ask("GET", "/api/v2/dags", "", "", "", cookie).status == 200);
  CHECK(served.ask("GET", "/auth/me", "", "", "", cookie).body.find("\"admin\"") != std::string::npos);
}

TEST_CASE("with a cookie, who changes things must say that one of our pages asks") {
  Served served;
  answer_with_run(served);
  const std::string cookie = log_in(served);
  const std::string_view trigger = "/api/v2/dags/etl/dagRuns";
  const auto post = [&](const std::string& more) {
    return served.ask("POST", trigger, "", "{}", "application/json", cookie + more).status;
  };
  CHECK(post("") == 403);
  CHECK(post("Origin: https://evil.example\r\n") == 403);
  CHECK(post("Origin: null\r\n") == 403);
  CHECK(post("Sec-Fetch-Site: cross-site\r\n") == 403);
  CHECK(post("Sec-Fetch-Site: same-site\r\n") == 403);  // another port of localhost
  CHECK(served.backend.wishes() == 0);
  CHECK(post("Sec-Fetch-Site: same-origin\r\n") == 200);
  CHECK(post(origin_of(served)) == 200);
  CHECK(served.ask("DELETE", "/api/v2/dags/etl", "", "", "", cookie).status == 403);
}

TEST_CASE("a session ends by logging out, by an admin, and with its token") {
  const Served served;
  const std::string first = log_in(served), second = log_in(served);
  const auto opens = [&](const std::string& cookie) {
    return served.ask("GET", "/api/v2/dags", "", "", "", cookie).status == 200;
  };
  CHECK(opens(first));
  CHECK(served.ask("POST", "/logout", "", "", "", first).status == 403);
  const auto out = served.ask("POST", "/logout", "", "", "", first + origin_of(served));
  CHECK(out.status == 303);
  CHECK(header(out, "Set-Cookie").find("Max-Age=0") != std::string::npos);
  CHECK_FALSE(opens(first));
  CHECK(opens(second));
  const auto listed = served.ask("GET", "/api/v2/sessions", served.admin);
  CHECK(served.ask("DELETE", "/api/v2/sessions/" + member(listed.body, "id"), served.admin).status == 204);
  CHECK_FALSE(opens(second));

  const auto made = served.ask("POST", "/api/v2/tokens", served.admin, R"({"name":"anna"})");
  const auto in = post_login(served, member(made.body, "token"), origin_of(served));
  const std::string set = header(in, "Set-Cookie");
  const std::string third = fmt::format("Cookie: {}\r\n", set.substr(0, set.find(';')));
  CHECK(opens(third));
  CHECK(served.ask("DELETE", "/api/v2/tokens/anna", served.admin).status == 204);
  CHECK_FALSE(opens(third));
}

TEST_CASE("a login form from elsewhere, and one that doesn't say from where, is refused") {
  const Served served;
  CHECK(post_login(served, served.admin, "").status == 403);
  CHECK(post_login(served, served.admin, "Origin: https://evil.example\r\n").status == 403);
  CHECK(post_login(served, served.admin, "Origin: null\r\n").status == 403);
}

TEST_CASE("a login link works once") {
  const Served served;
  const auto made = served.ask("POST", "/auth/links", served.admin, "{}");
  REQUIRE(made.status == 201);
  const std::string path = member(made.body, "path");
  CHECK(served.ask("HEAD", path, "").status == 200);
  const auto in = served.ask("GET", path, "");
  CHECK(in.status == 303);
  CHECK(header(in, "Set-Cookie").find("HttpOnly") != std::string::npos);
  const auto again = served.ask("GET", path, "");
  CHECK(again.status == 401);
  CHECK(header(again, "Set-Cookie").empty());
}

TEST_CASE("a login link is forgotten after its minute, and only so many are open") {
  Logins logins;
  const auto code = logins.make_link("t", MonoTime{0});
  REQUIRE(code);
  CHECK_FALSE(logins.take_link(*code, MonoTime{60'000'000}));
  for (std::size_t i = 0; i < limits::login_links; ++i) CHECK(logins.make_link("t", MonoTime{0}));
  CHECK_FALSE(logins.make_link("t", MonoTime{0}));
  CHECK(logins.make_link("t", MonoTime{61'000'000}));
}

TEST_CASE("twenty failed logins within a minute shut the door for the rest of it") {
  const Served served;
  const auto answer = [&](std::string_view secret) {
    return served.ask("POST", "/auth/token", "",
                      fmt::format(R"({{"username":"eye","password":"{}"}})", secret));
  };
  CHECK(answer(Served::viewer).status == 201);
  for (int i = 0; i < limits::bad_logins_a_minute; ++i) CHECK(answer("wrong").status == 401);
  const auto shut = answer(Served::viewer);
  CHECK(shut.status == 429);
  CHECK(header(shut, "Retry-After") == "60");
  CHECK(post_login(served, served.admin, origin_of(served)).status == 429);
  CHECK(served.ask("GET", "/api/v2/dags", served.admin).status == 200);  // who has a token isn't touched

  Logins logins;
  for (int i = 0; i < limits::bad_logins_a_minute; ++i) logins.failed("a", MonoTime{0});
  CHECK(logins.throttled("a", MonoTime{59'000'000}));
  CHECK_FALSE(logins.throttled("b", MonoTime{0}));
  CHECK_FALSE(logins.throttled("a", MonoTime{60'000'000}));
}

TEST_CASE("Airflow's login gives a bearer token that is no cookie and ends with its token") {
  const Served served;
  const auto made = served.ask("POST", "/auth/token", "",
                               fmt::format(R"({{"username":"eye","password":"{}"}})", Served::viewer));
  REQUIRE(made.status == 201);
  const std::string bearer = member(made.body, "access_token");
  CHECK(served.ask("GET", "/api/v2/dags", bearer).status == 200);
  CHECK(served.ask("POST", "/api/v2/dags/etl/dagRuns", bearer, "{}").status == 403);
  CHECK(served.ask("POST", "/auth/token", "", fmt::format(R"({{"username":"eye","password":"{}"}})", bearer))
            .status == 401);
  CHECK(served.ask("POST", "/auth/token", "",
                   fmt::format(R"({{"username":"ops","password":"{}"}})", Served::viewer))
            .status == 401);
}

TEST_CASE("a use is written down once in a while, not with every request") {
  FakeAccess none;
  const auto folder = std::filesystem::temp_directory_path() / "millrace_access_test";
  std::filesystem::create_directory(folder);
  auto access = Access::load(folder / "admin.token", {}, none, WallTime{1});
  REQUIRE(access);
  TokenRow row;
  row.id = "tok_1", row.name = "a", row.role = "viewer", row.secret_sha256 = std::string(64, 'a');
  (*access)->apply(row);
  CHECK((*access)->due(WallTime{1}).empty());
  CHECK((*access)->find_id("tok_1", WallTime{1'000'000'000'000}));
  CHECK((*access)->due(WallTime{1'000'000'000'000}).size() == 1);
  CHECK((*access)->find_id("tok_1", WallTime{1'000'000'000'001}));
  CHECK((*access)->due(WallTime{1'000'000'000'001}).empty());
  row.expires_at = WallTime{5};
  (*access)->apply(row);
  CHECK((*access)->find_id("tok_1", WallTime{4}));
  CHECK_FALSE((*access)->find_id("tok_1", WallTime{5}));
  std::filesystem::remove_all(folder);
}

TEST_CASE("the pages need no script and show names as text") {
  const Served served;
  const auto page = served.ask("GET", "/login", "");
  CHECK(page.status == 200);
  CHECK(page.body.find("<script") == page.body.npos);
  CHECK(page.body.find("style=") == page.body.npos);
  CHECK(page.body.find("http://") == page.body.npos);
  CHECK(served.ask("GET", "/login/style.css", "").head.find("text/css") != std::string::npos);
}
