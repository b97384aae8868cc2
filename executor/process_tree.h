#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Processes as /proc shows them: what they are, and which of them belong to one attempt. Built into daemon
/// and runner.
namespace millrace {

struct ProcessFacts {
  pid_t pid = 0, parent = 0, session = 0;
  char state = '?';  ///< as in /proc/PID/stat: Z is a zombie, D can't be interrupted
  std::uint64_t start_ticks = 0;

  bool ended() const { return state == 'Z' || state == 'X'; }
};

/// Nothing if there is no such process (any more).
std::optional<ProcessFacts> read_process(pid_t);
std::vector<ProcessFacts> all_processes();
/// The process was started as this attempt or by something that was: its environment says
/// MILLRACE_ATTEMPT=`name`. False also for processes whose environment may not be read.
bool carries_mark(pid_t, std::string_view name);

/// Whose processes: those in the session of `leader` (0: none), those marked with the attempt's name and, of
/// both, all descendants.
struct TreeOf {
  pid_t leader = 0;
  std::string name;
};
/// The living ones (no zombies), in no order. `marked_children_of`: look for marks only at children of that
/// process (a subreaper) and not in every environment of the machine; 0: everywhere.
std::vector<pid_t> living_tree(const TreeOf&, pid_t marked_children_of);

/// Sends `signal` to all that `list` names. It asks twice and pins the pids by pidfds in between: a pid that
/// was reused since the first answer gets nothing.
void signal_all(const std::function<std::vector<pid_t>()>& list, int signal);

std::string read_small_file(const std::string& path);  ///< empty if it can't be read
std::string current_boot_id();

int open_pidfd(pid_t);  ///< -1 and errno
int signal_pidfd(int pidfd, int signal);

}  // namespace millrace
