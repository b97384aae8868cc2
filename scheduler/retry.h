#pragma once

#include <cstdint>
#include <optional>

#include "dags/dag.h"
#include "scheduler/outcome.h"

namespace millrace {

/// A lost attempt isn't the task's fault: it may run again this often beyond `retries.limit`. A bound,
/// because a task that takes the host down would be lost for ever.
inline constexpr int lost_tries = 5;

struct Retry {
  Duration delay{};
  int max_tries = 1;              ///< the new bound; grows for a lost attempt only
  std::int64_t memory_bytes = 0;  ///< the next attempt's request
};

/// Whether the failed try is followed by another and how. `try_number` is the one that ended, `max_tries` and
/// `memory_bytes` its instance's. `seed` decides the jitter. Never for success, skipped, cancelled,
/// spawn_failed.
std::optional<Retry> plan_retry(const Task&, const Verdict&, int try_number, int max_tries,
                                std::int64_t memory_bytes, std::uint64_t seed);

/// delay * backoff^(n-1), at most max_delay; with jitter uniform in [half of it, it].
Duration retry_delay(const RetryPolicy&, int n, std::uint64_t seed);

}  // namespace millrace
