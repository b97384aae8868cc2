#include "daemon/attempt_end.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "daemon/staging.h"

using namespace millrace;

namespace {

namespace fs = std::filesystem;

/// An attempt of a task that writes the dataset `raw`, and its files.
struct Ended {
  Ended() {
    std::string name = (fs::temp_directory_path() / "millrace-end-XXXXXX").string();
    paths.root = mkdtemp(name.data());
    task.outputs = {"raw"};
    attempt.id = {7};
    attempt.name = "etl/r/load/-1/1";
    context = AttemptContext{nullptr, &task, &run, &instance, &attempt};
    fs::create_directories(paths.publish_report(attempt.name).parent_path());
  }
  ~Ended() { fs::remove_all(paths.root); }

  /// A report whose output lies in its place, or doesn't.
  void report(bool in_place, const std::string& problem = {}) {
    const fs::path target = paths.root / "raw.txt";
    std::ofstream(target) << "x";
    struct stat facts{};
    REQUIRE(stat(target.c_str(), &facts) == 0);
    PublishReport report;
    report.problem = problem;
    report.outputs.push_back({"raw", "b3:x", target.string(), 1, 1, 5, "[]", facts.st_dev,
                              in_place ? facts.st_ino : facts.st_ino + 1});
    std::ofstream(paths.publish_report(attempt.name)) << report_json(report);
  }
  AttemptFinished end(ExitFacts facts) const {
    return attempt_end({7}, std::move(facts), context, paths, mask.get(), 1);
  }

  Paths paths;
  Task task;
  RunRow run;
  TaskInstanceRow instance;
  AttemptRow attempt;
  std::optional<AttemptContext> context;
  std::unique_ptr<const SecretMask> mask;
};

ExitFacts exited(int wait_status) {
  ExitFacts facts;
  facts.wait_status = wait_status;
  return facts;
}

}  // namespace

TEST_CASE("a good end without a report is a failure of publishing") {
  Ended ended;
  CHECK(ended.end(exited(0)).output_problem.starts_with("the outputs weren't published"));
  CHECK(ended.end(exited(1 << 8)).output_problem.empty());
  std::ofstream(ended.paths.publish_report(ended.attempt.name)) << "{\"outputs\":[{";
  CHECK_FALSE(ended.end(exited(0)).output_problem.empty());
  ended.task.outputs.clear();
  CHECK(ended.end(exited(0)).output_problem.empty());
}

TEST_CASE("of instances that publish into one folder those that another has replaced aren't its version") {
  Ended ended;
  ended.instance.map_index = 1;
  ended.report(false);
  CHECK(ended.end(exited(0)).published.empty());
  CHECK(ended.end(exited(0)).output_problem.empty());
  ended.report(true);
  CHECK(ended.end(exited(0)).published.size() == 1);
}

TEST_CASE("a good end takes its report's word, whatever lies there by now") {
  Ended ended;
  ended.report(false);
  const AttemptFinished event = ended.end(exited(0));
  CHECK(event.output_problem.empty());
  REQUIRE(event.published.size() == 1);
  CHECK(event.published[0].hash == "b3:x");
  CHECK(event.published[0].rows == 5);
}

TEST_CASE("of an attempt that was killed, lost or cancelled only what lies in its place is a version") {
  for (const bool in_place : {true, false}) {
    Ended ended;
    ended.report(in_place);
    CHECK(ended.end(exited(SIGKILL)).published.size() == (in_place ? 1 : 0));
    ExitFacts lost;
    lost.kind = ExitFacts::Kind::lost;
    CHECK(ended.end(lost).published.size() == (in_place ? 1 : 0));
    ExitFacts cancelled = exited(0);
    cancelled.killed = true;
    CHECK(ended.end(cancelled).published.size() == (in_place ? 1 : 0));
    ended.report(in_place, "can't move");
    const AttemptFinished event = ended.end(exited(0));
    CHECK(event.output_problem == "can't move");
    CHECK(event.published.size() == (in_place ? 1 : 0));
  }
}

TEST_CASE("a program that the worker couldn't start is a failed start") {
  Ended ended;
  PublishReport report;
  report.spawn_failure = "'x': No such file or directory";
  std::ofstream(ended.paths.publish_report(ended.attempt.name)) << report_json(report);
  const AttemptFinished event = ended.end(exited(127 << 8));
  CHECK(event.facts.kind == ExitFacts::Kind::spawn_failed);
  CHECK(event.facts.message == report.spawn_failure);
}

TEST_CASE("an attempt writes below the data root, or beside a place that it can't be renamed to") {
  const Ended ended;
  const fs::path inside = ended.paths.datasets() / "raw/2001-01-05.csv";
  const PublishPlan plan = publish_plan(ended.paths, *ended.context, {{"raw", inside.string()}});
  CHECK(plan.outputs.at(0).staged == ended.paths.staging() / "7/raw/2001-01-05.csv");
  CHECK(plan.outputs[0].target == inside);
  CHECK_FALSE(plan.outputs[0].merge);
  // /proc is a mount of its own on every Linux; nothing is made there.
  const fs::path elsewhere = "/proc/lake/raw.csv";
  const fs::path beside = scratch_folder(ended.paths, {7}, ended.attempt.name, elsewhere, false);
  CHECK(beside.parent_path() == "/proc/lake");
  CHECK(beside.filename().string().starts_with(".millrace-"));
  CHECK(beside != scratch_folder(ended.paths, {8}, "etl/r/load/-1/2", elsewhere, false));
  CHECK(scratch_folder(ended.paths, {7}, ended.attempt.name, inside, true).parent_path() ==
        inside.parent_path());
}

TEST_CASE("two outputs in one place share a scratch folder; a mapped instance joins its files") {
  Ended ended;
  ended.instance.map_index = 3;
  ended.task.resources.cpu_milli = 2'500;
  const std::string raw = (ended.paths.datasets() / "a/x").string();
  const PublishPlan plan = publish_plan(ended.paths, *ended.context, {{"a", raw}, {"b", raw + "y"}});
  CHECK(plan.scratch.size() == 1);
  CHECK(plan.outputs.at(1).merge);
  CHECK(plan.threads == 3);
  const std::vector<std::string> command = publishing_command(plan, {"python", "x.py"});
  CHECK(command.at(1) == "run");
  CHECK(std::vector(command.end() - 3, command.end()) == std::vector<std::string>{"--", "python", "x.py"});
  CHECK(parse_plan(command.at(3)).has_value());
}

TEST_CASE("what an attempt says of its end is told without its DAG's secrets") {
  Ended ended;
  const auto key = std::make_shared<const SecretKey>("k");
  ended.mask = std::make_unique<const SecretMask>(key, std::vector{key->print("hunter2")});
  ended.report(true);
  std::ofstream(ended.paths.output(ended.attempt.name)) << "url=x hunter2\n";
  const AttemptFinished good = ended.end(exited(0));
  REQUIRE(good.outputs.size() == 1);
  CHECK(good.outputs[0].value == "\"x *******\"");
  std::ofstream(ended.paths.output(ended.attempt.name)) << "hunter2 isn't a pair\n";
  CHECK(ended.end(exited(0)).output_problem.find("hunter2") == std::string::npos);
  ExitFacts failed;
  failed.kind = ExitFacts::Kind::spawn_failed;
  failed.message = "command not found: 'hunter2'";
  CHECK(ended.end(failed).facts.message == "command not found: '*******'");
}
