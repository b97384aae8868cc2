#include "api/session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
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
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "api/stream.h"
#include "base/limits.h"

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
constexpr std::size_t stream_slice = 64u << 10;   // of a stream, in one write

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

class Session;

/// The writing end of a session's stream, for any thread.
class SessionOut final : public StreamOut {
 public:
  explicit SessionOut(std::weak_ptr<Session> session) : session_(std::move(session)) {}
  void write(Piece) override;
  void finish(Piece last, bool drop_waiting) override;
  std::size_t waiting() const override { return waiting_; }
  void taken(std::size_t bytes) { waiting_ -= bytes; }

 private:
  std::weak_ptr<Session> session_;
  std::atomic<std::size_t> waiting_ = 0;
};

/// Reads a head, asks the front, reads the body, dispatches, writes the answer, again. All of it on one
/// strand; between dispatch and answer nothing is under way. A stream is the connection's last answer.
class Session final : public HttpSession, public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, std::string address, const HttpListener::Callbacks& callbacks,
          std::function<void(HttpSession*)> on_end)
      : stream_(std::move(socket)),
        address_(std::move(address)),
        callbacks_(callbacks),
        on_end_(std::move(on_end)) {
    buffer_.max_size(buffer_bytes);
  }

  void start() override { read_head(); }
  void cut() override {
    error_code ignored;
    stream_.socket().close(ignored);
  }
  auto executor() { return stream_.get_executor(); }

  // The stream's side; on the strand.
  void add(Piece);
  void finish(Piece last, bool drop_waiting);

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
    request_.remote = address_;
    head_only_ = request_.method == "HEAD";
    keep_ = parser_->get().keep_alive();
    auto admitted = callbacks_.admit(request_);
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
    callbacks_.dispatch(std::move(admitted_), std::move(request_), reply);
  }

  void send(HttpResponse response) {
    keep_ = keep_ && !response.close && !response.stream;
    response_ = std::move(response);
    head_ = render_head(response_, keep_);
    stream_.expires_after(limits::http_idle);
    const bool with_body = !head_only_ && !response_.file;
    const std::array<net::const_buffer, 2> parts = {
        net::buffer(head_), net::buffer(with_body ? response_.body : std::string_view{})};
    net::async_write(stream_, parts, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->end();
      if (self->response_.file && !self->head_only_) return self->send_piece();
      if (self->response_.stream && !self->head_only_) return self->open_stream();
      self->sent();
    });
  }

  void send_piece() {
    FileSlice& file = response_.file;
    if (file.length == 0) return sent();
    const auto wanted = std::min<std::int64_t>(file.length, static_cast<std::int64_t>(file_piece));
    piece_.resize(static_cast<std::size_t>(wanted));
    const ssize_t got = file.read_at(piece_, file.offset);
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

  void open_stream();
  void await_hang_up();
  void write_more();
  void taken(std::size_t bytes);

  void end() {
    error_code ignored;
    stream_.socket().close(ignored);
    if (const auto source = std::exchange(source_, nullptr)) source->closed();
    if (last_call_) last_call_->cancel();
    if (const auto on_end = std::exchange(on_end_, nullptr)) on_end(this);
  }

  beast::tcp_stream stream_;
  std::string address_;
  const HttpListener::Callbacks& callbacks_;
  std::function<void(HttpSession*)> on_end_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  HttpRequest request_;
  Front::Admitted admitted_;
  HttpResponse response_;
  std::string head_;
  std::vector<char> piece_;
  bool head_only_ = false;
  bool keep_ = true;

  std::shared_ptr<StreamSource> source_;  // also held by what feeds it
  std::shared_ptr<SessionOut> out_;       // also held by the source
  std::deque<Piece> pieces_;
  std::size_t leaving_ = 0;  // the first ones of pieces_ that are being written
  std::size_t sent_ = 0;     // bytes of the first one that have left
  bool finishing_ = false;
  std::optional<net::steady_timer> last_call_;
};

