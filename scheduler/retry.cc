#include "scheduler/retry.h"

#include <algorithm>
#include <cmath>

namespace millrace {
namespace {

/// splitmix64's finalizer: spreads a seed over all bits.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

bool contains(const std::vector<int>& codes, int code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

bool wanted(const Task& task, const Verdict& verdict) {
  const RetryPolicy& policy = task.retries;
  switch (verdict.outcome) {
    case Outcome::success:
    case Outcome::skipped:
    case Outcome::cancelled:
    case Outcome::spawn_failed: return false;
    case Outcome::lost: return task.idempotent || policy.on_lost;
    case Outcome::oom: return policy.on_oom;
    case Outcome::timed_out: return true;
    case Outcome::failed:
      if (!policy.on_exit_codes.empty() && !contains(policy.on_exit_codes, verdict.exit_code)) return false;
      return !contains(policy.except_exit_codes, verdict.exit_code);
  }
  return false;
}

std::int64_t more_memory(const RetryPolicy& policy, std::int64_t bytes) {
  if (bytes == 0 || policy.oom_memory_factor <= 1) return bytes;
  const double grown = static_cast<double>(bytes) * policy.oom_memory_factor;
  const double bound = policy.oom_memory_max > 0 ? static_cast<double>(policy.oom_memory_max) : 9e18;
  return std::max(bytes, static_cast<std::int64_t>(std::min(grown, bound)));
}

}  // namespace

Duration retry_delay(const RetryPolicy& policy, int n, std::uint64_t seed) {
  const double base = static_cast<double>(policy.delay.count());
  const double bound = static_cast<double>(policy.max_delay.count());
  const double grown = base * std::pow(std::max(policy.backoff, 1.0), std::max(n - 1, 0));
  const auto delay = static_cast<std::int64_t>(std::min(grown, std::max(bound, 0.0)));
  if (!policy.jitter || delay < 2) return Duration{delay};
  const auto half = static_cast<std::uint64_t>(delay / 2);
  return Duration{delay - static_cast<std::int64_t>(mix(seed) % (half + 1))};
}

std::optional<Retry> plan_retry(const Task& task, const Verdict& verdict, int try_number, int max_tries,
                                std::int64_t memory_bytes, std::uint64_t seed) {
  if (!wanted(task, verdict)) return std::nullopt;
  if (verdict.outcome == Outcome::lost) {
    if (try_number >= max_tries && try_number >= task.retries.limit + 1 + lost_tries) return std::nullopt;
    return Retry{Duration{0}, std::max(max_tries, try_number + 1), memory_bytes};
  }
  if (try_number >= max_tries) return std::nullopt;
  const int since_clear = try_number - (max_tries - (task.retries.limit + 1));
  const std::int64_t memory =
      verdict.outcome == Outcome::oom ? more_memory(task.retries, memory_bytes) : memory_bytes;
  return Retry{retry_delay(task.retries, since_clear, seed), max_tries, memory};
}

}  // namespace millrace
