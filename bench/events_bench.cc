// Readers of the event stream for measurements: bench/events.py starts it.
//
//   events_bench PORT TOKEN READERS SILENT PATH
//
// Opens READERS streams of PATH that are read as fast as they come, and SILENT ones of /events that never
// are; writes `ready`, and at each line on stdin one line of what it has seen since the last: messages,
// bytes, microseconds from an event's `at` to its arrival (p50, p99 over one in eight readers), streams that
// ended.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/time.h"

namespace {

struct Seen {
  long messages = 0, bytes = 0, ended = 0;
  std::vector<long> latencies;
};

int open_stream(int port, const std::string& token, const std::string& path, bool small_buffer) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int size = 4096;
  if (small_buffer) ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                              "\r\nAuthorization: Bearer " + token + "\r\n\r\n";
  if (::send(fd, request.data(), request.size(), 0) < 0) std::exit(1);
  return fd;
}

/// The time of the last event in a piece, as all of it arrived together.
void measure(std::string_view piece, millrace::WallTime now, Seen& seen) {
  for (std::size_t at = piece.find("\"at\":\""); at != piece.npos; at = piece.find("\"at\":\"", at + 6)) {
    const std::string_view rest = piece.substr(at + 6);
    const auto time = millrace::parse_iso(rest.substr(0, rest.find('"')));
    if (time) seen.latencies.push_back((now - *time).count());
  }
}

void report(Seen& seen) {
  std::sort(seen.latencies.begin(), seen.latencies.end());
  const auto quantile = [&](std::size_t percent) {
    return seen.latencies.empty() ? 0 : seen.latencies[(seen.latencies.size() - 1) * percent / 100];
  };
  std::printf("%ld %ld %ld %ld %ld\n", seen.messages, seen.bytes, quantile(50), quantile(99), seen.ended);
  std::fflush(stdout);
  seen = {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const int port = static_cast<int>(std::strtol(argv[1], nullptr, 10));
  const long readers = std::strtol(argv[3], nullptr, 10), silent = std::strtol(argv[4], nullptr, 10);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  const auto watch = [poll](int fd, std::uint64_t tag) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = tag << 32 | static_cast<std::uint32_t>(fd)}};
    ::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
  };
  for (long i = 0; i < readers; ++i) watch(open_stream(port, argv[2], argv[5], false), i % 8 == 0 ? 1 : 0);
  for (long i = 0; i < silent; ++i) open_stream(port, argv[2], "/events", true);
  watch(STDIN_FILENO, 2);
  const millrace::SystemClock clock;
  Seen seen;
  std::vector<char> buffer(256u << 10);
  std::array<epoll_event, 256> events;
  std::printf("ready\n");
  std::fflush(stdout);
  for (;;) {
    const int count = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t tag = events[static_cast<std::size_t>(i)].data.u64 >> 32;
      const int fd = static_cast<int>(events[static_cast<std::size_t>(i)].data.u64 & 0xffffffff);
      const ssize_t got = ::read(fd, buffer.data(), buffer.size());
      if (tag == 2 && got <= 0) return 0;
      if (tag == 2) {
        report(seen);
      } else if (got <= 0) {
        ++seen.ended;
        ::close(fd);
      } else {
        const std::string_view piece(buffer.data(), static_cast<std::size_t>(got));
        seen.bytes += got;
        if (tag != 1) continue;
        for (std::size_t at = piece.find("\ndata: "); at != piece.npos; at = piece.find("\ndata: ", at + 7))
          ++seen.messages;
        measure(piece, clock.now().wall, seen);
      }
    }
  }
}
