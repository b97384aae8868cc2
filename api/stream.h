#pragma once

#include <cstddef>
#include <memory>
#include <string>

/// Answers without a known end (server-sent events): who feeds one and where its bytes go. Nobody waits for
/// anybody: bytes are queued, and who feeds asks how many of them wait.
namespace millrace {

/// Bytes of a stream. Shared: what is rendered once goes to a thousand readers.
using Piece = std::shared_ptr<const std::string>;
inline Piece piece_of(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

/// One connection, as who feeds it sees it. Any thread. Nothing happens after finish() or after the client
/// has gone.
class StreamOut {
 public:
  virtual ~StreamOut() = default;
  virtual void write(Piece) = 0;
  /// Sends `last` and ends the connection: after all that waits, or instead of what hasn't begun to leave.
  virtual void finish(Piece last, bool drop_waiting) = 0;
  /// Bytes that were written and that the socket hasn't taken yet: what this reader costs.
  virtual std::size_t waiting() const = 0;
};

/// Feeds one connection. Called by the connection, on its I/O thread, one call at a time.
class StreamSource {
 public:
  virtual ~StreamSource() = default;
  /// The head is out. Not called for HEAD.
  virtual void opened(std::shared_ptr<StreamOut>) = 0;
  /// All that was written has left.
  virtual void drained() = 0;
  /// The last call: the client has gone, or finish() is done.
  virtual void closed() = 0;
};

}  // namespace millrace
