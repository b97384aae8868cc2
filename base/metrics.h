#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"

namespace millrace {

/// A number that only grows. Any thread adds, any thread reads; no order between counters is promised.
class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// How long something took, in buckets from 100 µs to ten minutes. Any thread.
class Histogram {
 public:
  /// Upper bounds in seconds, inclusive; what is longer counts in the sum and the count alone.
  static constexpr std::array<double, 18> bounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                 0.01,   0.025,   0.05,   0.1,   0.25,   0.5,
                                                 1,      2.5,     10,     60,    300,    600};
  /// A negative duration (the wall clock was set back) counts as zero.
  void observe(Duration);

  struct Snapshot {
    std::array<std::uint64_t, bounds.size()> at_most{};  ///< cumulative
    std::uint64_t count = 0;
    double sum_seconds = 0;
  };
  Snapshot snapshot() const;

 private:
  std::array<Counter, bounds.size() + 1> buckets_;
  Counter sum_us_;
};

/// Writes the Prometheus text format, version 0.0.4: one family at a time, its samples after its head.
class MetricsText {
 public:
  using Labels = std::span<const std::pair<std::string_view, std::string_view>>;

  /// `type`: counter or gauge.
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(double value, Labels labels = {});
  /// A family of one sample.
  void gauge(std::string_view name, std::string_view help, double value);
  void counter(std::string_view name, std::string_view help, std::uint64_t value);
  void histogram(std::string_view name, std::string_view help, const Histogram&);
  std::string take() { return std::move(text_); }

 private:
  void line(std::string_view suffix, double value, Labels labels);
  std::string name_, text_;
};

}  // namespace millrace
