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
    if (was_empty) oldest_ = clock_.now().mono;
    messages_.push_back(std::move(message));
  }
  if (was_empty) wake_();
  return true;
}

Inbox::Taken Inbox::take_all() {
  MutexLock lock(mutex_);
  if (messages_.empty()) return {};
  return {std::exchange(messages_, {}), clock_.now().mono - oldest_};
}

std::size_t Inbox::size() const {
  MutexLock lock(mutex_);
  return messages_.size();
}

}  // namespace millrace
