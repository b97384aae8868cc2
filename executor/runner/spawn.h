#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "executor/executor.h"
#include "executor/runner/cgroups.h"

namespace millrace {

/// What came of one start: a process that runs the task's program, or words.
struct SpawnOutcome {
  pid_t pid = -1;
  int pidfd = -1;
  std::uint64_t start_ticks = 0;
  WallTime at;
  MonoTime mono;
  Slot* slot = nullptr;
  std::string failure;  ///< empty: it runs
};

/// Memory that the child borrows until it has become the task's program. One for each spawning thread.
class ChildStack {
 public:
  ChildStack();
  ~ChildStack();
  ChildStack(const ChildStack&) = delete;
  ChildStack& operator=(const ChildStack&) = delete;
  char* base() const { return base_; }
  static constexpr std::size_t bytes = 64u << 10;

 private:
  char* base_ = nullptr;
};

/// Starts one attempt and returns when its program runs or couldn't be. The calling thread stands still in
/// between (as with vfork: nothing is copied); all its signals must be blocked.
SpawnOutcome spawn(const AttemptSpec&, Cgroups&, ChildStack&, int null_fd);

}  // namespace millrace
