// Static files: what is served, under which names, and what a browser may do with it.
#include "api/static_files.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <tuple>

#include "fakes.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

std::string header(const Served::Answer& answer, std::string_view name) {
  const std::size_t at = answer.head.find(std::string(name) + ": ");
  if (at == answer.head.npos) return {};
  const std::size_t from = at + name.size() + 2;
  return answer.head.substr(from, answer.head.find("\r\n", from) - from);
}

}  // namespace

TEST_CASE("only the files that are there have a name") {
  const EmbeddedFile files[] = {{"a.js", "1"}, {"b/c.css", "2"}, {".hidden", "3"}, {"b/.git/config", "4"}};
  const StaticFiles served(files);
  const HttpRequest request;
  CHECK(served.get("a.js", request).has_value());
  CHECK(served.get("b/c.css", request)->content_type == "text/css; charset=utf-8");
  for (const std::string_view name :
       {"", ".", "..", "/", "b", "b/", "b/..", "b/../a.js", "./a.js", "../a.js", "a.js/", "/a.js", "A.JS",
        ".hidden", "b/.git/config", "a.js%00", "/etc/passwd"}) {
    CAPTURE(name);
    const auto answer = served.get(name, request);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().status == 404);
  }
}

TEST_CASE("who has the bytes gets 304, who has others gets these") {
  const EmbeddedFile files[] = {{"a.js", "1"}};
  const StaticFiles served(files);
  const auto ask = [&](std::string tags) {
    HttpRequest request;
    request.headers.emplace_back("if-none-match", std::move(tags));
    return *served.get("a.js", request);
  };
  const std::string tag = etag_of("1");
  CHECK(tag != etag_of("2"));
  for (const std::string& same : {tag, "W/" + tag, "\"x\", " + tag, std::string("*")}) {
    CAPTURE(same);
    CHECK(ask(same).status == 304);
    CHECK(ask(same).body.empty());
  }
  for (const std::string& other : {std::string("\"x\""), tag.substr(1), std::string("W/")}) {
    CAPTURE(other);
    CHECK(ask(other).status == 200);
    CHECK(ask(other).body == "1");
  }
}

TEST_CASE("a file goes in the coding that the client likes best, each with its own tag") {
  const EmbeddedFile files[] = {{"a.js", "plain"}, {"a.js.br", "b"}, {"a.js.gz", "gz"}, {"b.js.br", "alone"}};
  const StaticFiles served(files);
  const auto ask = [&](std::string accepts, std::string tag = {}) {
    HttpRequest request;
    if (!accepts.empty()) request.headers.emplace_back("accept-encoding", std::move(accepts));
    if (!tag.empty()) request.headers.emplace_back("if-none-match", std::move(tag));
    return *served.get("a.js", request);
  };
  const auto value = [](const HttpResponse& response, std::string_view name) {
    for (const auto& [key, text] : response.headers) {
      if (key == name) return text;
    }
    return std::string{};
  };
  for (const auto& [accepts, body, coding] : {std::tuple{"", "plain", ""},
                                              {"gzip, deflate, br", "b", "br"},
                                              {"gzip", "gz", "gzip"},
                                              {"deflate", "plain", ""}}) {
    CAPTURE(accepts);
    const HttpResponse response = ask(accepts);
    CHECK(response.body == body);
    CHECK(response.content_type == "text/javascript; charset=utf-8");
    CHECK(value(response, "Content-Encoding") == coding);
    CHECK(value(response, "Vary") == "Accept-Encoding");
    CHECK(value(response, "ETag") == etag_of(body));
    CHECK(value(response, "Cache-Control") == "no-cache");
    const HttpResponse again = ask(accepts, etag_of(body));
    CHECK(again.status == 304);
    CHECK(value(again, "Content-Encoding").empty());
    CHECK(value(again, "Vary") == "Accept-Encoding");
  }
  CHECK(ask("gzip", etag_of("plain")).status == 200);  // the same file, but not what would be sent
  const HttpRequest request;
  CHECK_FALSE(served.get("a.js.br", request).has_value());
  CHECK(served.get("b.js.br", request)->body == "alone");
}

TEST_CASE("what a hash names is kept for good, by the browser alone") {
  const EmbeddedFile files[] = {{"a-12345678.js", "1"}};
  const StaticFiles served(files);
  const auto response = served.get("a-12345678.js", {}, Keep::forever);
  REQUIRE(response.has_value());
  const auto kept = std::ranges::find(response->headers, "Cache-Control", &HeaderList::value_type::first);
  REQUIRE(kept != response->headers.end());
  CHECK(kept->second == "private, max-age=31536000, immutable");
}

TEST_CASE("the page of the API is served to those with a token, and asks nobody else") {
  const Served served;
  CHECK(served.ask("GET", "/docs", "").status == 401);
  CHECK(served.ask("GET", "/docs/docs.js", "").status == 401);
  const auto page = served.ask("GET", "/docs", Served::viewer);
  CHECK(page.status == 200);
  CHECK(header(page, "Content-Type") == "text/html; charset=utf-8");
  CHECK(header(page, "Cache-Control") == "no-cache");
  CHECK(header(page, "Content-Security-Policy").find("script-src 'self'") != std::string::npos);
  for (const std::string name : {"index.html", "docs.js", "docs.css", "icon.svg"}) {
    const auto part = served.ask("GET", "/docs/" + name, Served::viewer);
    CAPTURE(name);
    CHECK(part.status == 200);
    // No other origin, and nothing that the policy would stop: no script or style inside the page.
    CHECK(part.body.find("//fonts") == std::string::npos);
    CHECK(part.body.find("@import") == std::string::npos);
    CHECK(part.body.find("innerHTML") == std::string::npos);
    CHECK(part.body.find("style=") == std::string::npos);
    CHECK(part.body.find("<style") == std::string::npos);
    CHECK(part.body.find("<script>") == std::string::npos);
    std::string text = part.body;
    const std::string_view svg_name = "http://www.w3.org/2000/svg";  // a name, never fetched
    for (std::size_t at; (at = text.find(svg_name)) != text.npos;) text.erase(at, svg_name.size());
    CHECK(text.find("http://") == std::string::npos);
    CHECK(text.find("https://") == std::string::npos);
  }
}

TEST_CASE("a page's files can't be climbed out of") {
  const Served served;
  for (const std::string path : {"/docs/", "/docs/%2e%2e", "/docs/%2e%2e%2fopenapi.json", "/docs/..",
                                 "/docs/.", "/docs/%2e", "/docs/..%5c", "/docs/docs.js%00", "/docs/docs.js/",
                                 "/docs//docs.js", "/docs/DOCS.JS", "/docs/%252e%252e", "/docs/.gitignore"}) {
    CAPTURE(path);
    CHECK(served.ask("GET", path, served.admin).status == 404);
  }
}

TEST_CASE("the document has a tag, so that a page that is opened again fetches little") {
  const Served served;
  const auto first = served.ask("GET", "/openapi.json", Served::viewer);
  const std::string tag = header(first, "ETag");
  REQUIRE(tag.size() == 34);
  const auto again =
      served.ask("GET", "/openapi.json", Served::viewer, {}, {}, "If-None-Match: " + tag + "\r\n");
  CHECK(again.status == 304);
  CHECK(again.body.empty());
  CHECK(header(again, "Content-Length").empty());
  CHECK_FALSE(again.closed);
}
