#include "executor/runner_link.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "base/crash_point.h"
#include "base/log.h"

namespace millrace {
namespace {

constexpr Duration greeting_bound = std::chrono::seconds{5};

bool poll_readable(int fd, Duration bound) {
  pollfd poller{fd, POLLIN, 0};
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(bound).count();
  return poll(&poller, 1, static_cast<int>(ms)) == 1;
}

int connect_in(const std::filesystem::path& folder) {
  const int directory = open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return -1;
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // Socket paths end at 107 bytes; data folders don't.
  const std::string path = "/proc/self/fd/" + std::to_string(directory) + "/socket";
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const bool connected = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int error = errno;
  close(directory);
  if (connected) return fd;
  close(fd);
  errno = error;
  return -1;
}

}  // namespace

RunnerLink::RunnerLink(boost::asio::io_context& io, std::filesystem::path folder, int socket)
    : io_(io), folder_(std::move(folder)), socket_(io, socket), alive_(std::make_shared<bool>(true)) {}

RunnerLink::~RunnerLink() {
  *alive_ = false;
  // What was asked for in this turn of the loop (acknowledgements) goes out if the socket takes it.
  if (!closed_ && !out_.empty()) {
    if (::send(socket_.fd(), out_.data(), out_.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) out_.clear();
  }
}

Result<std::unique_ptr<RunnerLink>> RunnerLink::connect(boost::asio::io_context& io,
                                                        const std::filesystem::path& folder) {
  const int fd = connect_in(folder);
  if (fd < 0) {
    return fail(ErrorKind::unavailable,
                "the runner in " + folder.string() + " doesn't answer: " + std::strerror(errno));
  }
  std::unique_ptr<RunnerLink> link(new RunnerLink(io, folder, fd));
  CRASH_POINT("link.connected");
  put_frame(link->out_, MessageType::hello, [](wire::Writer& w) { w.number(runner_protocol); });
  link->send();
  CRASH_POINT("link.hello_sent");
  const MonoTime until = SystemClock().now().mono + greeting_bound;
  while (!link->greeted_ && !link->closed_) {
    const Duration left = until - SystemClock().now().mono;
    if (left.count() <= 0 || !link->wait_readable(left) || !link->fill()) break;
    link->take_frames();
  }
  if (!link->greeted_) {
    return fail(ErrorKind::unavailable, "the runner in " + folder.string() + " refused: " +
                                            (link->refusal_.empty() ? "no greeting" : link->refusal_));
  }
  return link;
}

bool RunnerLink::wait_readable(Duration bound) const { return poll_readable(socket_.fd(), bound); }

bool RunnerLink::read_replay(Duration bound) {
  const MonoTime until = SystemClock().now().mono + bound;
  take_frames();
  while (!replayed_ && !closed_) {
    const Duration left = until - SystemClock().now().mono;
    if (left.count() <= 0 || !wait_readable(left)) return false;
    if (!fill()) {
      close_now();
      return false;
    }
    take_frames();
  }
  return replayed_;
}

void RunnerLink::go_on() {
  if (reading_ || closed_) return;
  reading_ = true;
  // What has been read already must not wait for the next byte.
  post_to(io_, [this, alive = alive_] {
    if (*alive && !closed_) take_frames();
  });
  read_later();
}

void RunnerLink::read_later() {
  if (closed_) return;
  socket_.when_readable([this] {
    if (closed_) return;
    const bool open = fill();
    const auto alive = alive_;
    take_frames();
    if (!*alive || closed_) return;
    if (open) {
      read_later();
    } else {
      close_now();
    }
  });
}

bool RunnerLink::fill() {
  constexpr std::size_t chunk = 64u << 10;
  const std::size_t had = in_.size();
  ssize_t n = 0;
  in_.resize_and_overwrite(had + chunk, [&](char* bytes, std::size_t) {
    n = recv(socket_.fd(), bytes + had, chunk, MSG_DONTWAIT);
    return had + static_cast<std::size_t>(n > 0 ? n : 0);
  });
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

void RunnerLink::take_frames() {
  std::size_t used = 0;
  while (!closed_) {
    // Before there is somebody to report to, only the greeting is taken; the replay waits in the buffer.
    if (greeted_ && !reports_.finished) break;
    Frame frame{};
    const FrameState state = take_frame(std::string_view(in_).substr(used), frame);
    if (state == FrameState::partial) break;
    if (state == FrameState::broken) {
      log::error("runner {} sent a broken frame; its connection is closed", greeting_.pid);
      return close_now();
    }
    used += frame.size;
    take(frame);
  }
  in_.erase(0, used);
}

void RunnerLink::take(const Frame& frame) {
  wire::Reader fields(frame.fields);
  switch (frame.type) {
    case MessageType::hello_ok:
      greeting_ = take_greeting(fields);
      greeted_ = fields.ok();
      return;
    case MessageType::refused:
      refusal_ = fields.text();
      return;
    case MessageType::held: {
      const AttemptId attempt{fields.number<std::int64_t>()};
      if (fields.ok()) reports_.held(attempt);
      return;
    }
    case MessageType::started: {
      const AttemptId attempt{fields.number<std::int64_t>()};
      StartFacts facts = take_start(fields);
      facts.boot_id = greeting_.boot_id;
      facts.host = greeting_.host;
      if (fields.ok()) reports_.started(attempt, std::move(facts));
      return;
    }
    case MessageType::finished: {
      const AttemptId attempt{fields.number<std::int64_t>()};
      ExitFacts facts = take_exit(fields);
      if (fields.ok()) reports_.finished(attempt, std::move(facts));
      return;
    }
    case MessageType::replay_done:
      replayed_ = true;
      reports_.replayed();
      return;
    default:
      return;  // a newer runner of the same protocol may say more
  }
}

bool RunnerLink::start(const AttemptSpec& spec) {
  const std::size_t before = out_.size();
  put_frame(out_, MessageType::start, [&](wire::Writer& w) { put(w, spec); });
  if (out_.size() - before > runner_frame_bytes) {
    out_.resize(before);
    return false;
  }
  send_later();
  return true;
}

void RunnerLink::kill(AttemptId attempt, KillReason reason) {
  put_frame(out_, MessageType::kill,
            [&](wire::Writer& w) { w.number(attempt.value).number(static_cast<std::uint8_t>(reason)); });
  send_later();
}

void RunnerLink::acknowledge(AttemptId attempt) {
  put_frame(out_, MessageType::acknowledge, [&](wire::Writer& w) { w.number(attempt.value); });
  send_later();
}

void RunnerLink::shutdown_when_idle() {
  put_frame(out_, MessageType::shutdown_when_idle, [](wire::Writer&) {});
  send_later();
}

void RunnerLink::send_later() {
  if (std::exchange(sending_, true)) return;
  post_to(io_, [this, alive = alive_] {
    if (*alive) send();
  });
}

void RunnerLink::send() {
  sending_ = false;
  CRASH_POINT("link.sending");
  std::size_t sent = 0;
  while (!closed_ && sent < out_.size()) {
    const ssize_t n =
        ::send(socket_.fd(), out_.data() + sent, out_.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) {
        sending_ = true;
        socket_.when_writable([this] { send(); });
      }
      break;  // any other error: reading finds the end, after what the runner said before it
    }
    sent += static_cast<std::size_t>(n);
  }
  CRASH_POINT("link.sent");
  out_.erase(0, sent);
}

void RunnerLink::close_now() {
  if (std::exchange(closed_, true)) return;
  if (reports_.closed) reports_.closed();
}

}  // namespace millrace
