#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/auth.h"
#include "base/error.h"
#include "base/thread_annotations.h"
#include "base/time.h"

namespace millrace {

/// The living tokens and sessions, in memory: what the front asks at every request. Filled at start from the
/// store and two files, kept in step by apply() after each commit, so that a revocation holds before its own
/// answer is sent. Any thread.
///
/// Secrets are looked up by their SHA-256: how long that takes says nothing of a secret that isn't known.
class Access {
 public:
  /// `admin_file` holds the token of the first start (made when missing).
  static Result<std::unique_ptr<Access>> load(const std::filesystem::path& admin_file,
                                              const std::filesystem::path& tokens_file, AccessReader& stored,
                                              WallTime now);

  /// Who bears this secret: of a token, or of a session made by POST /auth/token.
  std::optional<Principal> find_bearer(std::string_view secret, WallTime now);
  /// Who logged in with this cookie.
  std::optional<Principal> find_cookie(std::string_view secret, WallTime now);
  /// Who a token of that id is, while it lives.
  std::optional<Principal> find_id(std::string_view token_id, WallTime now);

  /// Whether that token lives, and that session (empty: none). Counts as no use.
  bool lives(std::string_view token_id, std::string_view session_id, WallTime now) const;

  /// What a commit has stored.
  void apply(const AccessRow&);

  struct Shown {
    TokenRow row;
    bool from_file = false;  ///< can't be revoked here
  };
  std::vector<Shown> tokens() const;  ///< living and expired ones, not the revoked
  std::optional<Shown> token(std::string_view id) const;
  std::vector<SessionRow> sessions(WallTime now) const;
  std::optional<SessionRow> session(std::string_view id) const;
  /// Takes a name for a token that is about to be stored: false when it is taken or there are too many. Let
  /// go of with release() when the commit is refused; apply() makes it the token's.
  bool reserve(const std::string& name);
  void release(const std::string& name);
  bool room_for_session() const;

  /// Tokens whose last use the store doesn't know to limits::last_used_grain; counts them as known. Forgets
  /// sessions that have expired.
  std::vector<AccessRow> due(WallTime now);

 private:
  struct Token {
    TokenRow row;
    Role role = Role::viewer;
    bool from_file = false;
    WallTime used{};
  };
  std::optional<Principal> principal_of(Token*, WallTime now) REQUIRES(mutex_);
  std::optional<Principal> principal_of(const SessionRow&, WallTime now) REQUIRES(mutex_);
  void put(TokenRow, bool from_file) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, Token, std::less<>> by_id_ GUARDED_BY(mutex_);
  std::map<std::string, std::string, std::less<>> id_by_hash_ GUARDED_BY(mutex_);  // of tokens
  std::map<std::string, SessionRow, std::less<>> sessions_ GUARDED_BY(mutex_);     // by the secret's hash
  std::set<std::string, std::less<>> reserved_ GUARDED_BY(mutex_);
};

}  // namespace millrace
