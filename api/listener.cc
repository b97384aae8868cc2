#include "api/listener.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cctype>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/log.h"

namespace millrace {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = net::ip::tcp;
using boost::system::error_code;

constexpr std::size_t file_piece = 256u << 10;  // of a log, in memory at a time
constexpr std::size_t drained_at_most = 64u
                                        << 20;    // of a body that was refused, before the connection is cut
constexpr std::size_t buffer_bytes = 128u << 10;  // read ahead; also bounds a chunk's header line

class Session;

}  // namespace

struct HttpListener::State {
  net::io_context io;
  tcp::acceptor acceptor{io};
  net::steady_timer pause{io};
  Callbacks callbacks;
  std::vector<std::jthread> threads;
  std::mutex mutex;
  std::map<Session*, std::shared_ptr<Session>>
      sessions;  // the owner: a session that waits for its answer has no other
  std::map<std::string, std::size_t> by_address;
  bool stopped = false;

  void accept_next();
  void accepted(tcp::socket);
};

namespace {

HttpRequest to_request(const http::request<http::string_body>& message) {
  HttpRequest request;
  request.method = std::string(message.method_string());
  const std::string_view target(message.target().data(), message.target().size());
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != target.npos) request.query = target.substr(question + 1);
  for (const auto& field : message) {
    std::string name(field.name_string());
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    request.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  return request;
}

/// One connection: read a head, ask the front, read the body, dispatch, write the answer, again. All of it on
/// one strand; between dispatch and answer nothing is under way.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, HttpListener::State& host, std::string address)
      : stream_(std::move(socket)), host_(host), address_(std::move(address)) {
    buffer_.max_size(buffer_bytes);
  }

  void start() { read_head(); }
  /// Only when no I/O thread runs any more.
  void cut() {
    error_code ignored;
    stream_.socket().close(ignored);
  }

