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

/// One daemon, over one kept connection. Only client.cc sees the HTTP library.
class Client {
 public:
  /// `url` like `http://127.0.0.1:8080`; an https one works where OpenSSL trusts its certificate.
  Client(std::string url, std::string token);
  ~Client();

  /// An error: nobody answers there; the message says so and what to do.
  Result<HttpReply> get(std::string_view path);
  Result<HttpReply> send(std::string_view method, std::string_view path, std::string_view body,
                         std::string_view content_type = "application/json");
  /// Streams bytes from `offset` on to `sink`. Status 416: there are none yet.
  Result<int> stream(std::string_view path, std::int64_t offset,
                     const std::function<void(std::string_view)>& sink);
  const std::string& url() const { return url_; }

 private:
  struct State;
  std::string url_;
  std::unique_ptr<State> state_;
};

/// Percent-encodes one path segment or query value.
std::string escaped(std::string_view);

}  // namespace millrace::cli
