#include "scheduler/forecast.h"

#include <algorithm>
#include <map>
#include <queue>
#include <utility>

namespace millrace {
namespace {

/// More ends than this say nothing of a start any more.
constexpr int forecast_steps = 4'096;

/// What is free as the play goes on. An end that isn't known gives nothing back.
class Stage {
 public:
  Stage(const Contest& contest, WallTime now, const PastDuration& past)
      : past_(past), now_(now), slots_(contest.slots), cpu_(contest.cpu_milli), memory_(contest.memory_bytes),
        gpus_(contest.gpus), limits_(contest.run_limits) {
    for (const Claim& claim : contest.holders) hold(claim, true);
  }

  bool fits(const Claim& claim) const {
    const auto pool = slots_.find(claim.pool);
    if (pool == slots_.end() || pool->second < claim.slots) return false;
    if (claim.cpu_milli > cpu_ && claim.cpu_milli > 0) return false;
    if (claim.memory_bytes > memory_ && claim.memory_bytes > 0) return false;
    if (claim.gpus > gpus_ && claim.gpus > 0) return false;
    const auto limit = limits_.find(claim.run);
    return limit == limits_.end() || limit->second > 0;
  }

  void hold(const Claim& claim, bool holder) {
    move(claim, -1);
    const std::optional<Duration> lasts = past_(claim);
    if (!lasts) return;
    const WallTime from = holder ? claim.started_at.value_or(now_) : now_;
    ends_.push({std::max(from + *lasts, now_), &claim});
  }

  /// To the next end; false when there is none.
  bool go_on() {
    if (ends_.empty()) return false;
    now_ = ends_.top().first;
    move(*ends_.top().second, 1);
    ends_.pop();
    return true;
  }

  WallTime now() const { return now_; }

 private:
  using End = std::pair<WallTime, const Claim*>;
  struct Later {
    bool operator()(const End& a, const End& b) const { return a.first > b.first; }
  };

  void move(const Claim& claim, std::int64_t change) {
    slots_[claim.pool] += change * claim.slots;
    cpu_ += change * claim.cpu_milli;
    memory_ += change * claim.memory_bytes;
    gpus_ += change * claim.gpus;
    if (const auto limit = limits_.find(claim.run); limit != limits_.end()) limit->second += change;
  }

  const PastDuration& past_;
  WallTime now_;
  std::map<std::string, std::int64_t> slots_;
  std::int64_t cpu_, memory_, gpus_;
  std::map<RunId, std::int64_t> limits_;
  std::priority_queue<End, std::vector<End>, Later> ends_;
};

}  // namespace

std::vector<std::optional<WallTime>> expected_starts(const Contest& contest, WallTime now,
                                                     const PastDuration& past) {
  std::vector<std::optional<WallTime>> starts(contest.waiting.size());
  Stage stage(contest, now, past);
  std::vector<std::size_t> left(contest.waiting.size());
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = i;
  for (int step = 0; step < forecast_steps && !left.empty(); ++step) {
    std::erase_if(left, [&](std::size_t i) {
      if (!stage.fits(contest.waiting[i])) return false;
      starts[i] = stage.now();
      stage.hold(contest.waiting[i], false);
      return true;
    });
    if (!stage.go_on()) break;
  }
  return starts;
}

std::optional<WallTime> expected_end(
    const std::vector<Ancestor>& ancestors, WallTime now,
    const std::function<std::optional<Duration>(const std::string&)>& past) {
  std::vector<WallTime> ends(ancestors.size(), now);
  WallTime last = now;
  for (std::size_t i = 0; i < ancestors.size(); ++i) {
    const auto lasts = past(ancestors[i].task_id);
    if (!lasts) return std::nullopt;
    WallTime from = ancestors[i].started_at.value_or(now);
    for (const std::uint32_t u : ancestors[i].upstream) from = std::max(from, ends[u]);
    ends[i] = std::max(from + *lasts, now);
    last = std::max(last, ends[i]);
  }
  return last;
}

}  // namespace millrace
