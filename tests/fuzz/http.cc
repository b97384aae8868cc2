// Bytes on a connection: the real session over a socket pair. It ends when the client does, each answer is
// framed, and no request is read where the body of another one lay.
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>

#include "api/session.h"
#include "input.h"

using namespace millrace;

namespace {

HttpListener::Callbacks callbacks(std::size_t& admitted, std::size_t& dispatched) {
  return {[&](const HttpRequest& head) -> std::expected<Front::Admitted, Problem> {
            ++admitted;
            for (const auto& [name, value] : head.headers) {
              fuzz::claim(name.find_first_of("\r\n:") == name.npos, "a header's name is one");
              fuzz::claim(value.find_first_of(std::string_view("\r\n\0", 3)) == value.npos,
                          "a header's value is a line");
            }
            Front::Admitted in;
            in.match = match_route(head.method, head.path);
            return in;
          },
          [&](Front::Admitted, HttpRequest request, HttpListener::Reply reply) {
            ++dispatched;
            HttpResponse answer;
            answer.body = "{\"bytes\":" + std::to_string(request.body.size()) + "}";
            answer.headers.emplace_back("X-Path", "");
            reply(std::move(answer));
          }};
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 60'000) return 0;  // all of it fits a socket's buffer: nothing waits for us
  int ends[2];
  fuzz::claim(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "a pair of sockets");
  fuzz::claim(write(ends[0], data, size) == static_cast<ssize_t>(size), "the bytes fit");
  shutdown(ends[0], SHUT_WR);
  boost::asio::io_context io;
  std::size_t admitted = 0, dispatched = 0;
  bool ended = false;
  const auto calls = callbacks(admitted, dispatched);
  auto session = make_session(io, ends[1], false, "127.0.0.1", calls, [&](HttpSession*) { ended = true; });
  session->start();
  for (std::size_t turns = 0; !ended && turns < 100'000; ++turns)
    if (io.poll_one() == 0) io.run_one_for(std::chrono::milliseconds{100});
  fuzz::claim(ended, "a connection ends with its client");
  fuzz::claim(dispatched <= admitted, "nothing is dispatched that wasn't let in");
  session.reset();
  std::string said;
  char buffer[4096];
  for (ssize_t n = 0; (n = recv(ends[0], buffer, sizeof buffer, MSG_DONTWAIT)) > 0;)
    said.append(buffer, static_cast<std::size_t>(n));
  close(ends[0]);
  fuzz::claim(said.empty() || said.starts_with("HTTP/1.1 "), "an answer is HTTP");
  return 0;
}