 private:
  void read_head() {
    parser_.emplace();
    parser_->header_limit(limits::http_header_bytes);
    parser_->body_limit(limits::http_body_bytes);
    stream_.expires_after(limits::http_header_deadline);
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, std::size_t) { self->on_head(error); });
  }

  /// The connection rests until its next request begins; only then does the deadline of a head run.
  void rest() {
    if (buffer_.size() != 0) return read_head();
    stream_.expires_after(limits::http_idle);
    stream_.async_read_some(buffer_.prepare(4096),
                            [self = shared_from_this()](error_code error, std::size_t count) {
                              if (error) return self->end();
                              self->buffer_.commit(count);
                              self->read_head();
                            });
  }

  void on_head(error_code error) {
    if (error) return read_failed(error);
    request_ = to_request(parser_->get());
    head_only_ = request_.method == "HEAD";
    keep_ = parser_->get().keep_alive();
    auto admitted = host_.callbacks.admit(request_);
    if (!admitted) return refuse(std::move(admitted.error()));
    admitted_ = std::move(*admitted);
    if (parser_->is_done()) return dispatch();
    stream_.expires_after(limits::http_idle);
    const std::string_view expect = request_.header("expect");
    if (expect != "100-continue" && expect != "100-Continue") return read_body();
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    net::async_write(stream_, net::buffer(go_on),
                     [self = shared_from_this()](error_code failed, std::size_t) {
                       if (failed) return self->end();
                       self->read_body();
                     });
  }

  void read_body() {
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->read_failed(error);
      self->dispatch();
    });
  }

  void read_failed(error_code error) {
    if (error == http::error::header_limit) {
      return refuse({431,
                     "too_large",
                     fmt::format("the head is larger than {} bytes", limits::http_header_bytes),
                     {},
                     {},
                     {},
                     {},
                     true});
    }
    if (error == http::error::body_limit) {
      return refuse({413,
                     "too_large",
                     fmt::format("the body is larger than {} bytes", limits::http_body_bytes),
                     {},
                     {},
                     {},
                     {},
                     true});
    }
    const bool gone = error == http::error::end_of_stream || error == http::error::partial_message;
    if (gone || error.category() != error_code(http::error::bad_method).category()) return end();
    refuse({400, "bad_request", "this is not HTTP as it should be", {}, {}, {}, {}, true});
  }

  void refuse(Problem problem) {
    // What is left of a body can't be told from the next request.
    if (!parser_->is_done()) problem.close = true;
    send(to_response(std::move(problem)));
  }

  void dispatch() {
    request_.body = std::move(parser_->get().body());
    stream_.expires_never();
    const HttpListener::Reply reply = [weak = weak_from_this()](HttpResponse response) {
      const auto self = weak.lock();
      if (!self) return;
      auto held = std::make_shared<HttpResponse>(std::move(response));
      net::post(self->stream_.get_executor(), [self, held] { self->send(std::move(*held)); });
    };
    host_.callbacks.dispatch(std::move(admitted_), std::move(request_), reply);
  }

  void send(HttpResponse response) {
    keep_ = keep_ && !response.close;
    response_ = std::move(response);
    head_ = render_head(response_, keep_);
    stream_.expires_after(limits::http_idle);
    const bool with_body = !head_only_ && !response_.file;
    const std::array<net::const_buffer, 2> parts = {
        net::buffer(head_), net::buffer(with_body ? response_.body : std::string_view{})};
    net::async_write(stream_, parts, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->end();
      if (self->response_.file && !self->head_only_) return self->send_piece();
      self->sent();
    });
  }

  void send_piece() {
    FileSlice& file = response_.file;
    if (file.length == 0) return sent();
    const auto wanted = std::min<std::int64_t>(file.length, static_cast<std::int64_t>(file_piece));
    piece_.resize(static_cast<std::size_t>(wanted));
    const ssize_t got = ::pread(file.fd(), piece_.data(), piece_.size(), file.offset);
    if (got <= 0) return end();  // cut shorter than promised: the client sees a broken answer, as it should
    file.offset += got;
    file.length -= got;
    stream_.expires_after(limits::http_idle);
    net::async_write(stream_, net::buffer(piece_.data(), static_cast<std::size_t>(got)),
                     [self = shared_from_this()](error_code error, std::size_t) {
                       if (error) return self->end();
                       self->send_piece();
                     });
  }

  void sent() {
    response_ = {};
    piece_ = {};
    if (keep_) return rest();
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    piece_.resize(64u << 10);
    stream_.expires_after(std::chrono::seconds{5});
    drain(0);
  }

  /// Closing over unread bytes resets the connection, and the client would lose the answer.
  void drain(std::size_t so_far) {
    if (so_far > drained_at_most) return end();
    stream_.async_read_some(net::buffer(piece_),
                            [self = shared_from_this(), so_far](error_code error, std::size_t count) {
                              if (error) return self->end();
                              self->drain(so_far + count);
                            });
  }

  void end() {
    error_code ignored;
    stream_.socket().close(ignored);
    const std::lock_guard lock(host_.mutex);
    if (host_.sessions.erase(this) == 0) return;  // the caller's shared_ptr keeps this object for a moment
    const auto at = host_.by_address.find(address_);
    if (at != host_.by_address.end() && --at->second == 0) host_.by_address.erase(at);
  }

  beast::tcp_stream stream_;
  HttpListener::State& host_;
  std::string address_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  HttpRequest request_;
  Front::Admitted admitted_;
  HttpResponse response_;
  std::string head_;
  std::vector<char> piece_;
  bool head_only_ = false;
  bool keep_ = true;
};

}  // namespace

void HttpListener::State::accept_next() {
  acceptor.async_accept(net::make_strand(io), [this](error_code error, tcp::socket socket) {
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

void HttpListener::State::accepted(tcp::socket socket) {
  error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return;
  socket.set_option(tcp::no_delay(true), error);
  const std::string address = peer.address().to_string();
  std::shared_ptr<Session> session;
  {
    const std::lock_guard lock(mutex);
    if (stopped || sessions.size() >= limits::http_connections) return;
    std::size_t& of_address = by_address[address];
    if (of_address >= limits::http_connections_per_address) return;
    ++of_address;
    session = std::make_shared<Session>(std::move(socket), *this, address);
    sessions.emplace(session.get(), session);
  }
  session->start();
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

void HttpListener::serve(Callbacks callbacks, int threads) {
  state_->callbacks = std::move(callbacks);
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
  std::map<Session*, std::shared_ptr<Session>> sessions;
  {
    const std::lock_guard lock(state_->mutex);
    sessions.swap(state_->sessions);
  }
  for (const auto& [key, session] : sessions) session->cut();
}

}  // namespace millrace
