#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"
#include "executor/local.h"

namespace millrace {

/// Names a build of the runner: its size and time of change. A runner of another build takes no new work.
std::string runner_identity(const std::filesystem::path& binary);

/// Starts a runner that is no child of ours and returns its folder when it listens; at most 10 s.
Result<std::filesystem::path> launch_runner(const LocalOptions&);

/// Whether the runner of that folder lives: it holds the folder's lock as long as it does.
bool runner_lives(const std::filesystem::path& folder);

/// Waits, at most `bound`, until a runner that is just starting can be connected to; false if it ends before.
bool runner_listens(const std::filesystem::path& folder, Duration bound);

/// Waits, at most `bound`, until the runner of that folder is gone for certain: one that is being killed
/// closes its socket before it lets go of its lock, and a child of it that isn't the task's program yet (and
/// bears no mark that one could find it by) holds the lock too.
bool runner_ends(const std::filesystem::path& folder, Duration bound);

}  // namespace millrace
