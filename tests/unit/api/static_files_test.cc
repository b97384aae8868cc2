// Static files: what is served, under which names, and what a browser may do with it.
#include "api/static_files.h"

#include <catch2/catch.hpp>

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
