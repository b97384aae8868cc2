#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "stage.h"

using namespace millrace;
using millrace::test::Stage;
namespace fs = std::filesystem;

namespace {

bool has_limits(Stage& stage) {
  const Isolation& isolation = stage.local().isolation();
  if (isolation.cgroups != Isolation::Cgroups::none && isolation.detail.find("memory") != std::string::npos)
    return true;
  WARN("skipped: " << isolation.detail);
  return false;
}

// Touches what it allocates, page by page.
constexpr const char* eat_256_mb = "head -c 268435456 /dev/zero | tail -c 268435456 | wc -c";

}  // namespace

TEST_CASE("a log stops at its cap with a line that says so, and the task goes on") {
  Stage stage;
  AttemptSpec spec =
      stage.shell(1, "head -c 3000000 /dev/zero; touch $STAGE/written; sleep 1.2; head -c 500000 /dev/zero");
  spec.log_bytes = 100'000;
  const ExitFacts facts = stage.run(spec);
  CHECK(facts.wait_status == 0);
  CHECK(facts.log_truncated);
  const std::string marker = "\n[millrace: log reached 100000 bytes; the rest was dropped]\n";
  const std::string log = stage.log(1);
  REQUIRE(log.size() == 100'000 + marker.size());
  CHECK(log.substr(100'000) == marker);
  CHECK(log.find_first_not_of('\0') == 100'000);
}

TEST_CASE("a log of exactly its cap is left alone") {
  Stage stage;
  AttemptSpec spec = stage.shell(1, "head -c 1000 /dev/zero");
  spec.log_bytes = 1'000;
  CHECK_FALSE(stage.run(spec).log_truncated);
  CHECK(stage.log(1).size() == 1'000);
}

TEST_CASE("a task beyond its memory limit is ended by the kernel, and that is named") {
  Stage stage;
  if (!has_limits(stage)) return;
  AttemptSpec spec = stage.shell(1, eat_256_mb);
  spec.memory_bytes = 32 << 20;
  const ExitFacts facts = stage.run(spec);
  CHECK(facts.oom);
  AttemptSpec unlimited = stage.shell(2, eat_256_mb);
  const ExitFacts fine = stage.run(unlimited);
  CHECK(fine.wait_status == 0);
  CHECK_FALSE(fine.oom);
  CHECK(stage.log(2) == "268435456\n");
}

TEST_CASE("a limited slot doesn't limit the attempts after it") {
  Stage stage;
  if (!has_limits(stage)) return;
  AttemptSpec small = stage.command(1, {"true"});
  small.memory_bytes = 16 << 20;
  CHECK(stage.run(small).wait_status == 0);
  AttemptSpec bigger = stage.shell(2, eat_256_mb);
  bigger.memory_bytes = 1 << 30;
  const ExitFacts facts = stage.run(bigger);
  CHECK(facts.wait_status == 0);
  CHECK_FALSE(facts.oom);
}

TEST_CASE("a CPU limit halves the CPU time that a second gives") {
  Stage stage;
  if (!has_limits(stage)) return;
  AttemptSpec spec = stage.shell(1, "timeout 1 sh -c 'while :; do :; done'; exit 0");
  spec.cpu_milli = 200;
  const ExitFacts facts = stage.run(spec);
  CHECK(facts.user_us + facts.system_us < 600'000);
}

TEST_CASE("without cgroups a memory limit is a limit of the process") {
  Stage stage(false);
  CHECK(stage.local().isolation().cgroups == Isolation::Cgroups::none);
  AttemptSpec spec = stage.shell(1, "tail -c 200000000 /dev/zero > /dev/null");
  spec.argv[2] = "head -c 268435456 /dev/zero | tail -c 268435456 > /dev/null; exit $?";
  spec.memory_bytes = 64 << 20;
  const ExitFacts facts = stage.run(spec);
  CHECK(WEXITSTATUS(facts.wait_status) != 0);
}

TEST_CASE("the number of open files is limited") {
  Stage stage;
  stage.run(stage.shell(1, "ulimit -n; ulimit -c"));
  CHECK(stage.log(1) == "4096\n0\n");
}

TEST_CASE("cgroups go with their runner") {
  std::string runner;
  {
    Stage stage;
    for (const auto& entry : fs::directory_iterator(stage.options.state_dir))
      runner = entry.path().filename();
    stage.run(stage.command(1, {"true"}));
    const pid_t pid = stage.runner_pid();
    stage.close();
    REQUIRE(millrace::test::gone(pid));
    for (const char* mount : {"unified", "memory", "cpu", "pids", ""}) {
      CHECK_FALSE(fs::exists(fs::path("/sys/fs/cgroup") / mount / "millrace" / runner));
    }
    CHECK(stage.runner_folders() == 0);
  }
}
