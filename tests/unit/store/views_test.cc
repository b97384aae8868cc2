#include <catch2/catch.hpp>

#include <map>

#include "samples.h"
#include "store/sqlite.h"

namespace millrace::test {
namespace {

using std::chrono::seconds;

void must(const Result<void>& done) {
  INFO((done ? "" : done.error().message));
  REQUIRE(done.has_value());
}

constexpr WallTime start{1'000'000'000'000};

/// Run `id` of DAG `d`, ended `id` minutes after the start, with one task that took `took` seconds.
std::vector<Change> ended_run(std::int64_t id, int took, TaskState state = TaskState::success) {
  RunRow run = plain_run(id);
  run.execution_date = start + seconds{60 * id};
  run.queued_at = run.execution_date;
  run.started_at = run.execution_date;
  run.ended_at = *run.started_at + seconds{took};
  run.state = state == TaskState::success ? RunState::success : RunState::failed;
  TaskInstanceRow task = plain_task(id, run.id, "t");
  task.state = state;
  task.try_number = 1;
  task.started_at = run.started_at;
  task.ended_at = run.ended_at;
  return {run, task};
}

/// dag_id/state -> count, by counting rows and as kept.
std::map<std::string, std::int64_t> pairs_of(const Folder& folder, const std::string& sql) {
  sqlite::Connection connection(folder.database().string(), sqlite::Mode::read_only);
  sqlite::Statement statement(connection, sql);
  std::map<std::string, std::int64_t> out;
  while (statement.step()) out[std::string(statement.text(0))] = statement.integer(1);
  return out;
}

}  // namespace

TEST_CASE("past durations are those of the newest successes, failures left out") {
  const Folder folder;
  const auto store = open_store(folder);
  for (std::int64_t id = 1; id <= 30; ++id) must(store->commit(ended_run(id, static_cast<int>(id))));
  must(store->commit(ended_run(31, 1'000, TaskState::failed)));
  const auto reader = open_reader(folder);
  const auto task = reader->views().past_seconds("d", "t");
  REQUIRE(task.has_value());
  CHECK(task->samples == 20);  // 30 down to 11
  CHECK(task->p50 == 20);
  CHECK(task->p90 == 28);
  const auto whole = reader->views().past_seconds("d", "");
  REQUIRE(whole.has_value());
  CHECK(whole->p50 == 20);
  CHECK_FALSE(reader->views().past_seconds("d", "other").has_value());
  CHECK_FALSE(reader->views().past_seconds("other", "t").has_value());
}

TEST_CASE("the last runs come newest first, up to a date; the ended ones by their end") {
  const Folder folder;
  const auto store = open_store(folder);
  for (std::int64_t id = 1; id <= 5; ++id) must(store->commit(ended_run(id, 7)));
  RunRow active = plain_run(6);
  active.execution_date = start + seconds{360};
  active.state = RunState::running;
  active.note = "look";
  must(store->commit(std::vector<Change>{active}));
  const auto reader = open_reader(folder);
  const auto ids = [](const std::vector<RunBar>& runs) {
    std::vector<std::int64_t> out;
    for (const RunBar& run : runs) out.push_back(run.id.value);
    return out;
  };
  using Ids = std::vector<std::int64_t>;
  ViewReader& views = reader->views();
  CHECK(ids(views.last_runs("d", std::nullopt, 3)) == Ids{6, 5, 4});
  CHECK(ids(views.last_runs("d", start + seconds{120}, 10)) == Ids{2, 1});
  CHECK(ids(views.active_runs(10)) == Ids{6});
  CHECK(views.active_runs(10)[0].has_note);
  CHECK(ids(views.runs_ended_since(start + seconds{4 * 60 + 7}, 10)) == Ids{5, 4});
  const auto dated = views.runs_in("d", start + seconds{60}, start + seconds{180}, 10);
  REQUIRE(dated.size() == 2);
  CHECK(dated[1].execution_date == start + seconds{120});
  CHECK(dated[1].state == RunState::success);
  CHECK_FALSE(dated[1].late);
  CHECK(dated[1].started_at == start + seconds{120});
  CHECK(dated[1].ended_at > dated[1].started_at);
  CHECK(views.ended_counts(start) == std::vector<std::pair<RunState, std::int64_t>>{{RunState::success, 5}});
}

TEST_CASE("cells are those of the runs asked for, run by run") {
  const Folder folder;
  const auto store = open_store(folder);
  for (std::int64_t id = 1; id <= 3; ++id) must(store->commit(ended_run(id, 7)));
  const auto reader = open_reader(folder);
  const std::vector<RunId> wanted{{3}, {1}};
  std::vector<std::int64_t> seen;
  reader->views().each_cell(wanted, [&](const Cell& cell) {
    seen.push_back(cell.run.value);
    CHECK(cell.state == TaskState::success);
    CHECK(cell.try_number == 1);
    CHECK_FALSE(cell.has_note);
    CHECK(cell.ended_at == *cell.started_at + seconds{7});
  });
  CHECK(seen == std::vector<std::int64_t>{3, 1});
}

TEST_CASE("the record of an instance is its own and its run's, in order") {
  const Folder folder;
  const auto store = open_store(folder);
  must(store->commit(ended_run(1, 7)));
  std::vector<Change> lines;
  for (std::int64_t seq = 1; seq <= 4; ++seq) {
    EventRow row;
    row.seq = seq;
    row.at = {seq};
    row.kind = seq == 1 ? "run" : "task";
    row.run = {1};
    if (seq > 1) row.task_instance = {seq == 3 ? 2 : 1};
    lines.emplace_back(row);
  }
  must(store->commit(lines));
  const auto reader = open_reader(folder);
  const auto own = reader->views().transitions({1}, {1}, 10);
  REQUIRE(own.size() == 3);
  CHECK(own[0].kind == "run");
  CHECK(own[2].at == WallTime{4});
  CHECK(reader->views().transitions({1}, {}, 10).size() == 4);
  CHECK(reader->views().transitions({1}, {}, 2).size() == 2);
  CHECK(reader->views().revision() == 4);
}

TEST_CASE("attempts overlap the stretch of time asked for") {
  const Folder folder;
  const auto store = open_store(folder);
  auto rows = ended_run(1, 60);
  for (int n = 1; n <= 2; ++n) {
    AttemptRow attempt;
    attempt.id = {n};
    attempt.task_instance = {1};
    attempt.run = {1};
    attempt.try_number = n;
    attempt.name = "a" + std::to_string(n);
    attempt.devices = {"gpu-0"};
    attempt.created_at = start + seconds{60 + 30 * (n - 1)};
    attempt.exit.emplace().at = attempt.created_at + seconds{20};
    attempt.outcome = n == 1 ? Outcome::failed : Outcome::success;
    rows.emplace_back(attempt);
  }
  must(store->commit(rows));
  const auto reader = open_reader(folder);
  const auto early = reader->views().attempts_between(start, start + seconds{85}, 10);
  REQUIRE(early.size() == 1);
  CHECK(early[0].try_number == 1);
  CHECK(early[0].devices == std::vector<std::string>{"gpu-0"});
  CHECK(early[0].outcome == Outcome::failed);
  CHECK(reader->views().attempts_between(start + seconds{81}, start + seconds{200}, 10).size() == 1);
  CHECK(reader->views().attempts_between(start, start + seconds{200}, 10).size() == 2);
  CHECK(reader->views().attempts_between(start, start + seconds{200}, 1).size() == 1);
}

TEST_CASE("the kept counts are what counting finds, whatever moves") {
  const Folder folder;
  const auto store = open_store(folder);
  Samples samples(7);
  std::vector<RunRow> runs;
  std::int64_t task = 0;
  for (std::int64_t step = 1; step <= 200; ++step) {
    std::vector<Change> changes;
    const auto last = static_cast<std::int64_t>(runs.size()) - 1;
    const auto place = runs.empty() ? 0 : static_cast<std::size_t>(samples.number(0, last));
    const std::int64_t what = runs.empty() ? 0 : samples.number(0, 7);
    if (what <= 2) {
      RunRow run = plain_run(step, samples.number(0, 1) == 0 ? "d" : "e");
      run.execution_date = {step};
      if (what == 2) run.state = RunState::failed, run.ended_at = WallTime{samples.number(1, 9)};
      runs.push_back(run);
      changes.emplace_back(run);
      for (std::int64_t k = samples.number(0, 3); k > 0; --k)
        changes.emplace_back(plain_task(++task, run.id, "t" + std::to_string(k)));
    } else if (what == 3) {  // with instances that were made just before
      changes.emplace_back(plain_task(++task, runs[place].id, "late"));
      changes.emplace_back(RunDeletion{runs[place].id, runs[place].version});
      runs.erase(runs.begin() + static_cast<std::ptrdiff_t>(place));
    } else {
      RunRow& run = runs[place];
      run.state = static_cast<RunState>(samples.number(0, 3));
      run.ended_at.reset();
      if (is_final(run.state)) run.ended_at = WallTime{samples.number(1, 9)};  // some end at the same time
      ++run.version;
      changes.emplace_back(run);
    }
    must(store->commit(changes));
    // A transaction that comes to nothing counts nothing.
    if (!runs.empty()) {
      const TaskInstanceRow lost = plain_task(task + 1, runs.back().id, "lost");
      REQUIRE_FALSE(store->commit(std::vector<Change>{lost, lost}));
    }
  }
  const auto counted = pairs_of(folder, "SELECT state, count(*) FROM dag_run GROUP BY state");
  for (const char* state : {"queued", "running", "success", "failed"}) {
    const std::string sql = std::string("SELECT '', ") + state + " FROM run_total";
    CHECK(pairs_of(folder, sql)[""] == (counted.contains(state) ? counted.at(state) : 0));
  }
  CHECK(pairs_of(folder, "SELECT '', n FROM task_total") ==
        pairs_of(folder, "SELECT '', count(*) FROM task_instance"));
  // The newest of the ended ones, of those that ended together the one made last.
  CHECK(pairs_of(folder, "SELECT dag_id, end_date FROM failing_dag") ==
        pairs_of(folder, "SELECT dag_id, end_date FROM dag_run r WHERE state = 'failed' AND NOT EXISTS"
                         " (SELECT 1 FROM dag_run o WHERE o.dag_id = r.dag_id AND o.end_date IS NOT NULL"
                         " AND (o.end_date, o.id) > (r.end_date, r.id))"));
  CHECK(pairs_of(folder, "SELECT dag_id || '/' || state, n FROM run_count WHERE n <> 0") ==
        pairs_of(folder, "SELECT dag_id || '/' || state, count(*) FROM dag_run GROUP BY dag_id, state"));
  CHECK(pairs_of(folder, "SELECT dag_id, n FROM task_count WHERE n <> 0") ==
        pairs_of(folder, "SELECT r.dag_id, count(*) FROM task_instance t"
                         " JOIN dag_run r ON r.id = t.dag_run_id GROUP BY r.dag_id"));
}

TEST_CASE("a DAG is failing while its newest ended run is a failed one of the time asked for") {
  const Folder folder;
  const auto store = open_store(folder);
  const auto reader = open_reader(folder);
  using Names = std::vector<std::string>;
  ViewReader& views = reader->views();
  must(store->commit(ended_run(1, 5)));
  CHECK(views.failing_dags(start).empty());
  must(store->commit(ended_run(2, 5, TaskState::failed)));
  CHECK(views.failing_dags(start) == Names{"d"});
  CHECK(views.failing_dags(start + seconds{126}).empty());
  reader->see_only(Scope({"e"}));
  CHECK(views.failing_dags(start).empty());
  reader->see_only(Scope({"d"}));
  CHECK(views.failing_dags(start) == Names{"d"});
  CHECK(reader->run_counts({"d", "e"}).size() == 2);  // success, failed
  must(store->commit(ended_run(3, 5)));
  CHECK(views.failing_dags(start).empty());
}

}  // namespace millrace::test
