#include "base/address_ranges.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace millrace {
namespace {

constexpr IpAddress mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
constexpr int mapped_bits = 96;

bool is_mapped(const IpAddress& address) {
  return std::equal(address.begin(), address.begin() + 12, mapped_prefix.begin());
}

bool same_start(const IpAddress& a, const IpAddress& b, int bits) {
  const auto bytes = static_cast<std::size_t>(bits / 8);
  if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(bytes), b.begin())) return false;
  const int rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
  return ((a[bytes] ^ b[bytes]) & mask) == 0;
}

std::optional<IpAddress> read_address(const std::string& text, bool& is_v4) {
  in_addr v4{};
  in6_addr v6{};
  IpAddress out = mapped_prefix;
  is_v4 = inet_pton(AF_INET, text.c_str(), &v4) == 1;
  if (is_v4) {
    std::memcpy(out.data() + 12, &v4, 4);
    return out;
  }
  if (inet_pton(AF_INET6, text.c_str(), &v6) != 1) return std::nullopt;
  std::memcpy(out.data(), &v6, out.size());
  return out;
}

const AddressRanges& special() {
  static const AddressRanges ranges = *AddressRanges::parse(
      {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
       "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
       "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
       // Within 2000::/3: protocol assignments with Teredo, documentation, 6to4.
       "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"});
  return ranges;
}

}  // namespace

IpAddress address_of(const sockaddr& from) {
  IpAddress out = mapped_prefix;
  if (from.sa_family == AF_INET6) {
    std::memcpy(out.data(), &reinterpret_cast<const sockaddr_in6&>(from).sin6_addr, out.size());
  } else {
    std::memcpy(out.data() + 12, &reinterpret_cast<const sockaddr_in&>(from).sin_addr, 4);
  }
  return out;
}

std::optional<IpAddress> parse_address(std::string_view text) {
  bool is_v4 = false;
  return read_address(std::string(text), is_v4);
}

std::string to_text(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (is_mapped(address)) {
    inet_ntop(AF_INET, address.data() + 12, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, address.data(), text, sizeof text);
  }
  return text;
}

Result<AddressRanges> AddressRanges::parse(const std::vector<std::string>& blocks) {
  AddressRanges out;
  for (const std::string& text : blocks) {
    const auto slash = text.find('/');
    bool is_v4 = false;
    const auto start = read_address(text.substr(0, slash), is_v4);
    const int most = is_v4 ? 32 : 128;
    int bits = most;
    if (slash != std::string::npos) {
      const char* end = text.data() + text.size();
      const auto [last, error] = std::from_chars(text.data() + slash + 1, end, bits);
      if (error != std::errc{} || last != end) bits = -1;
    }
    if (!start || bits < 0 || bits > most)
      return fail(ErrorKind::invalid,
                  fmt::format("'{}' isn't a block of addresses such as 10.0.0.0/8", text));
    out.blocks_.push_back({*start, is_v4 ? bits + mapped_bits : bits});
  }
  return out;
}

bool AddressRanges::contain(const IpAddress& address) const {
  const auto has = [&](const Block& block) { return same_start(address, block.start, block.bits); };
  return std::ranges::any_of(blocks_, has);
}

bool is_public(const IpAddress& address) {
  const bool unicast = (address[0] & 0xe0) == 0x20;  // 2000::/3
  return (unicast || is_mapped(address)) && !special().contain(address);
}

}  // namespace millrace
