#include "tests/sim/observer.h"

#include <sqlite3.h>

#include <stdexcept>
#include <string_view>
#include <utility>

namespace millrace::sim {

/// One use of a kept statement, as the observer's own program.
class Observer::Query {
 public:
  Query(Observer& owner, sqlite3_stmt* statement)
      : disk_(owner.disk_), before_(owner.disk_.program()), statement_(statement), db_(owner.db_) {
    disk_.enter(owner.program_);
  }
  ~Query() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    disk_.enter(before_);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& with(const std::vector<std::int64_t>& values) {
    for (const std::int64_t value : values) sqlite3_bind_int64(statement_, ++bound_, value);
    return *this;
  }
  Query& with(std::int64_t value) {
    sqlite3_bind_int64(statement_, ++bound_, value);
    return *this;
  }
  Query& with(const std::string& value) {
    sqlite3_bind_text(statement_, ++bound_, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
    return *this;
  }
  bool next() {
    column_ = 0;
    const int code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(db_));
    return code == SQLITE_ROW;
  }
  std::int64_t integer() { return sqlite3_column_int64(statement_, column_++); }
  std::optional<std::int64_t> maybe() {
    if (sqlite3_column_type(statement_, column_) != SQLITE_NULL) return integer();
    ++column_;
    return {};
  }
  std::string text() {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column_));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column_++));
    return bytes != nullptr ? std::string(bytes, size) : std::string{};
  }
  int columns() const { return sqlite3_column_count(statement_); }

 private:
  Disk& disk_;
  int before_;
  sqlite3_stmt* statement_;
  sqlite3* db_;
  int bound_ = 0, column_ = 0;
};

Observer::Observer(Disk& disk, std::string path, int program) : disk_(disk), program_(program) {
  const int before = disk_.program();
  disk_.enter(program_);
  const int code = sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  disk_.enter(before);
  if (code != SQLITE_OK) throw std::runtime_error("the observer can't open the database");
}

/// As a killed program: the last one to close a database would tidy it up, and hide what recovery has to do.
Observer::~Observer() {
  disk_.kill(program_);
  for (const auto& [sql, statement] : kept_) sqlite3_finalize(statement);
  sqlite3_close_v2(db_);
}

Observer::Query Observer::query(const char* sql) {
  const auto known = kept_.find(std::string_view{sql});
  if (known != kept_.end()) return {*this, known->second};
  const int before = disk_.program();
  disk_.enter(program_);
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr);
  disk_.enter(before);
  if (code != SQLITE_OK) throw std::runtime_error(std::string(sqlite3_errmsg(db_)) + " in: " + sql);
  kept_[sql] = statement;
  return {*this, statement};
}

bool Observer::changed() {
  const std::int64_t now = integer("PRAGMA data_version");
  return std::exchange(data_version_, now) != now;
}

std::int64_t Observer::integer(const char* sql, std::vector<std::int64_t> values, const std::string* word) {
  Query asked = query(sql);
  asked.with(values);
  if (word != nullptr) asked.with(*word);
  return asked.next() ? asked.integer() : 0;
}

std::string Observer::text(const char* sql, std::vector<std::int64_t> values) {
  Query asked = query(sql);
  return asked.with(values).next() ? asked.text() : std::string{};
}

std::vector<std::int64_t> Observer::integers(const char* sql, std::vector<std::int64_t> values) {
  Query asked = query(sql);
  asked.with(values);
  std::vector<std::int64_t> out;
  while (asked.next()) out.push_back(asked.integer());
  return out;
}

namespace {

constexpr const char* run_columns =
    "SELECT id, dag_id, run_id, run_type, state, execution_date, dag_version_id, backfill_id,"
    " cancel_requested, pool, rerun, version FROM dag_run ";
constexpr const char* attempt_columns =
    "SELECT id, task_instance_id, dag_run_id, try_number, name, devices, kill_requested,"
    " pid IS NOT NULL, outcome FROM task_attempt ";

template <class Query>
RunSeen read_run(Query& q) {
  RunSeen row;
  row.id = q.integer();
  row.dag_id = q.text(), row.run_id = q.text(), row.type = q.text(), row.state = q.text();
  row.execution_date = q.integer(), row.dag_version = q.integer(), row.backfill = q.integer();
  row.cancel_requested = q.integer() != 0;
  row.pool = q.text();
  row.rerun = q.integer(), row.version = q.integer();
  return row;
}

template <class Query>
AttemptSeen read_attempt(Query& q) {
  AttemptSeen row;
  row.id = q.integer(), row.task_instance = q.integer(), row.run = q.integer(), row.try_number = q.integer();
  row.name = q.text(), row.devices = q.text();
  row.kill_requested = q.integer() != 0, row.started = q.integer() != 0;
  row.outcome = q.text();
  return row;
}

}  // namespace

