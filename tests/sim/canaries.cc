#include "tests/sim/canaries.h"

namespace millrace::sim {

std::span<const Canary> canaries() {
  static constexpr Canary all[] = {
      {"spawn_before_commit", "an attempt starts before its intent is stored", 20},
      {"acknowledge_before_commit", "the runner may forget an end that isn't stored", 20},
      {"reply_before_commit", "a caller is answered before the commit", 40},
      {"key_forgotten", "an Idempotency-Key isn't stored with its effect", 40},
      {"epoch_forgotten", "a daemon that was taken over writes on", 40},
      {"failed_sync_built_on", "a start builds on what a failed fsync left in the WAL", 60},
      {"commit_unsynced", "a commit isn't synced", 60},
      {"one_slot_too_many", "a pool lets in one slot too many", 20},
      {"slots_kept", "a failed attempt keeps its slots", 20},
      {"retry_forgotten", "a retry has no timer", 20},
      {"child_too_early", "a task doesn't wait for all of its parents", 20},
      {"final_left", "an exit changes a task that was marked by hand", 40},
      {"move_untold", "a move leaves no event", 20},
      {"place_not_passed_on", "the end of a run starts no queued one", 20},
      {"tick_passed_over", "the watermark moves by two ticks", 20},
      {"skip_unrecorded", "a skipped tick leaves no record", 40},
      {"date_passed_over", "a backfill passes over a date", 40},
  };
  return all;
}

}  // namespace millrace::sim
