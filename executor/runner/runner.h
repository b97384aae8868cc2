#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "executor/runner/attempt.h"
#include "executor/runner/cgroups.h"
#include "executor/runner/connection.h"
#include "executor/runner/journal.h"
#include "executor/runner/spawner.h"

namespace millrace {

/// Holds the attempts of one build of the daemon: starts them, waits for their ends, keeps timeouts and log
/// caps, leaves nothing of them behind and reports the facts until they are acknowledged. It lives on while
/// no daemon does and ends when nobody is connected and nothing is held. One thread, and the two of the
/// Spawner.
class Runner {
 public:
  struct Setup {
    std::string folder;    ///< DATA/runner/ID
    std::string identity;  ///< given back in the greeting
    std::string cgroup_root;
    bool use_cgroups = true;
  };

  /// In the process that is to be the runner. Empty, or why it can't.
  std::string open(Setup);
  void run();

 private:
  // runner.cc: the loop and the daemon's requests
  std::string listen_in_folder();
  void add_to_epoll(Watch&, std::uint32_t events);
  void remove_from_epoll(const Watch&);
  void dispatch(Watch&, std::uint32_t events);
  void end_batch();
  bool may_end() const;
  void clean_up();
  void accept_connection();
  void on_connection(Connection&, std::uint32_t events);
  void handle(Connection&, const Frame&);
  void greet(Connection&, wire::Reader&);
  void handle_start(AttemptSpec);
  void report(const Attempt&);  ///< all that is known of it
  void send_started(const Attempt&);
  void send_finished(const Attempt&);
  void hand_to_spawner();
  void compact_journal();

  // attempts.cc: from the start to the empty tree
  void take_outcomes();
  void on_spawned(Attempt&, SpawnOutcome&);
  void handle_kill(AttemptId);
  void on_leader_end(Attempt&);
  void on_survivor_end(Watch&);
  void ask_to_end(Attempt&);
  void kill_tree(Attempt&);
  void watch_survivors(Attempt&);
  void on_unkillable(Attempt&);
  void finish(Attempt&);
  void fail_start(Attempt&, std::string why);
  void acknowledge(AttemptId);
  std::vector<pid_t> living(const Attempt&) const;

  // attempts.cc: time
  void set_deadline(Attempt&, std::int64_t at_us);
  void on_timer();
  void arm_timer();
  void sweep();
  void keep_log_cap(Attempt&);
  void kill_strays();

  Setup setup_;
  Cgroups cgroups_;
  Journal journal_;
  std::unique_ptr<Spawner> spawner_;
  StartFacts self_;  ///< boot_id and host of every fact
  pid_t pid_ = 0;
  int epoll_ = -1, folder_fd_ = -1, null_fd_ = -1;
  Watch listener_{Watch::Kind::listener}, wake_{Watch::Kind::spawner}, timer_{Watch::Kind::timer},
      folder_watch_{Watch::Kind::folder};

  std::vector<std::unique_ptr<Connection>> connections_;
  Connection* client_ = nullptr;  ///< the greeted one: the newest daemon
  bool had_client_ = false, asked_to_end_ = false, folder_gone_ = false;

  std::unordered_map<std::int64_t, std::unique_ptr<Attempt>> attempts_;
  std::vector<std::unique_ptr<AttemptSpec>>
      to_start_;  ///< of this batch: their intents aren't in the journal yet
  std::vector<std::unique_ptr<Attempt>> forgotten_;  ///< kept until no event of the batch can mean them
  std::vector<std::unique_ptr<Watch>> old_watches_;
  std::size_t alive_ = 0;  ///< attempts running or emptying
  std::set<std::pair<std::int64_t, Attempt*>> deadlines_;
  std::int64_t sweep_at_us_ = 0, first_client_by_us_ = 0, armed_us_ = 0;
};

}  // namespace millrace
