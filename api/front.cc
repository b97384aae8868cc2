#include "api/front.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "api/next_path.h"

namespace millrace {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool changes_things(std::string_view method) {
  return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

bool has_body(const HttpRequest& head) {
  if (head.count("transfer-encoding") != 0) return true;
  const std::string_view length = head.header("content-length");
  return !length.empty() && length != "0";
}

std::unexpected<Problem> bad_framing(std::string detail, int status = 400) {
  auto problem = refuse(status, "bad_request", std::move(detail));
  problem.error().close = true;
  return problem;
}

/// `text/yaml; charset=utf-8` → `text/yaml`
std::string media_type(std::string_view header) {
  std::string_view type = header.substr(0, header.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  return lower(type);
}

std::expected<void, Problem> check_content(const HttpRequest& head, const Route& route) {
  if (!changes_things(head.method) || head.method == "DELETE") return {};
  const std::string type = media_type(head.header("content-type"));
  if (type.empty() && !has_body(head)) return {};
  static constexpr std::array<std::string_view, 4> yaml = {"text/yaml", "application/yaml",
                                                           "application/x-yaml", "text/x-yaml"};
  const bool takes_dag = route.kind == RouteKind::yaml;
  if (route.kind == RouteKind::form && type == "application/x-www-form-urlencoded") return {};
  if (takes_dag && std::ranges::find(yaml, type) != yaml.end()) return {};
  if (!takes_dag && type == "application/json") return {};
  return refuse(415, "unsupported_media_type",
                takes_dag ? "this takes a DAG file: send Content-Type: text/yaml"
                          : "this takes JSON: send Content-Type: application/json");
}

/// Whether a browser says that one of our own pages asks. `Origin`, where there is one, was looked at before.
bool from_our_page(const HttpRequest& head) {
  return head.count("origin") != 0 || head.header("sec-fetch-site") == "same-origin";
}

/// Whether a browser asks for a page to show it.
bool is_visit(const HttpRequest& head, const Match& match) {
  if (match.route == nullptr || match.route->kind != RouteKind::page) return false;
  return head.count("authorization") == 0 && head.header("accept").find("text/html") != std::string::npos;
}

std::unexpected<Problem> log_in_first(const HttpRequest& head, const Match& match) {
  if (is_visit(head, match)) {
    auto problem = refuse(303, "login_needed", "a browser logs in first");
    problem.error().headers.emplace_back("Location", login_path(head));
    return problem;
  }
  auto problem = refuse(401, "unauthorized", "a valid token is needed: Authorization: Bearer <token>",
                        "the token of the first start is in <data folder>/admin.token; a browser logs in "
                        "at /login or by `millrace open`");
  problem.error().headers.emplace_back("WWW-Authenticate", "Bearer");
  return problem;
}

/// The handler sees to the rest: it reads from a narrowed reader.
std::expected<void, Problem> check_scope(const Front::Admitted& in) {
  const Reach reach = in.match.route->needs.reach();
  bool names_one = false;
  for (const auto& [name, value] : in.match.params) {
    if (name != "dag_id") continue;
    names_one = true;
    const bool all = value == "~";
    if (all ? reach != Reach::filtered : !in.who.may_see(value))
      return refuse(404, "not_found", fmt::format("there is no DAG '{}'", value),
                    "millrace dags list shows those there are");
  }
  if (reach == Reach::filtered || reach == Reach::open || (reach == Reach::dag && names_one)) return {};
  return refuse(403, "out_of_scope",
                fmt::format("'{}' is limited to some DAGs; this is about all of them", in.who.name));
}

}  // namespace

std::expected<void, Problem> Front::check_framing(const HttpRequest& head) const {
  if (head.count("content-length") > 1) return bad_framing("Content-Length is given twice");
  const std::string_view length = head.header("content-length");
  if (!std::ranges::all_of(length, [](char c) { return c >= '0' && c <= '9'; })) {
    return bad_framing("Content-Length must be one number");
  }
  if (head.count("transfer-encoding") > 1) return bad_framing("Transfer-Encoding is given twice");
  if (head.count("host") != 1) return bad_framing("exactly one Host header is needed");
  if (head.count("transfer-encoding") == 1) {
    if (head.count("content-length") != 0) return bad_framing("Content-Length beside Transfer-Encoding");
    if (lower(head.header("transfer-encoding")) != "chunked")
      return bad_framing("only chunked is understood");
  }
  for (const auto& [name, value] : head.headers) {
    for (const char c : value) {
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) {
        return bad_framing("a control character in a header");
      }
    }
  }
  if (head.path.empty() || head.path[0] != '/') return bad_framing("the target must be a path");
  if (head.count("content-encoding") != 0)
    return bad_framing("encoded bodies aren't taken: send it plain", 415);
  return {};
}

bool Front::host_allowed(std::string_view host) const {
  return std::ranges::find(hosts_, lower(host)) != hosts_.end();
}

std::expected<void, Problem> Front::check_place(const HttpRequest& head) const {
  if (!host_allowed(head.header("host"))) {
    return refuse(421, "misdirected", "this daemon doesn't answer for that Host",
                  "name it with --allowed-host if it is right");
  }
  // A browser names the page that asks. Only pages of this very daemon may; others have no business with any
  // route.
  if (head.count("origin") == 0) return {};
  const std::string origin = lower(head.header("origin"));
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme) && host_allowed(std::string_view(origin).substr(scheme.size()))) return {};
  }
  return refuse(403, "bad_origin", "requests from pages of other origins are refused");
}

