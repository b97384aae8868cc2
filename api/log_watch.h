#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/thread_annotations.h"

namespace millrace {

/// Tells who asks when files of a folder grow, by inotify: nothing polls, and where nobody asks nothing is
/// watched. Any thread.
class LogWatch {
 public:
  /// The files that grew, each once; empty: the kernel lost count, any may have. On an I/O thread; may still
  /// come once after remove().
  using OnGrowth = std::function<void(const std::vector<std::string>& names)>;
  using Token = std::int64_t;

  LogWatch() = default;
  LogWatch(const LogWatch&) = delete;
  LogWatch& operator=(const LogWatch&) = delete;

  /// Opens the descriptor that read() is called for; its closing is the caller's.
  Result<int> open();
  /// A folder that isn't there yet is looked for again by look_again().
  Token add(std::string folder, OnGrowth);
  void look_again(Token);
  void remove(Token);
  /// The descriptor has something to read: tells whom it concerns.
  void read();

 private:
  struct Asked {
    std::string folder;
    OnGrowth on_growth;
    int watch = -1;
  };
  void begin(Asked&) REQUIRES(mutex_);

  Mutex mutex_;
  int descriptor_ GUARDED_BY(mutex_) = -1;
  Token next_ GUARDED_BY(mutex_) = 1;
  std::map<Token, Asked> asked_ GUARDED_BY(mutex_);
};

}  // namespace millrace
