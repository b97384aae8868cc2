#include <fmt/format.h>

#include <algorithm>

#include "api/access.h"
#include "api/handlers.h"
#include "api/routes.h"
#include "api/shapes.h"
#include "base/limits.h"
#include "base/sha256.h"

namespace millrace::handlers {
namespace {

constexpr std::int64_t longest_s = 10ll * 366 * 24 * 3600;
constexpr std::size_t most_patterns = 100;

void write_token(JsonWriter& out, const Access::Shown& shown, std::string_view secret = {}) {
  const TokenRow& row = shown.row;
  out.begin_object().text_field("id", row.id).text_field("name", row.name).text_field("role", row.role);
  out.key("scope").begin_object().key("dags").begin_array();
  for (const std::string& pattern : row.dags) out.string(pattern);
  out.end_array().end_object().text_field("source", shown.from_file ? "file" : "store");
  time_field(out, "created_at", shown.from_file ? std::nullopt : std::optional(row.created_at));
  out.text_field("created_by", row.created_by);
  time_field(out, "expires_at", row.expires_at);
  time_field(out, "last_used_at", row.last_used_at);
  if (!secret.empty()) out.text_field("token", secret);
  out.end_object();
}

bool pattern_ok(std::string_view pattern) {
  return !pattern.empty() && pattern.size() <= limits::id_bytes && std::ranges::all_of(pattern, [](char c) {
    const bool of_an_id = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                          c == '_' || c == '.' || c == '-';
    return of_an_id || c == '*' || c == '?';
  });
}

void read_scope(const JsonValue& body, BodyReader& in, TokenRow& row) {
  in.accept("scope");
  const JsonValue* scope = body.find("scope");
  if (scope == nullptr || scope->is(JsonValue::Kind::null)) return;
  if (!scope->is(JsonValue::Kind::object)) return in.refuse("scope", "must be {\"dags\": [patterns]}");
  BodyReader inside(*scope);
  row.dags = inside.texts("dags");
  if (auto ok = inside.done(); !ok) return in.refuse("scope", ok.error().detail);
  if (row.dags.empty() || row.dags.size() > most_patterns || !std::ranges::all_of(row.dags, pattern_ok)) {
    in.refuse("scope", fmt::format("dags: 1 to {} patterns of A-Z a-z 0-9 _ . - * ?", most_patterns));
  }
}

void read_expiry(BodyReader& in, TokenRow& row) {
  const auto at = in.time("expires_at");
  const auto after = in.integer("expires_in", 1, longest_s);
  if (at && after) return in.refuse("expires_in", "beside expires_at");
  if (at) row.expires_at = *at;
  if (after) row.expires_at = row.created_at + std::chrono::seconds{*after};
  if (row.expires_at && *row.expires_at <= row.created_at) in.refuse("expires_at", "has passed already");
}

std::expected<TokenRow, Problem> read_token(const Call& call) {
  auto body = json_body(call);
  if (!body) return std::unexpected(std::move(body.error()));
  BodyReader in(*body);
  TokenRow row;
  row.created_at = call.services->clock.now().wall;
  row.created_by = call.who.name;
  const auto name = in.text("name");
  const auto role_word = in.text("role");
  const auto role = role_from(role_word.value_or("viewer"));
  if (!name || !segment_ok("token_id", *name)) in.refuse("name", "must be 1 to 200 of A-Z a-z 0-9 _ . -");
  if (!role) in.refuse("role", "must be viewer, operator, author or admin");
  read_scope(*body, in, row);
  read_expiry(in, row);
  if (role == Role::admin && !row.dags.empty()) in.refuse("scope", "an admin can't be limited to some DAGs");
  if (role == Role::author && !row.dags.empty()) {
    in.refuse("scope", "an author can't be limited to some DAGs: a DAG file is shell access");
  }
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  row.name = *name;
  row.role = to_word(*role);
  return row;
}

std::unexpected<Problem> no_token(std::string_view id) {
  return refuse(404, "not_found", fmt::format("there is no token '{}'", id),
                "millrace tokens list shows those there are");
}

}  // namespace

Answer list_tokens(const Call& call, StoreReader&) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  const auto all = call.services->access->tokens();
  const std::size_t from = std::min(all.size(), static_cast<std::size_t>(page->offset));
  const std::size_t to = std::min(all.size(), from + static_cast<std::size_t>(page->limit));
  const std::vector<Access::Shown> shown(all.begin() + static_cast<std::ptrdiff_t>(from),
                                         all.begin() + static_cast<std::ptrdiff_t>(to));
  return list_response("tokens", shown, static_cast<std::int64_t>(all.size()),
                       [](JsonWriter& out, const Access::Shown& token) { write_token(out, token); });
}

