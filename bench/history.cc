#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "dags/parser.h"
#include "store/store.h"

/// history FOLDER [name=value…] fills FOLDER/millrace.db with DAGs of a given shape and their past, as a
/// daemon would have left it: versions with their source, runs, task instances, attempts, events. Called
/// again it adds further DAGs. The newest run lies one interval before today's midnight.
///   prefix=d    dag_ids are d_00000, d_00001, …      dags=1      how many
///   tasks=10    of each DAG                           shape=layers   chain | wide | layers | diamond
///   width=10    of a layer                            runs=100    ended runs of each DAG
///   interval_s=3600  between execution dates          failed=0.02 share of runs that failed
///   retried=0.05     share of task instances with two tries
///   events=1    0 leaves the record out               command=true   what tasks run when the daemon does
namespace {

using namespace millrace;

struct Plan {
  std::string prefix = "d", shape = "layers", command = "true";
  std::int64_t dags = 1, tasks = 10, width = 10, runs = 100, interval_s = 3'600;
  double failed = 0.02, retried = 0.05;
  bool events = true;
};

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "history: %s\n", why.c_str());
  std::exit(1);
}

void must(const Result<void>& done) {
  if (!done) stop(done.error().message);
}

Plan plan_of(int argc, char** argv) {
  Plan plan;
  const std::map<std::string_view, std::function<void(const std::string&)>> known{
      {"prefix", [&](const std::string& v) { plan.prefix = v; }},
      {"shape", [&](const std::string& v) { plan.shape = v; }},
      {"command", [&](const std::string& v) { plan.command = v; }},
      {"dags", [&](const std::string& v) { plan.dags = std::stoll(v); }},
      {"tasks", [&](const std::string& v) { plan.tasks = std::stoll(v); }},
      {"width", [&](const std::string& v) { plan.width = std::stoll(v); }},
      {"runs", [&](const std::string& v) { plan.runs = std::stoll(v); }},
      {"interval_s", [&](const std::string& v) { plan.interval_s = std::stoll(v); }},
      {"failed", [&](const std::string& v) { plan.failed = std::stod(v); }},
      {"retried", [&](const std::string& v) { plan.retried = std::stod(v); }},
      {"events", [&](const std::string& v) { plan.events = v != "0"; }}};
  for (int i = 2; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto at = known.find(word.substr(0, word.find('=')));
    if (at == known.end() || word.find('=') == word.npos) stop("unknown: " + std::string(word));
    at->second(std::string(word.substr(word.find('=') + 1)));
  }
  return plan;
}

std::string task_name(std::int64_t t) { return fmt::format("t_{:05}", t); }

/// Upstream of each task by shape: a chain; all alone; layers, each task after two of the layer before;
/// diamond: first, all others, last.
std::vector<std::int64_t> upstream_of(const Plan& plan, std::int64_t t) {
  if (plan.shape == "chain") return t == 0 ? std::vector<std::int64_t>{} : std::vector{t - 1};
  if (plan.shape == "wide") return {};
  if (plan.shape == "diamond") {
    if (t == 0) return {};
    if (t < plan.tasks - 1) return {0};
    std::vector<std::int64_t> all;
    for (std::int64_t u = std::min<std::int64_t>(1, t - 1); u < t; ++u) all.push_back(u);
    return all;
  }
  if (plan.shape != "layers") stop("shape: chain, wide, layers or diamond");
  if (t < plan.width) return {};
  const std::int64_t first = t / plan.width * plan.width - plan.width, place = t % plan.width;
  if (plan.width == 1) return {first};
  return {first + place, first + (place + 1) % plan.width};
}

std::string source_of(const Plan& plan, const std::string& dag_id) {
  std::string out = fmt::format(
      "dag_id: {}\nstart_date: 2001-01-01\ntags: [history]\nowner: bench\ntasks:\n", dag_id);
  for (std::int64_t t = 0; t < plan.tasks; ++t) {
    std::string names;
    for (const std::int64_t u : upstream_of(plan, t)) names += (names.empty() ? "" : ", ") + task_name(u);
    out += fmt::format("  {}: {{script: \"{}\"{}}}\n", task_name(t), plan.command,
                       names.empty() ? "" : fmt::format(", depends_on: [{}]", names));
  }
  return out;
}

/// Spread over [0, 1), the same for the same numbers.
double share(std::int64_t a, std::int64_t b) {
  const auto mixed = (static_cast<std::uint64_t>(a) * 0x9e3779b97f4a7c15ull) ^
                     (static_cast<std::uint64_t>(b) * 0xc2b2ae3d27d4eb4full);
  return static_cast<double>((mixed ^ (mixed >> 29)) * 0xbf58476d1ce4e5b9ull >> 11) * 0x1p-53;
}

class Writer {
 public:
  Writer(Store& store, const Plan& plan, WallTime newest)
      : store_(store), plan_(plan), newest_(newest), ids_(store.next_ids()) {}

