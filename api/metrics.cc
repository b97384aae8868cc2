#include "api/handlers.h"
#include "api/http_metrics.h"
#include "api/stream_slots.h"

namespace millrace::handlers {

/// Prometheus' text format: what the daemon measures, then what the API does.
void metrics(const CallPtr& call) {
  call->backend().metrics([call](MetricsText text) {
    call->services->http_metrics.write(text);
    text.gauge("millrace_streams", "Open event streams and followed logs.",
               static_cast<double>(call->services->streams.taken()));
    HttpResponse response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = text.take();
    call->answer(std::move(response));
  });
}

}  // namespace millrace::handlers
