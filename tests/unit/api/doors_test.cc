// Who gets in: tokens, roles, Host, Origin, content types, framing, limits, ids. Against a real server.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>

#include "api/routes.h"
#include "fakes.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

/// A path that fits the pattern, with ids that exist.
std::string filled(std::string_view pattern) {
  std::string out(pattern);
  const std::pair<std::string_view, std::string_view> values[] = {
      {"{dag_id}", "etl"},     {"{run_id}", "manual__2001-01-05T00:00:00+00:00"},
      {"{task_id}", "load"},   {"{map_index}", "-1"},
      {"{try_number}", "1"},   {"{key}", "k"},
      {"{backfill_id}", "3"},  {"{pool_name}", "cpu"},
      {"{event_log_id}", "1"}, {"{version_number}", "1"},
      {"{import_error_id}", "1"}, {"{docs_file}", "docs.js"},
      {"{variable_key}", "v"}, {"{file_token}", "etl"},
      {"{token_id}", "tok_x"}, {"{session_id}", "ses_x"}, {"{code}", "0123"},
      {"{asset_id}", "1"},     {"{asset_alias_id}", "1"}, {"{dataset}", "raw"}, {"{version}", "1"},
      {"{page*}", "dags"},     {"{asset_file}", "none.js"}};
  for (const auto& [name, value] : values) {
    if (const std::size_t at = out.find(name); at != out.npos) out.replace(at, name.size(), value);
  }
  if (out.ends_with("/lineage")) out += "?node=dag:etl";
  return out.ends_with("/search") ? out + "?q=x" : out;
}

}  // namespace

TEST_CASE("every route refuses who has no token, but for the open ones") {
  const Served served;
  std::vector<std::string> open;
  for (const Route& route : routes()) {
    CAPTURE(route.method, route.pattern);
    for (const std::string_view token : {"", "wrong"}) {
      const int status = served.ask(route.method, filled(route.pattern), token).status;
      // The doors themselves answer, but let nobody in.
      CHECK((status == (route.needs.open() && route.method == "GET" ? 200 : 401) ||
             (route.needs.open() && (status == 401 || status == 403 || status == 422))));
    }
    if (route.needs.open()) open.push_back(std::string(route.method) + " " + std::string(route.pattern));
  }
  CHECK(open == std::vector<std::string>{"GET /api/v2/monitor/health", "GET /api/v2/version", "GET /login",
                                         "POST /login", "GET /login/style.css", "POST /auth/token",
                                         "GET /auth/link/{code}", "GET /favicon.svg"});
  CHECK(served.ask("GET", "/api/v2/nothing", "").status == 401);
  CHECK(served.ask("GET", "/favicon.ico", "").status == 401);
  CHECK(served.ask("OPTIONS", "/api/v2/dags", "").status == 401);
  CHECK(served.ask("HEAD", "/api/v2/dags", "").status == 401);
  CHECK(served.backend.wishes() == 0);
}

TEST_CASE("a method that a path doesn't take is 405 and says which it takes") {
  const Served served;
  for (const std::string_view method : {"TRACE", "BREW", "PUT"}) {
    const auto answer = served.ask(method, "/api/v2/dags", served.admin);
    CAPTURE(method, answer.head);
    CHECK(answer.status == 405);
    CHECK(answer.head.find("Allow: OPTIONS, GET, HEAD, PATCH, POST\r\n") != answer.head.npos);
    CHECK(served.ask(method, "/api/v2/dags", "").status == 401);
  }
}

TEST_CASE("a viewer changes nothing, an operator submits nothing") {
  const Served served;
  for (const Route& route : routes()) {
    if (route.needs.open()) continue;
    CAPTURE(route.method, route.pattern);
    const std::string path = filled(route.pattern);
    if (route.needs.least() > Role::viewer)
      CHECK(served.ask(route.method, path, Served::viewer).status == 403);
    if (route.needs.least() > Role::operator_)
      CHECK(served.ask(route.method, path, Served::operator_).status == 403);
    // Airflow's batch lists carry their filters in a body; what is about oneself needs no more than a token.
    const bool reads = route.pattern == "/api/v2/backfills/dry_run" || route.pattern.ends_with("/list");
    const bool of_oneself = route.pattern == "/logout" || route.pattern == "/auth/links";
    if (route.method != "GET" && !reads && !of_oneself) {
      CHECK(route.needs.least() > Role::viewer);
    }
  }
  CHECK(served.backend.wishes() == 0);
}

