#pragma once

#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace {

/// An IPv4 or IPv6 address as 16 bytes; IPv4 in its mapped form (::ffff:a.b.c.d).
using IpAddress = std::array<std::uint8_t, 16>;
IpAddress address_of(const sockaddr&);
/// `10.0.0.1`, `fd00::1`, `::ffff:10.0.0.1`; nothing for any other text.
std::optional<IpAddress> parse_address(std::string_view);
std::string to_text(const IpAddress&);

/// Blocks of addresses: `10.0.0.0/8`, `fd00::/8`, one address alone.
class AddressRanges {
 public:
  static Result<AddressRanges> parse(const std::vector<std::string>& blocks);
  bool contain(const IpAddress&) const;
  bool empty() const { return blocks_.empty(); }

 private:
  struct Block {
    IpAddress start{};
    int bits = 128;
  };
  std::vector<Block> blocks_;
};

/// Whether the address is somewhere on the public internet: not this machine, not its networks, not the place
/// where clouds keep their credentials (169.254.169.254), and no form that hides such an address in IPv6.
/// Source: IANA's special-purpose registries for IPv4 and IPv6.
bool is_public(const IpAddress&);

}  // namespace millrace
