#include "api/routes/table.h"

namespace millrace {
namespace {

namespace h = handlers;

// clang-format off: a line says who may ask what, the next what it is
const Route table[] = {
    {"GET", "/login", anyone, h::login_page,
     {.id = "get_login_page",
      .summary = "Show the login form",
      .about = "Who is logged in goes on to `next`.",
      .query = "next",
      .also = "text/html 303:text/html"}},
    {"POST", "/login", anyone, h::log_in,
     {.id = "log_in",
      .summary = "Open a browser session with a token",
      .about = "Only from our own page: the browser has to name it by Origin.",
      .body = "LoginForm",
      .also = "303:text/html 401:text/html 429:text/html"},
     RouteKind::form},
    {"GET", "/login/style.css", anyone, h::page_style,
     {.id = "get_login_style", .summary = "Get the style sheet of the plain pages", .also = "text/css 304"}},
    {"POST", "/logout", viewer_open, h::log_out,
     {.id = "log_out", .summary = "End this browser session", .also = "303:text/html"},
     RouteKind::form},
    {"POST", "/auth/token", anyone, h::issue_bearer,
     {.id = "create_token",
      .summary = "Exchange a token for a bearer of a day",
      .about = "As Airflow's clients log in: username is a token's name, password its secret.",
      .body = "LoginWish",
      .reply = "Bearer",
      .status = 201,
      .refuses = "401"}},
    {"GET", "/auth/me", viewer_open, h::who_am_i,
     {.id = "get_me", .summary = "Say who asks and what they may", .reply = "Me"}},
    {"POST", "/auth/links", viewer_open, h::make_login_link,
     {.id = "create_login_link",
      .summary = "Make a link that logs a browser in, once, within a minute",
      .reply = "LoginLink",
      .status = 201}},
    {"GET", "/auth/link/{code}", anyone, h::follow_login_link,
     {.id = "follow_login_link",
      .summary = "Open a browser session by a login link",
      .also = "text/html 303:text/html 401:text/html 429:text/html"}},
    {"GET", API "/tokens", admin, h::list_tokens,
     {.id = "get_tokens", .summary = "List tokens", .query = "limit offset", .reply = "TokenCollection"}},
    {"POST", API "/tokens", admin, h::create_token,
     {.id = "post_token",
      .summary = "Create a named token",
      .about = "The answer shows its secret, this once.",
      .body = "TokenWish",
      .reply = "NewToken",
      .status = 201}},
    {"GET", API "/tokens/{token_id}", admin, h::get_token,
     {.id = "get_token", .summary = "Get a token by id or name", .reply = "Token"}},
    {"DELETE", API "/tokens/{token_id}", admin, h::revoke_token,
     {.id = "revoke_token", .summary = "Revoke a token and end its sessions", .status = 204}},
    {"GET", API "/sessions", admin, h::list_sessions,
     {.id = "get_sessions", .summary = "List who is logged in", .query = "limit offset",
      .reply = "SessionCollection"}},
    {"DELETE", API "/sessions/{session_id}", admin, h::end_session,
     {.id = "end_session", .summary = "End a session", .status = 204}},
    {"GET", API "/auditLogs", admin, h::list_audit_logs,
     {.id = "get_audit_logs",
      .summary = "List who changed what, newest first",
      .query = "limit before:audit who",
      .reply = "AuditLogCollection"}},
    {"GET", API "/auditLogs/verify", admin, h::verify_audit_log,
     {.id = "verify_audit_logs",
      .summary = "Follow the hash chain of the audit log",
      .about = "At most 10,000 rows a time: go on at next_from until it is null.",
      .query = "from:audit",
      .reply = "AuditVerdict"}},
};
// clang-format on

}  // namespace

Resource access_routes() {
  return {"Access", "Tokens, sessions, and the record of who changed what.", table};
}

}  // namespace millrace
