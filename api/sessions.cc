#include <fmt/format.h>

#include "api/access.h"
#include "api/handlers.h"
#include "api/login.h"
#include "api/next_path.h"
#include "api/pages.h"
#include "api/shapes.h"
#include "api/static_files.h"
#include "base/limits.h"
#include "base/sha256.h"

namespace millrace::handlers {
namespace {

HttpResponse html(std::string body, int status = 200) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/html; charset=utf-8";
  response.body = std::move(body);
  return response;
}

HttpResponse go_to(std::string_view path) {
  HttpResponse response = html("", 303);
  response.headers.emplace_back("Location", path);
  return response;
}

std::string cookie(const Services& services, std::string_view value, std::int64_t seconds) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", services.cookie_name, value,
                     seconds, services.secure_cookies ? "; Secure" : "");
}

std::unexpected<Problem> too_often() {
  auto problem = refuse(429, "too_many_logins", "too many logins failed; wait a minute");
  problem.error().headers.emplace_back("Retry-After", "60");
  return problem;
}

HttpResponse shut_page(std::string_view next = {}) {
  HttpResponse response = html(pages::login("Too many logins failed. Wait a minute.", next), 429);
  response.headers.emplace_back("Retry-After", "60");
  return response;
}

struct Opened {
  SessionRow row;
  std::string secret;
};

std::expected<Opened, Problem> new_session(const Call& call, const Principal& who, std::string_view kind) {
  if (!call.services->access->room_for_session()) {
    return std::unexpected(to_problem(Error{ErrorKind::overloaded, "too many sessions are open"}));
  }
  auto secret = new_secret(kind == "browser" ? "ms_" : "mb_");
  if (!secret) return std::unexpected(to_problem(secret.error()));
  const WallTime now = call.services->clock.now().wall;
  const Duration life = kind == "browser" ? Duration{limits::session_life} : Duration{limits::bearer_life};
  SessionRow row;
  row.secret_sha256 = sha256_hex(*secret);
  row.id = "ses_" + sha256_hex(row.secret_sha256).substr(0, 16);
  row.token_id = who.token_id;
  row.kind = kind;
  row.created_at = now;
  row.expires_at = now + life;
  row.remote = call.request.remote;
  return Opened{std::move(row), std::move(*secret)};
}

RequestContext context_of(const CallPtr& call, const Principal& who) {
  call->who = who;  // known from here on
  call->idempotency_key.clear();  // the answer holds a secret, and this was no principal's key
  return call->context();
}

/// Opens a browser session and sends the browser to `next`, a path of ours.
Started enter(const CallPtr& call, const Principal& who, const std::string& next) {
  auto opened = new_session(*call, who, "browser");
  if (!opened) return std::unexpected(std::move(opened.error()));
  constexpr std::chrono::seconds life = limits::session_life;
  const std::string set = cookie(*call->services, opened->secret, life.count());
  commit_access(call, {std::move(opened->row)}, context_of(call, who), [set, next]() -> Answer {
    HttpResponse response = go_to(next);
    response.headers.emplace_back("Set-Cookie", set);
    return response;
  });
  return {};
}

}  // namespace

void login_page(const CallPtr& call) {
  const std::string next = next_path(call->query_value("next").value_or(""));
  if (call->who.by_cookie) return call->answer(go_to(next));
  // Who comes by a link from elsewhere comes without the cookie, SameSite=Strict. What our own page asks for
  // next has it, if there is one.
  const bool from_elsewhere = call->request.header("sec-fetch-site") == "cross-site";
  call->answer(html(from_elsewhere && next != "/" ? pages::on_to(next) : pages::login("", next)));
}

void page_style(const CallPtr& call) {
  static const std::string etag = etag_of(pages::style());
  call->answer(with_etag(call->request, pages::style(), "text/css; charset=utf-8", etag));
}

Started log_in(const CallPtr& call, StoreReader&) {
  const Now now = call->services->clock.now();
  Logins& logins = *call->services->logins;
  std::string token, wanted;
  const auto form = parse_query(call->request.body);
  for (const auto& [name, value] : form.value_or(HeaderList{})) {
    if (name == "token") token = value;
    if (name == "next") wanted = value;
  }
  const std::string next = next_path(wanted);
  if (logins.throttled(call->request.remote, now.mono)) {
    call->answer(shut_page(next));
    return {};
  }
  while (!token.empty() && (token.back() == '+' || token.back() == ' ')) token.pop_back();  // a pasted blank
  const auto who = call->services->access->find_bearer(token, now.wall);
  if (!who || !who->session_id.empty()) {
    logins.failed(call->request.remote, now.mono);
    call->answer(
        html(pages::login("This token opens nothing here: unknown, expired or revoked.", next), 401));
    return {};
  }
  return enter(call, *who, next);
}

