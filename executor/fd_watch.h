#pragma once

#include <functional>
#include <memory>

#include "base/time.h"

namespace boost::asio {
class io_context;
}

namespace millrace {

/// Waits for one descriptor on the loop. Owns the descriptor. Once destroyed, nothing is called any more.
class FdWatch {
 public:
  FdWatch(boost::asio::io_context&, int fd);
  ~FdWatch();
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;

  int fd() const;
  /// Each calls once; ask again for the next time.
  void when_readable(std::function<void()>);
  void when_writable(std::function<void()>);

 private:
  struct Descriptor;
  std::shared_ptr<Descriptor>
      descriptor_;  // shared with handlers that Asio has queued already: they find it closed
};

/// One call after a while, unless destroyed before.
class Delay {
 public:
  Delay(boost::asio::io_context&, Duration, std::function<void()>);
  ~Delay();
  Delay(const Delay&) = delete;
  Delay& operator=(const Delay&) = delete;

 private:
  struct Timer;
  std::shared_ptr<Timer> timer_;  // as above
};

/// Calls on the loop, after the current handler.
void post_to(boost::asio::io_context&, std::function<void()>);

}  // namespace millrace
