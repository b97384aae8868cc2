// Calls of an API, ends of tasks, time and restarts in any order: the scheduler against the fold of what it
// recorded. Each step keeps the invariants, at the end everything is over or waits for something with a name.
#include <span>

#include "history.h"
#include "input.h"

using namespace millrace;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, std::min<std::size_t>(size, 4'000));
  const test::History history = test::play({.state = 0, .bytes = bytes, .chosen = true});
  for (const std::string& problem : history.problems) std::fprintf(stderr, "%s\n", problem.c_str());
  fuzz::claim(history.problems.empty(), "the invariants hold");
  if (!history.stuck.empty()) std::fprintf(stderr, "%s\n", history.stuck.c_str());
  fuzz::claim(history.stuck.empty(), "nothing is a dead end");
  return 0;
}