TEST_CASE("every GET of the table answers the admin") {
  const Served served;
  for (const Route& route : routes()) {
    if (route.method != "GET") continue;
    CAPTURE(route.pattern);
    const auto answer = served.ask("GET", filled(route.pattern), served.admin);
    CAPTURE(answer.body);
    // What the fakes have none of.
    bool missing = route.pattern.ends_with("/listMapped");
    for (const std::string_view name :
         {"{key}", "{event_log_id}", "{pool_name}", "{token_id}", "{import_error_id}", "{variable_key}",
          "{asset_id}", "{asset_alias_id}", "{dataset}", "{asset_file}"}) {
      missing = missing || route.pattern.find(name) != route.pattern.npos;
    }
    if (route.pattern.ends_with("{code}")) continue;  // opens a session, once
    CHECK(answer.status == (missing ? 404 : 200));
    const auto head = served.ask("HEAD", filled(route.pattern), served.admin);
    CHECK(head.status == answer.status);
    CHECK(head.body.empty());
  }
}

TEST_CASE("only the daemon's own names are answered, before anything else") {
  const Served served;
  const auto with_host = [&](std::string_view host) {
    return served.raw(fmt::format("GET /api/v2/version HTTP/1.1\r\nHost: {}\r\n\r\n", host)).status;
  };
  const int port = served.server->port();
  CHECK(with_host(fmt::format("127.0.0.1:{}", port)) == 200);
  CHECK(with_host(fmt::format("localhost:{}", port)) == 200);
  CHECK(with_host(fmt::format("LOCALHOST:{}", port)) == 200);
  CHECK(with_host(fmt::format("[::1]:{}", port)) == 200);
  CHECK(with_host("evil.example") == 421);
  CHECK(with_host(fmt::format("evil.example:{}", port)) == 421);
  CHECK(with_host("localhost") == 421);
  CHECK(served.raw("GET /api/v2/version HTTP/1.1\r\n\r\n").status == 400);
  CHECK(
      served.raw(fmt::format("GET /api/v2/version HTTP/1.1\r\nHost: {0}\r\nHost: {0}\r\n\r\n", served.host()))
          .status == 400);
}

TEST_CASE("pages of other origins may not ask, and get no CORS headers") {
  const Served served;
  const auto from = [&](std::string_view origin, std::string_view method = "POST") {
    return served.ask(method, "/api/v2/dags/etl/dagRuns", served.admin, "{}", "application/json",
                      fmt::format("Origin: {}\r\n", origin));
  };
  CHECK(from("https://evil.example").status == 403);
  CHECK(from("null").status == 403);
  CHECK(from("http://127.0.0.1:1").status == 403);
  CHECK(served.backend.wishes() == 0);
  CHECK(from(fmt::format("http://127.0.0.1:{}", served.server->port())).status != 403);
  const auto preflight =
      served.raw(fmt::format("OPTIONS /api/v2/dags HTTP/1.1\r\nHost: {}\r\nOrigin: https://evil.example\r\n"
                             "Access-Control-Request-Method: POST\r\n\r\n",
                             served.host()));
  CHECK(preflight.status == 403);
  CHECK(preflight.head.find("Access-Control") == preflight.head.npos);
}

TEST_CASE("bodies come as JSON, DAG files as YAML, nothing encoded") {
  const Served served;
  const std::string_view trigger = "/api/v2/dags/etl/dagRuns";
  for (const std::string_view type :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/yaml"}) {
    CAPTURE(type);
    CHECK(served.ask("POST", trigger, served.admin, "{}", type).status == 415);
  }
  CHECK(served.ask("POST", "/api/v2/dags", served.admin, "{}", "application/json").status == 415);
  CHECK(served.ask("POST", trigger, served.admin, "{}", "application/json", "Content-Encoding: gzip\r\n")
            .status == 415);
  CHECK(served.backend.wishes() == 0);
  CHECK(
      served.ask("POST", "/api/v2/dags", served.admin, "dag_id: etl\n", "text/yaml; charset=utf-8").status ==
      201);
}

TEST_CASE("framing that two readers could read in two ways is refused and the connection closed") {
  const Served served;
  const std::string begin = fmt::format(
      "POST /api/v2/dags/etl/dagRuns HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n"
      "Content-Type: application/json\r\n",
      served.host(), served.admin);
  const std::string get = fmt::format("GET /api/v2/dags HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n",
                                      served.host(), served.admin);
  const std::string bad[] = {
      begin + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      begin + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
      begin + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
      begin + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
      begin + "Content-Length: 2, 2\r\n\r\n{}",
      begin + "Content-Length: +2\r\n\r\n{}",
      begin + "Content-Length: -2\r\n\r\n{}",
      begin + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      begin + "Transfer-Encoding: identity\r\n\r\n{}",
      begin + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      begin + "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
      begin + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
      begin + "X: a\nY: b\r\n\r\n",
      begin + "X : a\r\n\r\n",
      begin + "X: a\rb\r\n\r\n",
      begin + std::string("X: a\0b\r\n\r\n", 11),
      get + "Content-Length: 2\r\n\r\n{}",
      get + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      fmt::format("GET /api/v2/version HTTP/1.1\nHost: {}\n\n", served.host()),
      fmt::format("GET /api/v2/ver\tsion HTTP/1.1\r\nHost: {}\r\n\r\n", served.host()),
      fmt::format("GET http://evil/api/v2/version HTTP/1.1\r\nHost: {}\r\n\r\n", served.host()),
      std::string("\x16\x03\x01\x02\x00 hello\r\n\r\n", 16),
  };
  for (const std::string& text : bad) {
    CAPTURE(text);
    const auto answer = served.raw(text);
    CHECK(answer.status == 400);
    CHECK(answer.closed);
  }
  CHECK(served.backend.wishes() == 0);
}

