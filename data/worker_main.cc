#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "data/contract_check.h"
#include "data/run_and_publish.h"
#include "data/tree_hash.h"

// The data worker, started as a task's attempt, so that its memory, time and log are that task's:
//   millrace-data check --dataset NAME --path PATH --format F --contract JSON
//     Exit code 0: the contract holds; 1: it doesn't, or the data can't be read.
//   millrace-data run --plan JSON -- PROGRAM ARGUMENT…
//     Runs a task that has outputs and publishes them (docs/dataset-versions.md). Ends as the task ended.
//   millrace-data hash PATH…
//     The version that each file or folder would have.
// 2: bad usage.

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

int run(const std::vector<std::string_view>& words) {
  const auto plan = millrace::parse_plan(option(words, "--plan"));
  if (!plan || words.size() < 5 || words[3] != "--") {
    fmt::print(stderr, "usage: millrace-data run --plan JSON -- PROGRAM ARGUMENT...\n");
    return 2;
  }
  return millrace::run_and_publish(*plan, {words.begin() + 4, words.end()});
}

int hash(const std::vector<std::string_view>& words) {
  int code = 0;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto tree = millrace::hash_tree(words[i], static_cast<int>(std::thread::hardware_concurrency()));
    if (tree) {
      fmt::print("{}  {}\n", tree->hash, words[i]);
    } else {
      fmt::print(stderr, "hash: {}\n", tree.error().message);
      code = 1;
    }
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  if (!words.empty() && words[0] == "check") return check(words);
  if (!words.empty() && words[0] == "run") return run(words);
  if (words.size() > 1 && words[0] == "hash") return hash(words);
  fmt::print(stderr,
             "millrace-data: the data worker; the daemon starts it for checks and for tasks with outputs\n");
  return 2;
}