  void write_dag(std::int64_t number) {
    DagRow dag;
    dag.dag_id = fmt::format("{}_{:05}", plan_.prefix, number);
    const std::string source = source_of(plan_, dag.dag_id);
    const ParseResult parsed = parse_dag(source);
    if (!parsed.dag) stop("the DAG doesn't parse");
    dag.current = {ids_.dag_version++};
    const DagVersionRow version{dag.current, dag.dag_id, 0, parsed.dag->hash, source, "api", "/", newest_};
    batch_.push_back(dag);
    versions_.push_back(version);
    if (batch_.size() > 5'000) flush();
    if (plan_.runs > 0) flush();
    for (std::int64_t r = 0; r < plan_.runs; ++r) write_run(dag, r);
  }

  void flush() {
    if (!batch_.empty()) must(store_.commit(batch_, versions_));
    batch_.clear();
    versions_.clear();
  }
  std::int64_t instances = 0;

 private:
  void write_run(const DagRow& dag, std::int64_t r) {
    RunRow run;
    run.id = {ids_.run++};
    run.dag_id = dag.dag_id;
    run.execution_date = newest_ - std::chrono::seconds{plan_.interval_s * (plan_.runs - r)};
    run.data_interval_start = run.execution_date;
    run.data_interval_end = run.execution_date + std::chrono::seconds{plan_.interval_s};
    run.run_id = "manual__" + to_iso_offset(run.execution_date);
    run.dag_version = dag.current;
    run.triggered_by = "history";
    run.queued_at = run.data_interval_end;
    run.started_at = run.queued_at + std::chrono::milliseconds{5};
    const bool failed = share(run.id.value, 1) < plan_.failed;
    run.state = failed ? RunState::failed : RunState::success;
    WallTime end = *run.started_at;
    batch_.push_back(run);
    const std::size_t place = batch_.size() - 1;
    event(run, {}, {}, "", "queued", run.queued_at);
    event(run, {}, {}, "queued", "running", *run.started_at);
    for (std::int64_t t = 0; t < plan_.tasks; ++t)
      end = std::max(end, write_task(run, t, failed && t == plan_.tasks - 1));
    run.ended_at = end;
    event(run, {}, {}, "running", std::string(to_word(run.state)), end);
    batch_[place] = run;
    if (batch_.size() > 20'000) flush();
  }

  WallTime write_task(const RunRow& run, std::int64_t t, bool failed) {
    TaskInstanceRow task;
    task.id = {ids_.task_instance++};
    task.run = run.id;
    task.task_id = task_name(t);
    task.task = static_cast<TaskIndex>(t);
    task.pool = "cpu";
    task.state = failed ? TaskState::failed : TaskState::success;
    if (failed) task.reason = "exit:1";
    task.try_number = share(task.id.value, 2) < plan_.retried ? 2 : 1;
    task.max_tries = 2;
    const Duration lasts =
        std::chrono::milliseconds{1'000 + static_cast<int>(9'000 * share(run.id.value, t))};
    WallTime at = *run.started_at + std::chrono::seconds{10 * (t / std::max<std::int64_t>(1, plan_.width))};
    task.scheduled_at = at;
    const std::size_t place = batch_.size();
    batch_.push_back(task);
    std::string from = "none";
    for (int n = 1; n <= task.try_number; ++n) {
      const bool bad = failed || n < task.try_number;
      const AttemptId attempt = write_try(run, task, n, at, lasts, bad);
      task.queued_at = at;
      task.started_at = at + std::chrono::milliseconds{2};
      task.ended_at = at + lasts;
      event(run, task.id, attempt, from, "scheduled", at);
      event(run, task.id, attempt, "scheduled", "queued", at);
      event(run, task.id, attempt, "queued", "running", *task.started_at);
      from = n < task.try_number ? "up_for_retry" : std::string(to_word(task.state));
      event(run, task.id, attempt, "running", from, *task.ended_at);
      at = *task.ended_at;
    }
    batch_[place] = task;
    ++instances;
    return *task.ended_at;
  }

  AttemptId write_try(const RunRow& run, const TaskInstanceRow& task, int n, WallTime at, Duration lasts,
                      bool bad) {
    AttemptRow row;
    row.id = {ids_.attempt++};
    row.task_instance = task.id;
    row.run = run.id;
    row.try_number = n;
    row.name = attempt_name(run.dag_id, run.run_id, task.task_id, -1, n);
    row.command = plan_.command;
    row.created_at = at;
    row.start = {.pid = 4'242,
                 .start_ticks = 9,
                 .boot_id = "b",
                 .host = "host",
                 .at = at + std::chrono::milliseconds{2}};
    row.exit.emplace().at = at + lasts;
    row.outcome = bad ? Outcome::failed : Outcome::success;
    batch_.push_back(row);
    return row.id;
  }

  void event(const RunRow& run, TaskInstanceId task, AttemptId attempt, std::string from, std::string to,
             WallTime at) {
    if (!plan_.events) return;
    batch_.push_back(EventRow{ids_.event++, at, task ? "task" : "run", run.dag_id, run.id, task, attempt,
                              std::move(from), std::move(to), "history"});
  }

  Store& store_;
  const Plan& plan_;
  WallTime newest_;
  NextIds ids_;
  std::vector<Change> batch_;
  std::vector<DagVersionRow> versions_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) stop("usage: history FOLDER [name=value…]; its first lines say which");
  const Plan plan = plan_of(argc, argv);
  std::filesystem::create_directories(argv[1]);
  auto store = Store::open(std::filesystem::path(argv[1]) / "millrace.db");
  if (!store) stop(store.error().message);
  const SystemClock clock;
  const WallTime now = clock.now().wall;
  constexpr std::int64_t day_us = 86'400'000'000;
  Writer writer(**store, plan, WallTime{now.us / day_us * day_us});
  for (std::int64_t d = 0; d < plan.dags; ++d) writer.write_dag(d);
  writer.flush();
  std::printf("%lld task instances\n", static_cast<long long>(writer.instances));
  return 0;
}
