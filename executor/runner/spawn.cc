#include "executor/runner/spawn.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/crash_point.h"
#include "base/limits.h"
#include "executor/process_tree.h"
#include "executor/runner/child.h"

namespace millrace {
namespace {

using Step = ChildPlan::Step;

std::string words(int error) { return strerrordesc_np(error); }
std::string quoted(const std::string& text) { return "'" + text + "'"; }

/// What a plan points into.
struct Texts {
  std::vector<char*> argv, env;
  std::string mark;
  std::vector<std::string> env_lines, candidates;
  std::vector<const char*> programs;
  std::vector<gid_t> groups;
  std::vector<int> joins;
};

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

std::string search_path(const AttemptSpec& spec) {
  for (const auto& [key, value] : spec.env) {
    if (key == "PATH") return value;
  }
  return "/usr/local/bin:/usr/bin:/bin";
}

std::string lay_out(const AttemptSpec& spec, Texts& texts) {
  if (spec.argv.empty() || spec.argv[0].empty()) return "there is no command";
  for (const std::string& argument : spec.argv) {
    if (has_nul(argument)) return "an argument of the command holds a NUL byte";
    texts.argv.push_back(const_cast<char*>(argument.c_str()));
  }
  texts.argv.push_back(nullptr);
  texts.env_lines.reserve(spec.env.size());
  for (const auto& [key, value] : spec.env) {
    if (key == "MILLRACE_ATTEMPT") continue;
    if (key.empty() || key.find('=') != std::string::npos || has_nul(key) || has_nul(value)) {
      return "environment variable " + quoted(key) + " has a name or value that no environment can hold";
    }
    texts.env_lines.push_back(key + "=" + value);
  }
  texts.mark = "MILLRACE_ATTEMPT=" + spec.name;
  texts.env.push_back(texts.mark.data());
  for (std::string& line : texts.env_lines) texts.env.push_back(line.data());
  texts.env.push_back(nullptr);
  if (spec.argv[0].find('/') != std::string::npos) {
    texts.candidates.push_back(spec.argv[0]);
  } else {
    const std::string path = search_path(spec);
    for (std::size_t at = 0; at <= path.size();) {
      const std::size_t end = std::min(path.find(':', at), path.size());
      const std::string folder = path.substr(at, end - at);
      texts.candidates.push_back(folder.empty() ? "./" + spec.argv[0] : folder + "/" + spec.argv[0]);
      at = end + 1;
    }
  }
  for (const std::string& candidate : texts.candidates) texts.programs.push_back(candidate.c_str());
  texts.programs.push_back(nullptr);
  return {};
}

std::string find_group(const std::string& name, gid_t& id) {
  std::vector<char> buffer(64u << 10);
  group entry{};
  group* found = nullptr;
  getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) return "group " + quoted(name) + " does not exist";
  id = entry.gr_gid;
  return {};
}

std::string find_user(const AttemptSpec& spec, ChildPlan& plan, Texts& texts) {
  if (spec.user.empty() && spec.group.empty()) return {};
  plan.user = geteuid();
  plan.group = getegid();
  if (!spec.user.empty()) {
    std::vector<char> buffer(64u << 10);
    passwd entry{};
    passwd* found = nullptr;
    getpwnam_r(spec.user.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) return "user " + quoted(spec.user) + " does not exist";
    plan.user = entry.pw_uid;
    plan.group = entry.pw_gid;
  }
  if (!spec.group.empty()) {
    if (std::string failure = find_group(spec.group, plan.group); !failure.empty()) return failure;
  }
  if (plan.user == geteuid() && plan.group == getegid()) return {};
  int count = 64;
  texts.groups.resize(static_cast<std::size_t>(count));
  if (spec.user.empty()) {
    texts.groups = {plan.group};
    count = 1;
  } else if (getgrouplist(spec.user.c_str(), plan.group, texts.groups.data(), &count) < 0) {
    texts.groups.resize(static_cast<std::size_t>(count));
    getgrouplist(spec.user.c_str(), plan.group, texts.groups.data(), &count);
  }
  plan.groups = texts.groups.data();
  plan.group_count = count;
  plan.set_user = true;
  return {};
}

/// Makes the folders above `path`; true if they are there now. `made` says that the last one is new.
bool make_parents(const std::string& path, bool& made) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) return true;
  const std::string folder = path.substr(0, slash);
  if (mkdir(folder.c_str(), 0755) == 0) return made = true;
  if (errno == EEXIST) return true;
  if (errno != ENOENT) return false;
  bool above = false;
  if (!make_parents(folder, above)) return false;
  made = mkdir(folder.c_str(), 0755) == 0;
  return made || errno == EEXIST;
}

