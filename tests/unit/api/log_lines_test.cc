// Lines of a log: the index, the search; against a plain reading of the same bytes.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <random>

#include "api/json.h"
#include "api/log_follow.h"
#include "api/log_index.h"
#include "api/log_search.h"
#include "fakes.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

constexpr std::string_view path =
    "/api/v2/dags/etl/dagRuns/manual__2001-01-05T00:00:00+00:00/taskInstances/load/logs/1";

const std::function<bool()> no_hurry = [] { return false; };
const std::function<bool()> in_a_hurry = [] { return true; };

class LogOf {
 public:
  explicit LogOf(std::string_view bytes) {
    std::string name = (std::filesystem::temp_directory_path() / "millrace_log_XXXXXX").string();
    const int fd = ::mkstemp(name.data());
    name_ = name;
    file = FileSlice(fd, 0, 0);
    append(bytes);
  }
  ~LogOf() { std::filesystem::remove(name_); }
  void append(std::string_view bytes) {
    REQUIRE(::pwrite(file.fd(), bytes.data(), bytes.size(), file.length) ==
            static_cast<ssize_t>(bytes.size()));
    file.length += static_cast<std::int64_t>(bytes.size());
  }
  FileSlice file;

 private:
  std::filesystem::path name_;
};

std::string lines(int count) {
  std::string out;
  for (int i = 1; i <= count; ++i)
    out += fmt::format("line {} {}\n", i, std::string(static_cast<std::size_t>(i % 50), 'x'));
  return out;
}

/// All matches by cursor, in calls of `limit`; `hurry`: each call ends after one block.
std::vector<LogMatch> all_matches(const FileSlice& file, LogQuery query, bool hurry = false) {
  std::vector<LogMatch> all;
  LogPlace from;
  for (int calls = 0; calls < 100'000; ++calls) {
    LogMatches found = find_in_log(file, from, query, hurry ? in_a_hurry : no_hurry);
    CHECK(found.matches.size() <= query.limit);
    all.insert(all.end(), found.matches.begin(), found.matches.end());
    if (found.complete) return all;
    from = found.next;
  }
  FAIL("the search comes to no end");
  return all;
}

Served::Answer with_log(const Served& served, std::string_view bytes, std::string_view target,
                        std::string_view headers = {}) {
  const auto file = served.folder / "logs/etl/manual/load/-1/1.log";
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
  return served.ask("GET", fmt::format("{}{}", path, target), served.admin, {}, {}, headers);
}

}  // namespace

