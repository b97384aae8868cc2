#include "executor/runner/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace millrace {
namespace {

// Many times what a daemon may have outstanding; one that doesn't read is dropped and gets a replay when it
// returns.
constexpr std::size_t out_bytes = 64u << 20;
constexpr std::size_t read_bytes = 256u << 10;

}  // namespace

Connection::~Connection() {
  if (watch.fd >= 0) close(watch.fd);
}

bool Connection::trusted() const {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(watch.fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == geteuid() || peer.uid == 0;
}

bool Connection::read(const std::function<void(const Frame&)>& take) {
  const std::size_t had = in_.size();
  ssize_t n = 0;
  // Not resize(): that would clear 256 KiB for each message of a hundred bytes.
  in_.resize_and_overwrite(had + read_bytes, [&](char* bytes, std::size_t) {
    n = recv(watch.fd, bytes + had, read_bytes, MSG_DONTWAIT);
    return had + static_cast<std::size_t>(n > 0 ? n : 0);
  });
  if (n == 0) return false;
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  std::size_t used = 0;
  while (!closing) {
    Frame frame{};
    const FrameState state = take_frame(std::string_view(in_).substr(used), frame);
    if (state == FrameState::broken) return false;
    if (state == FrameState::partial) break;
    used += frame.size;
    take(frame);
  }
  in_.erase(0, used);
  if (in_.empty() && in_.capacity() > 2 * read_bytes) in_.shrink_to_fit();
  return true;
}

bool Connection::flush() {
  while (!out.empty()) {
    const ssize_t n = send(watch.fd, out.data(), out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) return (errno == EAGAIN || errno == EINTR) && out.size() < out_bytes;
    out.erase(0, static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace millrace
