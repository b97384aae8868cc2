// Whose address a request counts under, when proxies are trusted and when they aren't.
#include "api/client_address.h"

#include <catch2/catch.hpp>

using namespace millrace;

namespace {

HttpRequest from(std::string peer, std::initializer_list<const char*> forwarded) {
  HttpRequest request;
  request.remote = std::move(peer);
  request.headers.emplace_back("x-real-ip", "6.6.6.6");
  request.headers.emplace_back("forwarded", "for=6.6.6.6");
  for (const char* value : forwarded) request.headers.emplace_back("x-forwarded-for", value);
  return request;
}

AddressRanges ranges(const std::vector<std::string>& blocks) { return *AddressRanges::parse(blocks); }

}  // namespace

TEST_CASE("without trusted proxies, and from anybody else, the peer is who asks") {
  CHECK(client_address(from("10.0.0.1", {"1.2.3.4"}), {}) == "10.0.0.1");
  CHECK(client_address(from("127.0.0.1", {"1.2.3.4"}), {}) == "127.0.0.1");
  CHECK(client_address(from("10.0.0.2", {"1.2.3.4"}), ranges({"10.0.0.1"})) == "10.0.0.2");
}

TEST_CASE("of a trusted proxy's list the last hop counts that isn't one") {
  const AddressRanges proxies = ranges({"10.0.0.0/8", "fd00::/8"});
  CHECK(client_address(from("10.0.0.1", {"1.2.3.4"}), proxies) == "1.2.3.4");
  CHECK(client_address(from("10.0.0.1", {"6.6.6.6, 1.2.3.4"}), proxies) == "1.2.3.4");
  CHECK(client_address(from("10.0.0.1", {"6.6.6.6, 1.2.3.4, 10.9.9.9"}), proxies) == "1.2.3.4");
  CHECK(client_address(from("10.0.0.1", {"6.6.6.6", "1.2.3.4 ,\t10.9.9.9"}), proxies) == "1.2.3.4");
  CHECK(client_address(from("::ffff:10.0.0.1", {"1.2.3.4:4711"}), proxies) == "1.2.3.4");
  CHECK(client_address(from("fd00::1", {"[2001:470::1]:443"}), proxies) == "2001:470::1");
  CHECK(client_address(from("fd00::1", {"2001:470:0::1"}), proxies) == "2001:470::1");
  // All of them are proxies: the one furthest away.
  CHECK(client_address(from("10.0.0.1", {"10.0.0.3, 10.0.0.2"}), proxies) == "10.0.0.3");
}

TEST_CASE("what is no address ends the list: the proxy that sent it counts") {
  const AddressRanges proxies = ranges({"10.0.0.0/8"});
  CHECK(client_address(from("10.0.0.1", {}), proxies) == "10.0.0.1");
  CHECK(client_address(from("10.0.0.1", {""}), proxies) == "10.0.0.1");
  for (const char* bad : {"unknown", "_hidden", "1.2.3.4,", "1.2.3", "[::1", "[]", "1.2.3.4.5", "<script>"})
    CHECK(client_address(from("10.0.0.1", {bad}), proxies) == "10.0.0.1");
  CHECK(client_address(from("10.0.0.1", {"1.2.3.4, nonsense, 10.0.0.2"}), proxies) == "10.0.0.2");
}

TEST_CASE("a client behind a proxy has so many places at a time") {
  ProxiedClients clients;
  clients.set(ranges({"10.0.0.1"}), 2);
  auto first = clients.take("1.2.3.4");
  const auto second = clients.take("1.2.3.4");
  CHECK((first && second));
  CHECK_FALSE(clients.take("1.2.3.4"));
  CHECK(clients.take("1.2.3.5"));
  first.reset();
  CHECK(clients.take("1.2.3.4"));
}
