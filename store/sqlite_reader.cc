#include "store/sqlite_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/limits.h"
#include "store/dag_names.h"
#include "store/list_filters.h"
#include "store/access_sql.h"
#include "store/list_query.h"
#include "store/queries.h"
#include "store/reader.h"
#include "store/scoped_rows.h"
#include "store/sort_keys.h"
#include "store/sqlite.h"
#include "store/sqlite_asset_reader.h"
#include "store/sqlite_backfill_queries.h"
#include "store/sqlite_version_reader.h"
#include "store/sqlite_views.h"

/// StoreReader on SQLite: look-ups by kept statements, lists by statements made from their filter.
namespace millrace {
namespace {

// A mean over more failures than this is found by nobody; the scan stays short.
constexpr int runs_looked_at = 1'000;

class SqliteReader final : public StoreReader {
 public:
  explicit SqliteReader(sqlite::Connection& connection)
      : connection_(connection),
        dag_(connection_, queries::dag_by_id()),
        run_by_name_(connection_, queries::run_by_name()),
        run_by_id_(connection_, queries::run_by_id()),
        task_instance_(connection_, queries::task_instance()),
        attempts_(connection_, queries::attempts()),
        outputs_(connection_, queries::outputs_of_instance()),
        counts_(connection_,
                "SELECT state, count(*) FROM task_instance WHERE dag_run_id = ?1 GROUP BY state"),
        runs_between_(connection_, queries::runs_between()),
        named_events_(connection_, queries::named_events()),
        last_event_(connection_, queries::max_id("event", "seq")),
        assets_(connection_, scope_),
        versions_(connection_, scope_),
        views_(connection_, scope_),
        about_backfills_(connection_, scope_),
        access_(make_access_reader(connection_)) {}
  explicit SqliteReader(std::unique_ptr<sqlite::Connection> connection) : SqliteReader(*connection) {
    connection_.exec("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2048");
    owned_ = std::move(connection);
  }

  void see_only(std::optional<Scope> scope) override { scope_ = std::move(scope); }

  std::vector<std::string> dag_ids() override;
  Listed<DagRow> dag_page(int limit, int offset, bool descending) override {
    sqlite::Transaction one_snapshot(connection_, sqlite::Transaction::Kind::read);
    sqlite::Statement page(connection_, queries::dag_page(descending, scope_.has_value()));
    sqlite::Statement total(connection_, queries::dag_total(scope_.has_value()));
    page.bind(1, std::int64_t{limit});
    page.bind(2, std::int64_t{offset});
    if (scope_) page.bind(3, scope_->json()), total.bind(1, scope_->json());
    Listed<DagRow> out{read_all<DagRow>(page), 0};
    if (total.step()) out.total_entries = total.integer(0);
    return out;
  }

  std::optional<DagRow> dag(std::string_view dag_id) override {
    if (!sees(dag_id)) return std::nullopt;
    dag_.bind(1, dag_id);
    return read_one<DagRow>(dag_);
  }

  std::vector<DagVersionRow> dag_versions(std::string_view dag_id) override {
    if (!sees(dag_id)) return {};
    sqlite::Statement statement(connection_,
                                "SELECT id, dag_id, number, hash, '', file_name, folder, created_at"
                                " FROM dag_version WHERE dag_id = ?1 ORDER BY number");
    statement.bind(1, dag_id);
    return read_all<DagVersionRow>(statement);
  }

  std::optional<DagVersionRow> dag_version(DagVersionId id) override {
    sqlite::Statement statement(connection_, select_from<DagVersionRow>() + "WHERE id = ?1");
    statement.bind(1, id.value);
    return seen(read_one<DagVersionRow>(statement));
  }

  std::vector<ImportErrorRow> import_errors() override {
    return scope_ ? import_errors_of(connection_, *scope_) : all<ImportErrorRow>("ORDER BY file_name, id");
  }

  Result<Listed<RunRow>> runs(const RunFilter&, const Page&) override;
  Result<Listed<TaskInstanceRow>> task_instances(const TaskInstanceFilter&, const Page&) override;
  Result<Listed<BackfillRow>> backfills(std::string_view dag_id, const std::vector<BackfillState>& states,
                                        const Page&) override;
  Result<Listed<BackfillItemRow>> backfill_items(BackfillId, const std::vector<ItemState>& states,
                                                 const Page&) override;
  Result<Listed<EventRow>> events(const EventFilter&, const Page&) override;
  std::vector<NamedEvent> named_events(std::int64_t after_seq, std::int64_t last_seq, int limit) override;
  std::optional<double> mean_run_seconds(std::string_view dag_id) override;
  std::vector<DatasetEventRow> dataset_events(std::string_view dataset, int limit) override;
  std::vector<std::pair<std::string, std::int64_t>> state_counts(RunId) override;
  std::vector<RunCount> run_counts(std::vector<std::string> dag_ids) override {
    std::erase_if(dag_ids, [this](const std::string& dag_id) { return !sees(dag_id); });
    return kept_runs(connection_, Scope(std::move(dag_ids)));
  }

