#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dags/dag.h"

namespace millrace {

/// What a trigger rule sees of an upstream instance. `absent`: a removed one, which counts nowhere.
enum class Bucket : std::uint8_t { pending, success, failed, upstream_failed, skipped, absent };

/// How many upstream instances of a task are in which bucket. Kept by Core::move, so that a finish costs its
/// direct downstream and nothing more.
struct UpstreamCounts {
  std::array<std::uint32_t, 6> n{};
  std::uint32_t& operator[](Bucket b) { return n[static_cast<std::size_t>(b)]; }
  std::uint32_t operator[](Bucket b) const { return n[static_cast<std::size_t>(b)]; }
};

enum class Readiness : std::uint8_t { wait, ready, skip, upstream_failed };

/// Airflow's meaning of each rule, decided as soon as no later upstream can change it for the better: a
/// failed upstream of `all_success` doesn't wait for its siblings. A task without upstreams is ready under
/// every rule.
Readiness decide(TriggerRule, const UpstreamCounts&);

}  // namespace millrace
