#include <catch2/catch.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "samples.h"
#include "store/sqlite.h"
#include "store/sqlite_reader.h"

/// No read walks a table that grows with history: whatever the store and a reader prepare or run, its plan
/// has an index, or is named here with the reason why it may do without.
namespace millrace::test {
namespace {

/// The statements of every connection that is opened while this lives: those that are run, and those that
/// are kept.
class Heard {
 public:
  Heard() {
    now_ = this;
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(&opened));
  }
  Heard(const Heard&) = delete;
  Heard& operator=(const Heard&) = delete;
  ~Heard() {
    sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&opened));
    now_ = nullptr;
  }
  /// While the connections are open.
  std::set<std::string> all() const {
    std::set<std::string> out = run_;
    for (sqlite3* db : connections_)
      for (sqlite3_stmt* kept = sqlite3_next_stmt(db, nullptr); kept != nullptr;
           kept = sqlite3_next_stmt(db, kept))
        out.insert(sqlite3_sql(kept));
    return out;
  }

 private:
  static int opened(sqlite3* db, char**, const void*) {
    now_->connections_.insert(db);
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT | SQLITE_TRACE_CLOSE, &heard, now_);
  }
  static int heard(unsigned what, void* self, void* first, void* second) {
    auto& here = *static_cast<Heard*>(self);
    if (what == SQLITE_TRACE_CLOSE) {
      here.connections_.erase(static_cast<sqlite3*>(first));
    } else if (std::string_view(static_cast<const char*>(second)).substr(0, 2) != "--") {  // no trigger
      here.run_.insert(sqlite3_sql(static_cast<sqlite3_stmt*>(first)));
    }
    return 0;
  }

  inline static Heard* now_ = nullptr;
  std::set<sqlite3*> connections_;
  std::set<std::string> run_;
};

std::vector<std::string> plan_of(sqlite::Connection& connection, const std::string& sql) {
  sqlite::Statement explain(connection, "EXPLAIN QUERY PLAN " + sql);
  std::vector<std::string> plan;
  while (explain.step()) plan.emplace_back(explain.text(3));
  return plan;
}

/// Tables that don't grow with history: what people have set up, names, and counts of those.
const std::set<std::string, std::less<>> small = {
    "dag",           "dag_count",       "daemon_epoch", "dataset_name", "failing_dag", "id_floor",
    "import_error",  "pool",            "run_total",    "session",      "sqlite_master", "sqlite_schema",
    "sqlite_sequence", "task_total",    "token",        "variable"};
/// Partial indexes over what is active or open alone.
const std::set<std::string, std::less<>> of_active = {"backfill_active", "dag_run_active",
                                                      "notification_pending"};

/// Part of a statement, and why it may walk a table or sort what it found.
const std::map<std::string, std::string> allowed = {
    {"SELECT count(*) FROM idempotency_key", "at start: limits::idempotency_keys at most"},
    {"UPDATE dataset_event SET", "a migration: once"},
    {"UPDATE event SET owner", "a migration: once"},
    {"FROM queued_dataset_event", "what waits now, bounded by limits::queued_dataset_events"},
};

/// A page or a count of a list that people filter and sort as they like: ends at limits::list_steps
/// and limits::count_steps; see the next test.
bool is_list(const std::string& sql) {
  return sql.starts_with("SELECT 1 FROM ") || sql.find(" LIMIT ?") < sql.find(" OFFSET ?");
}

std::string word(const std::string& text, std::size_t number) {
  std::size_t from = 0;
  for (; number > 0 && from != text.npos; --number) from = text.find(' ', from) + 1;
  return text.substr(from, text.find(' ', from) - from);
}

/// Statements that may sort what an index has found, and what bounds that.
const std::map<std::string, std::string> sorted = {
    {"FROM import_error", "files of the DAG folder that are wrong"},
    {"FROM token", "what people have set up"},
    {"GROUP BY state", "a handful of states, of one run or of what ended since"},
    {"FROM xcom", "the instances of one mapped task"},
};