TEST_CASE("heads and bodies over the limit are refused, by length and by chunks") {
  const Served served;
  const std::string begin = fmt::format(
      "POST /api/v2/dags HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n"
      "Content-Type: text/yaml\r\n",
      served.host(), served.admin);
  CHECK(served.raw(begin + fmt::format("X: {}\r\n\r\n", std::string(17 << 10, 'a'))).status == 431);
  const auto by_length = served.raw(begin + "Content-Length: 16777217\r\n\r\n");
  CHECK(by_length.status == 413);
  CHECK(by_length.closed);
  std::string chunked = begin + "Transfer-Encoding: chunked\r\n\r\n";
  const std::string chunk = "100000\r\n" + std::string(0x100000, 'a') + "\r\n";
  for (int i = 0; i < 17; ++i) chunked += chunk;
  CHECK(served.raw(chunked + "0\r\n\r\n").status == 413);
  CHECK(served.raw(begin + "Content-Length: 99999999999999999999\r\n\r\n").status != 200);
  CHECK(served.backend.wishes() == 0);
}

TEST_CASE("a chunked body within the limit is taken") {
  const Served served;
  const auto answer = served.raw(fmt::format(
      "POST /api/v2/dags HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: text/yaml\r\n"
      "Transfer-Encoding: chunked\r\n\r\n4\r\ndag_\r\n8\r\nid: etl\n\r\n0\r\n\r\n",
      served.host(), served.admin));
  CHECK(answer.status == 201);
}

TEST_CASE("ids that could mean a path are refused in every parameter") {
  const Served served;
  const std::string bad[] = {"..",         "%2e%2e", "%2F",   "..%2f..%2fetc",       "%252F",
                             "%252e%252e", "a%5Cb",  "a%00b", std::string(300, 'a'), "%E2%88%95",
                             "a%0d%0ab",   "%",      "%zz"};
  for (const Route& route : routes()) {
    const std::string full = filled(route.pattern);
    std::string_view rest = route.pattern;
    if (route.method != "GET" || rest.find('{') == rest.npos) continue;
    for (const std::string& id : bad) {
      std::string path(route.pattern);
      path.replace(path.find('{'), path.find('}') - path.find('{') + 1, id);
      path = filled(path);
      CAPTURE(path);
      const int status = served.ask("GET", path, served.admin).status;
      CHECK((status == 400 || status == 404));
    }
  }
}

TEST_CASE("all answers carry the security headers, and echo nothing") {
  const Served served;
  for (const auto& answer :
       {served.ask("GET", "/api/v2/version", ""), served.ask("GET", "/api/v2/dags", ""),
        served.ask("GET", "/api/v2/x%0d%0aSet-Cookie:a", served.admin), served.raw("garbage\r\n\r\n")}) {
    CAPTURE(answer.head);
    for (const std::string_view header : {"frame-ancestors 'none'", "X-Content-Type-Options: nosniff",
                                          "Referrer-Policy: no-referrer", "Cache-Control: no-store"}) {
      CHECK(answer.head.find(header) != answer.head.npos);
    }
    CHECK(answer.head.find("unsafe-inline") == answer.head.npos);
    CHECK(answer.head.find("Set-Cookie") == answer.head.npos);
  }
}

TEST_CASE("JSON that is too deep, double or too large a number is 400 and changes nothing") {
  const Served served;
  for (const std::string& body :
       {std::string(33, '[') + std::string(33, ']'), std::string(100'000, '['),
        std::string(R"({"note":"a","note":"b"})"), std::string(R"({"conf":{"a":1e400}})"),
        std::string(R"({"conf":{"a":18446744073709551616}})"), std::string(R"({"note":"\ud800"})")}) {
    CAPTURE(body.substr(0, 60));
    CHECK(served.ask("POST", "/api/v2/dags/etl/dagRuns", served.admin, body).status == 400);
  }
  CHECK(served.backend.wishes() == 0);
}
