#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "executor/dead_runner.h"
#include "executor/process_tree.h"
#include "stage.h"

using namespace millrace;
using millrace::test::Stage;
using Kind = ExitFacts::Kind;
namespace fs = std::filesystem;

namespace {

Outstanding known(Stage& stage, std::int64_t id) { return {AttemptId{id}, true, stage.started[id]}; }
Outstanding dispatched(std::int64_t id) { return {AttemptId{id}, false, {}}; }

void kill_runner(Stage& stage) {
  const pid_t pid = stage.runner_pid();
  REQUIRE(pid > 0);
  REQUIRE(kill(pid, SIGKILL) == 0);
}

}  // namespace

TEST_CASE("tasks go on without a daemon and their results are found by the next") {
  Stage stage;
  stage.executor().start(
      stage.shell(1, "touch $STAGE/ready1; while [ ! -f $STAGE/go ]; do sleep 0.02; done; exit 6"));
  stage.executor().start(stage.shell(2, "touch $STAGE/ready2; sleep 600"));
  stage.wait_started(1);
  stage.wait_started(2);
  const pid_t runner = stage.runner_pid();
  stage.close();
  stage.wait_file("ready2");
  std::ofstream(stage.path("go")) << "";
  REQUIRE(millrace::test::gone(static_cast<pid_t>(stage.started[1].pid)));
  const auto outstanding = std::vector{known(stage, 1), known(stage, 2), dispatched(3)};
  const auto unseen = stage.reopen(outstanding);
  CHECK(unseen == std::vector{AttemptId{3}});
  CHECK(stage.runner_pid() == runner);
  CHECK(WEXITSTATUS(stage.wait_finished(1).wait_status) == 6);
  CHECK_FALSE(stage.finished.contains(2));
  CHECK(stage.starts[2] == 2);
}

TEST_CASE("an attempt sent just before the daemon died is known or safe to start, never both") {
  Stage stage;
  stage.wait_file("runner");
  const AttemptSpec spec = stage.shell(1, "echo once >> $STAGE/count");
  stage.executor().start(spec);
  const auto unseen = stage.reopen({dispatched(1)});
  if (!unseen.empty()) stage.executor().start(spec);
  stage.wait_finished(1);
  CHECK(stage.text("count") == "once\n");
}

TEST_CASE("an end that the store already has isn't reported again") {
  Stage stage;
  stage.executor().start(stage.command(1, {"true"}));
  stage.wait_finished(1);
  stage.reopen({});
  stage.run(stage.command(2, {"true"}));
  CHECK(stage.ends[1] == 1);
}

TEST_CASE("a timeout is kept while no daemon lives") {
  Stage stage;
  AttemptSpec spec = stage.shell(1, "sleep 600");
  spec.timeout = std::chrono::milliseconds{300};
  stage.executor().start(spec);
  const StartFacts start = stage.wait_started(1);
  stage.close();
  REQUIRE(millrace::test::gone(static_cast<pid_t>(start.pid)));
  stage.reopen({known(stage, 1)});
  CHECK(stage.wait_finished(1).timed_out);
}

TEST_CASE("when the runner is killed its living attempts are watched to their end and then lost") {
  Stage stage;
  stage.executor().start(stage.shell(1, "touch $STAGE/ready; while [ ! -f $STAGE/go ]; do sleep 0.02; done"));
  stage.wait_started(1);
  stage.wait_file("ready");
  kill_runner(stage);
  // New work goes to a new runner meanwhile.
  CHECK(stage.run(stage.command(2, {"true"})).wait_status == 0);
  CHECK_FALSE(stage.finished.contains(1));
  std::ofstream(stage.path("go")) << "";
  const ExitFacts facts = stage.wait_finished(1);
  CHECK(facts.kind == Kind::lost);
  CHECK(facts.message.find("runner died") != std::string::npos);
  CHECK(stage.starts[1] == 1);
}

