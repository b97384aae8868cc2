// Secrets in logs: whatever part is read, however it is read, it is that part of the log masked as a whole.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <random>

#include "api/json.h"
#include "api/log_search.h"
#include "base/limits.h"
#include "base/secret_mask.h"
#include "fakes.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

constexpr std::string_view path =
    "/api/v2/dags/etl/dagRuns/manual__2001-01-05T00:00:00+00:00/taskInstances/load/logs/1";

std::shared_ptr<const SecretMask> mask_of(const std::vector<std::string>& values) {
  const auto key = std::make_shared<const SecretKey>("the key of these tests");
  std::vector<SecretPrint> prints;
  for (const std::string& value : values) prints.push_back(key->print(value));
  return std::make_shared<const SecretMask>(key, std::move(prints));
}

class MaskedFile {
 public:
  MaskedFile(std::string_view bytes, std::shared_ptr<const SecretMask> mask) {
    std::string name = (std::filesystem::temp_directory_path() / "millrace_masked_XXXXXX").string();
    file = FileSlice(::mkstemp(name.data()), 0, 0);
    name_ = name;
    file.mask = std::move(mask);
    write(bytes, 0);
  }
  ~MaskedFile() { std::filesystem::remove(name_); }
  void write(std::string_view bytes, std::int64_t at) {
    REQUIRE(::pwrite(file.fd(), bytes.data(), bytes.size(), at) == static_cast<ssize_t>(bytes.size()));
    file.length = at + static_cast<std::int64_t>(bytes.size());
  }
  std::string read(std::int64_t at, std::size_t size) const {
    std::string out(size, '\0');
    const ssize_t got = file.read_at(out, at);
    out.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return out;
  }
  FileSlice file;

 private:
  std::filesystem::path name_;
};

std::size_t matches_of(const MaskedFile& log, std::string text, std::int64_t from = 0) {
  LogQuery query;
  query.text = std::move(text);
  const LogPlace place{1, 0, from};
  return find_in_log(log.file, place, query, [] { return false; }).matches.size();
}

}  // namespace

TEST_CASE("any part of a log is the part of the masked whole") {
  std::mt19937 dice(7);
  std::string bytes;
  while (bytes.size() < 20'000) {
    bytes += dice() % 3 == 0 ? "hunter2hunter2!" : dice() % 3 == 0 ? "hunter2\n" : "line of a log\n";
  }
  const auto mask = mask_of({"hunter2", "ter2hunter2!", "a log\nwith"});
  const MaskedFile log(bytes, mask);
  const std::string whole = mask->hidden(bytes);
  REQUIRE(whole != bytes);
  for (int round = 0; round < 500; ++round) {
    const std::size_t at = dice() % bytes.size(), size = 1 + dice() % 300;
    CAPTURE(round, at, size);
    CHECK(log.read(static_cast<std::int64_t>(at), size) == whole.substr(at, size));
  }
  CHECK(log.read(static_cast<std::int64_t>(bytes.size()), 9).empty());
}

TEST_CASE("a search finds nothing in a secret, also from within it") {
  const std::string secret = "correct-horse-battery";
  const MaskedFile log("before " + secret + " after\n" + std::string(3'000'000, 'x') + secret + "\nend\n",
                       mask_of({secret}));
  for (const char* part : {"correct-horse-battery", "correct", "battery", "r", "t-horse"}) {
    if (part != std::string("r")) CHECK(matches_of(log, part) == 0);
    for (const std::int64_t from : {8, 12, 20}) {
      CAPTURE(part, from);
      CHECK(matches_of(log, part, from) == (part == std::string("r") ? 1 : 0));  // that of `after`
    }
  }
  CHECK(matches_of(log, "before ***") == 1);
  CHECK(matches_of(log, "xxx***") == 1);
  LogQuery errors;
  errors.least = LogLevel::error;
  const MaskedFile levels("error-in-a-secret\nERROR: plain\n", mask_of({"error-in-a-secret"}));
  CHECK(find_in_log(levels.file, {}, errors, [] { return false; }).matches.size() == 1);
}

TEST_CASE("while a log is written, the end of an unfinished line isn't shown until it can't be a secret") {
  MaskedFile log("first line\nhunt", mask_of({"hunter2"}));
  CHECK(log.file.shown_bytes(true) == 11);
  CHECK(log.file.shown_bytes(false) == 15);
  log.write("er2 and more", 15);  // 27 bytes
  CHECK(log.file.shown_bytes(true) == 27 - 6);
  CHECK(log.read(11, 10) == "******* an");
  log.write("\n", 27);
  CHECK(log.file.shown_bytes(true) == 28);
  std::int64_t shown = 0;  // never goes down
  for (std::int64_t size = 28; size < 300; ++size) {
    log.write(size % 40 == 0 ? "\n" : "h", size);
    CHECK(log.file.shown_bytes(true) >= shown);
    shown = log.file.shown_bytes(true);
  }
  const MaskedFile plain("no line end", nullptr);
  CHECK(plain.file.shown_bytes(true) == 11);
}

TEST_CASE("the beginning of a secret before the cap of a log is hidden") {
  MaskedFile log("", mask_of({"hunter2"}));
  log.write("line\nhunt\n[millrace: log reached", limits::log_bytes - 9);
  CHECK(log.read(limits::log_bytes - 9, 20) == "line\n****\n[millrace:");
  CHECK(log.read(limits::log_bytes - 2, 2) == "**");
  CHECK(log.read(limits::log_bytes, 5) == "\n[mil");
}

TEST_CASE("all ways to read a log mask, and lengths, ranges and the index stay those of the file") {
  Served served;
  const std::string secret = "hunter2";
  served.backend.mask = mask_of({secret});
  std::string bytes;
  for (int i = 0; i < 40'000; ++i) bytes += fmt::format("line {} of hunter2 and more\n", i);
  const auto file = served.folder / "logs/etl/manual/load/-1/1.log";
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
  const auto ask = [&](std::string_view query, std::string_view headers = {}) {
    return served.ask("GET", fmt::format("{}{}", path, query), served.admin, {}, {}, headers);
  };
  const std::string whole = served.backend.mask->hidden(bytes);
  CHECK(ask("").body == whole);
  const auto part = ask("", "Range: bytes=12-14\r\n");
  CHECK(part.body == "***");
  CHECK(part.head.find(fmt::format("bytes 12-14/{}", bytes.size())) != part.head.npos);
  CHECK(ask("", "Range: bytes=-30\r\n").body == whole.substr(whole.size() - 30));
  const auto lines = parse_json(ask("", "Accept: application/json\r\n").body);
  REQUIRE(lines);
  CHECK(lines->find("content")->items.at(7).text == "line 7 of ******* and more");
  const auto index = parse_json(ask("/index").body);
  REQUIRE(index);
  CHECK(index->find("lines")->integer == 40'000);
  const auto found = parse_json(ask("/search?q=line%207%20").body);
  REQUIRE(found);
  CHECK(found->find("matches")->items.at(0).find("text")->text == "line 7 of ******* and more");
  for (const std::string_view query : {"", "/search?q=line", "/search?q=hunter2"})
    CHECK(ask(query).body.find(secret) == std::string::npos);
}
