#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>

#include "executor/process_tree.h"
#include "stage.h"

using namespace millrace;
using millrace::test::Stage;

namespace {

pid_t pid_in(const Stage& stage, const std::string& file) {
  return static_cast<pid_t>(std::atol(stage.text(file).c_str()));
}

}  // namespace

TEST_CASE("a task that has timed out gets SIGTERM and may clean up") {
  Stage stage(GENERATE(true, false));
  AttemptSpec spec = stage.shell(1, "trap 'echo cleaned; exit 3' TERM; while :; do sleep 0.05; done");
  spec.timeout = std::chrono::milliseconds{200};
  const ExitFacts facts = stage.run(spec);
  CHECK(facts.timed_out);
  CHECK_FALSE(facts.killed);
  CHECK(WEXITSTATUS(facts.wait_status) == 3);
  CHECK_THAT(stage.log(1), Catch::EndsWith("cleaned\n"));
}

TEST_CASE("what runs where an attempt was killed by force isn't killed with it") {
  Stage stage;
  for (std::int64_t id = 1; id <= 5; id += 2) {
    AttemptSpec spec = stage.shell(id, "sleep 600 & sleep 600");
    spec.termination_grace = Duration{0};
    stage.executor().start(spec);
    stage.wait_started(id);
    stage.executor().kill(AttemptId{id}, KillReason::cancel);
    CHECK(WTERMSIG(stage.wait_finished(id).wait_status) == SIGKILL);
    stage.executor().acknowledge(AttemptId{id});
    const ExitFacts next = stage.run(stage.command(id + 1, {"true"}));
    CHECK(next.wait_status == 0);
  }
}

TEST_CASE("a task that ignores SIGTERM is killed after its grace") {
  Stage stage(GENERATE(true, false));
  AttemptSpec spec = stage.shell(1, "trap '' TERM; while :; do sleep 0.05; done");
  spec.timeout = std::chrono::milliseconds{100};
  spec.termination_grace = std::chrono::milliseconds{200};
  const ExitFacts facts = stage.run(spec);
  CHECK(facts.timed_out);
  CHECK(WTERMSIG(facts.wait_status) == SIGKILL);
}

TEST_CASE("the whole tree gets the signal and the children of a dead shell get the rest of the grace") {
  Stage stage(GENERATE(true, false));
  AttemptSpec spec = stage.shell(1,
                                 "sh -c 'trap \"sleep 0.2; echo saved > $STAGE/saved; exit\" TERM; touch "
                                 "$STAGE/ready; while :; do sleep 0.05; done'; :");
  stage.executor().start(spec);
  stage.wait_file("ready");
  stage.executor().kill(AttemptId{1}, KillReason::cancel);
  const ExitFacts facts = stage.wait_finished(1);
  CHECK(facts.killed);
  CHECK(WTERMSIG(facts.wait_status) == SIGTERM);
  CHECK(stage.text("saved") == "saved\n");
}

TEST_CASE("a stopped task is woken to hear its SIGTERM") {
  Stage stage;
  stage.executor().start(stage.shell(1, "touch $STAGE/ready; kill -STOP $$; sleep 60"));
  stage.wait_file("ready");
  stage.executor().kill(AttemptId{1}, KillReason::cancel);
  CHECK(WTERMSIG(stage.wait_finished(1).wait_status) == SIGTERM);
}

TEST_CASE("the signal asked for is the one that is sent") {
  Stage stage;
  AttemptSpec spec = stage.shell(1, "trap 'exit 9' INT; touch $STAGE/ready; while :; do sleep 0.05; done");
  spec.termination_signal = SIGINT;
  stage.executor().start(spec);
  stage.wait_file("ready");
  stage.executor().kill(AttemptId{1}, KillReason::cancel);
  CHECK(WEXITSTATUS(stage.wait_finished(1).wait_status) == 9);
}

