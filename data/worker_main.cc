#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "data/contract_check.h"

// The data worker: `millrace-data check --dataset NAME --path PATH --format F --contract JSON`. Started as a
// task's attempt, so that its memory, time and log are that task's. Exit code 0: the contract holds; 1: it
// doesn't, or the data can't be read; 2: bad usage.

namespace {

namespace fs = std::filesystem;

/// Bounds the engine; the task's own limit, if there is one, bounds the process.
constexpr std::int64_t memory_default = std::int64_t{1} << 30;

std::string option(const std::vector<std::string_view>& words, std::string_view name) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i)
    if (words[i] == name) return std::string{words[i + 1]};
  return {};
}

std::vector<fs::path> libraries() {
  std::error_code error;
  return {fs::read_symlink("/proc/self/exe", error).parent_path() / "libduckdb.so", "libduckdb.so"};
}

int check(const std::vector<std::string_view>& words) {
  const auto contract = millrace::parse_contract(option(words, "--contract"));
  const std::string path = option(words, "--path"), dataset = option(words, "--dataset");
  if (!contract || path.empty()) {
    fmt::print(stderr,
               "usage: millrace-data check --dataset NAME --path PATH --format FORMAT --contract JSON\n");
    return 2;
  }
  auto engine = millrace::DuckDb::open(libraries(), memory_default);
  if (!engine) {
    fmt::print(stderr, "check {}: {}\n", dataset, engine.error().message);
    return 1;
  }
  const auto report = millrace::check_contract(**engine, path, option(words, "--format"), *contract);
  if (!report) {
    fmt::print(stderr, "check {}: {}\n", dataset, report.error().message);
    return 1;
  }
  fmt::print("check {}: {} rows, {} columns in {}\n", dataset, report->rows, report->columns.size(), path);
  for (const std::string& violation : report->violations) fmt::print("violation: {}\n", violation);
  if (const char* output = std::getenv("MILLRACE_OUTPUT"); output != nullptr)
    std::ofstream(output, std::ios::app) << millrace::report_json(*report) << "\n";
  fmt::print("{}\n", report->violations.empty() ? "the contract holds" : "the contract is broken");
  return report->violations.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  if (!words.empty() && words[0] == "check") return check(words);
  fmt::print(stderr, "millrace-data: the data worker; the daemon starts it for 'check' tasks\n");
  return 2;
}
