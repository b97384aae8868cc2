#include "daemon/inbox.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/limits.h"

namespace millrace {

bool Inbox::post(Message message, bool must_fit) {
  bool was_empty = false;
  {
    MutexLock lock(mutex_);
    if (!must_fit && messages_.size() >= limits::inbox_events) return false;
    was_empty = messages_.empty();
    if (was_empty && looks_.empty()) oldest_ = clock_.now().mono;
    messages_.push_back(std::move(message));
  }
  if (was_empty) wake_();
  return true;
}

void Inbox::ask(Look look) {
  bool was_empty = false;
  {
    MutexLock lock(mutex_);
    was_empty = looks_.empty();
    if (was_empty && messages_.empty()) oldest_ = clock_.now().mono;
    looks_.push_back(std::move(look));
  }
  if (was_empty) wake_();  // also when messages wait: those may wait for the disk
}

Inbox::Taken Inbox::take_all() {
  MutexLock lock(mutex_);
  if (messages_.empty() && looks_.empty()) return {};
  return {std::exchange(messages_, {}), std::exchange(looks_, {}), clock_.now().mono - oldest_};
}

std::vector<Look> Inbox::take_looks() {
  MutexLock lock(mutex_);
  return std::exchange(looks_, {});
}

std::vector<Message> Inbox::take_wishes() {
  const auto is_fact = [](const Message& message) {
    // Nobody waits for what a file of the DAG folder says, and nobody would say it again.
    if (const auto* submission = std::get_if<Submission>(&message)) return submission->file_name != from_api;
    return !std::holds_alternative<Request>(message) && !std::holds_alternative<AccessChange>(message);
  };
  MutexLock lock(mutex_);
  const auto wishes = std::stable_partition(messages_.begin(), messages_.end(), is_fact);
  std::vector<Message> out(std::make_move_iterator(wishes), std::make_move_iterator(messages_.end()));
  messages_.erase(wishes, messages_.end());
  return out;
}

std::size_t Inbox::size() const {
  MutexLock lock(mutex_);
  return messages_.size() + looks_.size();
}

}  // namespace millrace
