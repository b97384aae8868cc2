#include "daemon/webhook.h"

#include <fmt/format.h>
#include <httplib.h>
#include <netdb.h>

#include <charconv>
#include <memory>
#include <optional>

namespace millrace {
namespace {

constexpr auto deadline = std::chrono::seconds{10};
constexpr std::size_t read_of_answer = 64u << 10;  // nobody reads more of it

struct Url {
  bool tls = false;
  std::string host, target;  // host without the brackets of IPv6
  int port = 0;
};

std::optional<Url> parse_url(std::string_view text) {
  Url url;
  url.tls = text.starts_with("https://");
  if (!url.tls && !text.starts_with("http://")) return std::nullopt;
  text.remove_prefix(url.tls ? 8 : 7);
  const auto slash = text.find_first_of("/?#");
  std::string_view place = text.substr(0, slash);
  url.target = slash == text.npos ? "/" : std::string{text.substr(slash)};
  if (url.target[0] != '/') url.target.insert(0, "/");
  url.target = url.target.substr(0, url.target.find('#'));
  const auto bracket = place.rfind(']');
  const auto colon = place.rfind(':');
  url.port = url.tls ? 443 : 80;
  if (colon != place.npos && (bracket == place.npos || colon > bracket)) {
    const std::string_view port = place.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc{} || end != port.data() + port.size() || url.port < 1 || url.port > 65'535)
      return std::nullopt;
    place = place.substr(0, colon);
  }
  if (place.size() > 2 && place.front() == '[' && place.back() == ']')
    place = place.substr(1, place.size() - 2);
  url.host = place;
  if (url.host.empty() || url.host.find_first_of(" @\\[]%") != std::string::npos) return std::nullopt;
  return url;
}

using Found = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

/// The first address, if all of them may be spoken to: a name with one bad address is a trap.
WebhookAnswer judge(const Url& url, const AddressRanges& allowed, std::string& address) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int failed = getaddrinfo(url.host.c_str(), nullptr, &wanted, &list);
  const Found found(list, &freeaddrinfo);
  if (failed != 0) return {false, false, fmt::format("{}: {}", url.host, gai_strerror(failed))};
  for (const addrinfo* at = found.get(); at != nullptr; at = at->ai_next) {
    if (at->ai_family != AF_INET && at->ai_family != AF_INET6) continue;
    const IpAddress one = address_of(*at->ai_addr);
    if (!is_public(one) && !allowed.contain(one))
      return {false, true,
              fmt::format("{} is at {}, which isn't a public address, and webhook_allow of the "
                          "configuration doesn't have it",
                          url.host, to_text(one))};
    if (address.empty()) address = to_text(one);
  }
  if (address.empty()) return {false, false, fmt::format("{} has no address", url.host)};
  return {true, false, {}};
}

template <class Client>
WebhookAnswer send(Client& client, const Url& url, const std::string& address, httplib::Request request) {
  client.set_hostname_addr_map({{url.host, address}});
  client.set_connection_timeout(deadline);
  client.set_read_timeout(deadline);
  client.set_write_timeout(deadline);
  client.set_follow_location(false);
  const std::string place = fmt::format("{}:{}", url.host, url.port);
  std::size_t read = 0;
  request.content_receiver = [&](const char*, std::size_t size, std::uint64_t, std::uint64_t) {
    return (read += size) <= read_of_answer;
  };
  const httplib::Result result = client.send(request);
  if (!result && result.error() == httplib::Error::Canceled)
    return {false, true, fmt::format("{} answered with more than {} KiB", place, read_of_answer >> 10)};
  if (!result) return {false, false, fmt::format("{}: {}", place, httplib::to_string(result.error()))};
  const int status = result->status;
  const bool again = status >= 500 || status == 408 || status == 425 || status == 429;
  const bool good = status >= 200 && status < 300;
  return {good, !good && !again, fmt::format("{} answered {}", place, status)};
}

}  // namespace

WebhookAnswer post_webhook(const std::string& text, const std::string& body,
                           const std::vector<std::pair<std::string, std::string>>& headers,
                           const AddressRanges& allowed) {
  const std::optional<Url> url = parse_url(text);
  if (!url) return {false, true, "not a URL that can be posted to"};
  std::string address;
  if (WebhookAnswer judged = judge(*url, allowed, address); !judged.delivered) return judged;
  httplib::Request request;
  request.method = "POST";
  request.path = url->target;
  request.body = body;
  request.headers = {{"Content-Type", "application/json"}, {"User-Agent", "millrace"}};
  for (const auto& [name, value] : headers) request.headers.emplace(name, value);
  try {
    if (url->tls) {
      httplib::SSLClient client(url->host, url->port);
      return send(client, *url, address, std::move(request));
    }
    httplib::ClientImpl client(url->host, url->port);
    return send(client, *url, address, std::move(request));
  } catch (const std::exception& problem) {
    return {false, false, fmt::format("{}: {}", url->host, problem.what())};
  }
}

}  // namespace millrace
