#pragma once

#include <filesystem>

#include "base/metrics.h"

namespace millrace {

/// The process as the kernel sees it, by Prometheus' standard names, and the size of the store's files. Reads
/// /proc; any thread.
void write_process(MetricsText&, WallTime started_at, const std::filesystem::path& database);

}  // namespace millrace
