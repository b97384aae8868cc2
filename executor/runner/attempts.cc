#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/crash_point.h"
#include "executor/process_tree.h"
#include "executor/runner/adopted.h"
#include "executor/runner/runner.h"

namespace millrace {
namespace {

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t unkillable_us =
    30 * second_us;  // SIGKILL takes milliseconds unless the kernel itself is stuck

Now now() { return SystemClock().now(); }

std::int64_t microseconds(const timeval& t) { return std::int64_t{t.tv_sec} * second_us + t.tv_usec; }

}  // namespace

void Runner::take_outcomes() {
  std::uint64_t count = 0;
  if (read(wake_.fd, &count, sizeof count) < 0 && errno != EAGAIN) return;
  for (auto& [id, outcome] : spawner_->take_outcomes()) {
    const auto at = attempts_.find(id.value);
    if (at != attempts_.end()) on_spawned(*at->second, outcome);
  }
}

void Runner::on_spawned(Attempt& attempt, SpawnOutcome& outcome) {
  if (!outcome.failure.empty()) return fail_start(attempt, std::move(outcome.failure));
  attempt.stage = Attempt::Stage::running;
  ++alive_;
  attempt.slot = outcome.slot;
  attempt.start.pid = outcome.pid;
  attempt.start.start_ticks = outcome.start_ticks;
  attempt.start.at = outcome.at;
  attempt.leader.fd = outcome.pidfd;
  attempt.leader.pid = outcome.pid;
  CRASH_POINT("runner.started_heard");
  journal_.started(attempt.id, attempt.start);
  send_started(attempt);
  CRASH_POINT("runner.started_said");
  add_to_epoll(attempt.leader, EPOLLIN);
  if (attempt.timeout) set_deadline(attempt, outcome.mono.us + attempt.timeout->count());
  if (sweep_at_us_ == 0) sweep_at_us_ = outcome.mono.us + second_us;
  if (attempt.kill_wanted) ask_to_end(attempt);
}

void Runner::fail_start(Attempt& attempt, std::string why) {
  attempt.stage = Attempt::Stage::ended;
  attempt.exit.kind = ExitFacts::Kind::spawn_failed;
  attempt.exit.at = now().wall;
  attempt.exit.message = std::move(why);
  CRASH_POINT("runner.start_failed");
  journal_.finished(attempt.id, attempt.exit);
  send_finished(attempt);
}

void Runner::handle_kill(AttemptId id) {
  const auto at = attempts_.find(id.value);
  if (at == attempts_.end()) return;
  CRASH_POINT("runner.kill_taken");
  Attempt& attempt = *at->second;
  switch (attempt.stage) {
    case Attempt::Stage::queued: {
      attempt.exit.killed = attempt.kill_wanted = true;
      const bool in_batch =
          std::erase_if(to_start_, [id](const auto& spec) { return spec->attempt == id; }) > 0;
      if (in_batch || spawner_->withdraw(id)) fail_start(attempt, "it was told to end before it had started");
      return;
    }
    case Attempt::Stage::running:
      if (attempt.force != Attempt::Force::none) return;
      attempt.exit.killed = true;
      return ask_to_end(attempt);
    case Attempt::Stage::emptying:
    case Attempt::Stage::ended:
      return;
  }
}

void Runner::acknowledge(AttemptId id) {
  const auto at = attempts_.find(id.value);
  if (at == attempts_.end() || at->second->stage != Attempt::Stage::ended) return;
  CRASH_POINT("runner.acknowledge_taken");
  journal_.acknowledged(id);
  forgotten_.push_back(std::move(at->second));
  attempts_.erase(at);
}

std::vector<pid_t> Runner::living(const Attempt& attempt) const {
  if (attempt.slot != nullptr && attempt.slot->procs >= 0) return cgroups_.processes(*attempt.slot);
  // We are the subreaper: what a dead leader leaves hangs below our own children.
  if (attempt.stage == Attempt::Stage::emptying && adopted_children(pid_).empty()) return {};
  return living_tree({attempt.leader.pid, attempt.name}, pid_);
}

void Runner::ask_to_end(Attempt& attempt) {
  if (attempt.termination_grace.count() <= 0) return kill_tree(attempt);
  attempt.force = Attempt::Force::asked;
  const auto list = [&] { return living(attempt); };
  signal_all(list, attempt.termination_signal);
  signal_all(list, SIGCONT);  // a stopped process would sit out the grace
  CRASH_POINT("runner.asked_to_end");
  set_deadline(attempt, now().mono.us + attempt.termination_grace.count());
}

void Runner::kill_tree(Attempt& attempt) {
  if (attempt.force != Attempt::Force::killed) set_deadline(attempt, now().mono.us + unkillable_us);
  attempt.force = Attempt::Force::killed;
  if (attempt.slot != nullptr && cgroups_.kill_all(*attempt.slot)) return;
  signal_all([&] { return living(attempt); }, SIGKILL);
}

void Runner::on_leader_end(Attempt& attempt) {
  remove_from_epoll(attempt.leader);
  close(std::exchange(attempt.leader.fd, -1));
  // It stays a zombie until its tree is empty: so long its pid, which names the session, isn't given to
  // anyone else.
  attempt.stage = Attempt::Stage::emptying;
  CRASH_POINT("runner.leader_ended");
  attempt.exit.at = now().wall;
  watch_survivors(attempt);
}

void Runner::watch_survivors(Attempt& attempt) {
  for (int round = 0; round < 100; ++round) {
    const std::vector<pid_t> pids = living(attempt);
    if (pids.empty()) return finish(attempt);
    if (attempt.force != Attempt::Force::asked) kill_tree(attempt);
    for (const pid_t pid : pids) {
      const int fd = open_pidfd(pid);
      if (fd < 0) continue;
      attempt.survivors.push_back(std::make_unique<Watch>(Watch{Watch::Kind::survivor, fd, &attempt, pid}));
      add_to_epoll(*attempt.survivors.back(), EPOLLIN);
    }
    if (!attempt.survivors.empty()) return;
  }
  // Processes come and go faster than they can be looked at: the deadline looks again.
}

void Runner::on_survivor_end(Watch& watch) {
  Attempt& attempt = *watch.attempt;
  remove_from_epoll(watch);
  close(std::exchange(watch.fd, -1));
  if (watch.pid != attempt.leader.pid) waitpid(watch.pid, nullptr, WNOHANG);  // ours if its parent has ended
  const auto at = std::find_if(attempt.survivors.begin(), attempt.survivors.end(),
                               [&](const auto& survivor) { return survivor.get() == &watch; });
  old_watches_.push_back(std::move(*at));
  attempt.survivors.erase(at);
  if (attempt.survivors.empty()) watch_survivors(attempt);
}

void Runner::on_unkillable(Attempt& attempt) {
  std::string stuck;
  for (const pid_t pid : living(attempt)) {
    const auto facts = read_process(pid);
    if (facts) stuck += " " + std::to_string(pid) + " (state " + facts->state + ")";
  }
  if (stuck.empty() && attempt.stage == Attempt::Stage::emptying) return finish(attempt);
  attempt.exit.message = "unkillable: still there 30 s after SIGKILL:" + stuck;
  if (attempt.stage == Attempt::Stage::running) {
    remove_from_epoll(attempt.leader);
    close(std::exchange(attempt.leader.fd, -1));
  }
  finish(attempt);
}

void Runner::finish(Attempt& attempt) {
  for (auto& survivor : attempt.survivors) {
    remove_from_epoll(*survivor);
    close(std::exchange(survivor->fd, -1));
    old_watches_.push_back(std::move(survivor));
  }
  attempt.survivors.clear();
  set_deadline(attempt, 0);
  CRASH_POINT("runner.tree_empty");
  rusage used{};
  int status = 0;
  if (wait4(attempt.leader.pid, &status, WNOHANG, &used) == attempt.leader.pid) {
    attempt.exit.wait_status = status;
    attempt.exit.user_us = microseconds(used.ru_utime);
    attempt.exit.system_us = microseconds(used.ru_stime);
    attempt.exit.max_rss_bytes = std::int64_t{used.ru_maxrss} * 1024;
  } else {
    attempt.exit.kind = ExitFacts::Kind::lost;
    attempt.exit.at = now().wall;
  }
  CRASH_POINT("runner.reaped");
  if (attempt.slot != nullptr) {
    attempt.exit.oom = cgroups_.oom_struck(*attempt.slot);
    cgroups_.release(std::exchange(attempt.slot, nullptr), attempt.exit.message.empty());
  }
  CRASH_POINT("runner.slot_released");
  keep_log_cap(attempt);
  attempt.stage = Attempt::Stage::ended;
  --alive_;
  CRASH_POINT("runner.finish_known");
  journal_.finished(attempt.id, attempt.exit);
  send_finished(attempt);
  CRASH_POINT("runner.finish_said");
  if (alive_ == 0) kill_strays();
}

void Runner::set_deadline(Attempt& attempt, std::int64_t at_us) {
  if (attempt.deadline_us != 0) deadlines_.erase({attempt.deadline_us, &attempt});
  attempt.deadline_us = at_us;
  if (at_us != 0) deadlines_.emplace(at_us, &attempt);
}

void Runner::on_timer() {
  std::uint64_t count = 0;
  if (read(timer_.fd, &count, sizeof count) < 0) return;
  armed_us_ = 0;
  const std::int64_t at = now().mono.us;
  while (!deadlines_.empty() && deadlines_.begin()->first <= at) {
    Attempt& attempt = *deadlines_.begin()->second;
    set_deadline(attempt, 0);
    switch (attempt.force) {
      case Attempt::Force::none:
        attempt.exit.timed_out = true;
        CRASH_POINT("runner.timed_out");
        ask_to_end(attempt);
        break;
      case Attempt::Force::asked:
        kill_tree(attempt);
        break;
      case Attempt::Force::killed:
        on_unkillable(attempt);
        break;
    }
  }
  if (sweep_at_us_ != 0 && sweep_at_us_ <= at) sweep();
  if (first_client_by_us_ != 0 && first_client_by_us_ <= at) {
    first_client_by_us_ = 0;
    had_client_ = true;  // the daemon that started us died at once
  }
}

void Runner::arm_timer() {
  std::int64_t next = deadlines_.empty() ? 0 : deadlines_.begin()->first;
  for (const std::int64_t other : {sweep_at_us_, had_client_ ? 0 : first_client_by_us_}) {
    if (other != 0 && (next == 0 || other < next)) next = other;
  }
  // A timer that is armed too early costs one wake-up; setting it again for each short task costs more.
  if (next == 0 || (armed_us_ != 0 && armed_us_ <= next)) return;
  armed_us_ = next;
  itimerspec when{};
  when.it_value.tv_sec = next / second_us;
  when.it_value.tv_nsec = next % second_us * 1000;
  timerfd_settime(timer_.fd, TFD_TIMER_ABSTIME, &when, nullptr);
}

void Runner::sweep() {
  for (const auto& [id, attempt] : attempts_) {
    if (attempt->stage == Attempt::Stage::running || attempt->stage == Attempt::Stage::emptying) {
      keep_log_cap(*attempt);
    }
  }
  for (const pid_t pid : adopted_children(pid_)) waitpid(pid, nullptr, WNOHANG);
  if (alive_ == 0) kill_strays();
  const bool goes_on = alive_ > 0 || !adopted_children(pid_).empty();
  sweep_at_us_ = goes_on ? now().mono.us + second_us : 0;
}

void Runner::keep_log_cap(Attempt& attempt) {
  if (attempt.log_bytes <= 0 || attempt.log_path.empty()) return;
  const std::string marker =
      "\n[millrace: log reached " + std::to_string(attempt.log_bytes) + " bytes; the rest was dropped]\n";
  const auto allowed = static_cast<off_t>(attempt.log_bytes) +
                       (attempt.exit.log_truncated ? static_cast<off_t>(marker.size()) : 0);
  struct stat facts{};
  if (lstat(attempt.log_path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_size <= allowed)
    return;
  const int fd = ::open(attempt.log_path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return;
  // The task goes on writing at the end of the file (O_APPEND): behind the marker, and is cut again.
  attempt.exit.log_truncated = ftruncate(fd, static_cast<off_t>(attempt.log_bytes)) == 0 &&
                               write(fd, marker.data(), marker.size()) == static_cast<ssize_t>(marker.size());
  close(fd);
}

void Runner::kill_strays() {
  // Nothing runs, so whatever is left below us belongs to an attempt that has ended, however well it hid.
  for (const pid_t pid : adopted_children(pid_)) {
    const int fd = open_pidfd(pid);
    if (fd >= 0) {
      signal_pidfd(fd, SIGKILL);
      close(fd);
    }
    if (sweep_at_us_ == 0) sweep_at_us_ = now().mono.us + second_us;
  }
}

}  // namespace millrace
