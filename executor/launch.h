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

/// Waits, at most `bound`, until the runner of that folder is dead: one that is being killed closes its
/// socket before it lets go of its lock.
bool runner_ends(const std::filesystem::path& folder, Duration bound);

}  // namespace millrace