  std::optional<RunRow> run(std::string_view dag_id, std::string_view run_id) override {
    run_by_name_.bind(1, dag_id);
    run_by_name_.bind(2, run_id);
    return seen(read_one<RunRow>(run_by_name_));
  }

  std::optional<RunRow> run(RunId id) override {
    run_by_id_.bind(1, id.value);
    return seen(read_one<RunRow>(run_by_id_));
  }

  std::vector<RunId> runs_named(std::string_view run_id) override {
    sqlite::Statement statement(connection_, queries::runs_named(scope_.has_value()));
    statement.bind(1, run_id);
    if (scope_) statement.bind(2, scope_->json());
    std::vector<RunId> out;
    while (statement.step()) out.push_back({statement.integer(0)});
    return out;
  }

  std::optional<RunRow> last_run(std::string_view dag_id) override {
    sqlite::Statement statement(connection_, queries::last_run());
    statement.bind(1, dag_id);
    return seen(read_one<RunRow>(statement));
  }

  std::optional<TaskInstanceRow> task_instance(RunId run, std::string_view task_id, int map_index) override {
    task_instance_.bind(1, run.value);
    task_instance_.bind(2, task_id);
    task_instance_.bind(3, std::int64_t{map_index});
    return shown(read_one<TaskInstanceRow>(task_instance_));
  }

  std::optional<TaskInstanceRow> task_instance(TaskInstanceId id) override {
    sqlite::Statement statement(connection_, select_from<TaskInstanceRow>() + "WHERE id = ?1");
    statement.bind(1, id.value);
    return shown(read_one<TaskInstanceRow>(statement));
  }

  std::optional<AttemptRow> attempt(AttemptId id) override {
    sqlite::Statement statement(connection_, select_from<AttemptRow>() + "WHERE id = ?1");
    statement.bind(1, id.value);
    return read_one<AttemptRow>(statement);
  }

  std::vector<AttemptRow> attempts(TaskInstanceId id) override {
    attempts_.bind(1, id.value);
    return read_all<AttemptRow>(attempts_);
  }

  std::vector<OutputRow> outputs(TaskInstanceId id) override {
    outputs_.bind(1, id.value);
    return read_all<OutputRow>(outputs_);
  }

  std::int64_t last_event() override {
    const sqlite::Use use(last_event_);
    return last_event_.step() ? last_event_.integer(0) : 0;
  }
  std::optional<BackfillRow> backfill(BackfillId id) override {
    sqlite::Statement statement(connection_, select_from<BackfillRow>() + "WHERE id = ?1");
    statement.bind(1, id.value);
    auto row = read_one<BackfillRow>(statement);
    return row && sees(row->spec.dag_id) ? std::move(row) : std::nullopt;
  }

  BackfillQueries& about_backfills() override { return about_backfills_; }

  std::vector<RunRow> runs_between(std::string_view dag_id, WallTime from, WallTime to) override {
    if (!sees(dag_id)) return {};
    runs_between_.bind(1, dag_id);
    runs_between_.bind(2, from.us);
    runs_between_.bind(3, to.us);
    return read_all<RunRow>(runs_between_);
  }

  AssetReader& assets() override { return assets_; }
  VersionReader& versions() override { return versions_; }
  ViewReader& views() override { return views_; }

  Result<Listed<VariableRow>> variables(const TextMatch& key, const Page& page) override {
    Where where;
    where.text("key", key);
    return listed<VariableRow>(where, page, variable_keys, "key", "key");
  }

  std::optional<VariableRow> variable(std::string_view key) override {
    sqlite::Statement statement(connection_, queries::variable());
    statement.bind(1, key);
    return read_one<VariableRow>(statement);
  }

  std::vector<PoolRow> pools() override { return all<PoolRow>("WHERE removed = 0 ORDER BY name"); }

  AccessReader& access() override { return *access_; }

