#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/crash_point.h"
#include "executor/runner/child.h"
#include "executor/runner/runner.h"

/// millrace-runner FOLDER IDENTITY [--no-cgroups] [--cgroup-root PATH]
/// Started by the daemon, never by hand. Returns 0 when the runner (its child, in an own session) is ready.
namespace {

constexpr const char* usage = "usage: millrace-runner FOLDER IDENTITY [--no-cgroups] [--cgroup-root PATH]\n";

void reset_signals() {
  // The bare call: the C library refuses its own signals, which somebody may have left ignored. All zero is
  // SIG_DFL.
  const std::uint64_t standard[4] = {};
  for (int signal = 1; signal <= 64; ++signal) {
    syscall(SYS_rt_sigaction, signal, standard, nullptr, sizeof(std::uint64_t));
  }
  // Blocked and not ignored: tasks would inherit that. Only SIGKILL ends a runner that holds tasks.
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
}

std::string prepare(const std::string& folder) {
  reset_signals();
  if (setsid() < 0) return "no new session";
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return "can't be a subreaper";
  if (chdir("/") != 0) return "can't change to /";
  const std::string lock = folder + "/lock";
  const int fd = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) return lock + ": " + strerrordesc_np(errno);
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  millrace::forbid_core_dumps();
  return {};
}

bool redirect(const std::string& folder) {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  const std::string log_path = folder + "/log";
  const int log = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  return null >= 0 && log >= 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(log, 2) == 2;
}

/// The runner's life, after the fork. `ready` gets one 'k' or the reason why not.
void live(const millrace::Runner::Setup& setup, int ready) {
  millrace::Runner runner;
  CRASH_POINT("runner.forked");
  std::string failure = prepare(setup.folder);
  CRASH_POINT("runner.locked");
  if (failure.empty()) failure = runner.open(setup);
  if (failure.empty() && !redirect(setup.folder)) failure = "no /dev/null or no log";
  CRASH_POINT("runner.opened");
  const std::string word = failure.empty() ? "k" : failure;
  const bool told = write(ready, word.data(), word.size()) == static_cast<ssize_t>(word.size());
  close(ready);
  CRASH_POINT("runner.ready");
  if (failure.empty() && told) runner.run();
}

int wait_until_ready(int ready) {
  std::string word;
  char buffer[512];
  for (;;) {
    const ssize_t n = read(ready, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    word.append(buffer, static_cast<std::size_t>(n));
  }
  if (word == "k") return 0;
  std::fprintf(stderr, "millrace-runner: %s\n", word.empty() ? "it died while starting" : word.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs(usage, stderr);
    return 2;
  }
  millrace::Runner::Setup setup;
  setup.folder = argv[1];
  setup.identity = argv[2];
  for (int i = 3; i < argc; ++i) {
    if (std::strcmp(argv[i], "--no-cgroups") == 0) {
      setup.use_cgroups = false;
    } else if (std::strcmp(argv[i], "--cgroup-root") == 0 && i + 1 < argc) {
      setup.cgroup_root = argv[++i];
    } else {
      std::fputs(usage, stderr);
      return 2;
    }
  }
  // The daemon's database must not be kept open here, or its locks would outlive it.
  syscall(SYS_close_range, 3u, ~0u, 0u);
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) return 1;
  const pid_t pid = fork();
  if (pid < 0) return 1;
  if (pid > 0) {
    close(ready[1]);
    return wait_until_ready(ready[0]);
  }
  close(ready[0]);
  live(setup, ready[1]);
  return 0;
}
