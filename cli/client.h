#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace millrace::cli {

struct HttpReply {
  int status = 0;
  std::string body;
};

/// One message of an event stream; one without an event's name brings only a new id.
struct StreamEvent {
  std::string event, id, data;
};

/// Cuts a stream of server-sent events into its messages.
class EventParser {
 public:
  /// False as soon as `sink` says so.
  bool feed(std::string_view piece, const std::function<bool(const StreamEvent&)>& sink);

 private:
  void line(std::string_view);
  std::string rest_;
  StreamEvent event_;
};

/// One daemon, over one kept connection. Only client.cc sees the HTTP library.
class Client {
 public:
  /// `url` like `http://127.0.0.1:8080`; an https one works where OpenSSL trusts its certificate.
  Client(std::string url, std::string token);
  ~Client();

  /// An error: nobody answers there; the message says so and what to do.
  Result<HttpReply> get(std::string_view path, std::string_view accept = {});
  Result<HttpReply> send(std::string_view method, std::string_view path, std::string_view body,
                         std::string_view content_type = "application/json");
  /// Streams bytes from `offset` on to `sink`. Status 416: there are none yet.
  Result<int> stream(std::string_view path, std::int64_t offset,
                     const std::function<void(std::string_view)>& sink);
  /// Server-sent events, each to `sink` until that says false or the stream ends. A refusal comes with its
  /// body.
  Result<HttpReply> listen(std::string_view path, const std::string& last_event_id,
                           const std::function<bool(const StreamEvent&)>& sink);
  /// From now on an answer that takes over a second is none.
  void hurry();
  const std::string& url() const { return url_; }

 private:
  struct State;
  std::string url_;
  std::unique_ptr<State> state_;
};

/// Percent-encodes one path segment or query value.
std::string escaped(std::string_view);

}  // namespace millrace::cli
