#include "daemon/inbox.h"

#include <utility>

#include "base/limits.h"

namespace millrace {

bool Inbox::post(Message message, bool must_fit) {
  bool was_empty = false;
  {
    MutexLock lock(mutex_);
    if (!must_fit && messages_.size() >= limits::inbox_events) return false;
    was_empty = messages_.empty();
    messages_.push_back(std::move(message));
  }
  if (was_empty) wake_();
  return true;
}

std::vector<Message> Inbox::take_all() {
  MutexLock lock(mutex_);
  return std::exchange(messages_, {});
}

}  // namespace millrace
