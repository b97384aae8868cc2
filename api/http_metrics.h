#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "base/metrics.h"
#include "base/thread_annotations.h"

namespace millrace {

/// What the API answered and how long it took. Any thread.
class HttpMetrics {
 public:
  /// `method`: one of the API's.
  void answered(const std::string& method, int status);
  void took(Duration duration) { duration_.observe(duration); }
  void write(MetricsText&) const;

 private:
  Histogram duration_;
  mutable Mutex mutex_;
  std::map<std::pair<std::string, int>, std::uint64_t> by_status_ GUARDED_BY(mutex_);
};

}  // namespace millrace
