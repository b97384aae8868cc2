#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "tests/sim/simulation.h"

/// What goes wrong, and when. A seed takes part of the kinds, so that some histories have only few.
namespace millrace::sim {
namespace {

constexpr Fault injected[] = {
    Fault::kill_between_steps, Fault::kill_at_crash_point,  Fault::kill_at_disk_operation,
    Fault::kill_in_recovery,   Fault::clean_restart,        Fault::stop_and_continue,
    Fault::power_loss,         Fault::runner_journal_lost,  Fault::disk_full_once,
    Fault::disk_full_for_long, Fault::write_error,          Fault::read_error,
    Fault::sync_error,         Fault::database_locked,      Fault::runner_death,
    Fault::clock_set_forward,  Fault::clock_set_far_forward, Fault::clock_set_back,
    Fault::host_suspended,     Fault::second_daemon_refused, Fault::second_daemon_takes_over,
    Fault::gpu_lost};

Duration minutes(std::size_t n) { return std::chrono::minutes{static_cast<std::int64_t>(n)}; }

}  // namespace

void Simulation::choose_faults() {
  const int share = 20 + static_cast<int>(dice_.below(70));
  for (const Fault fault : injected)
    if (dice_.chance(share) && (fault != Fault::gpu_lost || taste_.gpus)) possible_.push_back(fault);
  pause_of_faults_ = minutes(5 + dice_.below(240));
  const auto rate = [&](int most) {
    return dice_.chance(share) ? static_cast<int>(dice_.below(static_cast<std::size_t>(most) + 1)) : 0;
  };
  RunnerRates& rates = runner_.rates;
  rates.task_fails = rate(40);
  rates.spawn_failure = rate(8), rates.killed = rate(8), rates.out_of_memory = rate(8);
  rates.slow_to_die = rate(50);
  rates.start_lost = rate(10), rates.start_late = rate(10);
  rates.exit_lost = rate(4), rates.exit_late = rate(15), rates.exit_doubled = rate(30);
}

void Simulation::fault_later() {
  const auto most = static_cast<std::size_t>(2 * pause_of_faults_.count());
  agenda_.put(Duration{static_cast<std::int64_t>(1 + dice_.below(most))}, "fault", [this] {
    if (quiet_) return;
    if (!possible_.empty()) strike(possible_[dice_.below(possible_.size())]);
    fault_later();
  });
}

void Simulation::strike(Fault fault) {
  trace_.line("fault: {}", name_of(fault));
  switch (fault) {
    case Fault::disk_full_once:
    case Fault::disk_full_for_long:
    case Fault::write_error:
    case Fault::read_error:
    case Fault::sync_error:
    case Fault::database_locked: return strike_disk(fault);
    case Fault::clock_set_forward:
    case Fault::clock_set_far_forward:
    case Fault::clock_set_back:
    case Fault::host_suspended:
    case Fault::runner_death:
    case Fault::gpu_lost: return strike_host(fault);
    case Fault::power_loss:
    case Fault::runner_journal_lost: return lose_power_soon(fault == Fault::runner_journal_lost);
    default: return strike_daemon(fault);
  }
}

void Simulation::strike_daemon(Fault fault) {
  if (!daemon_ || !daemon_->alive()) return;
  switch (fault) {
    case Fault::kill_between_steps:
      ++faults_[fault];
      return daemon_->kill();
    case Fault::kill_at_crash_point:
      crash_in_ = static_cast<std::int64_t>(1 + dice_.below(60));
      return;
    case Fault::kill_in_recovery:
      daemon_->kill();
      crash_in_ = static_cast<std::int64_t>(1 + dice_.below(12));
      return;
    case Fault::kill_at_disk_operation: {
      const int before = disk_.program();
      disk_.enter(daemon_->program());
      disk_.kill_at(static_cast<std::int64_t>(1 + dice_.below(400)), [this] {
        ++faults_[Fault::kill_at_disk_operation];
        trace_.line("killed at an operation of the disk");
      });
      disk_.enter(before);
      return;
    }
    case Fault::clean_restart: return restart_clean();
    case Fault::stop_and_continue:
      ++faults_[fault];
      return daemon_->freeze(minutes(1 + dice_.below(dice_.chance(20) ? 400 : 15)));
    case Fault::second_daemon_refused: return second_daemon(false);
    case Fault::second_daemon_takes_over: return second_daemon(true);
    default: return;
  }
}

void Simulation::restart_clean() {
  ++faults_[Fault::clean_restart];
  daemon_->stop();
  observer_.reset();
  daemon_.reset();
  start_later(std::chrono::seconds{1});
}

void Simulation::strike_disk(Fault fault) {
  if (!daemon_ || !daemon_->alive()) return;
  ++faults_[fault];
  if (fault == Fault::database_locked) {
    if (lock_) return;
    lock_ = std::make_unique<DatabaseLock>(disk_, settings_.paths.database().string(), next_program_++);
    agenda_.put(std::chrono::seconds{1 + dice_.below(300)}, "unlock", [this] { lock_.reset(); });
    return;
  }
  excused_ = excused_ || disk_.fault_struck();  // of the one before: it may be felt later
  const int before = disk_.program();
  disk_.enter(daemon_->program());
  const auto at = static_cast<std::int64_t>(1 + dice_.below(40));
  if (fault == Fault::disk_full_once) disk_.arm(DiskFault::full, at, false);
  if (fault == Fault::write_error) disk_.arm(DiskFault::write_error, at, false);
  if (fault == Fault::read_error) disk_.arm(DiskFault::read_error, at * 10, false);
  if (fault == Fault::sync_error) disk_.arm(DiskFault::sync_error, 1 + at / 10, false);
  if (fault == Fault::disk_full_for_long) {
    disk_.arm(DiskFault::full, at, true);
    agenda_.put(minutes(1 + dice_.below(30)), "room on the disk", [this] {
      if (disk_.armed() == DiskFault::full) disk_.mend();
    });
  }
  disk_.enter(before);
}

void Simulation::strike_host(Fault fault) {
  if (fault == Fault::gpu_lost) return lose_gpu();
  ++faults_[fault];
  const Duration some = minutes(1 + dice_.below(170));
  if (fault == Fault::runner_death) runner_.die();
  if (fault == Fault::clock_set_forward) agenda_.set_clock(some);
  if (fault == Fault::clock_set_far_forward) clients_.give_up();
  if (fault == Fault::clock_set_far_forward) agenda_.set_clock(minutes(190 + dice_.below(60 * 24 * 2)));
  if (fault == Fault::clock_set_back) agenda_.set_clock(-some * (dice_.chance(20) ? 20 : 1));
  if (fault == Fault::host_suspended) agenda_.suspend(some * 3);
}

void Simulation::lose_gpu() {
  std::vector<GpuFact>& gpus = host_.machine.gpus;
  if (gpus.empty() || !daemon_ || !daemon_->alive()) return;
  ++faults_[Fault::gpu_lost];
  GpuFact& gpu = gpus[dice_.below(gpus.size())];
  gpu.healthy = !gpu.healthy;
  daemon_->run([this] { daemon_->post(host_.machine); });
}

/// Most often in the middle of a write: that is when there is something to lose.
void Simulation::lose_power_soon(bool journal_lost) {
  if (!daemon_ || !daemon_->alive() || dice_.chance(30)) return lose_power(journal_lost);
  const int before = disk_.program();
  disk_.enter(daemon_->program());
  disk_.kill_at(static_cast<std::int64_t>(1 + dice_.below(200)), [this, journal_lost] {
    trace_.line("the power fails at an operation of the disk");
    power_fails_ = true;
    journal_fails_ = journal_lost;
  });
  disk_.enter(before);
}

void Simulation::lose_power(bool journal_lost) {
  power_fails_ = false;
  ++faults_[journal_lost ? Fault::runner_journal_lost : Fault::power_loss];
  if (daemon_) daemon_->kill();
  if (stale_) stale_->kill();
  lock_.reset();
  observer_.reset();
  disk_.mend();
  disk_.lose_power();
  runner_.reboot(journal_lost);
}

void Simulation::second_daemon(bool takes_over) {
  if (stale_ || lock_ || disk_.armed() != DiskFault::none) return;
  ++faults_[takes_over ? Fault::second_daemon_takes_over : Fault::second_daemon_refused];
  // A lock that doesn't hold: as on a file system that forgets them.
  if (takes_over) std::filesystem::remove(settings_.paths.database().string() + ".lock");
  auto second = std::make_unique<DaemonProcess>(host_, next_program_++);
  const bool started = second->start();
  if (started != takes_over)
    wrong(fmt::format("a second daemon {}: {}", started ? "started" : "didn't start", second->last_words()));
  if (!started) return;
  stale_ = std::move(daemon_);
  daemon_ = std::move(second);
  crash_in_ = 0;
  disk_.mend();
  excused_ = false;
  look(true);
}

}  // namespace millrace::sim
