#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace millrace::sim {

/// What happened, a line each, for the reader of a failing seed; and a number that two equal histories share.
/// Lines are made only when somebody will read them.
class Trace {
 public:
  explicit Trace(const Clock& clock) : clock_(clock) {}
  static constexpr std::size_t kept = 4'000;  ///< lines

  bool on = false;

  template <class... Args>
  void line(fmt::format_string<Args...> text, Args&&... args) {
    if (on) keep(fmt::format(text, std::forward<Args>(args)...));
  }
  void mix(std::uint64_t value) { hash_ = (hash_ ^ value) * 0x100000001b3ull; }
  void mix(std::string_view text) {
    for (const char c : text) mix(static_cast<std::uint64_t>(static_cast<unsigned char>(c)));
  }
  std::uint64_t hash() const { return hash_; }
  const std::deque<std::string>& lines() const { return lines_; }

 private:
  void keep(std::string text) {
    if (lines_.size() == kept) lines_.pop_front();
    lines_.push_back(to_iso(clock_.now().wall) + "  " + std::move(text));
  }

  const Clock& clock_;
  std::uint64_t hash_ = 0xcbf29ce484222325ull;
  std::deque<std::string> lines_;
};

}  // namespace millrace::sim
