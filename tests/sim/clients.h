#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/dag_texts.h"
#include "tests/sim/daemon_process.h"
#include "tests/sim/faults.h"
#include "tests/sim/observer.h"

namespace millrace::sim {

/// People and programs that ask a daemon for things, ask again under the same Idempotency-Key when no answer
/// came, and remember what they were told.
class Clients {
 public:
  Clients(Host& host, FaultCounts& faults, const DagTaste& taste)
      : host_(host), faults_(faults), taste_(taste) {}

  /// One of them wants something of this daemon; what exists they see through the observer.
  void act(DaemonProcess&, Observer&);
  void submit(DaemonProcess&, const std::string& text);
  void ask(DaemonProcess&, Observer&, std::string what, Event, bool with_key);
  /// Those without an answer ask again: the first daemon that has heard them may be dead.
  void ask_again(DaemonProcess&, Observer&);

  /// Those without an answer ask no more: their keys may have come of age at once.
  void give_up() { open_.clear(); }

  /// I7: whatever was acknowledged is stored; whoever asked twice has got one thing.
  void check(Observer&, std::vector<std::string>& problems, bool all);
  bool curious = true;  ///< false: nobody wants anything new

 private:
  struct Asked {
    std::string what, key;
    Event event;
    WallTime at;     ///< when it was wanted
    int daemon = 0;  ///< which was asked last
    bool answered = false, repeated = false;
  };
  void send(DaemonProcess&, Observer&, std::int64_t number);
  void answered(std::int64_t number, const Reply&);
  void acknowledged(const Asked&, const Reply&);
  void note_fault(const Asked&, const Reply&);
  Event wish(Observer&, std::string& what);
  Event wish_of_backfill(Observer&, std::string& what);
  Event wish_of_run(Observer&, std::string& what);
  Event wish_of_dag(Observer&, std::string& what);
  void edit(DaemonProcess&);
  std::int64_t any_run(Observer&, bool active);
  std::string any_dag() { return dag_names()[host_.dice.below(dag_names().size())]; }

  Host& host_;
  FaultCounts& faults_;
  const DagTaste& taste_;
  std::map<std::int64_t, Asked> open_;
  std::int64_t last_ = 0;
  /// The stored version of each row that an answer showed: at least that one is there from then on.
  std::map<std::pair<std::string, std::int64_t>, std::int64_t> versions_;
  std::map<std::pair<std::string, std::int64_t>, std::int64_t> unchecked_;
  std::set<std::int64_t> deleted_runs_;    ///< or asked to be
  std::map<std::string, bool> tags_;       ///< what was asked for under a key: acknowledged?
  std::set<std::string> unchecked_tags_;
};

}  // namespace millrace::sim
