#include "executor/launch.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

#include "base/clock.h"
#include "base/crash_point.h"

namespace millrace {
namespace {

constexpr int start_bound_ms = 10'000;

Result<std::filesystem::path> make_folder(const std::filesystem::path& state) {
  for (int i = 0; i < 100; ++i) {
    const std::filesystem::path folder =
        state / fmt::format("r{:x}-{}", SystemClock().now().wall.us, getpid() + i);
    if (mkdir(folder.c_str(), 0700) == 0) return folder;
    if (errno != EEXIST) {
      return fail(ErrorKind::unavailable, folder.string() + " can't be made: " + std::strerror(errno));
    }
  }
  return fail(ErrorKind::internal, "no free folder for a runner in " + state.string());
}

/// What the launcher says until it ends; empty when it says nothing within the bound.
std::string read_all(int fd, bool& in_time) {
  std::string text;
  char buffer[512];
  pollfd poller{fd, POLLIN, 0};
  for (;;) {
    if (poll(&poller, 1, start_bound_ms) != 1) {
      in_time = false;
      return text;
    }
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
  }
}

int spawn_launcher(const std::vector<std::string>& arguments, int output, pid_t& pid) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  posix_spawn_file_actions_adddup2(&actions, output, 2);
  // The daemon's environment may hold secrets; a runner of the same user could be asked for its own by tasks.
  std::vector<char*> environment = crash_points::variables();
  const int error = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

std::string runner_identity(const std::filesystem::path& binary) {
  struct stat facts{};
  if (stat(binary.c_str(), &facts) != 0) return "missing";
  return fmt::format("{}-{}.{:09}", facts.st_size, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec);
}

Result<std::filesystem::path> launch_runner(const LocalOptions& options) {
  const auto folder = make_folder(options.state_dir);
  if (!folder) return folder;
  CRASH_POINT("launch.folder_made");
  std::vector<std::string> arguments{options.runner_binary.string(), folder->string(),
                                     runner_identity(options.runner_binary)};
  if (!options.use_cgroups) arguments.emplace_back("--no-cgroups");
  if (!options.cgroup_root.empty()) {
    arguments.emplace_back("--cgroup-root");
    arguments.push_back(options.cgroup_root.string());
  }
  int output[2];
  if (pipe2(output, O_CLOEXEC) != 0) return fail(ErrorKind::unavailable, std::strerror(errno));
  pid_t pid = 0;
  const int error = spawn_launcher(arguments, output[1], pid);
  close(output[1]);
  if (error != 0) {
    close(output[0]);
    rmdir(folder->c_str());
    return fail(ErrorKind::unavailable,
                fmt::format("{} can't be started: {}", options.runner_binary.string(), std::strerror(error)));
  }
  CRASH_POINT("launch.spawned");
  bool in_time = true;
  const std::string said = read_all(output[0], in_time);
  close(output[0]);
  if (!in_time) ::kill(pid, SIGKILL);
  int status = 0;
  waitpid(pid, &status, 0);
  CRASH_POINT("launch.launched");
  if (in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0) return folder;
  std::error_code ignored;
  if (!runner_lives(*folder)) std::filesystem::remove_all(*folder, ignored);
  return fail(ErrorKind::unavailable,
              "the runner didn't start: " + (said.empty() ? "it said nothing" : said));
}

bool runner_lives(const std::filesystem::path& folder) {
  const int fd = open((folder / "lock").c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return false;
  const bool locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(fd);
  return locked;
}

bool runner_listens(const std::filesystem::path& folder, Duration bound) {
  const SystemClock clock;
  const MonoTime until = clock.now().mono + bound;
  std::error_code ignored;
  while (!std::filesystem::exists(folder / "socket", ignored)) {
    if (!runner_lives(folder) || clock.now().mono > until) return false;
    poll(nullptr, 0, 1);  // only while one starts, some milliseconds
  }
  return true;
}

bool runner_ends(const std::filesystem::path& folder, Duration bound) {
  const SystemClock clock;
  const MonoTime until = clock.now().mono + bound;
  while (runner_lives(folder)) {
    if (clock.now().mono > until) return false;
    poll(nullptr, 0, 1);  // flock can't wait with a bound; this is rare and takes a millisecond or two
  }
  return true;
}

}  // namespace millrace
