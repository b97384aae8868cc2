#pragma once

#include <memory>

#include "cli/cli.h"
#include "daemon/config.h"

namespace millrace {

/// The daemon of `millrace run --local`: all of the real one's parts on a thread of this process, on a free
/// port of loopback. `config.data` must not exist yet or be empty.
Result<std::unique_ptr<cli::LocalDaemon>> start_one_run(Config config);

}  // namespace millrace
