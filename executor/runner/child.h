#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>

namespace millrace {

/// Everything the child needs, made before it exists: it shares the runner's memory and may not allocate.
struct ChildPlan {
  enum class Step : std::uint8_t { none, session, cgroup, stdio, limits, groups, user, folder, program };

  const char* const* programs = nullptr;  ///< tried in turn, null at the end
  char* const* argv = nullptr;
  char* const* env = nullptr;
  const char* folder = nullptr;  ///< null: stay
  const int* joins = nullptr;    ///< cgroup.procs files
  int join_count = 0;
  int log_fd = -1, null_fd = -1;
  rlim_t open_files = 0;  ///< soft limit
  rlim_t data_bytes = 0;  ///< 0: not limited
  bool set_user = false;
  uid_t user = 0;
  gid_t group = 0;
  const gid_t* groups = nullptr;
  int group_count = 0;

  /// Written by the child if it fails, read by the parent afterwards.
  Step failed_step = Step::none;
  int error = 0;
  int failed_program = 0;  ///< index into `programs`
};

/// No core dump of this process, which holds the environments of tasks; children get back the soft limit that
/// it had. Before the first child, on one thread.
void forbid_core_dumps();

/// A child that shares memory with the caller, which stands still until it runs another program or ends.
/// Returns its pid or -errno; `pidfd` is set. `cgroup_fd` -1: the caller's cgroup.
long start_child(ChildPlan&, char* stack, std::uint64_t stack_bytes, int cgroup_fd, int& pidfd);

/// CLONE_INTO_CGROUP works here; where it doesn't, `joins` must hold the v2 cgroup too.
bool clones_into_cgroups();

}  // namespace millrace
