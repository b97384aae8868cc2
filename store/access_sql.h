#pragma once

#include <memory>
#include <string>

#include "store/access_columns.h"
#include "store/row_sql.h"
#include "store/sqlite.h"

/// The access rows in SQLite. Internal to store/.
namespace millrace {

namespace queries {
inline std::string live_sessions() {
  return select_from<SessionRow>() + "WHERE expires_at > ?1 AND ended_at IS NULL";
}
inline std::string kept_answer() { return select_from<KeptAnswerRow>() + "WHERE owner = ?1 AND key = ?2"; }
inline std::string audit_of(bool by_name) {
  return select_from<AuditRow>() + (by_name ? "WHERE who = ?1 AND id < ?2" : "WHERE id < ?2 AND ?1 = ''") +
         " ORDER BY id DESC LIMIT ?3";
}
inline std::string audit_from() { return select_from<AuditRow>() + "WHERE id >= ?1 ORDER BY id LIMIT ?2"; }
inline std::string newest_audit() { return select_from<AuditRow>() + "ORDER BY id DESC LIMIT 1"; }
/// What a sweep may remove: the border, how many.
inline std::string old_keys() {
  return "SELECT owner, key FROM idempotency_key WHERE created_at < ?1 ORDER BY created_at LIMIT ?2";
}
inline std::string old_sessions() {
  return "SELECT id FROM session WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2";
}
}  // namespace queries

/// `prev_hash` and the row's own values → its hash.
std::string audit_hash(const AuditRow&);

std::unique_ptr<AccessReader> make_access_reader(sqlite::Connection&);

/// Writes inside a transaction that the caller holds. Keeps the end of the audit chain.
class AccessWriter {
 public:
  explicit AccessWriter(sqlite::Connection&);

  void write(const AccessRow&);
  /// Numbers, chains and writes.
  void append(AuditRow);
  /// The transaction was undone: the chain ends where the stored one does.
  void undone() { head_known_ = false; }
  /// Removes at most `limit` answers kept before `keys_before` and as many sessions that ended by `now`. How
  /// many rows went.
  int sweep(WallTime keys_before, WallTime now, int limit);

 private:
  void load_head();

  sqlite::Connection& connection_;
  sqlite::Statement token_, session_, kept_, audit_;
  sqlite::Statement remove_keys_, remove_sessions_;  ///< every 30 s, for ever: prepared once
  bool head_known_ = false;
  std::int64_t last_id_ = 0;
  std::string last_hash_;
};

}  // namespace millrace
