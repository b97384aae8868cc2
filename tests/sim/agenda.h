#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace millrace::sim {

/// The simulated time and what is to come: nothing happens but in its order. Items of one moment come in the
/// order in which they were put.
class Agenda final : public Clock {
 public:
  explicit Agenda(WallTime start) : now_{start, MonoTime{1'000'000'000}} {}

  Now now() const override { return now_; }

  /// `label` is a literal: it is kept as it is.
  void put(Duration after, std::string_view label, std::function<void()> what) {
    items_.emplace(std::pair{now_.mono + after, next_++}, Item{label, std::move(what)});
  }
  bool empty() const { return items_.empty(); }
  MonoTime next_at() const { return items_.begin()->first.first; }
  /// Goes to the next item and does it. Its label.
  std::string_view step() {
    auto node = items_.extract(items_.begin());
    pass(node.key().first - now_.mono);
    node.mapped().what();
    return node.mapped().label;
  }

  /// Somebody set the clock of the host; time itself didn't pass.
  void set_clock(Duration by) { now_.wall = now_.wall + by; }
  /// The host slept: items that would have come meanwhile come at once afterwards.
  void suspend(Duration by) { pass(by); }

 private:
  struct Item {
    std::string_view label;
    std::function<void()> what;
  };
  void pass(Duration by) {
    if (by <= Duration{0}) return;
    now_.mono = now_.mono + by;
    now_.wall = now_.wall + by;
  }

  Now now_;
  std::int64_t next_ = 0;
  std::map<std::pair<MonoTime, std::int64_t>, Item> items_;
};

}  // namespace millrace::sim