Started log_out(const CallPtr& call, StoreReader&) {
  auto session = call->services->access->session(call->who.session_id);
  const std::string gone = cookie(*call->services, "", 0);
  const auto answer = [gone]() -> Answer {
    HttpResponse response = go_to("/login");
    response.headers.emplace_back("Set-Cookie", gone);
    return response;
  };
  if (!session) {
    call->answer(answer());
    return {};
  }
  session->ended_at = call->services->clock.now().wall;
  commit_access(call, {std::move(*session)}, call->context(), answer);
  return {};
}

/// Airflow's way to a bearer token: here `username` is a token's name and `password` its secret.
Started issue_bearer(const CallPtr& call, StoreReader&) {
  const Now now = call->services->clock.now();
  Logins& logins = *call->services->logins;
  if (logins.throttled(call->request.remote, now.mono)) return too_often();
  auto body = json_body(*call);
  if (!body) return std::unexpected(std::move(body.error()));
  BodyReader in(*body);
  const auto name = in.text("username"), secret = in.text("password");
  if (!name) in.refuse("username", "is missing: the token's name");
  if (!secret) in.refuse("password", "is missing: the token's secret");
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  const auto who = call->services->access->find_bearer(*secret, now.wall);
  if (!who || !who->session_id.empty() || who->name != *name) {
    logins.failed(call->request.remote, now.mono);
    return refuse(401, "unauthorized", "no token of that name has that secret");
  }
  auto opened = new_session(*call, *who, "bearer");
  if (!opened) return std::unexpected(std::move(opened.error()));
  const std::string access_token = opened->secret;
  const WallTime until = opened->row.expires_at;
  commit_access(call, {std::move(opened->row)}, context_of(call, *who), [access_token, until]() -> Answer {
    JsonWriter out;
    out.begin_object().text_field("access_token", access_token).text_field("token_type", "bearer");
    time_field(out, "expires_at", until);
    out.end_object();
    return json_response(out.take(), 201);
  });
  return {};
}

Started make_login_link(const CallPtr& call, StoreReader&) {
  const auto code = call->services->logins->make_link(call->who.token_id, call->services->clock.now().mono);
  if (!code) {
    return std::unexpected(
        to_problem(Error{ErrorKind::overloaded, "too many login links are open; wait a minute"}));
  }
  JsonWriter out;
  out.begin_object().text_field("path", "/auth/link/" + *code);
  out.text_field("url", call->services->base_url + "/auth/link/" + *code);
  out.int_field("expires_in", limits::login_link_life.count()).end_object();
  call->answer(json_response(out.take(), 201));
  return {};
}

Started follow_login_link(const CallPtr& call, StoreReader&) {
  if (call->request.method == "HEAD") {  // a look ahead must not use it up
    call->answer(html("", 200));
    return {};
  }
  const Now now = call->services->clock.now();
  Logins& logins = *call->services->logins;
  if (logins.throttled(call->request.remote, now.mono)) {
    call->answer(shut_page());
    return {};
  }
  const auto token_id = logins.take_link(call->param("code"), now.mono);
  const auto who = token_id ? call->services->access->find_id(*token_id, now.wall) : std::nullopt;
  if (!who) {
    logins.failed(call->request.remote, now.mono);
    call->answer(
        html(pages::login("This link was used or is over a minute old. Ask for another one.", "/"), 401));
    return {};
  }
  return enter(call, *who, "/");
}

Answer who_am_i(const Call& call, StoreReader&) {
  JsonWriter out;
  out.begin_object().text_field("name", call.who.name).text_field("role", to_word(call.who.role));
  out.text_field("token_id", call.who.token_id).word_field("session_id", call.who.session_id);
  out.key("scope").begin_object().key("dags").begin_array();
  for (const std::string& pattern : call.who.dags) out.string(pattern);
  out.end_array().end_object().end_object();
  return json_response(out.take());
}

}  // namespace millrace::handlers