/// What is wrong with a line of a plan; empty: nothing.
std::string wrong_with(const std::string& line, const std::string& sql) {
  if (line.find("TEMP B-TREE") != line.npos) {
    const auto excuse = std::ranges::find_if(
        sorted, [&](const auto& one) { return sql.find(one.first) != sql.npos; });
    return excuse == sorted.end() ? "sorts" : "";
  }
  if (!line.starts_with("SCAN ")) return {};
  const std::string table = word(line, 1), index = word(line, line.find("COVERING") == line.npos ? 4 : 5);
  if (small.contains(table) || table.starts_with("(")) return {};
  if (table == "CONSTANT" || table == "json_each") return {};
  if (line.find("USING") == line.npos) {
    // A subquery's own rows, under its name.
    return sql.find(") " + table) == sql.npos ? "walks " + table : "";
  }
  if (of_active.contains(index)) return {};
  return sql.find(" LIMIT ") == sql.npos ? "walks all of " + index : "";
}

void run_reader(StoreReader& reader) {
  const WallTime from{0}, to{1'000'000'000'000'000};
  reader.dag_page(10, 1, false), reader.dag_page(10, 1, true);
  reader.dag("d"), reader.dag_versions("d"), reader.dag_version({1}), reader.import_errors();
  reader.run("d", "r"), reader.run({1}), reader.runs_named("r"), reader.last_run("d");
  reader.task_instance({1}, "t", -1), reader.task_instance({1}), reader.attempt({1}), reader.attempts({1});
  reader.outputs({1}), reader.state_counts({1}), reader.last_event(), reader.named_events(0, 9, 5);
  reader.backfill({1}), reader.runs_between("d", from, to), reader.mean_run_seconds("d"), reader.pools();
  reader.variable("v"), reader.run_counts({"d"}), reader.dataset_events("x", 1);
  BackfillQueries& backfills = reader.about_backfills();
  backfills.dated_runs("d", from, to), backfills.active("d"), backfills.cascade({1});
  backfills.item_states({1}, from, to), backfills.failed_items({1}, 5), backfills.last_ends({1}, 5);
  backfills.last_successes("d", 5);
  ViewReader& views = reader.views();
  views.past_seconds("d", "t"), views.past_seconds("d", ""), views.transitions({1}, {0}, 9);
  views.revision(), views.last_runs("d", to, 9), views.active_runs(9), views.runs_ended_since(from, 9);
  views.ended_counts(from), views.failing_dags(from), views.runs_in("d", from, to, 9);
  views.attempts_between(from, to, 9);
  const RunId runs[] = {{1}};
  views.each_cell(runs, [](const Cell&) {});
  AccessReader& access = reader.access();
  access.tokens(), access.sessions(from), access.kept_answer("o", "k"), access.kept_answers();
  access.audit_rows("", 0, 5), access.audit_rows("anna", 9, 5), access.audit_count();
  access.verify_audit(1, 5);
  AssetReader& assets = reader.assets();
  assets.name(1), assets.name("x"), assets.references(1), assets.newest_event("x"), assets.links(1);
  assets.partitions("x", from, to), assets.events_of_run({1}), assets.queued("d", "", to);
  assets.queued("", "x", {});
  VersionReader& versions = reader.versions();
  versions.written("x"), versions.find({1}), versions.partitions("x", {});
  for (const auto& partition : {std::optional<WallTime>{}, std::optional(from)})
    for (const char* hash : {"", "b3:0123"}) versions.list({"x", partition, hash}, {});
  versions.written_by(RunId{1}), versions.written_by(AttemptId{1}, 5), versions.read_by(RunId{1});
  versions.read_by(AttemptId{1}, 5), versions.readers_of({1}, 5), versions.attempts_of({1});
  versions.attempt({1});
}

void run_store(Store& store) {
  const WallTime from{0}, to{1'000'000'000'000'000};
  store.next_ids(), store.dags(), store.pools(), store.variables(), store.active_backfills();
  store.backfills_to_retry({1}), store.cascade({1}), store.dataset_names(), store.queued_dataset_events();
  store.pending_notifications(), store.active_runs(), store.load_run({1}), store.dag_version({1});
  store.dag_version("d", "h"), store.partitions("x", from, to), store.backfill_items({1}, from, to);
  store.has_partition("x", from), store.current_version("x", from), store.run_at("d", from);
  store.run_named("d", "r"), store.previous_success("d", to), store.output({1}, "t", "k");
  const WallTime dates[] = {from, to};
  store.runs_at("d", dates);
  REQUIRE(store.sweep(to));
}

/// One filter each.
std::vector<RunFilter> run_filters() {
  std::vector<RunFilter> out(16);
  out[1].dag_id = "d";
  out[2].states = {RunState::failed};
  out[3].states = {RunState::running};
  out[4].execution_date_from = WallTime{1};
  out[5].queued_from = WallTime{1};
  out[6].run_id_prefix = "manual__";
  out[7].backfill = {1};
  out[8].dag_ids = {"d", "e"};
  out[9].run_after.from = out[9].started.from = out[9].ended.from = WallTime{1};
  out[10].duration.from_us = 1;
  out[11].dag.like = "x";
  out[12].dag.prefix = "x";
  out[13].run_id.like = "x";
  out[14].by.like = "x";
  out[15].conf_contains = "x", out[15].version_number = 1, out[15].version_hash = "h";
  return out;
}

std::vector<TaskInstanceFilter> task_filters() {
  std::vector<TaskInstanceFilter> out(12);
  out[1].run = {1};
  out[2].dag_id = "d";
  out[3].states = {TaskState::failed};
  out[4].states = {TaskState::running};
  out[5].runs = std::vector<RunId>{{1}, {2}};
  out[6].dag_ids = {"d", "e"};
  out[7].task_ids = {"t"}, out[7].pools = {"p"}, out[7].try_numbers = {1}, out[7].map_indexes = {1};
  out[8].started.from = out[8].run_after.from = out[8].execution_date.from = WallTime{1};
  out[9].dag.like = "x";
  out[10].run_id.like = "x";
  out[11].task.like = "x", out[11].version_numbers = {1};
  return out;
}

void run_lists(StoreReader& reader) {
  for (const RunFilter& filter : run_filters())
    for (const char* order : {"", "dag_id", "-execution_date", "-start_date", "run_after", "duration"})
      CHECK(reader.runs(filter, {.order_by = order}));
  for (const TaskInstanceFilter& filter : task_filters())
    for (const char* order : {"", "task_id", "-execution_date", "-start_date", "duration"})
      CHECK(reader.task_instances(filter, {.order_by = order}));
  EventFilter of_dag{.dag_id = "d"}, of_run{.run = {1}}, of_task{.task_instance = {1}}, of_kind;
  of_kind.kinds = {"run"};
  EventFilter named{.by = "anna"}, dated;
  named.dag.like = named.task.like = "x";
  dated.at.from = dated.at.to = WallTime{1};
  for (const EventFilter& filter : {EventFilter{}, of_dag, of_run, of_task, of_kind, named, dated})
    CHECK(reader.events(filter, {.order_by = "-at"}));
  CHECK(reader.backfills("d", {BackfillState::running}, {}));
  CHECK(reader.backfills("", {}, {.order_by = "-created_at"}));
  CHECK(reader.backfill_items({1}, {ItemState::failed}, {}));
  CHECK(reader.variables({.like = "x", .prefix = "y"}, {}));
  CHECK(reader.assets().names({.name_pattern = "x", .name_prefix = "y", .dag_ids = {"d"}}, {}));
  CHECK(reader.assets().events({.dataset = "x", .from = WallTime{1}}, {}));
  CHECK(reader.assets().events({.name_pattern = "x", .name_prefix = "y"}, {}));
}

/// A little of everything, so that every look-up goes its whole way.
void fill(Store& store) {
  Samples samples(1);
  RunRow run = samples.run(1);
  run.state = RunState::running;
  const TaskInstanceRow task = samples.task_instance(1, {1});
  BackfillRow backfill = samples.backfill(1);
  backfill.state = BackfillState::running;
  const std::vector<Change> rows = {samples.dag("d"),
                                    run,
                                    task,
                                    samples.attempt(1, task, 1),
                                    samples.output(task, "k"),
                                    backfill,
                                    samples.item({1}, {1}),
                                    samples.pool("p"),
                                    samples.dataset_event(1, "x"),
                                    samples.dataset_version(1, "x", {1}, {1}),
                                    samples.event(1)};
  const std::vector<DagVersionRow> versions = {samples.dag_version(1, "d", 1)};
  REQUIRE(store.commit(rows, versions));
}

}  // namespace

TEST_CASE("no statement of the store walks a table of history") {
  const Folder folder;
  Heard heard;
  const auto store = open_store(folder);
  fill(*store);
  run_store(*store);
  const auto reader = open_reader(folder);
  run_reader(*reader);
  run_lists(*reader);
  const std::set<std::string> all = heard.all();
  CHECK(all.size() > 150);
  sqlite::Connection connection(folder.database().string(), sqlite::Mode::read_only);
  std::set<std::string> used;
  for (const std::string& sql : all) {
    if (!sql.starts_with("SELECT") && !sql.starts_with("UPDATE") && !sql.starts_with("DELETE")) continue;
    const auto excuse = std::ranges::find_if(
        allowed, [&](const auto& one) { return sql.find(one.first) != sql.npos; });
    if (excuse != allowed.end()) used.insert(excuse->first);
    if (excuse != allowed.end() || is_list(sql)) continue;
    for (const std::string& line : plan_of(connection, sql)) {
      INFO(sql << "\n" << line);
      CHECK(wrong_with(line, sql) == "");
      for (const auto& [part, why] : sorted)
        if (line.find("TEMP B-TREE") != line.npos && sql.find(part) != sql.npos) used.insert(part);
    }
  }
  for (const auto& excuses : {allowed, sorted}) {
    for (const auto& [part, why] : excuses) {
      INFO(part);
      CHECK(used.contains(part));  // else the exception is for nothing
    }
  }
}

/// A list that docs/api.md says an index serves, in the orders that the index has.
struct Served {
  std::string what;
  std::function<void(StoreReader&, const std::string& order)> list;
  std::vector<std::string> orders;
  bool whole = false;  ///< every row fits: what is walked is the page
};

std::vector<Served> served_lists() {
  const auto runs = [](auto with) {
    RunFilter filter;
    with(filter);
    return [filter](StoreReader& reader, const std::string& order) {
      CHECK(reader.runs(filter, {.order_by = order}));
    };
  };
  const auto tasks = [](auto with) {
    TaskInstanceFilter filter;
    with(filter);
    return [filter](StoreReader& reader, const std::string& order) {
      CHECK(reader.task_instances(filter, {.order_by = order}));
    };
  };
  const auto events = [](auto with) {
    EventFilter filter;
    with(filter);
    return [filter](StoreReader& reader, const std::string& order) {
      CHECK(reader.events(filter, {.order_by = order}));
    };
  };
  const std::vector<std::string> by_id{"", "-id"}, by_seq{"", "-seq"};
  const std::vector<std::string> by_date{"execution_date", "-execution_date"};
  const std::vector<std::string> all{"", "-id", "execution_date", "-execution_date", "run_id"};
  return {
      {"all runs", runs([](RunFilter&) {}), all, true},
      {"a DAG's runs", runs([](RunFilter& f) { f.dag_id = "d"; }), all},
      {"a DAG's runs since",
       runs([](RunFilter& f) { f.dag_id = "d", f.execution_date_from = WallTime{1}; }),
       by_date},
      {"runs since", runs([](RunFilter& f) { f.execution_date_from = WallTime{1}; }), by_date},
      {"failed runs", runs([](RunFilter& f) { f.states = {RunState::failed}; }), by_id},
      {"active runs", runs([](RunFilter& f) { f.states = {RunState::running}; }), by_id},
      {"a backfill's runs", runs([](RunFilter& f) { f.backfill = {1}; }), {"end_date", "-end_date"}},
      {"all task instances", tasks([](TaskInstanceFilter&) {}), by_id, true},
      {"a DAG's task instances", tasks([](TaskInstanceFilter& f) { f.dag_id = "d"; }), {""}},
      {"failed task instances", tasks([](TaskInstanceFilter& f) { f.states = {TaskState::failed}; }), by_id},
      {"all events", events([](EventFilter&) {}), by_seq, true},
      {"a DAG's events", events([](EventFilter& f) { f.dag_id = "d"; }), by_seq},
      {"a run's events", events([](EventFilter& f) { f.run = {1}; }), by_seq},
      {"somebody's events", events([](EventFilter& f) { f.owner = "anna"; }), by_seq},
  };
}

TEST_CASE("lists that an index serves walk no further than their page and sort nothing") {
  const Folder folder;
  const auto store = open_store(folder);
  fill(*store);
  sqlite::Connection plans(folder.database().string(), sqlite::Mode::read_only);
  for (const Served& served : served_lists()) {
    for (const std::string& order : served.orders) {
      Heard heard;
      const auto reader = open_reader(folder);
      served.list(*reader, order);
      int pages = 0;
      for (const std::string& sql : heard.all()) {
        if (sql.find(" LIMIT ?") > sql.find(" OFFSET ?") || sql.find(" OFFSET ?") == sql.npos) continue;
        ++pages;
        for (const std::string& line : plan_of(plans, sql)) {
          INFO(served.what << " by '" << order << "': " << sql << "\n" << line);
          CHECK(line.find("TEMP B-TREE FOR ORDER BY") == line.npos);  // the right part: within one run
          CHECK((served.whole || !line.starts_with("SCAN ") || line.find("USING") != line.npos));
        }
      }
      CHECK(pages == 1);
    }
  }
}

TEST_CASE("a list that would look too far is refused, and its count is a lower bound") {
  const Folder folder;
  const auto store = open_store(folder);
  {
    sqlite::Connection connection(folder.database().string(), sqlite::Mode::read_write_create);
    connection.exec(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600000)"
        " INSERT INTO variable SELECT 'v' || printf('%06d', i), '', '', 1 FROM n");
  }
  const auto reader = open_reader(folder);
  // Dense: the page is found at once, not all are counted.
  const auto dense = reader->variables({.like = "v"}, {.limit = 5});
  REQUIRE(dense);
  CHECK(dense->rows.size() == 5);
  CHECK(dense->at_least);
  CHECK(dense->total_entries >= 5);
  CHECK(dense->total_entries <= limits::list_counted);
  // Who pages until the total sees every row.
  const auto later = reader->variables({.prefix = "v"}, {.limit = 5, .offset = 150'000});
  REQUIRE(later);
  CHECK(later->rows.size() == 5);
  CHECK(later->total_entries > 150'005);
  const auto last = reader->variables({.prefix = "v1"}, {.limit = 5, .offset = 99'997});
  REQUIRE(last);
  CHECK(last->rows.size() == 3);
  CHECK(last->total_entries == 100'000);
  // What can't be found is looked for so far and no further.
  const auto none = reader->variables({.like = "nowhere"}, {});
  REQUIRE(!none);
  CHECK(none.error().kind == ErrorKind::invalid);
  CHECK(!reader->variables({}, {.order_by = "value"}));  // all would have to be sorted
  // An index says exactly how many.
  const auto exact = reader->variables({.prefix = "v59999"}, {});
  REQUIRE(exact);
  CHECK(!exact->at_least);
  CHECK(exact->total_entries == 10);
}

}  // namespace millrace::test
