#include "stage.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>

#include "executor/dead_runner.h"
#include "executor/launch.h"
#include "executor/process_tree.h"

namespace millrace::test {

namespace fs = std::filesystem;

struct Stage::Loop {
  boost::asio::io_context io;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work =
      boost::asio::make_work_guard(io);
};

Stage::Stage(bool use_cgroups) : loop_(std::make_unique<Loop>()) {
  std::string pattern = (fs::temp_directory_path() / "millrace-executor-XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  folder = pattern;
  options.runner_binary = MILLRACE_RUNNER;
  options.state_dir = folder / "runner";
  options.use_cgroups = use_cgroups;
  open();
}

Stage::~Stage() {
  try {
    if (!executor_) open();
    executor_->recover({});
    for (const auto& [id, facts] : started) {
      if (!finished.contains(id)) executor_->kill(AttemptId{id}, KillReason::shutdown);
    }
    until([this] {
      for (const auto& [id, facts] : started) {
        if (!finished.contains(id)) return false;
      }
      return true;
    });
    for (const auto& [id, facts] : finished) executor_->acknowledge(AttemptId{id});
    executor_.reset();
  } catch (...) {
    WARN("the stage could not be cleared");
  }
  // Again, as the runner may be removing its own folder at the same time.
  std::error_code failed;
  do {
    failed.clear();
    fs::remove_all(folder, failed);
  } while (failed && fs::exists(folder));
}

void Stage::open() {
  ExecutorReports reports{[this](AttemptId id, StartFacts facts) {
                            started[id.value] = std::move(facts);
                            ++starts[id.value];
                          },
                          [this](AttemptId id, ExitFacts facts) {
                            finished[id.value] = std::move(facts);
                            ++ends[id.value];
                          }};
  auto opened = LocalExecutor::open(loop_->io, options, std::move(reports));
  INFO((opened ? std::string() : opened.error().message));
  REQUIRE(opened);
  executor_ = std::move(*opened);
}

std::vector<AttemptId> Stage::reopen(std::vector<Outstanding> outstanding) {
  close();
  open();
  return executor_->recover(std::move(outstanding));
}

AttemptSpec Stage::command(std::int64_t attempt, std::vector<std::string> argv) const {
  AttemptSpec spec;
  spec.attempt = AttemptId{attempt};
  spec.name = folder.filename().string() + "/attempt-" + std::to_string(attempt);
  spec.argv = std::move(argv);
  spec.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"STAGE", folder.string()}};
  spec.cwd = folder.string();
  spec.log_path = (folder / "logs" / (std::to_string(attempt) + ".log")).string();
  return spec;
}

AttemptSpec Stage::shell(std::int64_t attempt, const std::string& script) const {
  return command(attempt, {"sh", "-c", script});
}

ExitFacts Stage::run(AttemptSpec spec) {
  const AttemptId id = spec.attempt;
  executor_->start(std::move(spec));
  const ExitFacts facts = wait_finished(id.value);
  executor_->acknowledge(id);
  return facts;
}

void Stage::until(const std::function<bool()>& done) {
  const auto guard = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!done()) {
    loop_->io.run_one_until(guard);
    REQUIRE(std::chrono::steady_clock::now() < guard);
  }
}

StartFacts Stage::wait_started(std::int64_t attempt) {
  until([&] { return started.contains(attempt) || finished.contains(attempt); });
  REQUIRE(started.contains(attempt));
  return started[attempt];
}

ExitFacts Stage::wait_finished(std::int64_t attempt) {
  until([&] { return finished.contains(attempt); });
  return finished[attempt];
}

void Stage::wait_file(const std::string& name) {
  const int fd = inotify_init1(IN_CLOEXEC);
  REQUIRE(inotify_add_watch(fd, folder.c_str(), IN_CREATE | IN_MOVED_TO) >= 0);
  loop_->io.poll();  // what was asked for goes out
  while (!fs::exists(folder / name)) {
    pollfd poller{fd, POLLIN, 0};
    REQUIRE(poll(&poller, 1, 30'000) == 1);
    char buffer[4096];
    REQUIRE(read(fd, buffer, sizeof buffer) > 0);
  }
  ::close(fd);
}

std::string Stage::log(std::int64_t attempt) const {
  return read_small_file((folder / "logs" / (std::to_string(attempt) + ".log")).string());
}

std::string Stage::text(const std::string& name) const { return read_small_file((folder / name).string()); }

pid_t Stage::runner_pid() const {
  for (const auto& entry : fs::directory_iterator(options.state_dir)) {
    if (!runner_lives(entry.path())) continue;
    return static_cast<pid_t>(read_journal(entry.path() / "journal").opening.pid);
  }
  return 0;
}

std::size_t Stage::runner_folders() const {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(options.state_dir)) count += entry.is_directory() ? 1 : 0;
  return count;
}

bool gone(pid_t pid) {
  const int fd = open_pidfd(pid);
  if (fd < 0) return true;
  pollfd poller{fd, POLLIN, 0};
  const bool ended = poll(&poller, 1, 10'000) == 1;
  ::close(fd);
  return ended;
}

}  // namespace millrace::test
