#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "scheduler/rows.h"

namespace millrace {

/// What a preview must know of a run.
struct DatedRun {
  WallTime execution_date;
  RunState state = RunState::queued;
  RunId id;
};

/// What is asked about backfills alone, few columns of many rows. Part of a StoreReader: its thread, its
/// errors.
class BackfillQueries {
 public:
  virtual ~BackfillQueries() = default;
  /// By execution_date in [from, to].
  virtual std::vector<DatedRun> dated_runs(std::string_view dag_id, WallTime from, WallTime to) = 0;
  /// Those that aren't final, of one DAG or (empty) of all.
  virtual std::vector<BackfillRow> active(std::string_view dag_id) = 0;
  /// Those that the backfill carries on into, directly and through others.
  virtual std::vector<BackfillRow> cascade(BackfillId root) = 0;
  /// By execution_date in [from, to]: the dates that are decided.
  virtual std::vector<std::pair<WallTime, ItemState>> item_states(BackfillId, WallTime from, WallTime to) = 0;
  /// The earliest `limit` of the failed dates.
  virtual std::vector<BackfillItemRow> failed_items(BackfillId, int limit) = 0;
  /// When the backfill's last `limit` runs ended, latest first.
  virtual std::vector<WallTime> last_ends(BackfillId, int limit) = 0;
  /// The DAG's last successful runs by execution_date, latest first.
  virtual std::vector<RunRow> last_successes(std::string_view dag_id, int limit) = 0;
};

}  // namespace millrace
