#include "tests/sim/faults.h"

#include <fmt/format.h>

namespace millrace::sim {

std::string_view name_of(Fault fault) {
  switch (fault) {
    case Fault::kill_between_steps: return "kill between steps";
    case Fault::kill_at_crash_point: return "kill at crash point";
    case Fault::kill_at_disk_operation: return "kill at disk operation";
    case Fault::kill_in_recovery: return "kill in recovery";
    case Fault::clean_restart: return "clean restart";
    case Fault::stop_and_continue: return "stop and continue";
    case Fault::power_loss: return "power loss";
    case Fault::runner_journal_lost: return "runner journal lost";
    case Fault::writes_dropped: return "writes dropped";
    case Fault::writes_torn: return "writes torn";
    case Fault::writes_reordered: return "writes reordered";
    case Fault::file_resurrected: return "file resurrected";
    case Fault::disk_full_once: return "disk full once";
    case Fault::disk_full_for_long: return "disk full for long";
    case Fault::write_error: return "write error";
    case Fault::read_error: return "read error";
    case Fault::sync_error: return "sync error";
    case Fault::database_locked: return "database locked";
    case Fault::start_report_lost: return "start report lost";
    case Fault::start_report_late: return "start report late";
    case Fault::exit_report_lost: return "exit report lost";
    case Fault::exit_report_late: return "exit report late";
    case Fault::exit_report_doubled: return "exit report doubled";
    case Fault::request_lost_with_daemon: return "request lost with daemon";
    case Fault::spawn_failure: return "spawn failure";
    case Fault::runner_death: return "runner death";
    case Fault::task_killed: return "task killed";
    case Fault::task_out_of_memory: return "task out of memory";
    case Fault::task_timed_out: return "task timed out";
    case Fault::task_slow_to_die: return "task slow to die";
    case Fault::clock_set_forward: return "clock set forward";
    case Fault::clock_set_far_forward: return "clock set far forward";
    case Fault::clock_set_back: return "clock set back";
    case Fault::host_suspended: return "host suspended";
    case Fault::dst_gap_crossed: return "dst gap crossed";
    case Fault::dst_overlap_crossed: return "dst overlap crossed";
    case Fault::second_daemon_refused: return "second daemon refused";
    case Fault::second_daemon_takes_over: return "second daemon takes over";
    case Fault::stale_daemon_acts: return "stale daemon acts";
    case Fault::gpu_lost: return "gpu lost";
    case Fault::dag_edited: return "dag edited";
    case Fault::dag_broken: return "dag broken";
    case Fault::dag_deleted: return "dag deleted";
    case Fault::run_deleted: return "run deleted";
    case Fault::cleared_mid_run: return "cleared mid run";
    case Fault::marked_mid_run: return "marked mid run";
    case Fault::cancelled_mid_run: return "cancelled mid run";
    case Fault::backfill_paused: return "backfill paused";
    case Fault::backfill_cancelled: return "backfill cancelled";
    case Fault::backfill_overlap: return "backfill overlap";
    case Fault::backfill_retried: return "backfill retried";
    case Fault::request_repeated: return "request repeated";
    case Fault::pool_shrunk: return "pool shrunk";
    case Fault::count: break;
  }
  return "";
}

std::string to_text(const FaultCounts& counts) {
  std::string out;
  const std::size_t half = (fault_kinds + 1) / 2;
  for (std::size_t i = 0; i < half; ++i) {
    for (const std::size_t k : {i, i + half})
      if (k < fault_kinds)
        out += fmt::format("  {:<28}{:>9}", name_of(static_cast<Fault>(k)), counts.times[k]);
    out += "\n";
  }
  return out;
}

}  // namespace millrace::sim
