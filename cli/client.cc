#include "cli/client.h"

#include <fmt/format.h>
#include <httplib.h>

#include <utility>

namespace millrace::cli {

struct Client::State {
  explicit State(const std::string& url) : http(url) {}
  httplib::Client http;
};

Client::Client(std::string url, std::string token)
    : url_(std::move(url)), state_(std::make_unique<State>(url_)) {
  state_->http.set_tcp_nodelay(true);
  state_->http.set_url_encode(false);  // paths come escaped
  state_->http.set_keep_alive(true);
  state_->http.set_connection_timeout(5);
  state_->http.set_read_timeout(120);
  state_->http.set_write_timeout(60);
  if (!token.empty()) state_->http.set_bearer_token_auth(token);
}

Client::~Client() = default;

void Client::hurry() {
  state_->http.set_connection_timeout(1);
  state_->http.set_read_timeout(1);
}

namespace {

constexpr std::size_t most_of_a_refusal = 64 << 10;

std::unexpected<Error> nobody(const std::string& url, httplib::Error error) {
  if (error == httplib::Error::Read) {
    return fail(ErrorKind::unavailable,
                fmt::format("{} took the request but gave no answer in time; what was asked "
                            "may still happen: look before asking again",
                            url));
  }
  return fail(ErrorKind::unavailable,
              fmt::format("no daemon answers at {} ({}); start one with `millrace serve`, or "
                          "name another with --url or MILLRACE_URL",
                          url, httplib::to_string(error)));
}

}  // namespace

Result<HttpReply> Client::get(std::string_view path, std::string_view accept) {
  httplib::Headers headers;
  if (!accept.empty()) headers.emplace("Accept", std::string(accept));
  const auto result = state_->http.Get(std::string(path), headers);
  if (!result) return nobody(url_, result.error());
  return HttpReply{result->status, result->body};
}

Result<HttpReply> Client::send(std::string_view method, std::string_view path, std::string_view body,
                               std::string_view content_type) {
  httplib::Request request;
  request.method = method;
  request.path = path;
  request.body = body;
  if (!body.empty()) request.set_header("Content-Type", std::string(content_type));
  const auto result = state_->http.send(request);
  if (!result) return nobody(url_, result.error());
  return HttpReply{result->status, result->body};
}

Result<int> Client::stream(std::string_view path, std::int64_t offset,
                           const std::function<void(std::string_view)>& sink) {
  httplib::Headers headers;
  if (offset > 0) headers.emplace("Range", fmt::format("bytes={}-", offset));
  int status = 0;
  std::string problem;
  const auto result = state_->http.Get(
      std::string(path), headers,
      [&](const httplib::Response& response) {
        status = response.status;
        return true;
      },
      [&](const char* data, std::size_t size) {
        if (status == 200 || status == 206) sink({data, size});
        return true;
      });
  if (!result) return nobody(url_, result.error());
  return status;
}

bool EventParser::feed(std::string_view piece, const std::function<bool(const StreamEvent&)>& sink) {
  for (std::size_t end; (end = piece.find('\n')) != piece.npos; piece.remove_prefix(end + 1)) {
    rest_ += piece.substr(0, end);
    if (rest_.ends_with('\r')) rest_.pop_back();
    const std::string whole = std::exchange(rest_, {});
    if (!whole.empty()) {
      line(whole);
      continue;
    }
    const StreamEvent event = std::exchange(event_, {});
    if ((!event.event.empty() || !event.id.empty() || !event.data.empty()) && !sink(event)) return false;
  }
  rest_ += piece;
  return true;
}

void EventParser::line(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == 0) return;  // a comment: the stream is alive
  const std::string_view name = text.substr(0, colon);
  std::string_view value = colon == text.npos ? std::string_view{} : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "event") event_.event = value;
  if (name == "id") event_.id = value;
  if (name == "data") event_.data += (event_.data.empty() ? "" : "\n") + std::string(value);
}

Result<HttpReply> Client::listen(std::string_view path, const std::string& last_event_id,
                                 const std::function<bool(const StreamEvent&)>& sink) {
  httplib::Headers headers{{"Accept", "text/event-stream"}};
  if (!last_event_id.empty()) headers.emplace("Last-Event-ID", last_event_id);
  HttpReply reply;
  EventParser parser;
  const auto result = state_->http.Get(
      std::string(path), headers,
      [&](const httplib::Response& response) {
        reply.status = response.status;
        return true;
      },
      [&](const char* data, std::size_t size) {
        if (reply.status == 200) return parser.feed({data, size}, sink);
        reply.body.append(data, size);
        return reply.body.size() < most_of_a_refusal;
      });
  if (result || result.error() == httplib::Error::Canceled) return reply;
  return nobody(url_, result.error());
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~' || c == ':';
    out += plain ? std::string(1, c)
                 : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return out;
}

}  // namespace millrace::cli
