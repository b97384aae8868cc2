#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "executor/executor.h"

namespace boost::asio {
class io_context;
}

namespace millrace {

/// An attempt that was dispatched before this daemon started and whose end isn't known to the store.
struct Outstanding {
  AttemptId attempt;
  bool started = false;  ///< the store has its StartFacts
  StartFacts start;
};

/// Local processes, held by the runner: `millrace-runner`, a small process of libc only that outlives the
/// daemon.
struct LocalOptions {
  std::filesystem::path runner_binary;
  std::filesystem::path state_dir;    ///< DATA/runner: one folder a runner, with its socket and journal
  std::filesystem::path cgroup_root;  ///< empty: found by itself
  bool use_cgroups = true;
};

/// Starts a runner or re-attaches to those that live, on `io` (the loop's). After `recover` each outstanding
/// attempt has either been reported (started / finished / lost), is still watched, or is in the returned
/// list: nobody has ever seen it, so that starting it is safe.
class LocalExecutor : public Executor {
 public:
  static Result<std::unique_ptr<LocalExecutor>> open(boost::asio::io_context& io, LocalOptions,
                                                     ExecutorReports);
  virtual std::vector<AttemptId> recover(std::vector<Outstanding>) = 0;
  virtual const Isolation& isolation() const = 0;
  /// Detaches: the runner and its tasks go on.
  virtual void detach() = 0;
};

}  // namespace millrace
