#pragma once

#include <string>
#include <vector>

namespace millrace {

/// How the task's own process ended; `failure`: it never started.
struct TaskEnd {
  int wait_status = 0;
  std::string failure;
};

/// Runs the task as a child in this process's place: same environment, folder, log and session, a process
/// group of its own. Signals meant for the attempt reach the child by themselves (the runner signals every
/// process of the tree) and wait here until `let_signals_in`. On return nothing of what the task started
/// lives any more.
TaskEnd run_task(const std::vector<std::string>& argv);

/// From now on a signal that asks to end ends this process, also one that came while the task ran.
void let_signals_in();
void keep_signals_out();

/// Ends this process as the task ended: with its exit code, or by its signal.
[[noreturn]] void end_like(const TaskEnd&);

}  // namespace millrace
