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
  /// `wake` is called when messages or questions stop being none: make the loop
  /// take its turn soon. It must not block.
  Inbox(std::function<void()> wake, const Clock& clock) : wake_(std::move(wake)), clock_(clock) {}

  /// False when limits::inbox_events wait: the caller is told `unavailable`. Facts from the executor are
  /// never refused
  /// (`must_fit`): their number is bounded by the live attempts.
  bool post(Message, bool must_fit = false);
  /// Never refused: who asks waits for the answer.
  void ask(Look);
  struct Taken {
    std::vector<Message> messages;
    std::vector<Look> looks;
    Duration waited{0};  ///< the oldest one
  };
  Taken take_all();
  /// The questions alone: they don't wait for a disk.
  std::vector<Look> take_looks();
  /// Only what somebody asks for and waits for an answer to: facts stay, in their order.
  std::vector<Message> take_wishes();
  std::size_t size() const;

 private:
  std::function<void()> wake_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::vector<Message> messages_ GUARDED_BY(mutex_);
  std::vector<Look> looks_ GUARDED_BY(mutex_);
  MonoTime oldest_ GUARDED_BY(mutex_);
};

}  // namespace millrace
