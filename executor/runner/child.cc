#include "executor/runner/child.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <utility>

namespace millrace {
namespace {

#if defined(__x86_64__)
constexpr bool has_clone3 = true;
#else
constexpr bool has_clone3 =
    false;  // clone3 needs a few lines of assembly for each machine; clone() has a wrapper
#endif

rlim_t core_limit_of_tasks = 0;  // soft; what forbid_core_dumps() found

[[noreturn]] void fail(ChildPlan& plan, ChildPlan::Step step) {
  plan.failed_step = step;
  plan.error = errno;
  _exit(127);
}

// The C library's setters would change every thread of the runner, whose memory this is: bare system calls.
void become_user(ChildPlan& plan) {
  if (!plan.set_user) return;
  if (syscall(SYS_setgroups, plan.group_count, plan.groups) != 0) fail(plan, ChildPlan::Step::groups);
  if (syscall(SYS_setresgid, plan.group, plan.group, plan.group) != 0) fail(plan, ChildPlan::Step::groups);
  if (syscall(SYS_setresuid, plan.user, plan.user, plan.user) != 0) fail(plan, ChildPlan::Step::user);
}

void limit(ChildPlan& plan) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && plan.open_files < files.rlim_cur) {
    files.rlim_cur = plan.open_files;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0) fail(plan, ChildPlan::Step::limits);
  }
  if (plan.data_bytes > 0) {
    const rlimit data{plan.data_bytes, plan.data_bytes};
    if (setrlimit(RLIMIT_DATA, &data) != 0) fail(plan, ChildPlan::Step::limits);
  }
  rlimit core{};
  if (getrlimit(RLIMIT_CORE, &core) == 0) {
    core.rlim_cur = std::min(core_limit_of_tasks, core.rlim_max);
    if (setrlimit(RLIMIT_CORE, &core) != 0) fail(plan, ChildPlan::Step::limits);
  }
  // The kernel short of memory should take a task before the runner or the daemon. Raising is always allowed.
  const int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score >= 0) {
    if (write(score, "300", 3) < 0) errno = 0;
    close(score);
  }
}

void run_program(ChildPlan& plan) {
  // As execvp: a program that may not be run is passed over, but named if no other is found.
  int worst = ENOENT;
  for (int i = 0; plan.programs[i] != nullptr; ++i) {
    execve(plan.programs[i], plan.argv, plan.env);
    if (errno == ENOENT || errno == ENOTDIR) continue;
    plan.failed_program = i;
    worst = errno;
    if (errno != EACCES) break;
  }
  errno = worst;
  fail(plan, ChildPlan::Step::program);
}

[[noreturn]] void child(void* argument) {
  auto& plan = *static_cast<ChildPlan*>(argument);
  if (setsid() < 0) fail(plan, ChildPlan::Step::session);
  for (int i = 0; i < plan.join_count; ++i) {
    if (write(plan.joins[i], "0", 1) != 1) fail(plan, ChildPlan::Step::cgroup);
  }
  if (dup2(plan.null_fd, 0) < 0 || dup2(plan.log_fd, 1) < 0 || dup2(plan.log_fd, 2) < 0) {
    fail(plan, ChildPlan::Step::stdio);
  }
  limit(plan);
  become_user(plan);
  if (plan.folder != nullptr && chdir(plan.folder) != 0) fail(plan, ChildPlan::Step::folder);
  // Every signal was blocked in the runner and none has a handler there: only the mask needs to be undone.
  const std::uint64_t none = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
  run_program(plan);
  _exit(127);
}

#if defined(__x86_64__)
long clone3_onto(clone_args& args, void (*function)(void*), void* argument) {
  long result = SYS_clone3;
  register void (*entry)(void*) __asm__("r12") = function;
  register void* value __asm__("r13") = argument;
  // The child begins on an empty stack and never comes back here.
  __asm__ volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "mov %%r13, %%rdi\n\t"
      "call *%%r12\n\t"
      "ud2\n"
      "1:"
      : "+a"(result)
      : "D"(&args), "S"(sizeof args), "r"(entry), "r"(value)
      : "rcx", "r11", "memory", "cc");
  return result;
}
#endif

int child_for_clone(void* argument) { child(argument); }

}  // namespace

void forbid_core_dumps() {
  rlimit core{};
  if (getrlimit(RLIMIT_CORE, &core) != 0) return;
  core_limit_of_tasks = std::exchange(core.rlim_cur, 0);
  setrlimit(RLIMIT_CORE, &core);
}

bool clones_into_cgroups() { return has_clone3; }

long start_child(ChildPlan& plan, char* stack, std::uint64_t stack_bytes, int cgroup_fd, int& pidfd) {
#if defined(__x86_64__)
  clone_args args{};
  args.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  args.exit_signal = SIGCHLD;
  args.stack = reinterpret_cast<std::uint64_t>(stack);
  args.stack_size = stack_bytes;
  if (cgroup_fd >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<std::uint64_t>(cgroup_fd);
  }
  (void)child_for_clone;
  return clone3_onto(args, child, &plan);
#else
  (void)cgroup_fd;
  const int pid = clone(child_for_clone, stack + stack_bytes, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD,
                        &plan, &pidfd);
  return pid < 0 ? -errno : pid;
#endif
}

}  // namespace millrace
