#include "api/next_path.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/routes.h"
#include "base/limits.h"

namespace millrace {
namespace {

bool may_stand(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

/// `//host` and `/\host` are other machines to a browser, which also drops line breaks and tabs first.
bool is_path_of_ours(std::string_view text) {
  const auto plain = [](char c) { return c > 0x20 && c < 0x7f && c != '\\'; };
  return text.size() <= limits::next_path_bytes && text.starts_with('/') && !text.starts_with("//") &&
         std::ranges::all_of(text, plain);
}

}  // namespace

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (may_stand(c)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string login_path(const HttpRequest& head) {
  std::string wanted = head.path;
  if (!head.query.empty()) wanted += '?' + head.query;
  if (wanted == "/" || next_path(wanted) != wanted) return "/login";
  return "/login?next=" + percent_encode(wanted);
}

std::string next_path(std::string_view wanted) {
  if (!is_path_of_ours(wanted)) return "/";
  const Match match = match_route("GET", wanted.substr(0, wanted.find_first_of("?#")));
  const bool page = match.route != nullptr && match.route->kind == RouteKind::page && !match.bad_escape;
  return page ? std::string(wanted) : "/";
}

}  // namespace millrace
