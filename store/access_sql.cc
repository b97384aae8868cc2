#include "store/access_sql.h"

#include <fmt/format.h>

#include "base/crash_point.h"
#include "base/sha256.h"

namespace millrace {
namespace {

class SqliteAccessReader final : public AccessReader {
 public:
  explicit SqliteAccessReader(sqlite::Connection& connection)
      : connection_(connection), kept_(connection, queries::kept_answer()) {}

  std::vector<TokenRow> tokens() override {
    sqlite::Statement statement(connection_, select_from<TokenRow>() + "ORDER BY created_at, id");
    return read_all<TokenRow>(statement);
  }

  std::vector<SessionRow> sessions(WallTime now) override {
    sqlite::Statement statement(connection_, queries::live_sessions());
    statement.bind(1, now.us);
    return read_all<SessionRow>(statement);
  }

  std::optional<KeptAnswerRow> kept_answer(std::string_view owner, std::string_view key) override {
    kept_.bind(1, owner);
    kept_.bind(2, key);
    return read_one<KeptAnswerRow>(kept_);
  }

  std::vector<AuditRow> audit_rows(std::string_view who, std::int64_t before, int limit) override {
    sqlite::Statement statement(connection_, queries::audit_of(!who.empty()));
    statement.bind(1, who);
    statement.bind(2, before > 0 ? before : INT64_MAX);
    statement.bind(3, std::int64_t{limit});
    return read_all<AuditRow>(statement);
  }

  std::int64_t kept_answers() override {
    return connection_.integer("SELECT count(*) FROM idempotency_key").value_or(0);
  }

  /// Nothing is ever deleted: the newest number is the count.
  std::int64_t audit_count() override {
    return connection_.integer("SELECT max(id) FROM audit_log").value_or(0);
  }

  std::vector<AuditRow> audit_after(std::int64_t after, int limit) override {
    sqlite::Statement rows(connection_, queries::audit_from());
    rows.bind(1, after + 1);
    rows.bind(2, std::int64_t{limit});
    return read_all<AuditRow>(rows);
  }

  AuditVerdict verify_audit(std::int64_t from, int limit) override;

 private:
  sqlite::Connection& connection_;
  sqlite::Statement kept_;
};

AuditVerdict SqliteAccessReader::verify_audit(std::int64_t from, int limit) {
  const sqlite::Transaction snapshot(connection_, sqlite::Transaction::Kind::read);
  AuditVerdict verdict;
  std::int64_t expected = std::max<std::int64_t>(from, 1);
  std::string before;
  const auto read = [&](std::int64_t first, int count) {
    sqlite::Statement rows(connection_, queries::audit_from());
    rows.bind(1, first);
    rows.bind(2, std::int64_t{count});
    return read_all<AuditRow>(rows);
  };
  if (expected > 1) {
    const auto previous = read(expected - 1, 1);
    if (!previous.empty()) before = previous.front().hash;
  }
  verdict.last_id = expected - 1;
  for (const AuditRow& row : read(expected, limit)) {
    if (row.id != expected) {
      verdict.problem = fmt::format("row {} is missing", expected);
    } else if (row.prev_hash != before) {
      verdict.problem = fmt::format("row {} doesn't follow the row before it", row.id);
    } else if (row.hash != audit_hash(row)) {
      verdict.problem = fmt::format("row {} was changed after it was written", row.id);
    }
    if (!verdict.problem.empty()) {
      verdict.broken_at = expected;
      return verdict;
    }
    before = row.hash;
    verdict.last_id = row.id;
    verdict.last_hash = row.hash;
    ++verdict.checked;
    ++expected;
  }
  // SQLite remembers the highest number it ever gave: rows cut off at the end show.
  const auto given = connection_.integer("SELECT seq FROM sqlite_sequence WHERE name = 'audit_log'");
  verdict.more = verdict.checked == limit && given.value_or(0) > verdict.last_id;
  if (!verdict.more && given.value_or(0) > verdict.last_id) {
    verdict.broken_at = verdict.last_id + 1;
    verdict.problem = fmt::format("row {} is missing", verdict.last_id + 1);
  }
  return verdict;
}

}  // namespace

std::string audit_hash(const AuditRow& row) {
  return sha256_hex(json_from(std::vector<std::string>{
      row.prev_hash, std::to_string(row.id), std::to_string(row.at.us), row.who, row.token_id, row.role,
      row.remote, row.method, row.path, row.request_id, row.changes}));
}

std::unique_ptr<AccessReader> make_access_reader(sqlite::Connection& connection) {
  return std::make_unique<SqliteAccessReader>(connection);
}

AccessWriter::AccessWriter(sqlite::Connection& connection)
    : connection_(connection),
      token_(connection, insert_into<TokenRow>() +
                             " ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at,"
                             " last_used_at = excluded.last_used_at, revoked_at = excluded.revoked_at"),
      session_(connection,
               insert_into<SessionRow>() + " ON CONFLICT (id) DO UPDATE SET ended_at = excluded.ended_at"),
      kept_(connection, insert_into<KeptAnswerRow>() +
                            " ON CONFLICT (owner, key) DO UPDATE SET fingerprint = excluded.fingerprint,"
                            " created_at = excluded.created_at, status = excluded.status,"
                            " content_type = excluded.content_type, body = excluded.body"),
      audit_(connection, insert_into<AuditRow>()),
      remove_keys_(connection,
                   "DELETE FROM idempotency_key WHERE (owner, key) IN (" + queries::old_keys() + ")"),
      remove_sessions_(connection,
                       "DELETE FROM session WHERE id IN (" + queries::old_sessions() + ")") {}

void AccessWriter::write(const AccessRow& row) {
  const auto put = [](sqlite::Statement& statement, const auto& value) {
    bind_row(statement, value, RowBinder::For::insert);
    statement.run();
    CRASH_POINT("access.row_written");
  };
  if (const auto* token = std::get_if<TokenRow>(&row)) put(token_, *token);
  if (const auto* session = std::get_if<SessionRow>(&row)) put(session_, *session);
  if (const auto* kept = std::get_if<KeptAnswerRow>(&row)) put(kept_, *kept);
}

void AccessWriter::load_head() {
  sqlite::Statement newest(connection_, queries::newest_audit());
  const auto row = read_one<AuditRow>(newest);
  last_id_ = row ? row->id : 0;
  last_hash_ = row ? row->hash : "";
  head_known_ = true;
}

void AccessWriter::append(AuditRow row) {
  if (!head_known_) load_head();
  row.id = last_id_ + 1;
  row.prev_hash = last_hash_;
  row.hash = audit_hash(row);
  bind_row(audit_, row, RowBinder::For::insert);
  audit_.run();
  CRASH_POINT("access.audit_row_written");
  last_id_ = row.id;
  last_hash_ = row.hash;
}

int AccessWriter::sweep(WallTime keys_before, WallTime now, int limit) {
  const auto remove = [&](sqlite::Statement& statement, WallTime border) {
    statement.bind(1, border.us);
    statement.bind(2, std::int64_t{limit});
    statement.run();
    return connection_.changes();
  };
  const int keys = remove(remove_keys_, keys_before);
  return keys + remove(remove_sessions_, now);
}

}  // namespace millrace
