// How long Admission takes for a candidate: added, admitted, released. Run: build/release/core_bench
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "scheduler/admission.h"

using namespace millrace;

namespace {

constexpr std::int64_t gib = 1ll << 30;
constexpr int slots = 16;

struct Load {
  const char* name;
  int runs;              ///< candidates are dealt out to this many
  int max_active_tasks;  ///< of each run; 0: none
  int shapes;            ///< different memory requests
  int classes;
  std::int64_t memory_bytes;  ///< of the machine
};

std::vector<Candidate> candidates_of(const Load& load, int count) {
  std::vector<Candidate> out;
  out.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    Candidate c;
    c.id = {i + 1};
    c.run = {i % load.runs + 1};
    c.dag_id = "bench";
    c.task = static_cast<TaskIndex>(i / load.runs);
    c.share = static_cast<ShareClass>(i % load.classes);
    c.execution_date = {i % load.runs};
    c.since = {i};
    c.pool = "cpu";
    if (load.shapes > 1) c.memory_bytes = gib + i % load.shapes;
    c.max_active_tasks_of_run = load.max_active_tasks;
    out.push_back(std::move(c));
  }
  return out;
}

/// All wait at first; then one ends at a time, as in the daemon's loop.
void measure(const Load& load, int count) {
  using Clock = std::chrono::steady_clock;
  auto waiting = candidates_of(load, count);
  Admission admission;
  admission.set_machine({64'000, load.memory_bytes, {}});
  admission.set_pool({"cpu", slots, {}, false, 1});
  const auto begin = Clock::now();
  for (Candidate& c : waiting) admission.add(std::move(c));
  const auto added = Clock::now();
  std::deque<TaskInstanceId> running;
  int started = 0;
  for (;;) {
    for (const auto& one : admission.admit()) {
      running.push_back(one.candidate.id);
      ++started;
    }
    if (running.empty()) break;
    admission.release(running.front());
    running.pop_front();
  }
  const auto end = Clock::now();
  const auto per = [count](Clock::duration d) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(d).count() / count;
  };
  fmt::print("{:<30} {:>7} waiting   add {:>6} ns   admit + release {:>6} ns{}\n", load.name, count,
             per(added - begin), per(end - added), started == count ? "" : "   NOT ALL STARTED");
}

}  // namespace

int main() {
  const Load loads[] = {
      {"one run, one shape", 1, 0, 1, 1, 64 * gib},
      {"one run, 8 at a time", 1, 8, 1, 1, 64 * gib},
      {"1,000 runs, 16 at a time", 1000, 16, 1, 1, 64 * gib},
      {"four classes", 100, 16, 1, 4, 64 * gib},
      {"1,000 shapes, four classes", 100, 16, 1000, 4, 64 * gib},
      {"1,000 shapes, short of memory", 100, 16, 1000, 4, 8 * gib},
  };
  for (const Load& load : loads)
    for (const int count : {10'000, 100'000}) measure(load, count);
}