 private:
  std::int64_t last_seq_before(WallTime);
  bool sees(std::string_view dag_id) const { return !scope_ || scope_->has(dag_id); }
  const Scope* scope() const { return scope_ ? &*scope_ : nullptr; }
  /// Nothing for a row of a DAG that isn't seen.
  template <class Row>
  std::optional<Row> seen(std::optional<Row> row) const {
    return row && sees(row->dag_id) ? shown(std::move(row)) : std::nullopt;
  }
  /// Without what its words say of other DAGs.
  template <class Row>
  std::optional<Row> shown(std::optional<Row> row) const {
    if (row && scope_) hide_others(*row, *scope_);
    return row;
  }
  template <class Row>
  Result<Listed<Row>> shown(Result<Listed<Row>> listed) const {
    if (listed && scope_) hide_others(listed->rows, *scope_);
    return listed;
  }

  template <class Row>
  std::vector<Row> all(const char* clauses) {
    sqlite::Statement statement(connection_, select_from<Row>() + clauses);
    return read_all<Row>(statement);
  }

  template <class Row>
  Result<Listed<Row>> listed(const Where& where, const Page& page, std::span<const SortKey> keys,
                             std::string_view by_default, std::string_view unique,
                             std::optional<std::int64_t> known_total = std::nullopt) {
    const auto order = order_clause(page, keys, by_default, unique);
    if (!order) return std::unexpected(order.error());
    return list_rows<Row>(connection_, where, *order, page, known_total);
  }
  bool sees_most(const char* counts, const Page&);
  void narrow(Where&, const RunFilter&, const std::vector<std::string>& dags);
  std::optional<std::int64_t> kept_total(const RunFilter&, const Where&, const Narrowing&);
  std::optional<std::int64_t> kept_total(const TaskInstanceFilter&, const Where&, bool by_id,
                                         const Narrowing&);

