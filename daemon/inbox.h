#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "base/thread_annotations.h"
#include "daemon/message.h"

namespace millrace {

/// The bounded queue between everybody and the loop. Any thread posts; the loop thread takes.
class Inbox {
 public:
  /// `wake` is called when the queue stops being empty: make the loop take its turn soon. It must not block.
  explicit Inbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// False when limits::inbox_events wait: the caller is told `unavailable`. Facts from the executor are
  /// never refused
  /// (`must_fit`): their number is bounded by the live attempts.
  bool post(Message, bool must_fit = false);
  std::vector<Message> take_all();

 private:
  std::function<void()> wake_;
  Mutex mutex_;
  std::vector<Message> messages_ GUARDED_BY(mutex_);
};

}  // namespace millrace
