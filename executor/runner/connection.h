#pragma once

#include <functional>
#include <string>

#include "executor/messages.h"
#include "executor/runner/attempt.h"

namespace millrace {

/// One daemon at the other end of the socket. Never blocks.
class Connection {
 public:
  /// Takes the descriptor over.
  explicit Connection(int fd) { watch.fd = fd; }
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The other end is this user or root.
  bool trusted() const;
  /// Reads what is there and hands over whole frames. False: it is over.
  bool read(const std::function<void(const Frame&)>& take);
  /// Sends what `out` holds, as far as it goes. False: it is over.
  bool flush();

  Watch watch{Watch::Kind::connection};
  std::string out;
  bool greeted = false;
  bool closing = false;         ///< to be dropped at the end of the batch; its requests don't count any more
  bool waits_to_write = false;  ///< registered for EPOLLOUT

 private:
  std::string in_;
};

}  // namespace millrace
