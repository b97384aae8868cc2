#pragma once

#include "store/backfill_queries.h"
#include "store/sqlite.h"

namespace millrace {

/// BackfillQueries on a reader's connection, which must outlive it. Internal to store/.
class SqliteBackfillQueries final : public BackfillQueries {
 public:
  explicit SqliteBackfillQueries(sqlite::Connection& connection) : connection_(connection) {}

  std::vector<DatedRun> dated_runs(std::string_view dag_id, WallTime from, WallTime to) override;
  std::vector<BackfillRow> active(std::string_view dag_id) override;
  std::vector<BackfillRow> cascade(BackfillId root) override;
  std::vector<std::pair<WallTime, ItemState>> item_states(BackfillId, WallTime from, WallTime to) override;
  std::vector<BackfillItemRow> failed_items(BackfillId, int limit) override;
  std::vector<WallTime> last_ends(BackfillId, int limit) override;
  std::vector<RunRow> last_successes(std::string_view dag_id, int limit) override;

 private:
  sqlite::Connection& connection_;
};

}  // namespace millrace
