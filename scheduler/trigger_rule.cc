#include "scheduler/trigger_rule.h"

#include "base/canary.h"

namespace millrace {

Readiness decide(TriggerRule rule, const UpstreamCounts& counts) {
  using enum Readiness;
  const std::uint32_t success = counts[Bucket::success];
  const std::uint32_t skipped = counts[Bucket::skipped];
  const std::uint32_t failed = counts[Bucket::failed] + counts[Bucket::upstream_failed];
  const std::uint32_t done = success + skipped + failed;
  const bool all_done = counts[Bucket::pending] == 0;
  if (done == 0 && all_done) return ready;
  const Readiness at_end = all_done || CANARY("child_too_early") ? ready : wait;
  switch (rule) {
    case TriggerRule::all_success: return failed ? upstream_failed : skipped ? skip : at_end;
    case TriggerRule::all_failed: return success || skipped ? skip : at_end;
    case TriggerRule::all_done: return at_end;
    case TriggerRule::one_success:
      if (success) return ready;
      return !all_done ? wait : failed ? upstream_failed : skip;
    case TriggerRule::one_failed: return failed ? ready : all_done ? skip : wait;
    case TriggerRule::one_done: return success || counts[Bucket::failed] ? ready : all_done ? skip : wait;
    case TriggerRule::none_failed: return failed ? upstream_failed : at_end;
    case TriggerRule::none_failed_min_one_success:
      if (failed) return upstream_failed;
      return !all_done ? wait : success ? ready : skip;
    case TriggerRule::none_skipped: return skipped ? skip : at_end;
    case TriggerRule::all_skipped: return success || failed ? skip : at_end;
    case TriggerRule::always: return ready;
  }
  return wait;
}

}  // namespace millrace
