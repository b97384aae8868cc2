#include "store/sqlite_views.h"

#include <algorithm>
#include <limits>

#include "store/view_queries.h"
#include "store/words_sql.h"

namespace millrace {
namespace {

template <class Word>
Word word(const sqlite::Statement& row, int column) {
  Word out{};
  if (!from_word(row.text(column), out))
    throw StoreError("damaged row: unknown word '" + std::string(row.text(column)) + "'");
  return out;
}

std::optional<WallTime> maybe_time(const sqlite::Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return WallTime{row.integer(column)};
}

RunBar run_bar(const sqlite::Statement& row) {
  RunBar out;
  out.id = {row.integer(0)};
  out.dag_id = row.text(1);
  out.run_id = row.text(2);
  out.execution_date = {row.integer(3)};
  out.type = word<RunType>(row, 4);
  out.state = word<RunState>(row, 5);
  out.reason = row.text(6);
  out.dag_version = {row.integer(7)};
  out.has_note = row.integer(8) != 0;
  out.queued_at = {row.integer(9)};
  out.started_at = maybe_time(row, 10);
  out.ended_at = maybe_time(row, 11);
  out.late_at = maybe_time(row, 12);
  return out;
}

std::vector<RunBar> run_bars(sqlite::Statement& statement) {
  const sqlite::Use use(statement);
  std::vector<RunBar> out;
  while (statement.step()) out.push_back(run_bar(statement));
  return out;
}

/// The smallest sample that at least `share` of them don't exceed. `sorted` isn't empty.
double quantile(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(sorted.size()) + 0.999999);
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

}  // namespace

SqliteViews::SqliteViews(sqlite::Connection& c, const std::optional<Scope>& scope)
    : connection_(c),
      scope_(scope),
      past_task_(c, queries::past_task_durations()),
      past_run_(c, queries::past_run_durations()),
      transitions_(c, queries::transitions_of_run()),
      last_runs_(c, queries::last_runs()),
      active_runs_(c, queries::active_run_bars(false)),
      ended_runs_(c, queries::runs_ended_since(false)),
      ended_counts_(c, queries::ended_counts(false)),
      runs_in_(c, queries::runs_in()),
      cells_(c, queries::cells_of_run()),
      attempts_(c, queries::attempt_bars_of_run()) {}

std::optional<PastSeconds> SqliteViews::past_seconds(std::string_view dag_id, std::string_view task_id) {
  if (!sees(dag_id)) return std::nullopt;
  sqlite::Statement& statement = task_id.empty() ? past_run_ : past_task_;
  const sqlite::Use use(statement);
  statement.bind(1, dag_id);
  if (!task_id.empty()) statement.bind(2, task_id);
  std::vector<double> seconds;
  while (statement.step()) seconds.push_back(static_cast<double>(std::max<std::int64_t>(
                               0, statement.integer(0))) / 1e6);
  if (seconds.empty()) return std::nullopt;
  std::ranges::sort(seconds);
  return PastSeconds{quantile(seconds, 0.5), quantile(seconds, 0.9), static_cast<int>(seconds.size())};
}

std::vector<Transition> SqliteViews::transitions(RunId run, TaskInstanceId id, int limit) {
  const sqlite::Use use(transitions_);
  transitions_.bind(1, run.value);
  transitions_.bind(2, id.value);
  transitions_.bind(3, std::int64_t{limit});
  std::vector<Transition> out;
  while (transitions_.step()) {
    Transition& row = out.emplace_back();
    row.task_instance = {transitions_.integer(0)};
    row.at = {transitions_.integer(1)};
    row.kind = transitions_.text(2);
    row.from = transitions_.text(3);
    row.to = transitions_.text(4);
    row.cause = transitions_.text(5);
    if (scope_) row.cause = without_others(row.cause, [this](std::string_view other) { return sees(other); });
  }
  return out;
}

std::int64_t SqliteViews::revision() {
  return connection_.integer("SELECT max(seq) FROM event").value_or(0);
}

std::vector<RunBar> SqliteViews::last_runs(std::string_view dag_id, std::optional<WallTime> end, int limit) {
  if (!sees(dag_id)) return {};
  last_runs_.bind(1, dag_id);
  last_runs_.bind(2, end ? end->us : std::numeric_limits<std::int64_t>::max());
  last_runs_.bind(3, std::int64_t{limit});
  return run_bars(last_runs_);
}

std::vector<RunBar> SqliteViews::active_runs(int limit) {
  if (scope_) {
    sqlite::Statement of_scope(connection_, queries::active_run_bars(true));
    of_scope.bind(1, std::int64_t{limit});
    of_scope.bind(2, std::string_view(scope_->json()));
    return run_bars(of_scope);
  }
  active_runs_.bind(1, std::int64_t{limit});
  return run_bars(active_runs_);
}

std::vector<RunBar> SqliteViews::runs_ended_since(WallTime since, int limit) {
  if (scope_) {
    sqlite::Statement of_scope(connection_, queries::runs_ended_since(true));
    of_scope.bind(1, since.us);
    of_scope.bind(2, std::int64_t{limit});
    of_scope.bind(3, std::string_view(scope_->json()));
    return run_bars(of_scope);
  }
  ended_runs_.bind(1, since.us);
  ended_runs_.bind(2, std::int64_t{limit});
  return run_bars(ended_runs_);
}

std::vector<std::pair<RunState, std::int64_t>> SqliteViews::ended_counts(WallTime since) {
  std::vector<std::pair<RunState, std::int64_t>> out;
  const auto read = [&](sqlite::Statement& counts) {
    const sqlite::Use use(counts);
    counts.bind(1, since.us);
    while (counts.step()) out.emplace_back(word<RunState>(counts, 0), counts.integer(1));
  };
  if (scope_) {
    sqlite::Statement of_scope(connection_, queries::ended_counts(true));
    of_scope.bind(2, std::string_view(scope_->json()));
    read(of_scope);
  } else {
    read(ended_counts_);
  }
  return out;
}

std::vector<std::string> SqliteViews::failing_dags(WallTime since) {
  sqlite::Statement failing(connection_, queries::failing_dags(scope_.has_value()));
  failing.bind(1, since.us);
  if (scope_) failing.bind(2, std::string_view(scope_->json()));
  std::vector<std::string> out;
  while (failing.step()) out.emplace_back(failing.text(0));
  return out;
}

std::vector<CalendarRun> SqliteViews::runs_in(std::string_view dag_id, WallTime from, WallTime to,
                                              int limit) {
  if (!sees(dag_id)) return {};
  const sqlite::Use use(runs_in_);
  runs_in_.bind(1, dag_id);
  runs_in_.bind(2, from.us);
  runs_in_.bind(3, to.us);
  runs_in_.bind(4, std::int64_t{limit});
  std::vector<CalendarRun> out;
  while (runs_in_.step())
    out.push_back({{runs_in_.integer(0)}, word<RunState>(runs_in_, 1), runs_in_.integer(2) != 0,
                   maybe_time(runs_in_, 3), maybe_time(runs_in_, 4)});
  return out;
}

void SqliteViews::each_cell(std::span<const RunId> runs, const std::function<void(const Cell&)>& visit) {
  sqlite::Transaction one_snapshot(connection_, sqlite::Transaction::Kind::read);
  for (const RunId run : runs) {
    const sqlite::Use use(cells_);
    cells_.bind(1, run.value);
    Cell cell;
    cell.run = run;
    while (cells_.step()) {
      cell.id = {cells_.integer(0)};
      cell.task = static_cast<TaskIndex>(cells_.integer(1));
      cell.map_index = static_cast<int>(cells_.integer(2));
      cell.state = word<TaskState>(cells_, 3);
      cell.try_number = static_cast<int>(cells_.integer(4));
      cell.has_note = cells_.integer(5) != 0;
      cell.started_at = maybe_time(cells_, 6);
      cell.ended_at = maybe_time(cells_, 7);
      visit(cell);
    }
  }
}

void SqliteViews::add_attempts(const RunBar& run, WallTime from, WallTime to, std::size_t limit,
                               std::vector<AttemptBar>& out) {
  const sqlite::Use use(attempts_);
  attempts_.bind(1, run.id.value);
  attempts_.bind(2, from.us);
  attempts_.bind(3, to.us);
  while (out.size() < limit && attempts_.step()) {
    AttemptBar& bar = out.emplace_back();
    bar.run = run.id;
    bar.dag_id = run.dag_id;
    bar.run_id = run.run_id;
    bar.task_id = attempts_.text(0);
    bar.map_index = static_cast<int>(attempts_.integer(1));
    bar.try_number = static_cast<int>(attempts_.integer(2));
    bar.pool = attempts_.text(3);
    from_json(attempts_.text(4), bar.devices);
    bar.created_at = {attempts_.integer(5)};
    bar.started_at = maybe_time(attempts_, 6);
    bar.ended_at = maybe_time(attempts_, 7);
    if (!attempts_.is_null(8)) bar.outcome = word<Outcome>(attempts_, 8);
  }
}

std::vector<AttemptBar> SqliteViews::attempts_between(WallTime from, WallTime to, int limit) {
  sqlite::Transaction one_snapshot(connection_, sqlite::Transaction::Kind::read);
  const auto bound = static_cast<std::size_t>(limit);
  std::vector<AttemptBar> out;
  for (const auto& runs : {active_runs(limit), runs_ended_since(from, limit)})
    for (const RunBar& run : runs) {
      if (out.size() == bound) return out;
      if (run.queued_at <= to) add_attempts(run, from, to, bound, out);
    }
  return out;
}

}  // namespace millrace
