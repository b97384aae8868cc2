#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "scheduler/rows.h"
#include "store/asset_reader.h"
#include "store/backfill_queries.h"
#include "store/named_event.h"
#include "store/scope.h"
#include "store/store.h"
#include "store/version_reader.h"
#include "store/view_reader.h"

namespace millrace {

/// One page of a list. `order_by`: a column's API name, `-` in front for descending, several with commas
/// between; unknown ones are `invalid`, and so is what no index serves once it takes limits::list_steps.
struct Page {
  int limit = 50;
  int offset = 0;
  std::string order_by = {};
  std::optional<std::int64_t> after_id = {};  ///< a cursor: the rows after this id, by id, uncounted
  bool counted = true;                        ///< false: total_entries is not wanted
};
template <class Row>
struct Listed {
  std::vector<Row> rows;
  std::int64_t total_entries = 0;
  bool at_least = false;  ///< counting stopped there: there may be more
};

/// Inclusive; nothing: open on that side.
struct TimeSpan {
  std::optional<WallTime> from, to;
};
struct DurationSpan {
  std::optional<std::int64_t> from_us, to_us;
};
/// Texts that contain `like` (with `%` and `_` as in SQL's LIKE, ASCII case aside) and start with `prefix`;
/// empty: all.
struct TextMatch {
  std::string like, prefix;
};

struct RunFilter {
  std::string dag_id;  ///< empty: all (`~`)
  std::vector<RunState> states;
  std::vector<RunType> types;
  std::optional<WallTime> execution_date_from, execution_date_to;  ///< inclusive
  std::optional<WallTime> queued_from, queued_to;
  std::string run_id_prefix;
  BackfillId backfill;
  std::vector<std::string> dag_ids;  ///< empty: all
  TimeSpan run_after, started, ended;
  DurationSpan duration;
  TextMatch dag, run_id, by;
  std::string conf_contains;
  int version_number = 0;    ///< 0: any
  std::string version_hash;  ///< empty: any
};
struct TaskInstanceFilter {
  RunId run;  ///< 0: all runs of `dag_id`
  std::string dag_id;
  std::string task_id;
  std::vector<TaskState> states;
  std::optional<std::vector<RunId>> runs;  ///< of these only
  std::vector<std::string> dag_ids, task_ids, pools;
  std::vector<std::int64_t> try_numbers, map_indexes, version_numbers;
  bool mapped = false;  ///< only instances of mapped tasks
  TimeSpan execution_date, run_after, started, ended;
  DurationSpan duration;
  TextMatch dag, run_id, task, pool;
};
struct EventFilter {
  std::string dag_id;
  RunId run;
  TaskInstanceId task_instance;
  std::int64_t after_seq = 0;
  std::string task_id;
  std::optional<std::int64_t> map_index, try_number;
  std::vector<std::string> kinds, not_kinds;
  TimeSpan at;
  std::string owner;
  TextMatch kind, dag, task, by;  ///< `by`: the owner
};

/// A read-only connection: short transactions, one thread at a time. The API keeps a small pool of these. It
/// sees what is committed, nothing else. Any read throws StoreError (store_error.h) when the database can't
/// be read.
/// How many runs a DAG has in a state.
struct RunCount {
  std::string dag_id;
  RunState state = RunState::queued;
  std::int64_t runs = 0;
};

class StoreReader {
 public:
  static Result<std::unique_ptr<StoreReader>> open(const std::filesystem::path& database);
  virtual ~StoreReader() = default;

  /// From now on only the rows of these DAGs are there, in lists, counts and look-ups by name, and of
  /// datasets those that one of them makes, reads or waits for; what such a row says of other DAGs is left
  /// out. What is asked by the id of a row that was shown (attempts, outputs, cells, transitions) isn't
  /// looked at again; pools, variables, access() and named_events() are whole. Nothing: all rows again.
  virtual void see_only(std::optional<Scope>) = 0;
  virtual std::vector<std::string> dag_ids() = 0;  ///< of all DAGs, the removed ones too, whatever is seen

  /// One page of those that aren't removed, by dag_id.
  virtual Listed<DagRow> dag_page(int limit, int offset, bool descending) = 0;
  virtual std::optional<DagRow> dag(std::string_view dag_id) = 0;
  virtual std::vector<DagVersionRow> dag_versions(std::string_view dag_id) = 0;  ///< without source
  virtual std::optional<DagVersionRow> dag_version(DagVersionId) = 0;
  virtual std::vector<ImportErrorRow> import_errors() = 0;

