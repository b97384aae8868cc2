#include "base/address_ranges.h"

#include <arpa/inet.h>

#include <catch2/catch.hpp>

using namespace millrace;

namespace {

IpAddress address(const char* text) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) return address_of(reinterpret_cast<const sockaddr&>(v4));
  REQUIRE(inet_pton(AF_INET6, text, &v6.sin6_addr) == 1);
  return address_of(reinterpret_cast<const sockaddr&>(v6));
}

}  // namespace

TEST_CASE("private, local and special addresses aren't public, however they are written") {
  for (const char* text :
       {"0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.168.1.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
        "::", "::1",
        "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::10.0.0.1", "64:ff9b::a00:1", "fc00::1", "fd12::1",
        "fe80::1", "fec0::1", "ff02::1", "2001:db8::1", "2002:a00:1::1", "2001::1"}) {
    CAPTURE(text);
    CHECK_FALSE(is_public(address(text)));
  }
}

TEST_CASE("the neighbours of those blocks are public") {
  for (const char* text : {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
                           "126.1.1.1", "128.0.0.1", "169.253.1.1", "169.255.0.0", "172.15.255.255",
                           "172.32.0.0", "192.167.1.1",
                           "223.255.255.255", "::ffff:1.1.1.1", "2606:4700::1111", "2a00::1"}) {
    CAPTURE(text);
    CHECK(is_public(address(text)));
  }
}

TEST_CASE("blocks contain what they say, to the bit") {
  const auto ranges = AddressRanges::parse({"10.1.0.0/23", "fd00::/9", "192.168.7.9"});
  REQUIRE(ranges);
  for (const char* text : {"10.1.0.0", "10.1.1.255", "::ffff:10.1.1.1", "fd7f::1", "192.168.7.9"}) {
    CAPTURE(text);
    CHECK(ranges->contain(address(text)));
  }
  for (const char* text : {"10.1.2.0", "10.0.255.255", "fd80::1", "192.168.7.8", "::a01:101"}) {
    CAPTURE(text);
    CHECK_FALSE(ranges->contain(address(text)));
  }
  CHECK(AddressRanges::parse({"0.0.0.0/0"})->contain(address("8.8.8.8")));
  CHECK_FALSE(AddressRanges::parse({"0.0.0.0/0"})->contain(address("fd00::1")));
}

TEST_CASE("what isn't a block is refused by name") {
  for (const char* text : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8", "fd00::/129", "host/8",
                           "10.0.0.0/8x"}) {
    CAPTURE(text);
    const auto ranges = AddressRanges::parse({text});
    REQUIRE_FALSE(ranges);
    CHECK(ranges.error().message.contains(std::string("'") + text + "'"));
  }
}
