#include "data/publish.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "data/tree_hash.h"
#include "temporary.h"
#include "test_paths.h"

extern char** environ;

using namespace millrace;
using test::read;
using test::Temporary;

namespace {

namespace fs = std::filesystem;

/// One attempt of a task with outputs: the worker as the runner would start it.
struct Attempt {
  explicit Attempt(const Temporary& folder, const std::vector<std::string>& datasets = {"a"})
      : root(folder / "") {
    plan.report = root / "report";
    plan.scratch = {root / ".staging/1"};
    for (const std::string& dataset : datasets)
      plan.outputs.push_back({dataset, plan.scratch[0] / dataset / (dataset + ".txt"),
                              root / "lake" / (dataset + ".txt"), false});
  }

  /// Runs `script` with $A, $B… set to the staging paths; its wait status.
  int run(const std::string& script, const std::string& crash_point = {}) const {
    return run(std::vector<std::string>{"bash", "-c", script}, crash_point);
  }
  int run(const std::vector<std::string>& command, const std::string& crash_point = {}) const {
    const pid_t pid = start(command, crash_point);
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    return status;
  }
  pid_t start(const std::vector<std::string>& command, const std::string& crash_point = {}) const {
    std::vector<std::string> words{MILLRACE_BINARY_DIR "/millrace-data", "run", "--plan", plan_json(plan),
                                   "--"};
    words.insert(words.end(), command.begin(), command.end());
    std::vector<std::string> settings{"PATH=/usr/bin:/bin", "MILLRACE_CRASH_POINT=" + crash_point};
    for (const StagedOutput& output : plan.outputs)
      settings.push_back(std::string(1, static_cast<char>(output.dataset[0] - 'a' + 'A')) + "=" +
                         output.staged.string());
    const std::string log = (root / "log").string();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t pid = 0;
    REQUIRE(posix_spawn(&pid, words[0].c_str(), &actions, nullptr, pointers(words).data(),
                        pointers(settings).data()) == 0);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
  }
  std::string text(const std::string& dataset) const { return read(root / "lake" / (dataset + ".txt")); }
  std::string log() const { return read(root / "log"); }

  fs::path root;
  PublishPlan plan;

 private:
  static std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> out;
    for (std::string& word : words) out.push_back(word.data());
    out.push_back(nullptr);
    return out;
  }
};

bool killed_by(int status, int number) { return WIFSIGNALED(status) && WTERMSIG(status) == number; }

}  // namespace

TEST_CASE("the outputs of a task that ends well appear and are reported") {
  const Temporary folder;
  const Attempt attempt(folder, {"a", "b"});
  CHECK(attempt.run("echo one > $A; mkdir $B; echo two > $B/x; echo three > $B/y") == 0);
  CHECK(attempt.text("a") == "one\n");
  CHECK(read(attempt.root / "lake/b.txt/y") == "three\n");
  CHECK_FALSE(fs::exists(attempt.plan.scratch[0]));
  const auto report = read_report(attempt.plan.report);
  REQUIRE(report);
  REQUIRE(report->outputs.size() == 2);
  CHECK(report->problem.empty());
  CHECK(report->outputs[0].hash == hash_tree(attempt.root / "lake/a.txt", 1)->hash);
  CHECK(report->outputs[1].hash == hash_tree(attempt.root / "lake/b.txt", 1)->hash);
  CHECK(report->outputs[1].files == 2);
  CHECK(report->outputs[1].bytes == 10);
  CHECK_FALSE(report->outputs[0].rows);
  CHECK(is_in_place(report->outputs[0]));
  CHECK(is_in_place(report->outputs[1]));
  CHECK(attempt.log().contains("published a b3:"));
}

TEST_CASE("a kill at any point leaves each place old or new, and the report knows which") {
  struct Expected {
    const char* point;
    std::string a, b;
    bool reported, moved_a, moved_b;
  };
  const Expected all[] = {{"publish.prepared", "old a\n", "old b\n", false, false, false},
                          {"publish.reported", "old a\n", "old b\n", true, false, false},
                          {"publish.moved", "new a\n", "old b\n", true, true, false},
                          {"publish.moved:2", "new a\n", "new b\n", true, true, true},
                          {"publish.done", "new a\n", "new b\n", true, true, true}};
  for (const Expected& expected : all)
    for (const bool as_folder : {false, true}) {
      INFO(expected.point << (as_folder ? " folders" : " files"));
      const Temporary folder;
      const Attempt attempt(folder, {"a", "b"});
      const std::string inside = as_folder ? "/x" : "";
      test::write(attempt.root / ("lake/a.txt" + inside), "old a\n");
      test::write(attempt.root / ("lake/b.txt" + inside), "old b\n");
      const std::string script = as_folder ? "mkdir $A $B; echo new a > $A/x; echo new b > $B/x"
                                           : "echo new a > $A; echo new b > $B";
      CHECK(killed_by(attempt.run(script, expected.point), SIGKILL));
      CHECK(read(attempt.root / ("lake/a.txt" + inside)) == expected.a);
      CHECK(read(attempt.root / ("lake/b.txt" + inside)) == expected.b);
      const auto report = read_report(attempt.plan.report);
      CHECK(report.has_value() == expected.reported);
      if (!report) continue;
      CHECK(is_in_place(report->outputs.at(0)) == expected.moved_a);
      CHECK(is_in_place(report->outputs.at(1)) == expected.moved_b);
    }
}