  /// Keys: id dag_id run_id execution_date (logical_date) data_interval_start data_interval_end state
  /// run_type queued_at start_date end_date run_after duration. By id without one.
  virtual Result<Listed<RunRow>> runs(const RunFilter&, const Page&) = 0;
  virtual std::optional<RunRow> run(std::string_view dag_id, std::string_view run_id) = 0;
  virtual std::optional<RunRow> run(RunId) = 0;
  virtual std::vector<RunId> runs_named(std::string_view run_id) = 0;  ///< of any DAG; at most 1,000
  /// Of the latest execution_date.
  virtual std::optional<RunRow> last_run(std::string_view dag_id) = 0;
  /// Of these DAGs in each state; nothing for a state that none was ever in. Kept, not counted.
  virtual std::vector<RunCount> run_counts(std::vector<std::string> dag_ids) = 0;
  /// Keys: id task_id map_index execution_date state try_number priority pool queued_at start_date end_date
  /// duration. In the DAG's order within one run, by id without a run.
  virtual Result<Listed<TaskInstanceRow>> task_instances(const TaskInstanceFilter&, const Page&) = 0;
  virtual std::optional<TaskInstanceRow> task_instance(RunId, std::string_view task_id, int map_index) = 0;
  virtual std::optional<TaskInstanceRow> task_instance(TaskInstanceId) = 0;
  virtual std::optional<AttemptRow> attempt(AttemptId) = 0;
  virtual std::vector<AttemptRow> attempts(TaskInstanceId) = 0;  ///< by try_number
  virtual std::vector<OutputRow> outputs(TaskInstanceId) = 0;
  /// Counts by state word of one run's task instances.
  virtual std::vector<std::pair<std::string, std::int64_t>> state_counts(RunId) = 0;

  /// Keys: id dag_id from_date to_date state created_at start_date completed_at.
  /// `states`: only in these; all without.
  virtual Result<Listed<BackfillRow>> backfills(std::string_view dag_id,
                                                const std::vector<BackfillState>& states, const Page&) = 0;
  virtual std::optional<BackfillRow> backfill(BackfillId) = 0;
  /// Keys: execution_date state reason. `states` as above.
  virtual Result<Listed<BackfillItemRow>> backfill_items(BackfillId, const std::vector<ItemState>& states,
                                                         const Page&) = 0;
  virtual BackfillQueries& about_backfills() = 0;
  /// Runs of a DAG by execution_date in [from, to].
  virtual std::vector<RunRow> runs_between(std::string_view dag_id, WallTime from, WallTime to) = 0;
  /// Mean seconds of the DAG's last 20 successful runs; nothing when there are none.
  virtual std::optional<double> mean_run_seconds(std::string_view dag_id) = 0;

  /// What screens read beside these.
  virtual ViewReader& views() = 0;

  virtual std::vector<PoolRow> pools() = 0;
  /// Keys: key value description.
  virtual Result<Listed<VariableRow>> variables(const TextMatch& key, const Page&) = 0;
  virtual std::optional<VariableRow> variable(std::string_view key) = 0;
  virtual AccessReader& access() = 0;  ///< tokens, sessions, kept answers, audit
  virtual std::vector<DatasetEventRow> dataset_events(std::string_view dataset, int limit) = 0;
  /// The register of datasets, and what became of their events. Lives as long as this.
  virtual AssetReader& assets() = 0;
  /// Versions of datasets, and who read and wrote them. Lives as long as this.
  virtual VersionReader& versions() = 0;
  /// Keys: seq at kind dag_id. Served by an index for a DAG, a run, a task instance and a time; other filters
  /// look through what those leave, or through the newest lines (limits::event_window).
  virtual Result<Listed<EventRow>> events(const EventFilter&, const Page&) = 0;
  /// The next `limit` events after `after_seq` and up to `last_seq`, in order: what a stream reads again.
  virtual std::vector<NamedEvent> named_events(std::int64_t after_seq, std::int64_t last_seq, int limit) = 0;
  /// The newest event's number; 0: none yet.
  virtual std::int64_t last_event() = 0;
};

}  // namespace millrace
