// build/release/bench/… parse_bench [TASKS] [REPEAT]: parsing and checking a DAG against the bare event parse
// of the same text by the same YAML library, in turn, in one process. Medians and their ratio.

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "dags/parser.h"

namespace {

struct Nothing : YAML::EventHandler {
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}
};

std::string dag_of(int tasks) {
  std::string text = "dag_id: big\nschedule: \"@daily\"\nstart_date: 2001-01-01\ntasks:\n";
  for (int i = 0; i < tasks; ++i)
    text += fmt::format(
        "  task_{}:\n    command: [python3, build.py, --day, \"{{{{ ds }}}}\", --part, \"{}\"]\n{}", i, i,
        i > 0 ? fmt::format("    depends_on: [task_{}]\n", i - 1) : std::string{});
  return text;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const int tasks = argc > 1 ? std::atoi(argv[1]) : 10'000;
  const int repeat = argc > 2 ? std::atoi(argv[2]) : 7;
  const std::string text = dag_of(tasks);
  const millrace::SystemClock clock;
  std::vector<double> ours, bare, ratio;
  for (int i = 0; i < repeat; ++i) {
    const auto a = clock.now().mono;
    const auto parsed = millrace::parse_dag(text);
    const auto b = clock.now().mono;
    std::istringstream in(text);
    YAML::Parser parser(in);
    Nothing nothing;
    parser.HandleNextDocument(nothing);
    const auto c = clock.now().mono;
    if (!parsed.dag) return 1;
    ours.push_back(static_cast<double>((b - a).count()) / 1e3);
    bare.push_back(static_cast<double>((c - b).count()) / 1e3);
    ratio.push_back(ours.back() / bare.back());
  }
  fmt::print("{} tasks, {} bytes: parse and check {:.1f} ms, bare events {:.1f} ms, ratio {:.2f}\n", tasks,
             text.size(), median(ours), median(bare), median(ratio));
}
