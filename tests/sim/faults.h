#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::sim {

/// All that goes wrong, or is done by people at a bad moment. docs/testing.md says what each means.
enum class Fault : std::uint8_t {
  kill_between_steps,
  kill_at_crash_point,
  kill_at_disk_operation,
  kill_in_recovery,
  clean_restart,
  stop_and_continue,
  power_loss,
  runner_journal_lost,
  writes_dropped,
  writes_torn,
  writes_reordered,
  file_resurrected,
  disk_full_once,
  disk_full_for_long,
  write_error,
  read_error,
  sync_error,
  database_locked,
  start_report_lost,
  start_report_late,
  exit_report_lost,
  exit_report_late,
  exit_report_doubled,
  request_lost_with_daemon,
  spawn_failure,
  runner_death,
  task_killed,
  task_out_of_memory,
  task_timed_out,
  task_slow_to_die,
  clock_set_forward,
  clock_set_far_forward,
  clock_set_back,
  host_suspended,
  dst_gap_crossed,
  dst_overlap_crossed,
  second_daemon_refused,
  second_daemon_takes_over,
  stale_daemon_acts,
  gpu_lost,
  dag_edited,
  dag_broken,
  dag_deleted,
  run_deleted,
  cleared_mid_run,
  marked_mid_run,
  cancelled_mid_run,
  backfill_paused,
  backfill_cancelled,
  backfill_overlap,
  backfill_retried,
  request_repeated,
  pool_shrunk,
  count
};

constexpr std::size_t fault_kinds = static_cast<std::size_t>(Fault::count);

std::string_view name_of(Fault);

/// How often each has happened.
struct FaultCounts {
  std::array<std::int64_t, fault_kinds> times{};

  std::int64_t& operator[](Fault fault) { return times[static_cast<std::size_t>(fault)]; }
  void add(const FaultCounts& other) {
    for (std::size_t i = 0; i < fault_kinds; ++i) times[i] += other.times[i];
  }
  std::size_t kinds_seen() const {
    std::size_t seen = 0;
    for (const std::int64_t n : times) seen += n > 0 ? 1 : 0;
    return seen;
  }
};

/// A table of two columns of names, with how often.
std::string to_text(const FaultCounts&);

}  // namespace millrace::sim