std::optional<Principal> Front::who_asks(const HttpRequest& head) const {
  const WallTime now = clock_.now().wall;
  if (head.count("authorization") != 0) {
    const std::string_view header = head.header("authorization");
    if (head.count("authorization") > 1 || header.size() <= 7 || lower(header.substr(0, 7)) != "bearer ")
      return std::nullopt;
    return access_.find_bearer(header.substr(7), now);
  }
  std::string_view rest = head.header("cookie");
  while (!rest.empty()) {
    std::string_view pair = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.size() > cookie_name_.size() && pair.starts_with(cookie_name_) &&
        pair[cookie_name_.size()] == '=') {
      return access_.find_cookie(pair.substr(cookie_name_.size() + 1), now);
    }
  }
  return std::nullopt;
}

std::expected<void, Problem> Front::check_rights(const Admitted& in) const {
  const Needs& needs = in.match.route->needs;
  if (needs.open()) return {};
  if (in.who.role < needs.least()) {
    return refuse(403, "forbidden",
                  fmt::format("'{}' is a {}; this needs the role {}", in.who.name, to_word(in.who.role),
                              to_word(needs.least())));
  }
  return in.who.dags.empty() ? std::expected<void, Problem>{} : check_scope(in);
}

std::expected<Front::Admitted, Problem> Front::admit(const HttpRequest& head) const {
  if (auto ok = check_framing(head); !ok) return std::unexpected(std::move(ok.error()));
  if (auto ok = check_place(head); !ok) return std::unexpected(std::move(ok.error()));
  Admitted in;
  in.match = match_route(head.method, head.path);
  if (auto who = who_asks(head)) {
    in.who = std::move(*who);
    in.authenticated = true;
  }
  const bool open = in.match.route != nullptr && in.match.route->needs.open();
  if (!in.authenticated && !open) return log_in_first(head, in.match);
  if (in.match.bad_escape) return refuse(400, "bad_path", "a broken %-escape in the path");
  if (in.match.allow.empty()) return refuse(404, "not_found", "there is no such path in this API");
  if (in.match.route == nullptr && head.method != "OPTIONS") {
    auto problem = refuse(405, "method_not_allowed", "this path doesn't take " + head.method);
    problem.error().headers.emplace_back("Allow", in.match.allow);
    return problem;
  }
  if (!changes_things(head.method) && has_body(head)) return bad_framing("this method takes no body");
  for (const auto& [name, value] : in.match.params) {
    if (!segment_ok(name, value)) return refuse(400, "bad_id", fmt::format("not a {} that can exist", name));
  }
  auto query = parse_query(head.query);
  if (!query) return refuse(400, "bad_query", "a broken %-escape in the query");
  in.query = std::move(*query);
  if (in.match.route == nullptr) return in;  // OPTIONS
  // A page elsewhere can make a browser send our cookie or post a form; it can't make it say so.
  const bool by_browser = in.who.by_cookie || in.match.route->kind == RouteKind::form;
  if (by_browser && changes_things(head.method) && head.count("authorization") == 0 && !from_our_page(head)) {
    return refuse(403, "bad_origin", "a browser's request must name its page: Origin is missing");
  }
  if (auto ok = check_rights(in); !ok) return std::unexpected(std::move(ok.error()));
  if (auto ok = check_content(head, *in.match.route); !ok) return std::unexpected(std::move(ok.error()));
  return in;
}

}  // namespace millrace
