#include "store/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace millrace::sqlite {
namespace {

constexpr int busy_timeout_ms =
    5'000;  // a backup or a shell may hold the lock for a moment; nobody else writes

std::string described(sqlite3* db, int code) {
  return fmt::format("{} (sqlite {})", db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code), code);
}

int primary(int code) { return code & 0xff; }

}  // namespace

bool Failure::full() const { return primary(code_) == SQLITE_FULL; }
bool Failure::busy() const {
  // PROTOCOL: the locks of the WAL itself, after SQLite's own long wait for them.
  const int code = primary(code_);
  return code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_PROTOCOL;
}
bool Failure::unique() const {
  return code_ == SQLITE_CONSTRAINT_UNIQUE || code_ == SQLITE_CONSTRAINT_PRIMARYKEY ||
         code_ == SQLITE_CONSTRAINT_ROWID;
}
bool Failure::damaged() const { return primary(code_) == SQLITE_CORRUPT || primary(code_) == SQLITE_NOTADB; }
bool Failure::read_only() const {
  return primary(code_) == SQLITE_READONLY || primary(code_) == SQLITE_CANTOPEN ||
         primary(code_) == SQLITE_PERM;
}
bool Failure::bounded() const { return primary(code_) == SQLITE_INTERRUPT; }
bool Failure::io() const { return primary(code_) == SQLITE_IOERR; }

Connection::Connection(const std::string& path, Mode mode) {
  // Before the first one is opened: nobody asks how much memory SQLite has, and counting it takes a lock that
  // all connections share at each of some 200 allocations a task.
  [[maybe_unused]] static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  const int flags =
      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
      (mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const int code = sqlite3_open_v2(path.c_str(), &db_, flags, nullptr);
  if (code != SQLITE_OK) {
    const Failure failure(code, described(db_, code));
    sqlite3_close_v2(db_);
    throw failure;
  }
  sqlite3_busy_timeout(db_, busy_timeout_ms);
  const auto note_frames = [](void* self, sqlite3*, const char*, int frames) {
    static_cast<Connection*>(self)->wal_frames_ = frames;
    return SQLITE_OK;
  };
  // Takes the place of SQLite's own checkpoint at commit: the store says when.
  sqlite3_wal_hook(db_, note_frames, this);
}

Connection::~Connection() { sqlite3_close_v2(db_); }

void Connection::exec(const std::string& sql) {
  const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw Failure(code, described(db_, code));
}

std::optional<std::int64_t> Connection::integer(std::string_view sql) {
  Statement statement(*this, sql);
  if (!statement.step() || statement.is_null(0)) return std::nullopt;
  return statement.integer(0);
}

std::optional<std::string> Connection::text(std::string_view sql) {
  Statement statement(*this, sql);
  if (!statement.step() || statement.is_null(0)) return std::nullopt;
  return std::string(statement.text(0));
}

int Connection::changes() const { return sqlite3_changes(db_); }
bool Connection::in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }
bool Connection::is_read_only() const { return sqlite3_db_readonly(db_, "main") == 1; }

int Connection::checkpoint() {
  int frames = 0;
  int copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &frames, &copied);
  // Busy: a reader still needs old pages, or a backup runs. The next turn copies the rest.
  if (code != SQLITE_OK && primary(code) != SQLITE_BUSY) throw Failure(code, described(db_, code));
  const int left = frames > copied ? frames - copied : 0;
  wal_frames_ = left;
  return left;
}

void Connection::leave_as_it_is() {
  const int code = sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (code != SQLITE_OK) throw Failure(code, described(db_, code));
}

Statement::Statement(Connection& connection, std::string_view sql) : db_(connection.handle()) {
  const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  if (code != SQLITE_OK) throw Failure(code, described(db_, code) + " in: " + std::string(sql));
}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::fail(int code) const { throw Failure(code, described(db_, code)); }

void Statement::bind(int index, std::int64_t value) {
  if (const int code = sqlite3_bind_int64(statement_, index, value); code != SQLITE_OK) fail(code);
}

void Statement::bind_null(int index) {
  if (const int code = sqlite3_bind_null(statement_, index); code != SQLITE_OK) fail(code);
}

void Statement::bind(int index, std::string_view value) {
  // A null pointer would bind NULL, and an empty view may hold one.
  const char* bytes = value.data() != nullptr ? value.data() : "";
  const int code = sqlite3_bind_text64(statement_, index, bytes, value.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) fail(code);
}

void Statement::bind_copy(int index, std::string_view value) {
  const char* bytes = value.data() != nullptr ? value.data() : "";
  // SQLITE_TRANSIENT, spelled without its old-style cast.
  const auto transient = reinterpret_cast<sqlite3_destructor_type>(std::intptr_t{-1});
  const int code = sqlite3_bind_text64(statement_, index, bytes, value.size(), transient, SQLITE_UTF8);
  if (code != SQLITE_OK) fail(code);
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(code);
  return false;
}

void Statement::reset() { sqlite3_reset(statement_); }

void Statement::run() {
  const Use use(*this);
  while (step()) {
  }
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }

std::string_view Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

namespace {
constexpr int steps_between = 1'000;
}

Bound::Bound(Connection& connection, int steps) : connection_(connection), left_(steps / steps_between) {
  sqlite3_progress_handler(connection_.handle(), steps_between, &Bound::count, this);
}

Bound::~Bound() { sqlite3_progress_handler(connection_.handle(), 0, nullptr, nullptr); }

int Bound::count(void* self) { return --static_cast<Bound*>(self)->left_ <= 0 ? 1 : 0; }

Transaction::Transaction(Connection& connection, Kind kind) : connection_(connection) {
  if (kind == Kind::read && connection_.in_transaction()) {
    open_ = false;  // part of the one that is open
    return;
  }
  connection_.exec(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction() {
  if (!open_ || !connection_.in_transaction()) return;
  try {
    connection_.exec("ROLLBACK");
  } catch (const Failure&) {
    // The connection is beyond help; the failure that brought us here says why.
  }
}

void Transaction::commit() {
  connection_.exec("COMMIT");
  open_ = false;
}

}  // namespace millrace::sqlite