  std::unique_ptr<sqlite::Connection> owned_;  // first: closed after the statements
  std::optional<Scope> scope_;
  sqlite::Connection& connection_;
  sqlite::Statement dag_, run_by_name_, run_by_id_, task_instance_, attempts_, outputs_, counts_,
      runs_between_, named_events_, last_event_;
  SqliteAssetReader assets_;
  SqliteVersionReader versions_;
  SqliteViews views_;
  SqliteBackfillQueries about_backfills_;
  std::unique_ptr<AccessReader> access_;
};

std::vector<std::string> SqliteReader::dag_ids() {
  sqlite::Statement statement(connection_, "SELECT dag_id FROM dag");
  std::vector<std::string> out;
  while (statement.step()) out.emplace_back(statement.text(0));
  return out;
}

Result<Listed<RunRow>> SqliteReader::runs(const RunFilter& filter, const Page& page) {
  const std::vector<std::string> dags = dags_like(connection_, filter.dag, scope());
  if (const auto of_one = of_one_dag(filter, dags)) return runs(*of_one, page);
  static constexpr std::string_view by_date[] = {"execution_date", "-execution_date", "logical_date",
                                                 "-logical_date"};
  // By id the planner takes the first of each DAG; dates have an index of their own.
  const bool dated = std::ranges::find(by_date, page.order_by) != std::end(by_date);
  const Narrowing only{scope(), dated && filter.dag_id.empty() && sees_most("run_count", page)};
  Where where = where_of(filter, only);
  const auto total = kept_total(filter, where, only);
  if (page.after_id) where.more_than("id", *page.after_id);
  narrow(where, filter, dags);
  return shown(listed<RunRow>(where, page, run_keys, "id", "id", total));
}

/// Whether a page is reached sooner by going through all rows in its order than by sorting those of the
/// scope. `counts`: the table that keeps how many there are.
bool SqliteReader::sees_most(const char* counts, const Page& page) {
  if (!scope_) return false;
  Where of_scope;
  of_scope.within("dag_id", *scope_);
  const auto own = static_cast<double>(kept_sum(connection_, counts, of_scope));
  const bool of_runs = std::string_view(counts) == "run_count";
  const auto all = static_cast<double>(connection_.integer(queries::all_kept(of_runs)).value_or(0));
  return own * own > all * (static_cast<double>(page.offset) + page.limit);
}

void SqliteReader::narrow(Where& where, const RunFilter& filter, const std::vector<std::string>& dags) {
  if (are_few(connection_, dags, "run_count")) where.one_of("dag_id", dags);
  const std::string& prefix = filter.run_id.prefix.empty() ? filter.run_id_prefix : filter.run_id.prefix;
  if (prefix.empty()) return;
  Where named;
  named.starts_with("run_id", prefix);
  sqlite::Statement few(connection_, queries::runs_counted(named.sql(), few_rows + 1));
  named.bind(few);
  if (few.step() && few.integer(0) <= few_rows) where.starts_with("run_id", prefix);
}

/// Of runs the store keeps how many there are of each DAG in each state: the total of a filter that asks for
/// nothing else.
std::optional<std::int64_t> SqliteReader::kept_total(const RunFilter& filter, const Where& where,
                                                     const Narrowing& only) {
  RunFilter bare;
  bare.dag_id = filter.dag_id;
  bare.states = filter.states;
  if (where_of(bare, only).sql() != where.sql()) return std::nullopt;
  if (!filter.dag_id.empty() && !sees(filter.dag_id)) return 0;
  sqlite::Statement kept(connection_, filter.dag_id.empty()
                                          ? queries::kept_runs(scope_.has_value())
                                          : queries::kept_runs_of_dag());
  if (!filter.dag_id.empty()) kept.bind(1, filter.dag_id);
  else if (scope_) kept.bind(1, scope_->json());
  std::int64_t total = 0;
  while (kept.step()) {
    RunState state{};
    const bool known = from_word(kept.text(0), state);
    if (filter.states.empty() || (known && std::ranges::find(filter.states, state) != filter.states.end()))
      total += kept.integer(1);
  }
  return total;
}

std::optional<std::int64_t> SqliteReader::kept_total(const TaskInstanceFilter& filter, const Where& where,
                                                     bool by_id, const Narrowing& only) {
  TaskInstanceFilter bare;
  bare.dag_id = filter.dag_id;
  if (where_of(bare, by_id, only).sql() != where.sql()) return std::nullopt;
  if (!filter.dag_id.empty() && !sees(filter.dag_id)) return 0;
  sqlite::Statement kept(connection_, queries::kept_instances(!filter.dag_id.empty(), scope_.has_value()));
  if (!filter.dag_id.empty()) kept.bind(1, filter.dag_id);
  else if (scope_) kept.bind(1, scope_->json());
  return kept.step() ? kept.integer(0) : 0;
}

Result<Listed<TaskInstanceRow>> SqliteReader::task_instances(const TaskInstanceFilter& filter,
                                                             const Page& page) {
  const std::vector<std::string> dags = dags_like(connection_, filter.dag, scope());
  if (const auto of_one = of_one_dag(filter, dags)) return task_instances(*of_one, page);
  const bool by_id = page.after_id.has_value() || !page.order_by.empty();
  static constexpr std::string_view ids[] = {"id", "-id", ""};
  const bool walks = by_id && std::ranges::find(ids, page.order_by) != std::end(ids);
  Narrowing only{scope(), walks && sees_most("task_count", page)};
  Where where = where_of(filter, by_id, only);
  const auto total = kept_total(filter, where, by_id, only);
  // Every run has a task: so many runs fill the page.
  if (total && !by_id) only.runs = std::int64_t{page.offset} + page.limit;
  if (only.runs) where = where_of(filter, by_id, only);
  if (page.after_id) where.more_than("id", *page.after_id);
  if (are_few(connection_, dags, "task_count")) where.of_runs_of(dags);
  const std::string_view by_default = filter.run            ? "task_index, map_index"
                                      : where.from().empty() ? "id"
                                                             : "the_run, id";
  return shown(listed<TaskInstanceRow>(where, page, task_instance_keys, by_default, "id", total));
}

Result<Listed<BackfillRow>> SqliteReader::backfills(std::string_view dag_id,
                                                    const std::vector<BackfillState>& states,
                                                    const Page& page) {
  Where where;
  if (scope_) where.within("dag_id", *scope_);
  if (!dag_id.empty()) where.equals("dag_id", dag_id);
  where.one_of("state", states);
  return listed<BackfillRow>(where, page, backfill_keys, "id", "id");
}

Result<Listed<BackfillItemRow>> SqliteReader::backfill_items(BackfillId id,
                                                             const std::vector<ItemState>& states,
                                                             const Page& page) {
  Where where;
  where.equals("backfill_id", id.value);
  where.one_of("state", states);
  return listed<BackfillItemRow>(where, page, item_keys, "execution_date", "execution_date");
}

Result<Listed<EventRow>> SqliteReader::events(const EventFilter& filter, const Page& page) {
  Where where = where_of(filter, scope());
  const std::string of_scope = where_of(EventFilter{}, scope()).sql();
  // The index is by run; a task instance alone would be looked for in all of history.
  if (filter.task_instance && !filter.run) {
    sqlite::Statement run(connection_, "SELECT dag_run_id FROM task_instance WHERE id = ?1");
    run.bind(1, filter.task_instance.value);
    where.equals("dag_run_id", run.step() ? run.integer(0) : 0);
  }
  if (filter.at.from) where.more_than("seq", last_seq_before(*filter.at.from));
  if (filter.at.to)
    where.require(fmt::format("seq <= {}", last_seq_before(*filter.at.to + Duration{1})));
  const bool indexed = filter.run || !filter.dag_id.empty() || filter.task_instance || filter.at.from ||
                       !filter.owner.empty();
  const std::int64_t newest = connection_.integer("SELECT max(seq) FROM event").value_or(0);
  const bool alone = where.sql() == of_scope;
  if (!indexed && !alone && filter.after_seq == 0)
    where.more_than("seq", newest - static_cast<std::int64_t>(limits::event_window));
  // The numbers have no gaps: nothing needs counting but what is a scope's.
  const auto total = alone && !scope_ ? std::optional(newest) : std::nullopt;
  return shown(listed<EventRow>(where, page, event_keys, "seq", "seq", total));
}

/// By halving: seq grows with time. A clock that was set back may misplace the lines of that stretch.
std::int64_t SqliteReader::last_seq_before(WallTime time) {
  std::int64_t low = 0, high = connection_.integer("SELECT max(seq) FROM event").value_or(0);
  sqlite::Statement at(connection_, "SELECT at FROM event WHERE seq = ?1");
  while (low < high) {
    const std::int64_t middle = high - (high - low) / 2;
    at.bind(1, middle);
    const sqlite::Use use(at);
    if (at.step() && at.integer(0) >= time.us) {
      high = middle - 1;
    } else {
      low = middle;
    }
  }
  return low;
}

std::vector<NamedEvent> SqliteReader::named_events(std::int64_t after_seq, std::int64_t last_seq, int limit) {
  named_events_.bind(1, after_seq);
  named_events_.bind(2, last_seq);
  named_events_.bind(3, std::int64_t{limit});
  const sqlite::Use use(named_events_);
  std::vector<NamedEvent> events;
  const int run_id = static_cast<int>(columns_of<EventRow>().size());
  while (named_events_.step()) {
    NamedEvent& named = events.emplace_back();
    named.event = read_row<EventRow>(named_events_);
    if (!named_events_.is_null(run_id)) {
      named.run_id = named_events_.text(run_id);
      named.execution_date.us = named_events_.integer(run_id + 1);
      named.run_type = run_type_from(named_events_.text(run_id + 2)).value_or(RunType::manual);
      named.backfill.value = named_events_.integer(run_id + 3);
    }
    if (!named_events_.is_null(run_id + 4)) {
      named.task_id = named_events_.text(run_id + 4);
      named.map_index = static_cast<int>(named_events_.integer(run_id + 5));
    }
    named.try_number = static_cast<int>(named_events_.integer(run_id + 6));
  }
  return events;
}

std::vector<std::pair<std::string, std::int64_t>> SqliteReader::state_counts(RunId run) {
  counts_.bind(1, run.value);
  const sqlite::Use use(counts_);
  std::vector<std::pair<std::string, std::int64_t>> counts;
  while (counts_.step()) counts.emplace_back(counts_.text(0), counts_.integer(1));
  return counts;
}

std::optional<double> SqliteReader::mean_run_seconds(std::string_view dag_id) {
  if (!sees(dag_id)) return std::nullopt;
  sqlite::Statement statement(connection_, queries::mean_run_seconds(runs_looked_at));
  statement.bind(1, dag_id);
  if (!statement.step() || statement.is_null(0)) return std::nullopt;
  return statement.real(0);
}

std::vector<DatasetEventRow> SqliteReader::dataset_events(std::string_view dataset, int limit) {
  if (scope_ && !assets_.name(dataset)) return {};
  sqlite::Statement statement(
      connection_, select_from<DatasetEventRow>() + "WHERE dataset = ?1 ORDER BY id DESC LIMIT ?2");
  statement.bind(1, dataset);
  statement.bind(2, std::int64_t{limit});
  auto rows = read_all<DatasetEventRow>(statement);
  if (scope_) hide_others(rows, *scope_);
  return rows;
}

}  // namespace

std::unique_ptr<StoreReader> make_reader(sqlite::Connection& connection) {
  return std::make_unique<SqliteReader>(connection);
}

Result<std::unique_ptr<StoreReader>> StoreReader::open(const std::filesystem::path& database) {
  try {
    return std::make_unique<SqliteReader>(
        std::make_unique<sqlite::Connection>(database.string(), sqlite::Mode::read_only));
  } catch (const sqlite::Failure& failure) {
    return fail(ErrorKind::unavailable,
                fmt::format("can't read '{}': {}", database.string(), failure.what()));
  }
}

}  // namespace millrace