TEST_CASE("an attempt of a dead runner can be killed") {
  Stage stage;
  stage.executor().start(stage.shell(1, "sleep 600 & echo $! > $STAGE/child; touch $STAGE/ready; wait"));
  stage.wait_started(1);
  stage.wait_file("ready");
  kill_runner(stage);
  stage.run(stage.command(2, {"true"}));
  stage.executor().kill(AttemptId{1}, KillReason::cancel);
  CHECK(stage.wait_finished(1).kind == Kind::lost);
  const auto child = read_process(static_cast<pid_t>(std::atol(stage.text("child").c_str())));
  CHECK((!child || child->ended()));
}

TEST_CASE("ends that a killed runner had written down stay known") {
  Stage stage;
  stage.executor().start(stage.shell(1, "exit 5"));
  stage.executor().start(stage.shell(2, "sleep 600"));
  stage.wait_finished(1);
  stage.wait_started(2);
  kill_runner(stage);
  REQUIRE(kill(static_cast<pid_t>(stage.started[2].pid), SIGKILL) == 0);
  REQUIRE(millrace::test::gone(static_cast<pid_t>(stage.started[2].pid)));
  stage.finished.clear();
  const auto unseen = stage.reopen({dispatched(1), known(stage, 2)});
  CHECK(unseen.empty());
  CHECK(WEXITSTATUS(stage.wait_finished(1).wait_status) == 5);
  CHECK(stage.wait_finished(2).kind == Kind::lost);
  stage.executor().acknowledge(AttemptId{1});
  stage.executor().acknowledge(AttemptId{2});
  stage.run(stage.command(3, {"true"}));
  CHECK(stage.runner_folders() == 1);
}

TEST_CASE("attempts from before a reboot are lost and nobody is signalled") {
  Stage stage;
  // The pid is alive and ours: it must survive.
  StartFacts start;
  start.pid = getpid();
  start.start_ticks = read_process(getpid())->start_ticks;
  start.boot_id = "another-boot";
  stage.reopen({{AttemptId{1}, true, start}});
  const ExitFacts facts = stage.wait_finished(1);
  CHECK(facts.kind == Kind::lost);
  CHECK(facts.message.find("host rebooted") != std::string::npos);
}

TEST_CASE("a kill that a dying runner doesn't read any more isn't forgotten") {
  Stage stage;
  stage.executor().start(stage.shell(1, "exec sleep 600"));
  stage.wait_started(1);
  kill_runner(stage);
  stage.executor().kill(AttemptId{1}, KillReason::cancel);
  CHECK(stage.wait_finished(1).kind == Kind::lost);
}

TEST_CASE("what was dispatched before a reboot and left no trace is lost until that is stored") {
  Stage stage;
  stage.close();
  std::ofstream(stage.options.state_dir / "boot") << "another-boot\n";
  // A runner's journal is never synced: the power cut may have taken what said that they had begun.
  CHECK(stage.reopen({dispatched(1), dispatched(2)}).empty());
  CHECK(stage.wait_finished(1).kind == Kind::lost);
  CHECK(stage.wait_finished(2).message.find("host rebooted") != std::string::npos);
  stage.executor().acknowledge(AttemptId{1});
  stage.finished.clear();
  CHECK(stage.reopen({dispatched(2)}).empty());  // the daemon died before it could store it
  CHECK(stage.wait_finished(2).kind == Kind::lost);
  stage.executor().acknowledge(AttemptId{2});
  CHECK(stage.reopen({dispatched(3)}) == std::vector{AttemptId{3}});
}

TEST_CASE("a process that merely got the pid isn't taken for the attempt") {
  Stage stage;
  StartFacts start;
  start.pid = getpid();
  start.start_ticks = 1;
  start.boot_id = current_boot_id();
  stage.reopen({{AttemptId{1}, true, start}});
  CHECK(stage.wait_finished(1).kind == Kind::lost);
}

