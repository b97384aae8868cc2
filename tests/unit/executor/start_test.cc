#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "executor/process_tree.h"
#include "stage.h"

using namespace millrace;
using millrace::test::Stage;
using Kind = ExitFacts::Kind;
namespace fs = std::filesystem;

namespace {

void make_file(const fs::path& path, const std::string& text, mode_t mode) {
  std::ofstream(path) << text;
  REQUIRE(chmod(path.c_str(), mode) == 0);
}

}  // namespace

TEST_CASE("exit codes and signals are reported as wait gives them") {
  Stage stage;
  CHECK(WEXITSTATUS(stage.run(stage.command(1, {"true"})).wait_status) == 0);
  const ExitFacts seven = stage.run(stage.shell(2, "exit 7"));
  CHECK(seven.kind == Kind::exited);
  CHECK((WIFEXITED(seven.wait_status) && WEXITSTATUS(seven.wait_status) == 7));
  const ExitFacts shot = stage.run(stage.shell(3, "kill -9 $$"));
  CHECK((WIFSIGNALED(shot.wait_status) && WTERMSIG(shot.wait_status) == SIGKILL));
  const ExitFacts code = stage.run(stage.shell(4, "exit 137"));
  CHECK((WIFEXITED(code.wait_status) && WEXITSTATUS(code.wait_status) == 137));
}

