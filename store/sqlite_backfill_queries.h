#pragma once

#include "store/backfill_queries.h"
#include "store/scope.h"
#include "store/sqlite.h"

namespace millrace {

/// BackfillQueries on a reader's connection, which must outlive it. Internal to store/.
class SqliteBackfillQueries final : public BackfillQueries {
 public:
  /// `scope` is the reader's own, which may change between calls.
  SqliteBackfillQueries(sqlite::Connection& connection, const std::optional<Scope>& scope)
      : connection_(connection), scope_(scope) {}

  std::vector<DatedRun> dated_runs(std::string_view dag_id, WallTime from, WallTime to) override;
  std::vector<BackfillRow> active(std::string_view dag_id) override;
  std::vector<BackfillRow> cascade(BackfillId root) override;
  std::vector<std::pair<WallTime, ItemState>> item_states(BackfillId, WallTime from, WallTime to) override;
  std::vector<BackfillItemRow> failed_items(BackfillId, int limit) override;
  std::vector<WallTime> last_ends(BackfillId, int limit) override;
  std::vector<RunRow> last_successes(std::string_view dag_id, int limit) override;

 private:
  bool sees(const std::string& dag_id) const { return !scope_ || scope_->has(dag_id); }

  sqlite::Connection& connection_;
  const std::optional<Scope>& scope_;
};

}  // namespace millrace
