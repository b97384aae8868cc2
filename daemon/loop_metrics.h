#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "base/metrics.h"
#include "scheduler/commands.h"
#include "scheduler/events.h"
#include "scheduler/scheduler.h"

namespace millrace {

/// What the loop measures of its own work, since its start. The loop's thread writes; `write` is for any.
class LoopMetrics {
 public:
  /// What the loop's thread does with its time.
  enum class Part : std::uint8_t { apply, render, commit, publish, perform, look };
  void spent(Part part, Duration time) {
    const auto us = std::max<Duration::rep>(0, time.count());
    busy_us_[static_cast<std::size_t>(part)].add(static_cast<std::uint64_t>(us));
  }
  /// The oldest message of a batch waited this long for its turn.
  void waited(Duration in_inbox) { inbox_wait_.observe(in_inbox); }
  /// One fact and what the scheduler made of it; before the next apply().
  void heard(const Event&, std::span<const Command>, const Scheduler&, WallTime now);
  void committed(std::span<const Change>, Duration took);

  void write(MetricsText&) const;

 private:
  void started(const AttemptStarted&, const Scheduler&);
  void finished(const AttemptFinished&, std::span<const Command>, WallTime now);

  static constexpr std::size_t outcomes = 8, run_types = 4, parts = 6;
  std::array<Counter, parts> busy_us_;
  Histogram inbox_wait_, commit_, queue_wait_, dispatch_, hop_, exit_report_;
  Counter rows_;
  std::array<Counter, outcomes> attempts_finished_;
  std::array<std::array<Counter, 2>, run_types> runs_finished_;  // [type][failed, success]
  /// Attempts that a parent's end let go at once: when that was. No more than there are live attempts.
  std::map<AttemptId, WallTime> parent_ended_;
};

/// The gauges that only the scheduler knows; on the loop's thread. Looks at each active instance once.
void write_gauges(MetricsText&, const Scheduler&);

}  // namespace millrace
