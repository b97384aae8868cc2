#include "executor/runner/spawner.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "base/crash_point.h"

namespace millrace {

Spawner::Spawner(Cgroups& cgroups, int wake_fd, int null_fd)
    : cgroups_(cgroups), wake_fd_(wake_fd), null_fd_(null_fd) {
  for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { work(); });
}

Spawner::~Spawner() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wanted_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Spawner::submit(std::vector<std::unique_ptr<AttemptSpec>> specs) {
  const bool several = specs.size() > 1;
  {
    const std::lock_guard lock(mutex_);
    for (auto& spec : specs) queue_.push_back(std::move(spec));
  }
  if (several) {
    wanted_.notify_all();
  } else {
    wanted_.notify_one();
  }
}

bool Spawner::withdraw(AttemptId attempt) {
  const std::lock_guard lock(mutex_);
  const auto at = std::find_if(queue_.begin(), queue_.end(),
                               [attempt](const auto& spec) { return spec->attempt == attempt; });
  if (at == queue_.end()) return false;
  queue_.erase(at);
  return true;
}

std::vector<std::pair<AttemptId, SpawnOutcome>> Spawner::take_outcomes() {
  const std::lock_guard lock(mutex_);
  return std::exchange(outcomes_, {});
}

void Spawner::work() {
  ChildStack stack;
  std::unique_lock lock(mutex_);
  for (;;) {
    wanted_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    const std::unique_ptr<AttemptSpec> spec = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    CRASH_POINT("spawner.taken");
    SpawnOutcome outcome = spawn(*spec, cgroups_, stack, null_fd_);
    CRASH_POINT("spawner.spawned");
    lock.lock();
    outcomes_.emplace_back(spec->attempt, std::move(outcome));
    if (outcomes_.size() == 1) {
      const std::uint64_t one = 1;
      if (write(wake_fd_, &one, sizeof one) < 0) continue;  // only full: then the loop is awake already
    }
  }
}

}  // namespace millrace
