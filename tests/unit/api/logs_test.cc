// Task logs: ranges, binary bytes, big files, links, Airflow's JSON form.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>

#include "api/json.h"
#include "fakes.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

constexpr std::string_view path =
    "/api/v2/dags/etl/dagRuns/manual__2001-01-05T00:00:00+00:00/taskInstances/load/logs/1";

std::filesystem::path log_file(const Served& served) {
  const std::filesystem::path file = served.folder / "logs/etl/manual/load/-1/1.log";
  std::filesystem::create_directories(file.parent_path());
  return file;
}

void write_log(const Served& served, std::string_view bytes) {
  std::ofstream(log_file(served), std::ios::binary) << bytes;
}

Served::Answer range(const Served& served, std::string_view value) {
  return served.ask("GET", path, served.admin, {}, {}, fmt::format("Range: {}\r\n", value));
}

}  // namespace

TEST_CASE("a log comes as its bytes, whatever they are") {
  const Served served;
  const std::string bytes("a\0\xff\x1b[31m\r\n<script>", 18);
  write_log(served, bytes);
  const auto answer = served.ask("GET", path, served.admin);
  CHECK(answer.status == 200);
  CHECK(answer.body == bytes);
  CHECK(answer.head.find("Content-Type: text/plain") != answer.head.npos);
}

TEST_CASE("parts of a log: from, until, the last") {
  const Served served;
  write_log(served, "0123456789");
  CHECK(range(served, "bytes=2-4").body == "234");
  CHECK(range(served, "bytes=2-4").status == 206);
  CHECK(range(served, "bytes=2-4").head.find("Content-Range: bytes 2-4/10") != std::string::npos);
  CHECK(range(served, "bytes=7-").body == "789");
  CHECK(range(served, "bytes=-3").body == "789");
  CHECK(range(served, "bytes=-99").body == "0123456789");
  CHECK(range(served, "bytes=9-99").body == "9");
  CHECK(range(served, "bytes=10-").status == 416);
  CHECK(range(served, "bytes=10-").head.find("Content-Range: bytes */10") != std::string::npos);
  for (const std::string_view odd :
       {"bytes=4-2", "bytes=a-b", "lines=1-2", "bytes=1-2,4-5", "bytes=99999999999999999999-"}) {
    CAPTURE(odd);
    CHECK(range(served, odd).status == 200);
  }
}

TEST_CASE("a log of 2 GB opens at its end") {
  const Served served;
  write_log(served, "");
  std::filesystem::resize_file(log_file(served), 2'147'483'648 - 4);
  std::ofstream(log_file(served), std::ios::binary | std::ios::app) << "end\n";
  const auto answer = range(served, "bytes=-4");
  CHECK(answer.status == 206);
  CHECK(answer.body == "end\n");
}

TEST_CASE("a log that is several pieces long arrives whole") {
  const Served served;
  std::string bytes;
  for (int i = 0; i < 200'000; ++i) bytes += std::to_string(i) + "\n";
  write_log(served, bytes);
  CHECK(served.ask("GET", path, served.admin).body == bytes);
}

TEST_CASE("a link in place of a log, or on the way to it, isn't followed") {
  const Served served;
  const auto file = log_file(served);
  std::filesystem::create_symlink("/etc/passwd", file);
  CHECK(served.ask("GET", path, served.admin).body.empty());
  std::filesystem::remove(file);
  std::filesystem::remove_all(served.folder / "logs/etl");
  std::filesystem::create_directories(served.folder / "other/manual/load/-1");
  std::ofstream(served.folder / "other/manual/load/-1/1.log") << "elsewhere";
  std::filesystem::create_symlink(served.folder / "other", served.folder / "logs/etl");
  CHECK(served.ask("GET", path, served.admin).body.empty());
}

TEST_CASE("a name that leads out of the data folder opens nothing") {
  Served served;
  served.backend.logs = "/etc/../etc";
  served.rows.attempts[0].name = "passwd";
  CHECK(served.ask("GET", path, served.admin).body.empty());
  served.backend.logs = served.folder.string() + "/../../etc";
  CHECK(served.ask("GET", path, served.admin).body.empty());
}

TEST_CASE("Airflow's client reads lines and a token that leads on") {
  const Served served;
  std::string bytes;
  while (bytes.size() < (3u << 20)) bytes += "a line of a log\n";
  write_log(served, bytes);
  std::string joined, token;
  int answers = 0;
  do {
    const std::string target = token.empty() ? std::string(path) : fmt::format("{}?token={}", path, token);
    const auto answer = served.ask("GET", target, served.admin, {}, {}, "Accept: application/json\r\n");
    REQUIRE(answer.status == 200);
    const auto json = parse_json(answer.body);
    REQUIRE(json.has_value());
    for (const JsonValue& line : json->find("content")->items) joined += line.text + "\n";
    token = json->find("continuation_token")->text;
    ++answers;
  } while (!token.empty() && answers < 100);
  CHECK(joined == bytes);
  CHECK(answers > 2);
}

TEST_CASE("a token or an offset that is none is refused in every form of the answer") {
  const Served served;
  write_log(served, "a line\n");
  for (const char* query : {"?token=x", "?offset=1x", "?offset=--1", "?map_index=-2"}) {
    INFO(query);
    CHECK(served.ask("GET", std::string(path) + query, served.admin).status == 422);
  }
  for (const char* query : {"?token=1", "?offset=-5", "?offset=0", "?map_index=-1"}) {
    INFO(query);
    CHECK(served.ask("GET", std::string(path) + query, served.admin).status == 200);
  }
}

TEST_CASE("a try that never was is 404") {
  const Served served;
  std::string other(path);
  other.back() = '2';
  CHECK(served.ask("GET", other, served.admin).status == 404);
}
