#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/store.h"

/// store_bench FOLDER [TASKS [HISTORY]]
/// How many tasks a second the store carries from `none` to `success`, each with its attempt and events: four
/// transitions are 4 writes of the instance, 3 of the attempt, 4 events. `N` tasks share a commit: all four
/// transitions in one (mixed) or one transition at a time (step). HISTORY rows are in the database before.
namespace {

using namespace millrace;

struct Spent {
  double seconds = 0, cpu_seconds = 0;
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void must(const Result<void>& done) {
  if (done) return;
  std::fprintf(stderr, "store_bench: %s\n", done.error().message.c_str());
  std::exit(1);
}

class Work {
 public:
  Work(Store& store, const Clock& clock) : store_(store), clock_(clock), ids_(store.next_ids()) {}

  /// One run with `count` instances in state none.
  std::vector<TaskInstanceRow> make_run(std::int64_t count, TaskState state) {
    RunRow run;
    run.id = {ids_.run++};
    run.dag_id = "bench";
    run.run_id = "manual__" + std::to_string(run.id.value);
    run.execution_date = {run.id.value};
    run.state = state == TaskState::none ? RunState::running : RunState::success;
    std::vector<Change> batch = {run};
    std::vector<TaskInstanceRow> tasks;
    for (std::int64_t i = 0; i < count; ++i) {
      TaskInstanceRow task;
      task.id = {ids_.task_instance++};
      task.run = run.id;
      task.task_id = "task_" + std::to_string(i);
      task.task = static_cast<TaskIndex>(i);
      task.pool = "cpu";
      task.state = state;
      tasks.push_back(task);
      batch.push_back(task);
    }
    must(store_.commit(batch));
    return tasks;
  }

  /// Carries the tasks on: step 0 scheduled, 1 queued with an attempt, 2 running, 3 success.
  void advance(TaskInstanceRow& task, AttemptRow& attempt, int step, std::vector<Change>& batch) {
    static constexpr TaskState states[] = {TaskState::scheduled, TaskState::queued, TaskState::running,
                                           TaskState::success};
    const WallTime now = clock_.now().wall;
    EventRow event{.seq = ids_.event++,
                   .at = now,
                   .kind = "task",
                   .dag_id = "bench",
                   .run = task.run,
                   .task_instance = task.id,
                   .attempt = {},
                   .from = std::string(to_word(task.state)),
                   .to = std::string(to_word(states[step])),
                   .cause = "bench"};
    task.state = states[step];
    ++task.version;
    if (step == 1) {
      attempt = {};
      attempt.id = {ids_.attempt++};
      attempt.task_instance = task.id;
      attempt.run = task.run;
      attempt.name = "bench/manual__" + std::to_string(task.run.value) + "/" + task.task_id + "/-1/1";
      attempt.created_at = now;
      task.queued_at = now;
      task.try_number = 1;
    } else if (step == 2) {
      attempt.start = {.pid = 4'242,
                       .start_ticks = 99,
                       .boot_id = "00000000-0000-0000-0000-000000000000",
                       .host = "host",
                       .at = now};
      ++attempt.version;
      task.started_at = now;
    } else if (step == 3) {
      attempt.exit.emplace().at = now;
      attempt.outcome = Outcome::success;
      ++attempt.version;
      task.ended_at = now;
    }
    event.attempt = attempt.id;
    batch.push_back(task);
    if (step > 0) batch.push_back(attempt);
    batch.push_back(event);
  }

  Spent run(std::int64_t count, std::int64_t group, bool mixed) {
    auto tasks = make_run(count, TaskState::none);
    std::vector<AttemptRow> attempts(tasks.size());
    const MonoTime start = clock_.now().mono;
    const double cpu = cpu_seconds();
    std::vector<Change> batch;
    for (std::size_t first = 0; first < tasks.size(); first += static_cast<std::size_t>(group)) {
      const std::size_t end = std::min(tasks.size(), first + static_cast<std::size_t>(group));
      for (int step = 0; step < 4; ++step) {
        for (std::size_t i = first; i < end; ++i) advance(tasks[i], attempts[i], step, batch);
        if (mixed && step < 3) continue;
        must(store_.commit(batch));
        batch.clear();
      }
    }
    const auto seconds = static_cast<double>((clock_.now().mono - start).count()) * 1e-6;
    return {seconds, cpu_seconds() - cpu};
  }

 private:
  Store& store_;
  const Clock& clock_;
  NextIds ids_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: store_bench FOLDER [TASKS [HISTORY]]\n");
    return 2;
  }
  const std::int64_t tasks = argc > 2 ? std::atol(argv[2]) : 10'000;
  const std::int64_t history = argc > 3 ? std::atol(argv[3]) : 0;
  const std::filesystem::path database = std::filesystem::path(argv[1]) / "millrace.db";
  const SystemClock clock;
  auto store = Store::open(database);
  if (!store) {
    std::fprintf(stderr, "store_bench: %s\n", store.error().message.c_str());
    return 1;
  }
  Work work(**store, clock);
  for (std::int64_t made = 0; made < history; made += 10'000) work.make_run(10'000, TaskState::success);
  std::printf("%8s %6s %10s %12s %14s\n", "tasks", "group", "commits", "tasks/s", "cpu us/task");
  for (const bool mixed : {false, true}) {
    for (const std::int64_t group : {1, 10, 100, 1'000}) {
      const std::int64_t count = group == 1 ? tasks / 10 : tasks;
      const Spent spent = work.run(count, group, mixed);
      std::printf("%8ld %6ld %10s %12.0f %14.1f\n", static_cast<long>(count), static_cast<long>(group),
                  mixed ? "mixed" : "step", static_cast<double>(count) / spent.seconds,
                  1e6 * spent.cpu_seconds / static_cast<double>(count));
    }
  }
  store->reset();
  const MonoTime start = clock.now().mono;
  store = Store::open(database);
  const auto opened = (clock.now().mono - start).count();
  const auto active = (*store)->active_runs();
  std::printf("open: %.1f ms; %zu active runs\n", static_cast<double>(opened) * 1e-3, active.size());
  return 0;
}
