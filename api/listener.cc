#include "api/listener.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "api/session.h"
#include "base/log.h"

namespace millrace {
namespace {

namespace net = boost::asio;
using tcp = net::ip::tcp;
using boost::system::error_code;

struct Watched {
  net::posix::stream_descriptor descriptor;
  net::steady_timer timer;
  std::chrono::milliseconds rest;
  std::function<void()> on_readable;

  void wait() {
    descriptor.async_wait(net::posix::stream_descriptor::wait_read, [this](error_code error) {
      if (error) return;
      on_readable();
      timer.expires_after(rest);
      timer.async_wait([this](error_code cancelled) {
        if (!cancelled) wait();
      });
    });
  }
};

}  // namespace

struct HttpListener::State {
  struct Open {
    std::shared_ptr<HttpSession> session;  // the owner: a session that waits for its answer has no other
    std::string address;
  };

  net::io_context io;
  tcp::acceptor acceptor{io};
  net::steady_timer pause{io};
  Callbacks callbacks;
  Caps caps;
  std::vector<std::jthread> threads;
  std::vector<std::unique_ptr<Watched>> watched;
  std::mutex mutex;
  std::map<HttpSession*, Open> sessions;
  std::map<std::string, std::size_t> by_address;
  std::uint64_t refused = 0;
  bool stopped = false;

  void accept_next();
  void accepted(tcp::socket);
  bool has_room(const std::string& address, bool for_many);
  void ended(HttpSession*);
};

void HttpListener::State::accept_next() {
  acceptor.async_accept(io, [this](error_code error, tcp::socket socket) {
    if (!error) {
      accepted(std::move(socket));
      return accept_next();
    }
    if (error == net::error::operation_aborted || !acceptor.is_open()) return;
    log::warn("api accept failed: {}", error.message());
    pause.expires_after(
        std::chrono::milliseconds{100});  // out of descriptors: try again when some may be back
    pause.async_wait([this](error_code cancelled) {
      if (!cancelled) accept_next();
    });
  });
}

bool HttpListener::State::has_room(const std::string& address, bool for_many) {
  if (stopped) return false;
  const auto at = by_address.find(address);
  const std::size_t of_address = at == by_address.end() ? 0 : at->second;
  if (sessions.size() < limits::http_connections &&
      of_address < (for_many ? caps.from_loopback : caps.per_address))
    return true;
  // Each power of two: a flood must not flood the log as well.
  if (const std::uint64_t count = ++refused; (count & (count - 1)) == 0)
    log::warn("api refused={} connections over the cap; newest address={} has {}", count, address,
              of_address);
  return false;
}

void HttpListener::State::accepted(tcp::socket socket) {
  error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return;
  socket.set_option(tcp::no_delay(true), error);
  const std::string address = peer.address().to_string();
  std::shared_ptr<HttpSession> session;
  {
    const std::lock_guard lock(mutex);
    const auto known = parse_address(address);
    const bool proxy = known && caps.proxies.contain(*known);
    if (!has_room(address, proxy || peer.address().is_loopback())) return;
    const int descriptor = socket.release(error);
    if (error) return;
    session = make_session(io, descriptor, peer.address().is_v6(), address, callbacks,
                           [this](HttpSession* ending) { ended(ending); });
    ++by_address[address];
    sessions.emplace(session.get(), Open{session, address});
  }
  session->start();
}

void HttpListener::State::ended(HttpSession* session) {
  const std::lock_guard lock(mutex);
  const auto open = sessions.find(session);
  if (open == sessions.end()) return;
  const auto at = by_address.find(open->second.address);
  if (at != by_address.end() && --at->second == 0) by_address.erase(at);
  sessions.erase(open);  // the caller's shared_ptr keeps the session for a moment
}

HttpListener::HttpListener(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpListener::~HttpListener() { stop(); }

Result<std::unique_ptr<HttpListener>> HttpListener::bind(const std::string& address, std::uint16_t port) {
  auto state = std::make_unique<State>();
  error_code error;
  const auto ip = net::ip::make_address(address, error);
  if (error) return fail(ErrorKind::invalid, fmt::format("'{}' is not an IP address", address));
  const tcp::endpoint endpoint(ip, port);
  state->acceptor.open(endpoint.protocol(), error);
  if (!error) state->acceptor.set_option(net::socket_base::reuse_address(true), error);
  if (!error) state->acceptor.bind(endpoint, error);
  if (!error) state->acceptor.listen(net::socket_base::max_listen_connections, error);
  if (error) {
    return fail(ErrorKind::unavailable,
                fmt::format("can't listen on {}:{}: {}", address, port, error.message()));
  }
  return std::unique_ptr<HttpListener>(new HttpListener(std::move(state)));
}

std::uint16_t HttpListener::port() const { return state_->acceptor.local_endpoint().port(); }

void HttpListener::serve(Callbacks callbacks, Caps caps, int threads) {
  state_->callbacks = std::move(callbacks);
  state_->caps = caps;
  state_->accept_next();
  for (int i = 0; i < std::max(threads, 1); ++i) {
    state_->threads.emplace_back([state = state_.get()] {
      for (;;) {
        try {
          state->io.run();
          return;
        } catch (const std::exception& e) {
          log::error("api i/o thread: {}", e.what());
        }
      }
    });
  }
}

void HttpListener::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    if (std::exchange(state_->stopped, true)) return;
  }
  state_->io.stop();
  state_->threads.clear();  // joins
  error_code ignored;
  state_->acceptor.close(ignored);
  std::map<HttpSession*, State::Open> sessions;
  {
    const std::lock_guard lock(state_->mutex);
    sessions.swap(state_->sessions);
  }
  for (const auto& [key, open] : sessions) open.session->cut();
}

void HttpListener::after(std::chrono::milliseconds delay, std::function<void()> call) {
  if (delay.count() <= 0) return net::post(state_->io, std::move(call));
  auto timer = std::make_unique<net::steady_timer>(state_->io, delay);
  net::steady_timer& armed = *timer;
  armed.async_wait([timer = std::move(timer), call = std::move(call)](error_code cancelled) {
    if (!cancelled) call();
  });
}

void HttpListener::watch(int descriptor, std::chrono::milliseconds rest, std::function<void()> on_readable) {
  auto& one =
      state_->watched.emplace_back(new Watched{net::posix::stream_descriptor(state_->io, descriptor),
                                               net::steady_timer(state_->io), rest, std::move(on_readable)});
  one->wait();
}

}  // namespace millrace