TEST_CASE("a task that fails leaves the old output, no staging and its own status") {
  const Temporary folder;
  const Attempt attempt(folder);
  test::write(attempt.root / "lake/a.txt", "old");
  const int status = attempt.run("echo half > $A; exit 7");
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 7));
  CHECK(killed_by(attempt.run("echo half > $A; kill -SEGV $$"), SIGSEGV));
  CHECK(killed_by(attempt.run("echo half > $A; kill -KILL $$"), SIGKILL));
  CHECK(attempt.text("a") == "old");
  CHECK_FALSE(fs::exists(attempt.plan.scratch[0]));
  CHECK_FALSE(read_report(attempt.plan.report));
}

TEST_CASE("an output that nobody wrote is named") {
  const Temporary folder;
  const Attempt attempt(folder, {"a", "b"});
  test::write(attempt.root / "lake/b.txt", "old");
  CHECK(attempt.run("echo one > $A") == 0);
  const auto report = read_report(attempt.plan.report);
  REQUIRE(report);
  CHECK(report->problem.starts_with("output missing: b: "));
  CHECK(report->outputs.empty());
  CHECK(attempt.text("a").empty());
  CHECK(attempt.text("b") == "old");
  CHECK(attempt.log().contains("output missing: b"));
}

TEST_CASE("a program that isn't there is told as a failed start") {
  const Temporary folder;
  const Attempt attempt(folder);
  CHECK(attempt.run(std::vector<std::string>{"no-such-program"}) != 0);
  const auto report = read_report(attempt.plan.report);
  REQUIRE(report);
  CHECK(report->spawn_failure == "'no-such-program': No such file or directory");
}

TEST_CASE("what a task leaves running is gone before its output is hashed") {
  const Temporary folder;
  const Attempt attempt(folder);
  // The last one has left its parent, its session and the pipe.
  CHECK(attempt.run("echo one > $A; exec 9>>$A; (while :; do echo late >&9; done) & "
                    "setsid bash -c 'while :; do echo late >&9; done' & echo $! > " +
                    (attempt.root / "pid").string()) == 0);
  const auto report = read_report(attempt.plan.report);
  REQUIRE(report);
  CHECK(report->outputs.at(0).hash == hash_tree(attempt.root / "lake/a.txt", 1)->hash);
  const pid_t left = std::stoi(read(attempt.root / "pid"));
  CHECK(kill(left, 0) != 0);
}

TEST_CASE("a signal while the task runs is the task's; its group is its own") {
  const Temporary folder;
  const Attempt attempt(folder);
  CHECK(attempt.run("trap 'echo asked > $A; exit 0' USR1; kill -USR1 0; sleep 9") == 0);
  CHECK(attempt.text("a") == "asked\n");
  // The runner asks every process of the tree to end: the worker waits for the task and ends then, too.
  const pid_t pid = attempt.start({"bash", "-c",
                                   "trap 'echo half > $A; exit 0' TERM; "
                                   "kill -TERM $PPID; kill -TERM $$; sleep 9"});
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  CHECK(killed_by(status, SIGTERM));
  CHECK(attempt.text("a") == "asked\n");
}

TEST_CASE("instances of a mapped task join their files in one folder") {
  const Temporary folder;
  Attempt first(folder), second(folder);
  first.plan.outputs[0].merge = second.plan.outputs[0].merge = true;
  CHECK(first.run("mkdir -p $A/deep; echo 1 > $A/one; echo 1 > $A/deep/one") == 0);
  CHECK(second.run("mkdir -p $A/deep; echo 2 > $A/two; echo 2 > $A/deep/one") == 0);
  CHECK(read(first.root / "lake/a.txt/one") == "1\n");
  CHECK(read(first.root / "lake/a.txt/two") == "2\n");
  CHECK(read(first.root / "lake/a.txt/deep/one") == "2\n");
  const auto report = read_report(second.plan.report);
  REQUIRE(report);
  CHECK(report->outputs.at(0).files == 3);
  CHECK(report->outputs.at(0).hash == hash_tree(first.root / "lake/a.txt", 1)->hash);
}

TEST_CASE("a dataset may lie behind a link to another disk") {
  const Temporary folder;
  const Attempt attempt(folder);
  fs::create_directories(attempt.root / "disk");
  fs::create_directory_symlink(attempt.root / "disk", attempt.root / "lake");
  CHECK(attempt.run("echo one > $A") == 0);
  CHECK(read(attempt.root / "disk/a.txt") == "one\n");
  CHECK(read_report(attempt.plan.report)->problem.empty());
}

TEST_CASE("a plan and a report survive their way, and nonsense is neither") {
  PublishPlan plan{"r", {"s"}, {{"d", "a\"b", "c", true}}, 3};
  const auto back = parse_plan(plan_json(plan));
  REQUIRE(back);
  CHECK(back->outputs[0].staged == "a\"b");
  CHECK(back->threads == 3);
  for (const char* bad : {"", "{", "[]", "{}", R"({"outputs":[{}]})", R"({"outputs":7})"}) {
    CHECK_FALSE(parse_plan(bad));
    CHECK_FALSE(parse_report(bad));
  }
}
