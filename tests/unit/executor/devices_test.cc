#include "executor/devices.h"

#include <catch2/catch.hpp>

using namespace millrace;

TEST_CASE("no driver means no devices and no error") {
  const auto devices = discover_devices("libno-such-nvml.so.1");
  REQUIRE(devices);
  CHECK(devices->empty());
}

TEST_CASE("cards are described, a lost one as unhealthy") {
  const auto devices = discover_devices(FAKE_NVML);
  REQUIRE(devices);
  REQUIRE(devices->size() == 2);
  CHECK((*devices)[0] == Device{"GPU-5d5b", 0, "Fake H100", 80ll << 30, true, ""});
  CHECK_FALSE((*devices)[1].healthy);
  CHECK((*devices)[1].health_detail == "NVML: GPU is lost");
  CHECK((*devices)[1].index == 1);
}

TEST_CASE("a driver that answers with an error is an error in its words") {
  const auto devices = discover_devices(FAKE_NVML_BROKEN_LIBRARY);
  REQUIRE_FALSE(devices);
  CHECK(devices.error().message.find("Unknown Error") != std::string::npos);
}
