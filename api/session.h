#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/listener.h"

namespace boost::asio {
class io_context;
}

namespace millrace {

/// One connection. Lives on a strand of its own; its owner is who made it, until `on_end`.
class HttpSession {
 public:
  virtual ~HttpSession() = default;
  virtual void start() = 0;
  /// Closes the socket. Only when no I/O thread runs any more.
  virtual void cut() = 0;
};

/// Takes over a connected socket from `address`. `callbacks` outlives the session; `on_end` is called once,
/// on an I/O thread.
std::shared_ptr<HttpSession> make_session(boost::asio::io_context&, int socket, bool ipv6,
                                          std::string address, const HttpListener::Callbacks& callbacks,
                                          std::function<void(HttpSession*)> on_end);

}  // namespace millrace
