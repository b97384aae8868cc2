#include "data/task_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>  // tidy:allow(only-user) the task is this worker's child: it publishes what that wrote
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>  // tidy:allow(only-user) the same
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

extern char** environ;

namespace millrace {
namespace {

sigset_t all_signals() {
  sigset_t set;
  sigfillset(&set);
  return set;
}

/// The children of this process: with a subreaper, in the end, everything the task started.
std::vector<pid_t> children() {
  std::vector<pid_t> pids;
  std::ifstream file("/proc/self/task/" + std::to_string(getpid()) + "/children");
  if (file) {
    for (pid_t pid = 0; file >> pid;) pids.push_back(pid);
    return pids;
  }
  // A kernel without that file: every process says who its parent is.
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream status(entry.path() / "status");
    for (std::string word; status >> word;)
      if (pid_t parent = 0; word == "PPid:" && status >> parent && parent == getpid())
        pids.push_back(std::stoi(entry.path().filename().string()));
  }
  return pids;
}

/// What the task left running could write to what is being hashed. The runner kills it when the attempt ends;
/// here that is now.
void end_leftovers() {
  for (;;) {
    for (const pid_t pid : children()) kill(pid, SIGKILL);
    const pid_t ended = waitpid(-1, nullptr, 0);
    if (ended < 0 && errno == ECHILD) return;
  }
}

}  // namespace

void let_signals_in() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void keep_signals_out() {
  const sigset_t all = all_signals();
  sigprocmask(SIG_SETMASK, &all, nullptr);
}

TaskEnd run_task(const std::vector<std::string>& argv) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  keep_signals_out();
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  pid_t child = 0;
  // tidy:allow(process) the task's own process, inside the attempt that the runner started
  const int error = posix_spawnp(&child, words[0], nullptr, &attributes, words.data(), environ);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return {0, "'" + argv[0] + "': " + strerrordesc_np(error)};
  TaskEnd end;
  while (waitpid(child, &end.wait_status, 0) < 0 && errno == EINTR) {
  }
  end_leftovers();
  return end;
}

void end_like(const TaskEnd& end) {
  if (WIFSIGNALED(end.wait_status)) {
    const int number = WTERMSIG(end.wait_status);
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(number, SIG_DFL);
    let_signals_in();
    raise(number);
    std::_Exit(128 + number);
  }
  std::_Exit(WEXITSTATUS(end.wait_status));
}

}  // namespace millrace
