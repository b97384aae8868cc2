// Accept-Encoding, as RFC 9110 12.5.3 has it.
#include "api/content_coding.h"

#include <array>
#include <catch2/catch.hpp>
#include <string>

using namespace millrace;

namespace {

HttpRequest accepting(std::initializer_list<std::string> lines) {
  HttpRequest request;
  for (const std::string& line : lines) request.headers.emplace_back("accept-encoding", line);
  return request;
}

Coding chosen(const std::string& accepts) {
  static constexpr std::array offered = {Coding::br, Coding::gzip, Coding::identity};
  return choose_coding(offered, accepting({accepts}));
}

}  // namespace

TEST_CASE("the coding with the most weight is sent, the smallest among equals") {
  CHECK(chosen("gzip, deflate, br, zstd") == Coding::br);
  CHECK(chosen("gzip") == Coding::gzip);
  CHECK(chosen("x-gzip") == Coding::gzip);
  CHECK(chosen("GZIP;Q=1.0") == Coding::gzip);
  CHECK(chosen("br;q=0.5, gzip") == Coding::gzip);
  CHECK(chosen("br;q=0.5 ,\tgzip;q=0.25") == Coding::br);
  CHECK(chosen("br;q=0.001, identity;q=0.002") == Coding::identity);
  CHECK(chosen("br;q=0, gzip;q=0.000, *") == Coding::identity);
  CHECK(chosen("*") == Coding::br);
  CHECK(chosen("*;q=0") == Coding::identity);
  CHECK(chosen("*;q=0, gzip;q=0.1") == Coding::gzip);
  CHECK(chosen("identity;q=0, br;q=0.1") == Coding::br);
  CHECK(chosen("identity;q=0") == Coding::identity);  // better than nothing
  CHECK(chosen("identity") == Coding::identity);
  CHECK(chosen("") == Coding::identity);
  CHECK(chosen("deflate, zstd") == Coding::identity);
}

TEST_CASE("without the header a body goes as it is") {
  static constexpr std::array offered = {Coding::br, Coding::gzip, Coding::identity};
  CHECK(choose_coding(offered, {}) == Coding::identity);
  CHECK(choose_coding({}, accepting({"br"})) == Coding::identity);
}

TEST_CASE("several headers are one list") {
  CHECK(weight_of(Coding::gzip, accepting({"br", "gzip;q=0.25"})) == 250);
  CHECK(weight_of(Coding::br, accepting({"br", "gzip;q=0.25"})) == 1000);
}

TEST_CASE("an item that isn't understood is as if it weren't there") {
  for (const char* broken : {"gzip;q=", "gzip;q=2", "gzip;q=1.001", "gzip;q=0.1234", "gzip;q=a", "gzip;q=0,5",
                             "gzip;q=-1", ";q=1", ",", ";;", "gzip br", "gzi", "gzipp"}) {
    CAPTURE(broken);
    CHECK(weight_of(Coding::gzip, accepting({broken})) == 0);
    CHECK(weight_of(Coding::br, accepting({std::string(broken) + ", br"})) == 1000);
  }
  CHECK(weight_of(Coding::gzip, accepting({"gzip;level=9;q=0.5"})) == 500);
}