TEST_CASE("a daemon that a task leaves behind ends with the task") {
  Stage stage(GENERATE(true, false));
  // Twice forked, in its own session, without stdout: nothing ties it to the task but its descent and its
  // mark.
  AttemptSpec spec = stage.shell(
      1,
      "setsid sh -c 'echo $$ > $STAGE/new; mv $STAGE/new $STAGE/daemon; exec sleep 600' >/dev/null 2>&1 & "
      "while [ ! -f $STAGE/daemon ]; do sleep 0.01; done");
  const ExitFacts facts = stage.run(spec);
  CHECK(facts.wait_status == 0);
  const pid_t daemon = pid_in(stage, "daemon");
  REQUIRE(daemon > 0);
  const auto left = read_process(daemon);
  CHECK((!left || left->ended()));
}

TEST_CASE("a daemon that hides its mark too ends at the latest when nothing runs any more") {
  Stage stage(false);
  AttemptSpec spec = stage.shell(1,
                                 "env -i STAGE=$STAGE setsid sh -c 'echo $$ > $STAGE/new; mv $STAGE/new "
                                 "$STAGE/daemon; exec sleep 600' & "
                                 "while [ ! -f $STAGE/daemon ]; do sleep 0.01; done");
  CHECK(stage.run(spec).wait_status == 0);
  CHECK(millrace::test::gone(pid_in(stage, "daemon")));
}

TEST_CASE("a background child of one task isn't touched when another ends") {
  Stage stage(GENERATE(true, false));
  stage.executor().start(stage.shell(1,
                                     "(setsid sh -c 'while [ ! -f $STAGE/go ]; do sleep 0.02; done; echo "
                                     "done > $STAGE/result' &) ; touch $STAGE/ready; "
                                     "while [ ! -f $STAGE/result ]; do sleep 0.02; done"));
  stage.wait_file("ready");
  CHECK(stage.run(stage.command(2, {"true"})).wait_status == 0);
  CHECK(stage.run(stage.command(3, {"touch", stage.path("go").string()})).wait_status == 0);
  CHECK(stage.wait_finished(1).wait_status == 0);
  CHECK(stage.text("result") == "done\n");
}

TEST_CASE("a task that closes its stdout ends when it ends, not when the file is closed") {
  Stage stage;
  const ExitFacts facts = stage.run(stage.shell(1, "echo before; exec >&- 2>&-; sleep 0.1; exit 4"));
  CHECK(WEXITSTATUS(facts.wait_status) == 4);
  CHECK(stage.log(1) == "before\n");
}

TEST_CASE("killing what isn't there does nothing") {
  Stage stage;
  stage.executor().kill(AttemptId{99}, KillReason::cancel);
  CHECK(stage.run(stage.command(1, {"true"})).wait_status == 0);
  stage.executor().kill(AttemptId{1}, KillReason::cancel);
  CHECK(stage.run(stage.command(2, {"true"})).wait_status == 0);
  CHECK(stage.ends[1] == 1);
}

TEST_CASE("an attempt that is told to end before it has started ends") {
  Stage stage;
  stage.executor().start(stage.command(1, {"sleep", "60"}));
  stage.executor().kill(AttemptId{1}, KillReason::cancel);
  CHECK(stage.wait_finished(1).killed);
}

TEST_CASE("a fork storm is killed to the last process") {
  Stage stage(GENERATE(true, false));
  AttemptSpec spec =
      stage.shell(1,
                  "f() { sleep 0.01 & (f) & wait; }; i=0; while [ $i -lt 20 ]; do "
                  "(while :; do (sleep 0.005 &) ; sleep 0.005; done) & i=$((i+1)); done; wait");
  spec.timeout = std::chrono::milliseconds{300};
  spec.termination_grace = Duration{0};
  CHECK(stage.run(spec).timed_out);
  for (const ProcessFacts& p : all_processes()) {
    if (!p.ended()) CHECK_FALSE(carries_mark(p.pid, spec.name));
  }
}
