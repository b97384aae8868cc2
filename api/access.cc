#include "api/access.h"

#include <algorithm>

#include "base/limits.h"
#include "base/sha256.h"

namespace millrace {

Result<std::unique_ptr<Access>> Access::load(const std::filesystem::path& admin_file,
                                             const std::filesystem::path& tokens_file, AccessReader& stored,
                                             WallTime now) {
  auto access = std::make_unique<Access>();
  auto admin = ensure_admin_token(admin_file);
  if (!admin) return std::unexpected(admin.error());
  auto of_file = read_token_file(tokens_file);
  if (!of_file) return std::unexpected(of_file.error());
  TokenRow row;
  row.name = "admin";
  row.role = to_word(Role::admin);
  row.secret_sha256 = sha256_hex(*admin);
  // Another secret in the file is another token: sessions of the old one end.
  row.id = "admin_" + row.secret_sha256.substr(0, 12);
  row.created_by = "first start";
  const MutexLock lock(access->mutex_);
  access->put(std::move(row), true);
  for (TokenRow& token : *of_file) access->put(std::move(token), true);
  for (TokenRow& token : stored.tokens()) {
    if (!token.revoked_at) access->put(std::move(token), false);
  }
  for (SessionRow& session : stored.sessions(now)) {
    std::string hash = session.secret_sha256;
    access->sessions_.emplace(std::move(hash), std::move(session));
  }
  return access;
}

void Access::put(TokenRow row, bool from_file) {
  id_by_hash_[row.secret_sha256] = row.id;
  const Role role = role_from(row.role).value_or(Role::viewer);
  const WallTime used = row.last_used_at.value_or(WallTime{});
  std::string id = row.id;
  by_id_.insert_or_assign(std::move(id), Token{std::move(row), role, from_file, used});
}

std::optional<Principal> Access::principal_of(Token* token, WallTime now) {
  if (token == nullptr || (token->row.expires_at && *token->row.expires_at <= now)) return std::nullopt;
  token->used = now;
  return Principal{token->row.name, token->role, token->row.id, token->row.dags};
}

std::optional<Principal> Access::principal_of(const SessionRow& session, WallTime now) {
  if (session.expires_at <= now) return std::nullopt;
  const auto at = by_id_.find(session.token_id);
  auto who = principal_of(at == by_id_.end() ? nullptr : &at->second, now);
  if (who) who->session_id = session.id;
  return who;
}

std::optional<Principal> Access::find_bearer(std::string_view secret, WallTime now) {
  const std::string hash = sha256_hex(secret);
  const MutexLock lock(mutex_);
  if (const auto id = id_by_hash_.find(hash); id != id_by_hash_.end()) {
    return principal_of(&by_id_.at(id->second), now);
  }
  const auto session = sessions_.find(hash);
  if (session == sessions_.end() || session->second.kind != "bearer") return std::nullopt;
  return principal_of(session->second, now);
}

std::optional<Principal> Access::find_cookie(std::string_view secret, WallTime now) {
  const std::string hash = sha256_hex(secret);
  const MutexLock lock(mutex_);
  const auto session = sessions_.find(hash);
  if (session == sessions_.end() || session->second.kind != "browser") return std::nullopt;
  auto who = principal_of(session->second, now);
  if (who) who->by_cookie = true;
  return who;
}

std::optional<Principal> Access::find_id(std::string_view token_id, WallTime now) {
  const MutexLock lock(mutex_);
  const auto at = by_id_.find(token_id);
  return principal_of(at == by_id_.end() ? nullptr : &at->second, now);
}

bool Access::lives(std::string_view token_id, std::string_view session_id, WallTime now) const {
  const MutexLock lock(mutex_);
  const auto token = by_id_.find(token_id);
  if (token == by_id_.end()) return false;
  if (token->second.row.expires_at && *token->second.row.expires_at <= now) return false;
  return session_id.empty() || std::ranges::any_of(sessions_, [&](const auto& entry) {
           return entry.second.id == session_id && entry.second.expires_at > now;
         });
}

void Access::apply(const AccessRow& change) {
  const MutexLock lock(mutex_);
  if (const auto* token = std::get_if<TokenRow>(&change)) {
    reserved_.erase(token->name);
    if (!token->revoked_at) return put(*token, false);
    id_by_hash_.erase(token->secret_sha256);
    by_id_.erase(token->id);
    std::erase_if(sessions_, [&](const auto& entry) { return entry.second.token_id == token->id; });
  }
  if (const auto* session = std::get_if<SessionRow>(&change)) {
    if (session->ended_at) {
      sessions_.erase(session->secret_sha256);
    } else {
      sessions_.insert_or_assign(session->secret_sha256, *session);
    }
  }
}

std::vector<Access::Shown> Access::tokens() const {
  const MutexLock lock(mutex_);
  std::vector<Shown> out;
  for (const auto& [id, token] : by_id_) {
    out.push_back({token.row, token.from_file});
    if (token.used.us != 0) out.back().row.last_used_at = token.used;
  }
  std::ranges::sort(out, {}, [](const Shown& s) { return std::pair(s.row.created_at, s.row.name); });
  return out;
}

std::optional<Access::Shown> Access::token(std::string_view id) const {
  for (Shown& shown : tokens()) {
    if (shown.row.id == id || shown.row.name == id) return std::move(shown);
  }
  return std::nullopt;
}

std::vector<SessionRow> Access::sessions(WallTime now) const {
  const MutexLock lock(mutex_);
  std::vector<SessionRow> out;
  for (const auto& [hash, session] : sessions_) {
    if (session.expires_at > now) out.push_back(session);
  }
  std::ranges::sort(out, {}, [](const SessionRow& row) { return std::pair(row.created_at, row.id); });
  return out;
}

std::optional<SessionRow> Access::session(std::string_view id) const {
  const MutexLock lock(mutex_);
  for (const auto& [hash, session] : sessions_) {
    if (session.id == id) return session;
  }
  return std::nullopt;
}

bool Access::reserve(const std::string& name) {
  const MutexLock lock(mutex_);
  if (by_id_.size() + reserved_.size() >= limits::tokens) return false;
  const bool taken = std::ranges::any_of(by_id_, [&](const auto& e) { return e.second.row.name == name; });
  return !taken && reserved_.insert(name).second;
}

void Access::release(const std::string& name) {
  const MutexLock lock(mutex_);
  reserved_.erase(name);
}

bool Access::room_for_session() const {
  const MutexLock lock(mutex_);
  return sessions_.size() < limits::sessions;
}

std::vector<AccessRow> Access::due(WallTime now) {
  const MutexLock lock(mutex_);
  std::erase_if(sessions_, [&](const auto& entry) { return entry.second.expires_at <= now; });
  std::vector<AccessRow> out;
  for (auto& [id, token] : by_id_) {
    if (token.from_file || token.used.us == 0) continue;
    const WallTime known = token.row.last_used_at.value_or(WallTime{});
    if (token.used - known < limits::last_used_grain) continue;
    token.row.last_used_at = token.used;
    out.emplace_back(token.row);
  }
  return out;
}

}  // namespace millrace
