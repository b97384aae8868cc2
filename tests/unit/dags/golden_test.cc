#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "dags/parser.h"
#include "test_paths.h"

using namespace millrace;
namespace fs = std::filesystem;

namespace {

std::string read_file(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<fs::path> golden_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator{fs::path{MILLRACE_SOURCE_DIR} / "tests/unit/dags/golden"})
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

std::string outcome(const fs::path& path, const ParseResult& result, const std::string& text) {
  if (result.dag) return result.dag->canonical + "\n";
  return render(result.diagnostics, path.filename().string(), text);
}

}  // namespace

// UPDATE=1 rewrites the .out files; review the diff.
TEST_CASE("every golden file gives what its .out says") {
  const bool update = std::getenv("UPDATE") != nullptr;
  const auto files = golden_files();
  CHECK(files.size() >= 60);
  for (const fs::path& path : files) {
    CAPTURE(path.filename().string());
    const std::string text = read_file(path);
    const ParseResult result = parse_dag(text);
    const std::string got = outcome(path, result, text);
    CHECK((result.dag != nullptr) == path.filename().string().starts_with("good_"));
    CHECK((result.dag != nullptr) == result.diagnostics.empty());
    const fs::path expected = fs::path{path}.replace_extension(".out");
    if (update) std::ofstream{expected, std::ios::binary} << got;
    CHECK(read_file(expected) == got);
  }
}

TEST_CASE("files that differ in comments, order, quoting and white space have one hash") {
  const fs::path folder = fs::path{MILLRACE_SOURCE_DIR} / "tests/unit/dags/golden";
  const auto one = parse_dag(read_file(folder / "good_minimal.yaml"));
  const auto two = parse_dag(read_file(folder / "good_same_as_minimal.yaml"));
  REQUIRE(one.dag);
  REQUIRE(two.dag);
  CHECK(one.dag->hash == two.dag->hash);
  CHECK(one.dag->hash.size() == 64);
}

TEST_CASE("a value that means something else has another hash") {
  const auto hash = [](const char* value) {
    const auto result = parse_dag("dag_id: d\nparams: {p: {type: array, default: [" + std::string{value} +
                                  "]}}\ntasks: {a: {command: [x]}}\n");
    REQUIRE(result.dag);
    return result.dag->hash;
  };
  CHECK(hash("1") != hash("\"1\""));
  CHECK(hash("x") == hash("\"x\""));
}
