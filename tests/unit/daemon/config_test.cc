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

TEST_CASE("a bad address is refused in words") {
  Config config;
  CHECK_FALSE(set_config(config, "listen", "127.0.0.1:99999"));
  CHECK_FALSE(set_config(config, "listen", "here"));
  CHECK(set_config(config, "listen", "[::1]:0"));
  CHECK(config.address == "::1");
}
