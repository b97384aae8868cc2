#include <charconv>

#include "api/event_hub.h"
#include "api/handlers.h"
#include "api/stream_slots.h"

namespace millrace::handlers {
namespace {

/// The number its reader goes on from: EventSource sends the header, others may use the query.
std::expected<std::optional<std::int64_t>, Problem> last_event_of(const Call& call) {
  std::string_view text = call.request.header("last-event-id");
  if (text.empty()) text = call.query_value("last_event_id").value_or("");
  if (text.empty()) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0)
    return refuse_field("last_event_id", "the id of an event of this stream");
  return number;
}

}  // namespace

void events(const CallPtr& call) {
  auto topics = read_topics(call->query, call->who);
  if (!topics) return call->answer(std::unexpected(std::move(topics.error())));
  const auto after = last_event_of(*call);
  if (!after) return call->answer(std::unexpected(after.error()));
  auto slot = call->services->streams.take();
  if (!slot) return call->answer(no_stream_left());
  HttpResponse response;
  response.content_type = "text/event-stream; charset=utf-8";
  response.stream = call->services->events.stream(std::move(*topics), *after, std::move(slot));
  call->answer(std::move(response));
}

Answer no_stream_left() {
  auto problem = refuse(503, "unavailable", "as many streams are open as this daemon allows",
                        "ask again in some seconds, or read the lists");
  problem.error().headers.emplace_back("Retry-After", "5");
  return problem;
}

}  // namespace millrace::handlers
