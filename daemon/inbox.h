#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/thread_annotations.h"
#include "daemon/message.h"

namespace millrace {

/// The bounded queue between everybody and the loop. Any thread posts; the loop thread takes.
class Inbox {
 public:
  /// `wake` is called when the queue stops being empty: make the loop take its turn soon. It must not block.
  Inbox(std::function<void()> wake, const Clock& clock) : wake_(std::move(wake)), clock_(clock) {}

  /// False when limits::inbox_events wait: the caller is told `unavailable`. Facts from the executor are
  /// never refused
  /// (`must_fit`): their number is bounded by the live attempts.
  bool post(Message, bool must_fit = false);
  struct Taken {
    std::vector<Message> messages;
    Duration waited{0};  ///< the oldest one
  };
  Taken take_all();
  /// Only what somebody asks for and waits for an answer to: facts and looks stay, in their order.
  std::vector<Message> take_wishes();
  std::size_t size() const;

 private:
  std::function<void()> wake_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::vector<Message> messages_ GUARDED_BY(mutex_);
  MonoTime oldest_ GUARDED_BY(mutex_);
};

}  // namespace millrace