std::string open_log(const AttemptSpec& spec, int& fd) {
  constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
  const std::string path = spec.log_path.empty() ? "/dev/null" : spec.log_path;
  fd = open(path.c_str(), flags, 0644);
  bool made = false;
  if (fd < 0 && errno == ENOENT && make_parents(path, made)) fd = open(path.c_str(), flags, 0644);
  return fd < 0 ? "the log " + quoted(path) + " can't be opened: " + words(errno) : std::string();
}

std::string make_output_folder(const AttemptSpec& spec, const ChildPlan& plan) {
  if (spec.output_path.empty()) return {};
  bool made = false;
  if (!make_parents(spec.output_path, made)) {
    return "the folder of the output " + quoted(spec.output_path) + " can't be made: " + words(errno);
  }
  // The task writes its output as its own user.
  if (made && plan.set_user) {
    const std::string folder = spec.output_path.substr(0, spec.output_path.rfind('/'));
    if (chown(folder.c_str(), plan.user, plan.group) != 0) return folder + ": " + words(errno);
  }
  return {};
}

std::string program_failure(const AttemptSpec& spec, const Texts& texts, const ChildPlan& plan) {
  const auto from_folder = [&spec](const std::string& path) {
    return path[0] == '/' || spec.cwd.empty() ? path : spec.cwd + "/" + path;
  };
  const std::string& program = texts.candidates[static_cast<std::size_t>(plan.failed_program)];
  switch (plan.error) {
    case ENOENT:
    case ENOTDIR:
      for (const std::string& candidate : texts.candidates) {
        if (access(from_folder(candidate).c_str(), F_OK) == 0) {
          return "command can't run: " + quoted(candidate) +
                 " exists, but the interpreter it names in its first line or header doesn't (126)";
        }
      }
      if (texts.candidates.size() == 1 && spec.argv[0].find('/') != std::string::npos) {
        return "command not found: " + quoted(program) + " does not exist (127)";
      }
      return "command not found: " + quoted(spec.argv[0]) + " is not in PATH (127); PATH is " +
             quoted(search_path(spec));
    case EACCES:
      return "permission denied: " + quoted(program) + " is not executable for this user (126)";
    case ENOEXEC:
      return "command can't run: " + quoted(program) +
             " has no '#!' line and is no program of this machine (126)";
    case E2BIG: {
      std::size_t bytes = 0;
      for (const std::string& argument : spec.argv) bytes += argument.size() + 1;
      const std::size_t arguments = bytes;
      for (const std::string& line : texts.env_lines) bytes += line.size() + 1;
      return "argument list too long: " + std::to_string(arguments) + " bytes of arguments and " +
             std::to_string(bytes - arguments) +
             " of environment are more than the kernel takes; pass big values by file";
    }
    default:
      return "command can't run: " + quoted(program) + ": " + words(plan.error);
  }
}

std::string failure_words(const AttemptSpec& spec, const Texts& texts, const ChildPlan& plan) {
  const std::string why = words(plan.error);
  switch (plan.failed_step) {
    case Step::none:
      return {};
    case Step::session:
      return "no new session: " + why;
    case Step::cgroup:
      return "the attempt's cgroup can't be joined: " + why;
    case Step::stdio:
      return "stdin, stdout and stderr can't be set up: " + why;
    case Step::limits:
      return "the resource limits can't be set: " + why;
    case Step::groups:
    case Step::user:
      return "can't become user " + quoted(spec.user) +
             (spec.group.empty() ? "" : " in group " + quoted(spec.group)) + ": " + why;
    case Step::folder:
      if (plan.error == ENOENT) return "working directory " + quoted(spec.cwd) + " does not exist";
      if (plan.error == ENOTDIR) return "working directory " + quoted(spec.cwd) + " is not a directory";
      return "working directory " + quoted(spec.cwd) + " can't be entered: " + why;
    case Step::program:
      return program_failure(spec, texts, plan);
  }
  return why;
}

