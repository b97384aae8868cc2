#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "scenario.h"
#include "test_paths.h"

using namespace millrace::test;
namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

/// The lines that differ, as a person would mark them.
std::string difference(const std::string& expected, const std::string& got) {
  std::istringstream a(expected), b(got);
  std::string out, left, right;
  for (;;) {
    const bool more_left = static_cast<bool>(std::getline(a, left));
    const bool more_right = static_cast<bool>(std::getline(b, right));
    if (!more_left && !more_right) return out;
    if (more_left && more_right && left == right) continue;
    if (more_left) out += "  - " + left + "\n";
    if (more_right) out += "  + " + right + "\n";
  }
}

}  // namespace

TEST_CASE("scenarios read as they play") {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(MILLRACE_SOURCE_DIR "/tests/unit/scheduler/scenarios"))
    if (entry.path().extension() == ".scn") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  CHECK(files.size() >= 60);
  const bool update = std::getenv("UPDATE") != nullptr;
  const char* only = std::getenv("ONLY");
  for (const fs::path& file : files) {
    if (only && file.stem() != only) continue;
    const std::string text = read(file);
    Scenario scenario(text);
    std::string played;
    try {
      played = scenario.play();
    } catch (const std::exception& e) {
      FAIL_CHECK(file.filename().string() << ": " << e.what());
      continue;
    }
    for (const std::string& problem : scenario.problems)
      FAIL_CHECK(file.filename().string() << ": " << problem);
    if (played == text) continue;
    if (update) std::ofstream(file) << played;
    else
      FAIL_CHECK(file.filename().string() << " (- the file, + what happens):\n" << difference(text, played));
  }
}
