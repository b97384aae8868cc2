#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/exit_facts.h"
#include "base/id.h"
#include "base/time.h"

/// executor/ makes attempts happen and reports facts. It knows processes, cgroups, devices and files, and
/// nothing of DAGs, runs or retries: an attempt is a name, a command and limits.
namespace millrace {

/// All that is needed to start one attempt. Plain values: everything is rendered, nothing is looked up later.
struct AttemptSpec {
  AttemptId attempt;
  std::string name;               ///< computed from (dag, run, task, map_index, try); unique for ever
  std::vector<std::string> argv;  ///< argv[0] is looked up in the PATH of `env`
  std::vector<std::pair<std::string, std::string>> env;  ///< the whole environment of the task
  std::string cwd;
  std::string log_path;             ///< created (parents too), O_APPEND; stdout and stderr of the task
  std::string output_path;          ///< $MILLRACE_OUTPUT: parents created, the file isn't
  std::optional<Duration> timeout;  ///< enforced by the runner, also while no daemon lives
  int termination_signal = 15;
  Duration termination_grace = std::chrono::seconds{30};
  std::int64_t memory_bytes = 0;  ///< 0: not limited
  std::int64_t cpu_milli = 0;     ///< 0: not limited
  std::int64_t log_bytes = 0;     ///< cap of the log file
  std::string user, group;        ///< empty: the daemon's
};

enum class KillReason : std::uint8_t { cancel, shutdown };

/// Facts, in the order they happened for one attempt. Called on the loop thread.
struct ExecutorReports {
  std::function<void(AttemptId, StartFacts)> started;
  std::function<void(AttemptId, ExitFacts)> finished;  ///< its whole process tree is gone by now
};

/// One engine. `start` is idempotent by attempt: an attempt that the engine has seen is never started again;
/// its facts are reported again instead. All calls come from the loop thread and return at once.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void start(AttemptSpec) = 0;
  /// SIGTERM to the whole tree, grace, SIGKILL, then `finished`. Unknown or ended attempts: nothing happens.
  virtual void kill(AttemptId, KillReason) = 0;
  /// The outcome is on disk: the engine may forget the attempt.
  virtual void acknowledge(AttemptId) = 0;
};

/// What the limits of tasks rest on here, found at start and said in the log and in `millrace status`.
struct Isolation {
  enum class Cgroups : std::uint8_t { none, v1, v2 } cgroups = Cgroups::none;
  std::string detail;  ///< "cgroup v1: memory, cpu, pids" or why there is none: then rlimits
};

}  // namespace millrace
