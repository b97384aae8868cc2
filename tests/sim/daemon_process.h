#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "daemon/backend.h"
#include "daemon/config.h"
#include "daemon/dispatcher.h"
#include "daemon/loop.h"
#include "daemon/notifier.h"
#include "daemon/paths.h"
#include "daemon/secrets.h"
#include "daemon/sensors.h"
#include "scheduler/scheduler.h"
#include "store/store.h"
#include "tests/sim/agenda.h"
#include "tests/sim/disk.h"
#include "tests/sim/runner_model.h"

namespace millrace::sim {

/// The host that daemons run on, one after the other, or two at a time.
struct Host {
  Agenda& agenda;
  Disk& disk;
  RunnerModel& runner;
  Trace& trace;
  Dice& dice;
  Config config;
  Paths paths;
  MachineFound machine;
  /// A daemon asks the runner to start, or to forget, this attempt.
  std::function<void(AttemptId)> on_start = {}, on_acknowledge = {};
};

/// One life of a daemon: the product's store, scheduler and loop, joined as daemon/daemon.cc joins them. From
/// start() on it takes its turns from the agenda; once dead it does nothing any more.
class DaemonProcess {
 public:
  DaemonProcess(Host&, int program);
  ~DaemonProcess();
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;

  /// Opens the store and recovers. False: it has ended already; `last_words` say why.
  bool start();
  /// kill -9.
  void kill();
  /// As after SIGTERM.
  void stop();
  /// SIGSTOP for so long: what comes meanwhile waits.
  void freeze(Duration);

  bool alive() const { return alive_; }
  bool stalled() const { return loop_ && loop_->stalled(); }
  bool fatal() const { return fatal_; }  ///< it ended itself because of its store
  const std::string& last_words() const { return last_words_; }
  int program() const { return program_; }
  std::int64_t epoch() const { return store_ ? store_->epoch() : 0; }
  const Scheduler& scheduler() const { return *scheduler_; }
  Backend& backend() { return *backend_; }
  std::size_t waiting() const { return inbox_ ? inbox_->size() : 0; }
  /// Runs a part of the daemon's own code: where it can be killed, or fail.
  void run(const std::function<void()>& what);
  /// A fact for the loop, from whoever is not a client.
  void post(Event);
  void submit(Submission);
  std::int64_t turns() const { return turns_; }

 private:
  class Engine;
  bool boot();
  void join_rooms();
  AttemptFinished finished(AttemptId, ExitFacts);
  void turn_soon();
  void arm();
  void reconcile_later();
  void later(Duration after, std::string_view label, void (DaemonProcess::*what)());
  void turn();
  void wake();
  void reconcile();
  void end(std::string why);

  Host& host_;
  const int program_;
  bool alive_ = false, fatal_ = false, turning_soon_ = false;
  std::string last_words_;
  std::int64_t turns_ = 0, armed_ = 0;
  MonoTime frozen_until_;
  std::shared_ptr<bool> exists_ = std::make_shared<bool>(true);  // agenda items outlive a daemon
  std::unique_ptr<Store> store_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Secrets> secrets_;
  std::unique_ptr<Scheduler> scheduler_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<Inbox> inbox_;
  std::unique_ptr<Sensors> sensors_;
  std::unique_ptr<Notifier> notifier_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<DaemonBackend> backend_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace millrace::sim
