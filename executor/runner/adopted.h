#pragma once

#include <sys/types.h>

#include <vector>

namespace millrace {

/// The processes that a task left behind and that we, the subreaper `self`, inherited: the kernel gives them
/// to our first thread, while the leaders are children of the spawning threads.
std::vector<pid_t> adopted_children(pid_t self);

}  // namespace millrace