/// The process was made between two readings of the clock its start_ticks come from. When both are in the
/// same tick, as nearly always, that saves reading /proc.
std::uint64_t start_ticks(pid_t pid, MonoTime before, MonoTime after) {
  constexpr std::int64_t tick_us = 10'000;  // USER_HZ is 100 on every Linux that has it in /proc
  if (before.us / tick_us == after.us / tick_us) return static_cast<std::uint64_t>(after.us / tick_us);
  const auto facts = read_process(pid);
  return facts ? facts->start_ticks : static_cast<std::uint64_t>(before.us / tick_us);
}

void run_plan(const AttemptSpec& spec, ChildPlan& plan, const Texts& texts, ChildStack& stack,
              SpawnOutcome& outcome) {
  CRASH_POINT("spawn.prepared");
  const SystemClock clock;
  const int cgroup = outcome.slot != nullptr ? outcome.slot->folder : -1;
  const MonoTime before = clock.now().mono;
  const long pid = start_child(plan, stack.base(), ChildStack::bytes, cgroup, outcome.pidfd);
  const Now after = clock.now();
  if (pid < 0) {
    outcome.pidfd = -1;
    outcome.failure = "no new process: " + words(static_cast<int>(-pid));
    return;
  }
  outcome.pid = static_cast<pid_t>(pid);
  if (plan.failed_step != Step::none) {
    waitpid(outcome.pid, nullptr, 0);
    close(outcome.pidfd);
    outcome.pid = outcome.pidfd = -1;
    outcome.failure = failure_words(spec, texts, plan);
    return;
  }
  outcome.at = after.wall;
  outcome.mono = after.mono;
  outcome.start_ticks = start_ticks(outcome.pid, before, after.mono);
}

}  // namespace

ChildStack::ChildStack() {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  base_ = memory == MAP_FAILED ? nullptr : static_cast<char*>(memory);
}

ChildStack::~ChildStack() {
  if (base_ != nullptr) munmap(base_, bytes);
}

SpawnOutcome spawn(const AttemptSpec& spec, Cgroups& cgroups, ChildStack& stack, int null_fd) {
  SpawnOutcome outcome;
  ChildPlan plan;
  Texts texts;
  int log_fd = -1;
  outcome.failure = lay_out(spec, texts);
  if (outcome.failure.empty()) outcome.failure = find_user(spec, plan, texts);
  if (outcome.failure.empty()) outcome.failure = open_log(spec, log_fd);
  if (outcome.failure.empty()) outcome.failure = make_output_folder(spec, plan);
  if (outcome.failure.empty()) outcome.slot = cgroups.acquire(spec, outcome.failure);
  if (outcome.failure.empty()) {
    if (outcome.slot != nullptr) texts.joins = cgroups.open_joins(*outcome.slot, clones_into_cgroups());
    plan.programs = texts.programs.data();
    plan.argv = texts.argv.data();
    plan.env = texts.env.data();
    plan.folder = spec.cwd.empty() ? nullptr : spec.cwd.c_str();
    plan.joins = texts.joins.data();
    plan.join_count = static_cast<int>(texts.joins.size());
    plan.log_fd = log_fd;
    plan.null_fd = null_fd;
    plan.open_files = limits::open_files;
    if (!cgroups.limits_memory() && spec.memory_bytes > 0)
      plan.data_bytes = static_cast<rlim_t>(spec.memory_bytes);
    run_plan(spec, plan, texts, stack, outcome);
    for (const int fd : texts.joins) close(fd);
  }
  if (log_fd >= 0) close(log_fd);
  if (!outcome.failure.empty() && outcome.slot != nullptr) {
    cgroups.release(outcome.slot, true);
    outcome.slot = nullptr;
  }
  return outcome;
}

}  // namespace millrace
