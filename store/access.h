#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/secret_mask.h"
#include "base/time.h"

/// Rows of who may come in and of what they did. The scheduler knows nothing of them: api/ makes them, the
/// store writes them beside the scheduler's changes, in the same transaction.
namespace millrace {

/// A named token. Kept after it was revoked, for the record.
struct TokenRow {
  std::string id;    ///< public: `tok_6f1c…`
  std::string name;  ///< one living token a name; api/ sees to it
  std::string role;
  std::vector<std::string> dags;  ///< patterns of the DAGs it may see; empty: all
  std::string secret_sha256;
  WallTime created_at;
  std::string created_by;
  std::optional<WallTime> expires_at, last_used_at, revoked_at;
  friend bool operator==(const TokenRow&, const TokenRow&) = default;
};

/// Someone who logged in with a token.
struct SessionRow {
  std::string id;  ///< public: names it in lists
  std::string secret_sha256, token_id;
  std::string kind;  ///< `browser` (a cookie) or `bearer` (POST /auth/token)
  WallTime created_at, expires_at;
  std::string remote;
  std::optional<WallTime> ended_at;
  friend bool operator==(const SessionRow&, const SessionRow&) = default;
};

/// The answer to a request with an Idempotency-Key.
struct KeptAnswerRow {
  std::string owner, key, fingerprint;
  WallTime created_at;
  int status = 0;  ///< 0: the effect is stored, its answer isn't
  std::string content_type, body;
  friend bool operator==(const KeptAnswerRow&, const KeptAnswerRow&) = default;
};

/// One mutation. The store fills in `id`, `changes` and the hashes.
struct AuditRow {
  std::int64_t id = 0;
  WallTime at;
  std::string who, token_id, role, remote, method, path, request_id;
  std::string changes;  ///< JSON: [{"object":"pool","key":{…},"before":{…},"after":{…}}]
  std::string prev_hash, hash;
  friend bool operator==(const AuditRow&, const AuditRow&) = default;
};

using AccessRow = std::variant<TokenRow, SessionRow, KeptAnswerRow>;

/// An audit row and which of the batch's rows are its doing: [first, end) of each list.
struct Audited {
  AuditRow row;
  std::size_t first_change = 0, end_change = 0;
  std::size_t first_access = 0, end_access = 0;
  std::shared_ptr<const SecretMask> mask{};  ///< of the DAG that it is about, for `changes`; null: none
};

/// What a look along the audit chain found.
struct AuditVerdict {
  std::int64_t checked = 0, last_id = 0;
  std::string last_hash;
  std::int64_t broken_at = 0;  ///< 0: nothing is wrong; else the first row that doesn't fit
  std::string problem;
  bool more = false;  ///< rows follow; go on at last_id + 1
};

/// The reading side; part of StoreReader. Same threads, same errors.
class AccessReader {
 public:
  virtual ~AccessReader() = default;
  virtual std::vector<TokenRow> tokens() = 0;               ///< revoked ones too, by creation
  virtual std::vector<SessionRow> sessions(WallTime now) = 0;  ///< not ended, not expired
  virtual std::optional<KeptAnswerRow> kept_answer(std::string_view owner, std::string_view key) = 0;
  virtual std::int64_t kept_answers() = 0;  ///< their number, bounded by limits::idempotency_keys
  /// Newest first, below `before` (0: from the newest) and by `who` (empty: all).
  virtual std::vector<AuditRow> audit_rows(std::string_view who, std::int64_t before, int limit) = 0;
  virtual std::int64_t audit_count() = 0;
  /// Those that follow row `after`, in order.
  virtual std::vector<AuditRow> audit_after(std::int64_t after, int limit) = 0;
  /// Follows the chain from row `from` over `limit` rows at most.
  virtual AuditVerdict verify_audit(std::int64_t from, int limit) = 0;
};

}  // namespace millrace
