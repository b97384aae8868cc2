#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "executor/runner/spawn.h"

namespace millrace {

/// Two threads that start attempts in the order given: one start keeps a thread still for 0.1 ms, and two of
/// them start nearly twice as many. The runner's loop is their only customer.
class Spawner {
 public:
  /// `wake_fd`: an eventfd, written when there are outcomes to take.
  Spawner(Cgroups& cgroups, int wake_fd, int null_fd);
  ~Spawner();
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

  void submit(std::vector<std::unique_ptr<AttemptSpec>> specs);
  /// Takes one that no thread has begun off the queue; false if it is too late.
  bool withdraw(AttemptId);
  std::vector<std::pair<AttemptId, SpawnOutcome>> take_outcomes();

 private:
  void work();

  Cgroups& cgroups_;
  const int wake_fd_, null_fd_;
  std::mutex mutex_;
  std::condition_variable wanted_;
  std::deque<std::unique_ptr<AttemptSpec>> queue_;
  std::vector<std::pair<AttemptId, SpawnOutcome>> outcomes_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace millrace