void Observer::read_active(Seen& seen, const char* runs_where, const std::vector<std::int64_t>& also) {
  static const std::string by_id = std::string(run_columns) + "WHERE id = ?1";
  {
    Query q = query((std::string(run_columns) + runs_where).c_str());
    while (q.next()) {
      RunSeen row = read_run(q);
      seen.runs.emplace(row.id, std::move(row));
    }
  }
  for (const std::int64_t id : also) {
    if (seen.runs.contains(id)) continue;
    Query q = query(by_id.c_str());
    if (!q.with(id).next()) continue;
    seen.runs.emplace(id, read_run(q));
  }
  for (const auto& [id, run] : seen.runs) {
    Query q = query(
        "SELECT id, dag_run_id, task_id, map_index, state, reason, pool, try_number, memory_bytes,"
        " not_before, version FROM task_instance WHERE dag_run_id = ?1");
    q.with(id);
    while (q.next()) {
      TaskSeen row;
      row.id = q.integer(), row.run = q.integer();
      row.task_id = q.text();
      row.map_index = q.integer();
      row.state = q.text(), row.reason = q.text(), row.pool = q.text();
      row.try_number = q.integer(), row.memory_bytes = q.integer();
      row.not_before = q.maybe();
      row.version = q.integer();
      seen.tasks.emplace(row.id, std::move(row));
    }
  }
}

/// What happened since the last look; the runs that it names.
std::set<std::int64_t> Observer::read_events(Seen& seen) {
  std::set<std::int64_t> named;
  Query q = query(
      "SELECT seq, at, kind, dag_id, dag_run_id, task_instance_id, task_attempt_id, from_state, to_state,"
      " cause FROM event WHERE seq > ?1 ORDER BY seq");
  q.with(marks_.event);
  while (q.next()) {
    EventSeen row;
    row.seq = q.integer(), row.at = q.integer();
    row.kind = q.text(), row.dag_id = q.text();
    row.run = q.integer(), row.task_instance = q.integer(), row.attempt = q.integer();
    row.from = q.text(), row.to = q.text(), row.cause = q.text();
    marks_.event = row.seq;
    if (row.run != 0) named.insert(row.run);
    seen.events.push_back(std::move(row));
  }
  return named;
}

Seen Observer::look() {
  Seen seen;
  const std::set<std::int64_t> named = read_events(seen);
  read_active(seen, "WHERE state IN ('queued', 'running')", {named.begin(), named.end()});
  {
    Query q = query((std::string(attempt_columns) + "WHERE outcome IS NULL").c_str());
    while (q.next()) {
      AttemptSeen row = read_attempt(q);
      seen.live.emplace(row.id, std::move(row));
    }
  }
  {
    Query q = query((std::string(attempt_columns) + "WHERE id > ?1 ORDER BY id").c_str());
    q.with(marks_.attempt);
    while (q.next()) seen.new_attempts.push_back(read_attempt(q));
    if (!seen.new_attempts.empty()) marks_.attempt = seen.new_attempts.back().id;
  }
  {
    Query q = query((std::string(run_columns) + "WHERE id > ?1 ORDER BY id").c_str());
    q.with(marks_.run);
    while (q.next()) seen.new_runs.push_back(read_run(q));
    if (!seen.new_runs.empty()) marks_.run = seen.new_runs.back().id;
  }
  read_definitions(seen);
  return seen;
}

void Observer::read_definitions(Seen& seen) {
  {
    Query q = query("SELECT dag_id, current_version_id, is_paused, removed, watermark, version FROM dag");
    while (q.next()) {
      DagSeen row;
      row.dag_id = q.text();
      row.dag_version = q.integer();
      row.paused = q.integer() != 0, row.removed = q.integer() != 0;
      row.watermark = q.maybe();
      row.version = q.integer();
      seen.dags.emplace(row.dag_id, row);
    }
  }
  {
    Query q = query("SELECT name, slots, version FROM pool WHERE removed = 0");
    while (q.next()) {
      std::string name = q.text();
      PoolSeen& row = seen.pools[name];
      row.slots = q.integer(), row.version = q.integer();
    }
  }
  Query q = query(
      "SELECT id, dag_id, state, max_active_runs, items_total, items_queued, items_running,"
      " completed_at IS NOT NULL FROM backfill WHERE state IN ('queued', 'running', 'paused')");
  while (q.next()) {
    BackfillSeen row;
    row.id = q.integer();
    row.dag_id = q.text(), row.state = q.text();
    row.max_active_runs = q.integer(), row.total = q.integer(), row.queued = q.integer();
    row.running = q.integer();
    row.ended = q.integer() != 0;
    seen.backfills.push_back(std::move(row));
  }
}

Seen Observer::look_at_all() {
  Seen seen;
  read_active(seen, "WHERE 1", {});
  return seen;
}

std::uint64_t Observer::hash() {
  std::uint64_t sum = 0xcbf29ce484222325ull;
  const auto mix = [&](std::string_view bytes) {
    for (const char c : bytes) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    sum = (sum ^ 0xff) * 0x100000001b3ull;
  };
  std::vector<std::string> tables;
  {
    Query q = query("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    while (q.next()) tables.push_back(q.text());
  }
  for (const std::string& table : tables) {
    if (table == "daemon_epoch" || table.starts_with("sqlite_")) continue;  // the boot id is the host's
    mix(table);
    Query q = query(("SELECT * FROM \"" + table + "\" ORDER BY 1, 2").c_str());
    while (q.next())
      for (int i = 0; i < q.columns(); ++i) mix(q.text());
  }
  return sum;
}

bool Observer::sound() { return text("PRAGMA integrity_check") == "ok"; }

}  // namespace millrace::sim