Answer get_token(const Call& call, StoreReader&) {
  const auto found = call.services->access->token(call.param("token_id"));
  if (!found) return no_token(call.param("token_id"));
  JsonWriter out;
  write_token(out, *found);
  return json_response(out.take());
}

Started create_token(const CallPtr& call, StoreReader&) {
  auto row = read_token(*call);
  if (!row) return std::unexpected(std::move(row.error()));
  auto secret = new_secret("mr_");
  if (!secret) return std::unexpected(to_problem(secret.error()));
  if (!call->services->access->reserve(row->name)) {
    return refuse(409, "conflict",
                  fmt::format("there is a token '{}' already, or too many of them", row->name),
                  "revoke the old one first: millrace tokens revoke");
  }
  row->secret_sha256 = sha256_hex(*secret);
  row->id = "tok_" + sha256_hex(row->secret_sha256).substr(0, 16);
  RequestContext context = call->context();
  call->answer_to_keep = false;  // the answer holds the secret: shown once, kept nowhere
  const std::string id = row->id;
  commit_access(call, {std::move(*row)}, std::move(context), [call, id, secret = *secret]() -> Answer {
    const auto made = call->services->access->token(id);
    if (!made) return no_token(id);  // revoked within the same moment
    JsonWriter out;
    write_token(out, *made, secret);
    return json_response(out.take(), 201);
  });
  return {};
}

Started revoke_token(const CallPtr& call, StoreReader&) {
  auto found = call->services->access->token(call->param("token_id"));
  if (!found) return no_token(call->param("token_id"));
  if (found->from_file) {
    return refuse(409, "conflict", fmt::format("'{}' comes from a file of the data folder", found->row.name),
                  "change that file and start the daemon anew");
  }
  found->row.revoked_at = call->services->clock.now().wall;
  commit_access(call, {std::move(found->row)}, call->context(), []() -> Answer { return empty_response(); });
  return {};
}

Answer list_sessions(const Call& call, StoreReader&) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  auto all = call.services->access->sessions(call.services->clock.now().wall);
  const auto total = static_cast<std::int64_t>(all.size());
  all.erase(all.begin(), all.begin() + std::min<std::ptrdiff_t>(page->offset, std::ssize(all)));
  all.resize(std::min(all.size(), static_cast<std::size_t>(page->limit)));
  return list_response("sessions", all, total, [&](JsonWriter& out, const SessionRow& row) {
    const auto token = call.services->access->token(row.token_id);
    out.begin_object().text_field("id", row.id).word_field("name", token ? token->row.name : "");
    out.text_field("token_id", row.token_id).text_field("kind", row.kind).text_field("remote", row.remote);
    time_field(out, "created_at", row.created_at);
    time_field(out, "expires_at", row.expires_at);
    out.end_object();
  });
}

Started end_session(const CallPtr& call, StoreReader&) {
  auto session = call->services->access->session(call->param("session_id"));
  if (!session) {
    return refuse(404, "not_found", fmt::format("there is no session '{}'", call->param("session_id")));
  }
  session->ended_at = call->services->clock.now().wall;
  commit_access(call, {std::move(*session)}, call->context(), []() -> Answer { return empty_response(); });
  return {};
}

}  // namespace millrace::handlers
