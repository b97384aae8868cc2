#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <set>
#include <thread>
#include <vector>

#include "base/id.h"
#include "base/thread_annotations.h"

namespace millrace {

/// Removes what killed attempts have left in their scratch folders: the worker removes its own, but not after
/// SIGKILL. A thread of its own, started by the first folder: a tree of a million files takes seconds.
class StagingSweep {
 public:
  ~StagingSweep();
  /// The folders of an attempt that has ended. Any thread.
  void remove(std::vector<std::filesystem::path> folders);
  /// All attempts' folders in `staging` but those of `living`.
  void remove_all_but(const std::filesystem::path& staging, const std::set<AttemptId>& living);

 private:
  void run();

  Mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<std::filesystem::path> folders_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace millrace
