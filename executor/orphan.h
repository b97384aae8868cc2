#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/exit_facts.h"
#include "executor/fd_watch.h"
#include "executor/process_tree.h"

namespace millrace {

/// The processes of an attempt whose runner has died. They are watched until none is left; how the attempt
/// ended can't be known any more, since only a parent is told.
class Orphan {
 public:
  /// `start.pid` 0: it isn't known whether it ever ran; what bears its mark is killed.
  Orphan(boost::asio::io_context&, std::string name, StartFacts start, std::function<void()> ended);
  ~Orphan();

  /// Begins; `ended` is called later, from the loop.
  void watch();
  /// True if the leader lives: the same process, not one that got its pid.
  bool alive() const { return alive_; }
  /// SIGTERM to the tree, grace, SIGKILL.
  void kill();

 private:
  std::vector<pid_t> living() const;
  void next();

  boost::asio::io_context& io_;
  TreeOf tree_;
  std::function<void()> ended_;
  std::unique_ptr<FdWatch> leader_, survivor_;
  std::unique_ptr<Delay> grace_;
  bool alive_ = false;
  std::shared_ptr<bool> exists_;  // a posted call outlives a destroyed orphan
};

}  // namespace millrace