TEST_CASE("the index knows where every 256th line begins, and goes on as the log grows") {
  const std::string text = lines(1'000);
  LogOf log(std::string_view(text).substr(0, 9'000));
  LogIndex index;
  index.look(log.file, no_hurry);
  log.append(std::string_view(text).substr(9'000));
  const LogIndex::Seen seen = index.look(log.file, no_hurry);
  CHECK(seen.lines == 1'000);
  CHECK(seen.scanned == log.file.length);
  REQUIRE(seen.offsets.size() == 4);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(text.substr(static_cast<std::size_t>(seen.offsets[i]))
              .starts_with(fmt::format("line {} ", i * 256 + 1)));
}

TEST_CASE("any line is found by its number, before, at and behind the end") {
  const std::string text = lines(700) + "the rest";
  LogOf log(text);
  LogIndex index;
  for (const std::int64_t line : {1, 2, 255, 256, 257, 258, 512, 513, 699, 700}) {
    const auto place = index.place_of(log.file, line, no_hurry);
    REQUIRE(place);
    CHECK(place->line == line);
    CHECK(
        text.substr(static_cast<std::size_t>(place->line_start)).starts_with(fmt::format("line {} ", line)));
  }
  CHECK(text.substr(static_cast<std::size_t>(index.place_of(log.file, 701, no_hurry)->line_start)) ==
        "the rest");
  CHECK(index.place_of(log.file, 5'000, no_hurry)->line_start == log.file.length);
}

TEST_CASE("a scan stops when its time is up and isn't begun again") {
  LogOf log(std::string(3u << 20, '\n'));
  LogIndex index;
  CHECK(index.look(log.file, in_a_hurry).scanned == 256 << 10);
  CHECK(index.look(log.file, in_a_hurry).scanned == 512 << 10);
  CHECK_FALSE(index.place_of(log.file, 3'000'000, in_a_hurry));
  CHECK(index.look(log.file, no_hurry).lines == 3 << 20);
}

TEST_CASE("an index stays small: beyond its entries it keeps every second one") {
  LogOf log("");
  REQUIRE(::ftruncate(log.file.fd(), 0) == 0);
  const std::string empty_lines(60u << 20, '\n');
  log.append(empty_lines);
  LogIndex index;
  const auto seen = index.look(log.file, no_hurry);
  CHECK(seen.offsets.size() <= limits::log_index_entries);
  CHECK(seen.every == 512);
  CHECK(seen.lines == 60 << 20);
  for (std::size_t i = 0; i < seen.offsets.size(); i += 1'000)
    CHECK(seen.offsets[i] == static_cast<std::int64_t>(i) * seen.every);
  CHECK(index.place_of(log.file, 1'000'001, no_hurry)->line_start == 1'000'000);
}

TEST_CASE("a log that was cut is scanned anew") {
  LogOf log(lines(1'000));
  LogIndex index;
  index.look(log.file, no_hurry);
  log.file.length = 100;
  CHECK(index.look(log.file, no_hurry).lines < 10);
}

TEST_CASE("a search finds each line once, by number and bytes") {
  LogOf log("one ab\ntwo\nab ab ab\n\nxAb\nlast ab");
  const auto found = all_matches(log.file, {.text = "ab"});
  REQUIRE(found.size() == 3);
  CHECK(found[0].line == 1);
  CHECK(found[0].offset == 0);
  CHECK(found[0].at == 4);
  CHECK(found[0].text == "one ab");
  CHECK(found[1].line == 3);
  CHECK(found[1].text == "ab ab ab");
  CHECK(found[2].line == 6);
  CHECK(all_matches(log.file, {.text = "ab", .ignore_case = true}).size() == 4);
  CHECK(all_matches(log.file, {.text = "absent"}).empty());
}

TEST_CASE("searches agree with a plain reading, whatever the limit and wherever blocks end") {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < (3u << 20)) {
    const auto length = random() % 100 == 0 ? random() % 5'000 : random() % 120;
    for (std::uint32_t i = 0; i < length; ++i) text += static_cast<char>('a' + random() % 6);
    text += '\n';
  }
  LogOf log(text);
  std::vector<std::int64_t> expected;
  std::int64_t line = 1;
  for (std::size_t at = 0; at < text.size(); ++line) {
    const std::size_t end = text.find('\n', at);
    if (std::string_view(text).substr(at, end - at).find("abcda") != std::string_view::npos)
      expected.push_back(line);
    at = end + 1;
  }
  REQUIRE(expected.size() > 100);
  for (const std::size_t limit : {std::size_t{1}, std::size_t{7}, std::size_t{1'000}}) {
    CAPTURE(limit);
    std::vector<std::int64_t> got;
    for (const LogMatch& match : all_matches(log.file, {.text = "abcda", .limit = limit}, limit == 7)) {
      got.push_back(match.line);
      CHECK(std::string_view(text).substr(static_cast<std::size_t>(match.at)).starts_with("abcda"));
    }
    CHECK(got == expected);
  }
}

TEST_CASE("a line of many blocks is searched through, across its blocks too") {
  std::string text = "short\n" + std::string(5u << 20, '.');
  text.replace((1u << 20) + 6 - 3, 6, "needle");  // across the end of a block
  text += "\nafter needle\n";
  LogOf log(text);
  const auto found = all_matches(log.file, {.text = "needle"});
  REQUIRE(found.size() == 2);
  CHECK(found[0].line == 2);
  CHECK(found[0].at == (1 << 20) + 3);
  CHECK(found[0].text.size() <= 500);
  CHECK(found[1].line == 3);
}

TEST_CASE("the level of a line is its first word of that kind") {
  CHECK(level_of("2026-11-27 01:00:00,123 - root - ERROR - no info") == LogLevel::error);
  CHECK(level_of("[info] retry after error") == LogLevel::info);
  CHECK(level_of("ValueError: x") == LogLevel::error);
  CHECK(level_of("java.lang.NullPointerException") == LogLevel::error);
  CHECK(level_of("WARNING: old") == LogLevel::warning);
  CHECK(level_of("Traceback (most recent call last):") == LogLevel::error);
  CHECK(level_of("DEBUG x") == LogLevel::debug);
  CHECK_FALSE(level_of("errors: 0 informed"));
  // Colours: the "m" that ends a sequence isn't part of the word.
  CHECK(level_of("09:41:02 \x1b[33mWARN\x1b[0m no error yet") == LogLevel::warning);
  CHECK(level_of("\x1b[1;34mINFO\x1b[0m retry after error") == LogLevel::info);
  CHECK(level_of("\x1b[38:5:9mERROR") == LogLevel::error);
  CHECK_FALSE(level_of("\x1b[31m"));
  CHECK_FALSE(level_of("\x1b["));
  CHECK_FALSE(level_of("\x1b"));
  CHECK_FALSE(level_of(""));
  LogOf log("INFO a\nWARN a\nplain a\nERROR b\nFATAL a\n");
  const auto numbers = [&](LogQuery query) {
    std::vector<std::int64_t> out;
    for (const LogMatch& match : all_matches(log.file, std::move(query))) out.push_back(match.line);
    return out;
  };
  CHECK(numbers({.least = LogLevel::warning}) == std::vector<std::int64_t>{2, 4, 5});
  CHECK(numbers({.text = "a", .least = LogLevel::warning}) == std::vector<std::int64_t>{2, 5});
  CHECK(numbers({.least = LogLevel::debug, .limit = 1}) == std::vector<std::int64_t>{1, 2, 4, 5});
}

TEST_CASE("the index over HTTP: numbers, or packed") {
  const Served served;
  const std::string text = lines(600);
  const auto json = parse_json(with_log(served, text, "/index").body);
  REQUIRE(json);
  CHECK(json->find("every")->integer == 256);
  CHECK(json->find("lines")->integer == 600);
  CHECK(json->find("complete")->boolean);
  REQUIRE(json->find("offsets")->items.size() == 3);
  const auto packed = with_log(served, text, "/index?from=1", "Accept: application/octet-stream\r\n");
  REQUIRE(packed.body.size() == 16);
  std::int64_t second = 0;
  std::memcpy(&second, packed.body.data(), 8);
  CHECK(second == json->find("offsets")->items[1].integer);
  CHECK(packed.head.find("Log-Index-Lines: 600\r\n") != std::string::npos);
  CHECK(with_log(served, text, "/index?from=x").status == 422);
}

TEST_CASE("the search over HTTP goes on by its cursor, and from a line") {
  const Served served;
  std::string text = lines(1'000);
  std::string target = "/search?q=line&limit=300";
  std::vector<std::int64_t> got;
  for (int calls = 0; calls < 10 && !target.empty(); ++calls) {
    const auto json = parse_json(with_log(served, text, target).body);
    REQUIRE(json);
    for (const JsonValue& match : json->find("matches")->items) got.push_back(match.find("line")->integer);
    const JsonValue* next = json->find("next");
    target = next->is(JsonValue::Kind::null) ? "" : "/search?q=line&limit=300&from=" + next->text;
  }
  REQUIRE(got.size() == 1'000);
  CHECK(got.back() == 1'000);
  const auto from =
      parse_json(with_log(served, text, "/search?q=LINE&ignore_case=true&limit=1&from=700").body);
  REQUIRE(from);
  CHECK(from->find("matches")->items.at(0).find("line")->integer == 700);
  for (const std::string_view bad : {"/search", "/search?q=", "/search?q=a%0Ab", "/search?q=a&limit=0",
                                     "/search?q=a&from=0", "/search?q=a&from=1.2", "/search?q=a&from=1.5.2",
                                     "/search?q=a&level=loud", "/search?q=a&ignore_case=1"}) {
    CAPTURE(bad);
    CHECK(with_log(served, text, bad).status == 422);
  }
}

TEST_CASE("a tag names the beginning that a client has: it stays good while the log grows") {
  const Served served;
  const auto tag_of = [](const Served::Answer& answer) {
    const std::size_t at = answer.head.find("ETag: ") + 6;
    return answer.head.substr(at, answer.head.find('\r', at) - at);
  };
  const std::string tag = tag_of(with_log(served, "0123456789", ""));
  CHECK(with_log(served, "0123456789", "", fmt::format("If-None-Match: {}\r\n", tag)).status == 304);
  const auto grown = with_log(served, "0123456789abc", "", fmt::format("If-None-Match: {}\r\n", tag));
  CHECK(grown.status == 200);
  const auto part =
      with_log(served, "0123456789abc", "", fmt::format("If-Range: {}\r\nRange: bytes=10-\r\n", tag));
  CHECK(part.status == 206);
  CHECK(part.body == "abc");
  const auto cut = with_log(served, "01234", "", fmt::format("If-Range: {}\r\nRange: bytes=2-\r\n", tag));
  CHECK(cut.status == 200);
  CHECK(cut.body == "01234");
  CHECK(with_log(served, "0123456789", "", "If-Range: \"other-a\"\r\nRange: bytes=2-\r\n").status == 200);
  CHECK(with_log(served, "0123456789", "", "If-Range: Thu, 01 Jan 1970 00:00:00 GMT\r\nRange: bytes=2-\r\n")
            .status == 200);
}

TEST_CASE("a piece of a followed log doesn't end within a character") {
  CHECK(whole_characters("abc") == 3);
  CHECK(whole_characters("ab\xc3") == 2);
  CHECK(whole_characters("ab\xc3\xa9") == 4);
  CHECK(whole_characters("a\xf0\x9f\x9a") == 1);
  CHECK(whole_characters("a\xf0\x9f\x9a\x82") == 5);
  CHECK(whole_characters("a\xff") == 1);
  CHECK(whole_characters("\x80\x80\x80\x80") == 4);
  CHECK(whole_characters("") == 0);
}
