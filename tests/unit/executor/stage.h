#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "executor/local.h"

namespace millrace::test {

/// A folder, a loop and an executor with its real runner. At the end nothing of it is left on the machine.
class Stage {
 public:
  explicit Stage(bool use_cgroups = true);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  /// `sh -c script` with everything usual.
  AttemptSpec shell(std::int64_t attempt, const std::string& script) const;
  AttemptSpec command(std::int64_t attempt, std::vector<std::string> argv) const;

  Executor& executor() { return *executor_; }
  LocalExecutor& local() { return *executor_; }
  /// Start, run to the end, acknowledge.
  ExitFacts run(AttemptSpec);
  /// Runs the loop until `done`, which fails the test after 30 s.
  void until(const std::function<bool()>& done);
  StartFacts wait_started(std::int64_t attempt);
  ExitFacts wait_finished(std::int64_t attempt);
  /// The task's script has made that file in `folder`.
  void wait_file(const std::string& name);

  void close() { executor_.reset(); }
  void open();
  std::vector<AttemptId> reopen(std::vector<Outstanding> outstanding);

  std::string log(std::int64_t attempt) const;
  std::filesystem::path path(const std::string& name) const { return folder / name; }
  std::string text(const std::string& name) const;
  /// Pid of the only living runner; 0: none.
  pid_t runner_pid() const;
  std::size_t runner_folders() const;

  std::filesystem::path folder;
  std::map<std::int64_t, StartFacts> started;
  std::map<std::int64_t, ExitFacts> finished;
  std::map<std::int64_t, int> starts, ends;  ///< how often each was reported
  LocalOptions options;

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<LocalExecutor> executor_;
};

/// Waits until no process bears the attempt's mark; false after 10 s.
bool gone(pid_t);

}  // namespace millrace::test