void SessionOut::write(Piece piece) {
  const auto session = session_.lock();
  if (!session || piece->empty()) return;
  waiting_ += piece->size();
  net::post(session->executor(),
            [session, piece = std::move(piece)]() mutable { session->add(std::move(piece)); });
}

void SessionOut::finish(Piece last, bool drop_waiting) {
  const auto session = session_.lock();
  if (!session) return;
  waiting_ += last->size();
  net::post(session->executor(), [session, last = std::move(last), drop_waiting]() mutable {
    session->finish(std::move(last), drop_waiting);
  });
}

void Session::open_stream() {
  error_code ignored;
  // The kernel would grow the buffer to megabytes for a reader that never reads.
  stream_.socket().set_option(net::socket_base::send_buffer_size(limits::stream_socket_bytes), ignored);
  stream_.expires_never();
  source_ = std::move(response_.stream);
  out_ = std::make_shared<SessionOut>(weak_from_this());
  await_hang_up();
  source_->opened(out_);
}

/// A client has nothing more to say; what it sends is thrown away, its end is noticed.
void Session::await_hang_up() {
  piece_.resize(256);
  stream_.socket().async_read_some(net::buffer(piece_),
                                   [self = shared_from_this()](error_code error, std::size_t) {
                                     if (error) return self->end();
                                     self->await_hang_up();
                                   });
}

void Session::add(Piece piece) {
  if (finishing_ || !source_) return out_->taken(piece->size());
  pieces_.push_back(std::move(piece));
  if (leaving_ == 0) write_more();
}

void Session::finish(Piece last, bool drop_waiting) {
  if (finishing_ || !source_) return out_->taken(last->size());
  finishing_ = true;
  while (drop_waiting && pieces_.size() > leaving_) {
    out_->taken(pieces_.back()->size());
    pieces_.pop_back();
  }
  pieces_.push_back(std::move(last));
  last_call_.emplace(stream_.get_executor(), limits::http_idle);
  last_call_->async_wait([self = shared_from_this()](error_code cancelled) {
    if (!cancelled) self->end();
  });
  if (leaving_ == 0) write_more();
}

/// A slice at a time: what a reader takes of a large piece is seen while it takes it.
void Session::write_more() {
  std::vector<net::const_buffer> parts;
  std::size_t room = stream_slice;
  for (leaving_ = 0; leaving_ < pieces_.size() && room > 0; ++leaving_) {
    const std::string_view piece = std::string_view(*pieces_[leaving_]).substr(leaving_ == 0 ? sent_ : 0);
    parts.push_back(net::buffer(piece.substr(0, room)));
    room -= parts.back().size();
  }
  stream_.socket().async_write_some(parts, [self = shared_from_this()](error_code error, std::size_t sent) {
    if (error) return self->end();
    self->taken(sent);
  });
}

void Session::taken(std::size_t bytes) {
  leaving_ = 0;
  out_->taken(bytes);
  for (sent_ += bytes; !pieces_.empty() && sent_ >= pieces_.front()->size(); pieces_.pop_front())
    sent_ -= pieces_.front()->size();
  if (!pieces_.empty()) return write_more();
  if (!finishing_) {
    if (source_) source_->drained();
    return;
  }
  // The client's own end closes the connection: closing over what it has sent would lose our last words.
  error_code ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

}  // namespace

std::shared_ptr<HttpSession> make_session(net::io_context& io, int descriptor, bool ipv6,
                                          std::string address, const HttpListener::Callbacks& callbacks,
                                          std::function<void(HttpSession*)> on_end) {
  tcp::socket socket(net::make_strand(io));
  socket.assign(ipv6 ? tcp::v6() : tcp::v4(), descriptor);
  return std::make_shared<Session>(std::move(socket), std::move(address), callbacks, std::move(on_end));
}

}  // namespace millrace
