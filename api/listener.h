#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "api/front.h"
#include "api/http.h"
#include "base/address_ranges.h"
#include "base/error.h"
#include "base/limits.h"

namespace millrace {

/// The sockets: accepts, reads requests within the limits, writes answers, on threads of its own. Only this
/// and session.cc see Beast. Nothing in it waits: a slow or silent client costs a buffer and a timer.
class HttpListener {
 public:
  using Reply = std::function<void(HttpResponse)>;
  struct Callbacks {
    /// Looks at a head before its body is read; on the I/O threads.
    std::function<std::expected<Front::Admitted, Problem>(const HttpRequest&)> admit;
    /// Takes an admitted request with its body; on the I/O threads. `Reply` is called once, from any thread,
    /// and only while the listener exists.
    std::function<void(Front::Admitted, HttpRequest, Reply)> dispatch;
  };
  struct Caps {
    std::size_t per_address = limits::http_connections_per_address;
    std::size_t from_loopback = limits::http_connections_from_loopback;  ///< and from each of `proxies`
    AddressRanges proxies{};
  };

  /// Binds and listens; nothing is accepted before serve().
  static Result<std::unique_ptr<HttpListener>> bind(const std::string& address, std::uint16_t port);
  ~HttpListener();

  std::uint16_t port() const;
  void serve(Callbacks, Caps, int threads);
  /// Ends all connections and joins the threads. Twice is once.
  void stop();

  /// Calls once, on an I/O thread; never after stop(). From any thread.
  void after(std::chrono::milliseconds, std::function<void()>);
  /// Calls on an I/O thread when the descriptor has something to read, and again after a rest. The listener
  /// closes it. Before serve().
  void watch(int descriptor, std::chrono::milliseconds rest, std::function<void()> on_readable);

  struct State;

 private:
  explicit HttpListener(std::unique_ptr<State>);
  std::unique_ptr<State> state_;
};

}  // namespace millrace