TEST_CASE("start facts name the process for ever") {
  Stage stage;
  AttemptSpec spec = stage.shell(1, "cat /proc/self/stat > $STAGE/stat; cut -d' ' -f22 /proc/$$/stat");
  const ExitFacts facts = stage.run(spec);
  REQUIRE(facts.kind == Kind::exited);
  const StartFacts start = stage.started[1];
  CHECK(start.boot_id == current_boot_id());
  CHECK(std::to_string(start.start_ticks) + "\n" == stage.log(1));
  CHECK(start.at.us > 1'600'000'000'000'000);
  CHECK(facts.at.us >= start.at.us);
}

TEST_CASE("rusage of the task comes with its end") {
  Stage stage;
  const ExitFacts facts = stage.run(stage.shell(1, "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"));
  CHECK(facts.user_us + facts.system_us > 1'000);
  CHECK(facts.max_rss_bytes > 100'000);
}

TEST_CASE(
    "a task gets its own session, an empty stdin, its environment and the mark, and nothing of the runner") {
  Stage stage;
  AttemptSpec spec =
      stage.shell(1,
                  "cat; env | sort; ls /proc/self/fd | tr '\\n' ' '; cut -d' ' -f6 /proc/$$/stat; "
                  "grep SigBlk /proc/self/status; grep SigIgn /proc/self/status; echo pid $$");
  spec.env.emplace_back("GREETING", "hello world");
  CHECK(stage.run(spec).wait_status == 0);
  const std::string log = stage.log(1);
  INFO(log);
  CHECK(log.find("GREETING=hello world\n") != std::string::npos);
  CHECK(log.find("MILLRACE_ATTEMPT=" + spec.name + "\n") != std::string::npos);
  CHECK(log.find("0 1 2 3 ") != std::string::npos);
  CHECK(log.find("SigBlk:\t0000000000000000") != std::string::npos);
  CHECK(log.find("SigIgn:\t0000000000000000") != std::string::npos);
  const std::string pid = std::to_string(stage.started[1].pid);
  CHECK(log.find(pid + "\n") < log.find("pid " + pid));
  CHECK(log.find("HOME=") == std::string::npos);
}

TEST_CASE("stdout and stderr go to the log, byte for byte and in order") {
  Stage stage;
  CHECK(stage.run(stage.shell(1, "printf 'a\\000\\377b'; printf 'c' >&2; printf 'd'")).wait_status == 0);
  CHECK(stage.log(1) == std::string("a\0\377bcd", 6));
}

TEST_CASE("the folders of log and output are made, the output itself is the task's") {
  Stage stage;
  AttemptSpec spec = stage.shell(1, "echo 42 > \"$MILLRACE_OUTPUT\"");
  spec.output_path = stage.path("deep/er/output.json").string();
  spec.env.emplace_back("MILLRACE_OUTPUT", spec.output_path);
  CHECK(stage.run(spec).wait_status == 0);
  CHECK(stage.text("deep/er/output.json") == "42\n");
}

TEST_CASE("what can't be started says why: each cause its own words") {
  Stage stage;
  make_file(stage.path("plain.txt"), "text", 0644);
  make_file(stage.path("no_interpreter"), "#!/no/such/interpreter\n", 0755);
  make_file(stage.path("no_header"), "echo hello\n", 0755);
  auto why = [&, next = 0](AttemptSpec spec) mutable {
    spec.attempt = AttemptId{++next};
    const ExitFacts facts = stage.run(spec);
    CHECK(facts.kind == Kind::spawn_failed);
    CHECK(facts.wait_status == 0);
    CHECK_FALSE(stage.started.contains(next));
    return facts.message;
  };
  using Catch::Contains;
  CHECK_THAT(why(stage.command(0, {"no-such-command"})),
             Contains("command not found: 'no-such-command' is not in PATH (127)"));
  CHECK_THAT(why(stage.command(0, {"/no/such/command"})),
             Contains("'/no/such/command' does not exist (127)"));
  CHECK_THAT(why(stage.command(0, {"./plain.txt"})), Contains("permission denied") && Contains("(126)"));
  CHECK_THAT(why(stage.command(0, {"/tmp"})), Contains("(126)"));
  CHECK_THAT(why(stage.command(0, {"./no_interpreter"})), Contains("interpreter") && Contains("(126)"));
  CHECK_THAT(why(stage.command(0, {"./no_header"})), Contains("no '#!' line") && Contains("(126)"));
  CHECK_THAT(why(stage.command(0, {})), Contains("no command"));
  CHECK_THAT(why(stage.command(0, {"echo", std::string("a\0b", 3)})), Contains("NUL"));
  CHECK_THAT(why(stage.command(0, {"echo", std::string(3 << 20, 'x')})), Contains("argument list too long"));
  CHECK_THAT(why(stage.command(0, {"echo", std::string(9 << 20, 'x')})), Contains("bigger than 8 MiB"));
  AttemptSpec spec = stage.command(0, {"true"});
  spec.cwd = "/no/such/folder";
  CHECK_THAT(why(spec), Contains("working directory '/no/such/folder' does not exist"));
  spec.cwd = stage.path("plain.txt").string();
  CHECK_THAT(why(spec), Contains("is not a directory"));
  spec = stage.command(0, {"true"});
  spec.user = "no-such-user";
  CHECK_THAT(why(spec), Contains("user 'no-such-user' does not exist"));
  spec.user = "";
  spec.group = "no-such-group";
  CHECK_THAT(why(spec), Contains("group 'no-such-group' does not exist"));
  spec.group = "";
  spec.log_path = stage.path("plain.txt/x.log").string();
  CHECK_THAT(why(spec), Contains("the log"));
}

TEST_CASE("a later PATH entry is found behind a file that may not be run") {
  Stage stage;
  fs::create_directories(stage.path("a"));
  fs::create_directories(stage.path("b"));
  make_file(stage.path("a/tool"), "#!/bin/sh\nexit 1\n", 0644);
  make_file(stage.path("b/tool"), "#!/bin/sh\nexit 5\n", 0755);
  AttemptSpec spec = stage.command(1, {"tool"});
  spec.env = {{"PATH", stage.path("a").string() + ":" + stage.path("b").string()}};
  CHECK(WEXITSTATUS(stage.run(spec).wait_status) == 5);
}

TEST_CASE("a task runs as the user it asks for") {
  if (geteuid() != 0) {
    WARN("skipped: only root may change the user");
    return;
  }
  Stage stage;
  REQUIRE(chmod(stage.folder.c_str(), 0755) == 0);
  AttemptSpec spec = stage.shell(1, "id -u; id -g; id -G; echo x > $MILLRACE_OUTPUT");
  spec.user = "nobody";
  spec.output_path = stage.path("out/1").string();
  spec.env.emplace_back("MILLRACE_OUTPUT", spec.output_path);
  CHECK(stage.run(spec).wait_status == 0);
  CHECK(stage.log(1) == "65534\n65534\n65534\n");
}

TEST_CASE("an attempt that was seen is never started again: its facts are told again") {
  Stage stage;
  const AttemptSpec spec = stage.shell(1, "echo once >> $STAGE/count");
  stage.executor().start(spec);
  stage.executor().start(spec);
  stage.wait_finished(1);
  stage.executor().start(spec);
  stage.until([&] { return stage.ends[1] >= 2; });
  CHECK(stage.text("count") == "once\n");
}

TEST_CASE("200 tasks at once all end well") {
  Stage stage;
  for (int i = 1; i <= 200; ++i) stage.executor().start(stage.command(i, {"true"}));
  stage.until([&] { return stage.finished.size() == 200; });
  for (const auto& [id, facts] : stage.finished) CHECK(facts.wait_status == 0);
  for (const auto& [id, times] : stage.ends) CHECK(times == 1);
}
