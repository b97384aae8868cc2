#include "daemon/config.h"

#include <catch2/catch.hpp>

using namespace millrace;

TEST_CASE("every key of the configuration is read") {
  Config config;
  const Diagnostics problems = read_config(R"(
listen: 127.0.0.1:9000
data: /var/lib/millrace
dags: /etc/millrace/dags
log_level: warn
cpu: 2.5
memory: 4GiB
cgroups: none
gpus:
  - {uuid: fake-0, model: Test, memory: 16GiB}
pools:
  cpu: 4
  etl: {slots: 2, description: Extracts}
task_environment: [PATH, HOME]
trusted_proxies: [127.0.0.1, 10.1.0.0/16]
webhook_allow: ["fd00::/8"]
)",
                                           config);
  CHECK(render(problems, "millrace.yaml", "").empty());
  CHECK(config.address == "127.0.0.1");
  CHECK(config.port == 9000);
  CHECK(config.data == "/var/lib/millrace");
  CHECK(config.log_level == log::Level::warn);
  CHECK(config.cpu_milli == 2'500);
  CHECK(config.memory_bytes == std::int64_t{4} << 30);
  CHECK_FALSE(config.cgroups);
  REQUIRE(config.declared_gpus.size() == 1);
  CHECK(config.declared_gpus[0].uuid == "fake-0");
  CHECK(config.declared_gpus[0].memory_bytes == std::int64_t{16} << 30);
  CHECK(config.pools.at("cpu").slots == 4);
  CHECK(config.pools.at("etl").description == "Extracts");
  CHECK(config.task_environment == std::vector<std::string>{"PATH", "HOME"});
  CHECK(config.trusted_proxies.contain(*parse_address("10.1.2.3")));
  CHECK_FALSE(config.trusted_proxies.contain(*parse_address("10.2.0.1")));
  CHECK(config.webhook_allow.contain(*parse_address("fd12::1")));
}

TEST_CASE("all that is wrong with a configuration is said at once, with places") {
  Config config;
  const Diagnostics problems = read_config("lisen: 1\nlog_level: loud\nmemory: 12\n", config);
  REQUIRE(problems.entries.size() == 3);
  CHECK(problems.entries[0].place == Place{1, 1});
  CHECK(problems.entries[0].hint.find("listen") != std::string::npos);
  CHECK(problems.entries[1].place.line == 2);
  CHECK(problems.entries[2].place.line == 3);
}

TEST_CASE("addresses that nobody could use are refused where they stand, each with its key") {
  Config config;
  const std::string text =
      "listen: nowhere.example:80\n"
      "trusted_proxies: [10.0.0.0/8, proxy.example,\n  10.0.0.0/99]\n"
      "webhook_allow: [\"fd00::/8\", 10.0.0]\n";
  const Diagnostics problems = read_config(text, config);
  const std::string told = render(problems, "millrace.yaml", text);
  CAPTURE(told);
  REQUIRE(problems.entries.size() == 4);
  for (const char* one : {"1:9: listen 'nowhere.example:80': 'nowhere.example' isn't an IP address",
                          "2:31: trusted_proxies: 'proxy.example' isn't a block of addresses",
                          "3:3: trusted_proxies: '10.0.0.0/99' isn't a block of addresses",
                          "4:29: webhook_allow: '10.0.0' isn't a block of addresses"})
    CHECK(told.find(std::string("millrace.yaml:") + one) != std::string::npos);
}

TEST_CASE("a bad address is refused in words") {
  Config config;
  CHECK_FALSE(set_config(config, "listen", "127.0.0.1:99999"));
  CHECK_FALSE(set_config(config, "listen", "here"));
  CHECK_FALSE(set_config(config, "listen", "example.org:80"));
  CHECK_FALSE(set_config(config, "listen", ":80"));
  CHECK(set_config(config, "listen", "localhost:80"));
  CHECK(set_config(config, "listen", "[fe80::1%eth0]:80"));
  CHECK(set_config(config, "listen", "[::1]:0"));
  CHECK(config.address == "::1");
}
