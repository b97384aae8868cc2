#include "api/client_address.h"

#include <optional>
#include <string_view>

namespace millrace {
namespace {

/// `10.0.0.1`, `10.0.0.1:4711`, `fd00::1`, `[fd00::1]:4711`, blanks around it.
std::optional<IpAddress> address_in(std::string_view hop) {
  while (!hop.empty() && (hop.front() == ' ' || hop.front() == '\t')) hop.remove_prefix(1);
  while (!hop.empty() && (hop.back() == ' ' || hop.back() == '\t')) hop.remove_suffix(1);
  if (hop.starts_with('[')) {
    const std::size_t close = hop.find(']');
    const std::string_view rest = close == hop.npos ? hop : hop.substr(close + 1);
    return rest.empty() || rest.starts_with(':') ? parse_address(hop.substr(1, close - 1)) : std::nullopt;
  }
  const std::size_t colon = hop.find(':');
  if (colon != hop.npos && hop.find(':', colon + 1) == hop.npos) hop = hop.substr(0, colon);
  return parse_address(hop);
}

}  // namespace

std::string client_address(const HttpRequest& request, const AddressRanges& trusted) {
  if (trusted.empty()) return request.remote;
  const auto peer = parse_address(request.remote);
  if (!peer || !trusted.contain(*peer)) return request.remote;
  std::string hops;  // several headers are one list
  for (const auto& [name, value] : request.headers)
    if (name == "x-forwarded-for") hops += hops.empty() ? value : "," + value;
  IpAddress client = *peer;
  for (std::string_view rest = hops; !rest.empty();) {
    const std::size_t comma = rest.rfind(',');
    const auto hop = address_in(comma == rest.npos ? rest : rest.substr(comma + 1));
    if (!hop) break;
    client = *hop;
    if (!trusted.contain(client)) break;
    rest = comma == rest.npos ? std::string_view{} : rest.substr(0, comma);
  }
  return to_text(client);
}

void ProxiedClients::set(AddressRanges proxies, std::size_t per_client) {
  proxies_ = std::move(proxies);
  per_client_ = per_client;
}

std::shared_ptr<void> ProxiedClients::take(const std::string& client) {
  const MutexLock lock(counts_->mutex);
  std::size_t& open = counts_->open[client];
  if (open >= per_client_) return nullptr;
  ++open;
  return {this, [counts = counts_, client](void*) {
            const MutexLock released(counts->mutex);
            const auto at = counts->open.find(client);
            if (--at->second == 0) counts->open.erase(at);
          }};
}

Problem too_many_at_once() {
  Problem problem;
  problem.status = 429;
  problem.code = "too_many";
  problem.detail = "as many requests of this address are open as this daemon allows";
  problem.headers.emplace_back("Retry-After", "1");
  return problem;
}

}  // namespace millrace
