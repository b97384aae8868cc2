#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace millrace {

/// How many streams there may be. Any thread.
class StreamSlots {
 public:
  explicit StreamSlots(std::size_t most)
      : taken_(std::make_shared<std::atomic<std::size_t>>(0)), most_(most) {}

  /// A place, given back when its last holder lets go; null: all are taken.
  std::shared_ptr<void> take() {
    if (taken_->fetch_add(1) >= most_) {
      --*taken_;
      return nullptr;
    }
    return {static_cast<void*>(this), [taken = taken_](void*) { --*taken; }};
  }
  std::size_t taken() const { return *taken_; }

 private:
  std::shared_ptr<std::atomic<std::size_t>> taken_;  // outlived by streams that still close
  std::size_t most_;
};

}  // namespace millrace
