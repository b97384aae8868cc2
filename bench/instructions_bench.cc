#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "dags/parser.h"
#include "scheduler/scheduler.h"
#include "store/store.h"

/// instructions_bench FOLDER TASKS
/// One run of TASKS independent tasks that do nothing, played through the scheduler's apply() without a
/// process, each step's rows written to FOLDER/millrace.db in one transaction for GROUP events: what the loop
/// of the daemon does, always alike. bench/instructions.py counts the instructions of both.
namespace {

using namespace millrace;

constexpr std::size_t group = 10;

void must(const Result<void>& done) {
  if (done) return;
  std::fprintf(stderr, "instructions_bench: %s\n", done.error().message.c_str());
  std::exit(1);
}

std::shared_ptr<const Dag> dag_of(int tasks) {
  std::string source = "dag_id: wide\nmax_active_tasks: 64\ntasks:\n";
  for (int i = 0; i < tasks; ++i) source += fmt::format("  t{:05}: {{script: \"true\", retries: 0}}\n", i);
  const ParseResult parsed = parse_dag(source);
  if (!parsed.dag) must(fail(ErrorKind::invalid, "the DAG doesn't parse"));
  return parsed.dag;
}

/// What the daemon answers to a command, at once.
void answer(const Command& command, std::vector<Event>& inbox) {
  if (const auto* asked = std::get_if<LookUpDates>(&command))
    inbox.push_back(DatesLookedUp{asked->lookup, {}});
  if (const auto* spawn = std::get_if<Spawn>(&command)) {
    inbox.push_back(AttemptStarted{spawn->attempt, {}});
    inbox.push_back(AttemptFinished{spawn->attempt, {}, {}, {}, 1});
  }
}

void play(Store& store, const std::shared_ptr<const Dag>& dag) {
  Scheduler scheduler;
  const Now now{WallTime{979'084'800'000'000}, MonoTime{1'000'000'000}};
  std::vector<Event> inbox{MachineFound{}, RecoveryDone{}, PoolSet{{}, "cpu", 64, "", "bench"},
                           DagSubmitted{{}, DagVersionId{1}, dag, false, "bench"},
                           RunRequested{{}, dag->dag_id, {}, {}, {}, "{}", "", "bench"}};
  std::vector<Change> rows;
  std::size_t applied = 0, ended = 0;
  for (std::size_t at = 0; at < inbox.size(); ++at) {
    const Event event = inbox[at];
    if (std::holds_alternative<AttemptFinished>(event)) ++ended;
    for (const Command& command : scheduler.apply(event, now)) {
      if (const auto* record = std::get_if<Record>(&command)) rows.push_back(record->change);
      answer(command, inbox);
    }
    if (++applied % group != 0 && at + 1 < inbox.size()) continue;
    must(store.commit(rows));
    rows.clear();
  }
  if (ended != dag->tasks.size() || scheduler.active_runs() != 0)
    must(fail(ErrorKind::internal, "the run didn't end"));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: instructions_bench FOLDER TASKS\n");
    return 2;
  }
  auto store = Store::open(std::filesystem::path(argv[1]) / "millrace.db");
  if (!store) must(std::unexpected(store.error()));
  play(**store, dag_of(std::atoi(argv[2])));
}
