#pragma once

#include "store/access.h"
#include "store/columns.h"

/// The columns of the access rows; see columns.h.
namespace millrace {

template <>
struct Table<TokenRow> : NothingDerived {
  static constexpr const char* name = "token";
};
template <>
struct Table<SessionRow> : NothingDerived {
  static constexpr const char* name = "session";
};
template <>
struct Table<KeptAnswerRow> : NothingDerived {
  static constexpr const char* name = "idempotency_key";
};
template <>
struct Table<AuditRow> : NothingDerived {
  static constexpr const char* name = "audit_log";
};

template <class V, RowOf<TokenRow> R>
void visit_columns(V& v, R& r) {
  v.key("id", r.id);
  v.fixed("name", r.name);
  v.fixed("role", r.role);
  v.strings("dags", r.dags);
  v.fixed("secret_sha256", r.secret_sha256);
  v.fixed("created_at", r.created_at);
  v.fixed("created_by", r.created_by);
  v.field("expires_at", r.expires_at);
  v.field("last_used_at", r.last_used_at);
  v.field("revoked_at", r.revoked_at);
}

template <class V, RowOf<SessionRow> R>
void visit_columns(V& v, R& r) {
  v.key("id", r.id);
  v.fixed("secret_sha256", r.secret_sha256);
  v.fixed("token_id", r.token_id);
  v.fixed("kind", r.kind);
  v.fixed("created_at", r.created_at);
  v.fixed("expires_at", r.expires_at);
  v.fixed("remote", r.remote);
  v.field("ended_at", r.ended_at);
}

template <class V, RowOf<KeptAnswerRow> R>
void visit_columns(V& v, R& r) {
  v.key("owner", r.owner);
  v.key("key", r.key);
  v.field("fingerprint", r.fingerprint);
  v.field("created_at", r.created_at);
  v.field("status", r.status);
  v.field("content_type", r.content_type);
  v.field("body", r.body);
}

template <class V, RowOf<AuditRow> R>
void visit_columns(V& v, R& r) {
  v.key("id", r.id);
  v.fixed("at", r.at);
  v.fixed("who", r.who);
  v.fixed("token_id", r.token_id);
  v.fixed("role", r.role);
  v.fixed("remote", r.remote);
  v.fixed("method", r.method);
  v.fixed("path", r.path);
  v.fixed("request_id", r.request_id);
  v.fixed("changes", r.changes);
  v.fixed("prev_hash", r.prev_hash);
  v.fixed("hash", r.hash);
}

}  // namespace millrace