TEST_CASE("a runner of another build keeps its attempts and takes no new ones") {
  Stage stage;
  fs::copy_file(MILLRACE_RUNNER, stage.path("newer-runner"));
  stage.executor().start(stage.shell(1, "while [ ! -f $STAGE/go ]; do sleep 0.02; done; exit 8"));
  stage.wait_started(1);
  const pid_t old = stage.runner_pid();
  stage.options.runner_binary = stage.path("newer-runner");
  stage.reopen({known(stage, 1)});
  CHECK(stage.runner_folders() == 2);
  CHECK(stage.run(stage.command(2, {"true"})).wait_status == 0);
  std::ofstream(stage.path("go")) << "";
  CHECK(WEXITSTATUS(stage.wait_finished(1).wait_status) == 8);
  const int pidfd = open_pidfd(old);
  REQUIRE(pidfd >= 0);
  stage.executor().acknowledge(AttemptId{1});
  stage.run(stage.command(3, {"true"}));
  CHECK(millrace::test::gone(old));
  close(pidfd);
}

TEST_CASE("a runner with nothing to hold ends with its daemon") {
  Stage stage;
  stage.run(stage.command(1, {"true"}));
  const pid_t runner = stage.runner_pid();
  stage.close();
  CHECK(millrace::test::gone(runner));
  CHECK(stage.runner_folders() == 0);
}

TEST_CASE("a runner whose folder is removed ends when nothing runs") {
  Stage stage;
  stage.executor().start(stage.command(1, {"true"}));
  stage.wait_finished(1);
  const pid_t runner = stage.runner_pid();
  stage.close();
  // The runner may notice while the folder is being removed and take its own files away first.
  std::error_code gone_already;
  while (fs::exists(stage.options.state_dir)) fs::remove_all(stage.options.state_dir, gone_already);
  CHECK(millrace::test::gone(runner));
  stage.finished.clear();
  stage.started.clear();
}

TEST_CASE("an attempt between intent and start at the runner's death is lost and its process is killed") {
  Stage stage;
  stage.close();
  const fs::path folder = stage.options.state_dir / "r-dead";
  fs::create_directories(folder);
  std::string bytes;
  const JournalOpening opening{runner_protocol, 1, current_boot_id(), "host", {}};
  put_record(bytes, MessageType::opened, [&](wire::Writer& w) { put(w, opening); });
  put_record(bytes, MessageType::intent,
             [&](wire::Writer& w) { w.number(std::int64_t{1}).text("stray-of-recovery-test"); });
  std::ofstream(folder / "journal") << bytes << "torn";
  const auto unseen = stage.reopen({dispatched(1)});
  CHECK(unseen.empty());
  CHECK(stage.wait_finished(1).kind == Kind::lost);
}

TEST_CASE("whoever dies at whatever moment, no attempt runs twice and each gets an end") {
  const unsigned seed = GENERATE(1u, 2u, 3u, 4u, 5u, 6u);
  std::mt19937 random(seed);
  Stage stage;
  constexpr std::int64_t count = 60;
  const auto spec = [&](std::int64_t id) {
    return stage.shell(id, "echo " + std::to_string(id) + " >> $STAGE/ran");
  };
  for (std::int64_t id = 1; id <= count; ++id) stage.executor().start(spec(id));
  for (int death = 0; death < 5; ++death) {
    const std::size_t moment = stage.finished.size() + random() % 12;
    stage.until([&] { return stage.finished.size() >= std::min<std::size_t>(moment, count); });
    const auto who = random() % 3;
    if (who != 0 && stage.runner_pid() != 0) kill_runner(stage);
    if (who == 1) continue;
    std::vector<Outstanding> outstanding;
    for (std::int64_t id = 1; id <= count; ++id) {
      if (stage.finished.contains(id)) continue;
      outstanding.push_back(stage.started.contains(id) ? known(stage, id) : dispatched(id));
    }
    for (const AttemptId id : stage.reopen(outstanding)) stage.executor().start(spec(id.value));
  }
  stage.until([&] { return stage.finished.size() == count; });
  std::map<std::string, int> runs;
  std::istringstream ran(stage.text("ran"));
  for (std::string line; std::getline(ran, line);) ++runs[line];
  for (const auto& [id, facts] : stage.finished) {
    INFO("seed " << seed << " attempt " << id << ": " << facts.message);
    const int times = runs[std::to_string(id)];
    CHECK(times <= 1);
    CHECK((facts.kind == Kind::lost || times == 1));
  }
}
