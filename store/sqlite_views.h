#pragma once

#include "store/scope.h"
#include "store/sqlite.h"
#include "store/view_reader.h"

namespace millrace {

/// ViewReader on a reader's connection. Internal to store/.
class SqliteViews final : public ViewReader {
 public:
  /// `scope` is the reader's own, which may change between calls.
  SqliteViews(sqlite::Connection&, const std::optional<Scope>& scope);

  std::optional<PastSeconds> past_seconds(std::string_view dag_id, std::string_view task_id) override;
  std::vector<Transition> transitions(RunId, TaskInstanceId, int limit) override;
  std::int64_t revision() override;
  std::vector<RunBar> last_runs(std::string_view dag_id, std::optional<WallTime> end, int limit) override;
  std::vector<RunBar> active_runs(int limit) override;
  std::vector<RunBar> runs_ended_since(WallTime, int limit) override;
  std::vector<std::pair<RunState, std::int64_t>> ended_counts(WallTime since) override;
  std::vector<std::string> failing_dags(WallTime since) override;
  std::vector<CalendarRun> runs_in(std::string_view dag_id, WallTime from, WallTime to, int limit) override;
  void each_cell(std::span<const RunId>, const std::function<void(const Cell&)>&) override;
  std::vector<AttemptBar> attempts_between(WallTime from, WallTime to, int limit) override;

 private:
  void add_attempts(const RunBar&, WallTime from, WallTime to, std::size_t limit, std::vector<AttemptBar>&);

  bool sees(std::string_view dag_id) const { return !scope_ || scope_->has(dag_id); }

  sqlite::Connection& connection_;
  const std::optional<Scope>& scope_;
  sqlite::Statement past_task_, past_run_, transitions_, last_runs_, active_runs_, ended_runs_, ended_counts_,
      runs_in_, cells_, attempts_;
};

}  // namespace millrace
