#include "executor/orphan.h"

#include <unistd.h>

#include <csignal>
#include <utility>

#include "base/crash_point.h"
#include "base/limits.h"

namespace millrace {

Orphan::Orphan(boost::asio::io_context& io, std::string name, StartFacts start, std::function<void()> ended)
    : io_(io), tree_{0, std::move(name)}, ended_(std::move(ended)), exists_(std::make_shared<bool>(true)) {
  const auto pid = static_cast<pid_t>(start.pid);
  if (pid <= 0) return;
  const int fd = open_pidfd(pid);
  if (fd < 0) return;
  // Asked after the pid is pinned: nobody else can have it from here on.
  const auto facts = read_process(pid);
  if (!facts || facts->start_ticks != start.start_ticks || facts->ended()) {
    close(fd);
    return;
  }
  alive_ = true;
  tree_.leader = pid;
  leader_ = std::make_unique<FdWatch>(io, fd);
}

Orphan::~Orphan() { *exists_ = false; }

void Orphan::watch() {
  if (leader_) {
    leader_->when_readable([this] {
      alive_ = false;
      next();
    });
    return;
  }
  post_to(io_, [this, exists = exists_] {
    if (*exists) next();
  });
}

std::vector<pid_t> Orphan::living() const {
  // Without a leader that was seen alive its number may be somebody else's by now: then only the marks count.
  return tree_.leader == 0 && tree_.name.empty() ? std::vector<pid_t>{} : living_tree(tree_, 0);
}

void Orphan::next() {
  for (int round = 0; round < 100; ++round) {
    const std::vector<pid_t> pids = living();
    if (pids.empty()) break;
    if (!grace_) signal_all([this] { return living(); }, SIGKILL);
    for (const pid_t pid : pids) {
      const int fd = open_pidfd(pid);
      if (fd < 0) continue;
      survivor_ = std::make_unique<FdWatch>(io_, fd);
      survivor_->when_readable([this] { next(); });
      return;
    }
  }
  CRASH_POINT("orphan.ended");
  const auto ended = std::move(ended_);  // it may destroy this
  ended();
}

void Orphan::kill() {
  if (grace_) return;
  signal_all([this] { return living(); }, SIGTERM);
  grace_ = std::make_unique<Delay>(io_, limits::termination_grace,
                                   [this] { signal_all([this] { return living(); }, SIGKILL); });
}

}  // namespace millrace
