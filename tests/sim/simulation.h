#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/checks.h"
#include "tests/sim/clients.h"
#include "tests/sim/daemon_process.h"
#include "tests/sim/database_lock.h"
#include "tests/sim/disk.h"
#include "tests/sim/faults.h"
#include "tests/sim/observer.h"
#include "tests/sim/runner_model.h"

namespace millrace::sim {

struct Settings {
  std::uint64_t seed = 1;
  bool trace = false;
  Paths paths;  ///< a real folder: the lock file lies there, the database doesn't
  /// What a database is at its first start: the migrations are applied once for all seeds.
  const std::map<std::string, std::string>* image = nullptr;
};

struct Played {
  std::vector<std::string> problems;
  std::uint64_t hash = 0;
  FaultCounts faults;
  std::int64_t steps = 0, looks = 0, processes = 0, runs = 0, daemons = 0;
  Duration simulated{0};
  std::deque<std::string> trace;
};

/// One world from one seed: some days of a daemon's life with people, faults and crashes; then quiet, in
/// which everything has to come to its end.
class Simulation {
 public:
  explicit Simulation(const Settings&);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;
  Played run();

 private:
  // simulation.cc
  void choose_world();
  void step();
  void look(bool booted);
  void wrong(std::string problem);
  void start_daemon();
  void start_later(Duration after);
  void bury();
  std::shared_ptr<const Dag> dag_of(std::int64_t version);
  void process_begins(const AttemptSpec&);
  void check_deed(AttemptId, bool start);
  void client_later();
  void note_dst();
  void crash_point(std::string_view name);
  // fault_injection.cc
  void choose_faults();
  void fault_later();
  void strike(Fault);
  void strike_daemon(Fault);
  void strike_disk(Fault);
  void strike_host(Fault);
  void restart_clean();
  void unlock_later();
  void second_daemon(bool takes_over);
  void lose_gpu();
  void lose_power_soon(bool journal_lost);
  void lose_power(bool journal_lost);
  // quiet_end.cc
  void quiet_end();
  void mend_everything();
  bool all_is_done();
  std::string stuck();
  void cancel_what_waits_for_people();
  void check_end();

  Settings settings_;
  Dice dice_;
  Agenda agenda_;
  Trace trace_;
  FaultCounts faults_;
  Disk disk_;
  RunnerModel runner_;
  Host host_;
  DagTaste taste_;
  Clients clients_;
  std::unique_ptr<DaemonProcess> daemon_;
  std::unique_ptr<DaemonProcess> stale_;  ///< the one before, which doesn't know yet
  std::unique_ptr<Observer> observer_;
  std::unique_ptr<DatabaseLock> lock_;
  Memory memory_;
  Observer::Marks marks_;
  std::map<std::int64_t, std::shared_ptr<const Dag>> dags_;
  std::map<std::int64_t, int> begun_;        ///< by attempt: how often a process of it began
  std::vector<Fault> possible_;
  std::vector<std::pair<WallTime, Fault>> clock_changes_;  ///< of the zones in use, to come
  Duration pause_of_faults_{}, pause_of_clients_{}, length_{};
  std::int64_t crash_in_ = 0;  ///< passages of crash points; 0: none
  bool power_fails_ = false, journal_fails_ = false, sync_failed_ = false;
  bool in_recovery_ = false, excused_ = false, quiet_ = false, starting_ = false;
  int next_program_ = 1;
  Played outcome_;
};

}  // namespace millrace::sim
