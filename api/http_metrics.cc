#include "api/http_metrics.h"

#include <fmt/format.h>

namespace millrace {

void HttpMetrics::answered(const std::string& method, int status) {
  MutexLock lock(mutex_);
  ++by_status_[{method, status}];
}

void HttpMetrics::write(MetricsText& out) const {
  out.family("millrace_http_requests_total", "counter", "Answers, refusals included.");
  {
    MutexLock lock(mutex_);
    for (const auto& [key, count] : by_status_) {
      const std::string status = fmt::format("{}", key.second);
      const std::pair<std::string_view, std::string_view> labels[] = {{"method", key.first},
                                                                      {"status", status}};
      out.sample(static_cast<double>(count), labels);
    }
  }
  out.histogram("millrace_http_request_seconds", "From the whole request to its answer.", duration_);
}

}  // namespace millrace
