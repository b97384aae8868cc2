#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "api/call.h"
#include "base/limits.h"
#include "base/thread_annotations.h"

/// Idempotency-Key on every POST, in one place: before the handler the key is claimed and looked up, with the
/// effect its answer is stored (Loop::commit), and who asks again gets that answer.
namespace millrace {

/// Keys whose first request is still under way. Any thread.
class KeysInFlight {
 public:
  /// Nothing: somebody else is at it. The claim ends with the object.
  std::shared_ptr<void> claim(std::string owner, std::string key);

  /// Whether limits::idempotency_keys answers are kept already. Counted up here, set right by a look at the
  /// store now and then.
  bool full() const { return kept_ >= limits::idempotency_keys; }
  void set_kept(std::int64_t count) { kept_ = count; }

 private:
  std::atomic<std::int64_t> kept_{0};
  Mutex mutex_;
  std::set<std::pair<std::string, std::string>> keys_ GUARDED_BY(mutex_);
};

/// Takes the key of a request that was let in; 400 for a key that can't be one, 409 while the same is under
/// way. Nothing happens without the header.
std::expected<void, Problem> claim_key(Call&, KeysInFlight&);
/// On a reader thread, with the key claimed: the answer of the first time, 422 when that was another request;
/// nothing when this is the first.
std::optional<Answer> answer_of_first_time(const Call&, StoreReader&);

}  // namespace millrace
