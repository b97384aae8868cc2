#include <fmt/format.h>

#include <charconv>

#include "cli/commands.h"

namespace millrace::cli {

std::optional<std::int64_t> seconds_of(std::string_view span) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(span.data(), span.data() + span.size(), count);
  if (error != std::errc{} || count < 1 || count > 1'000'000'000 || end != span.data() + span.size() - 1)
    return std::nullopt;
  switch (*end) {
    case 'd':
      return count * 86'400;
    case 'h':
      return count * 3'600;
    case 'm':
      return count * 60;
    case 's':
      return count;
    default:
      return std::nullopt;
  }
}

int tokens_create(Context& context, const TokenOptions& options) {
  std::string scope, expiry;
  for (const std::string& pattern : options.dags) {
    scope += fmt::format("{}{}", scope.empty() ? "" : ",", json_string(pattern));
  }
  if (!scope.empty()) scope = fmt::format("\"scope\":{{\"dags\":[{}]}}", scope);
  if (!options.expires.empty()) {
    const auto seconds = seconds_of(options.expires);
    if (!seconds) {
      complain(fmt::format("--expires {}: needs the form 30d, 12h, 45m or 90s", options.expires));
      return usage;
    }
    expiry = fmt::format("\"expires_in\":{}", *seconds);
  }
  const std::string wish =
      object_of({text_member("name", options.name), text_member("role", options.role), scope, expiry});
  const auto made = send(context, "POST", "/api/v2/tokens", wish);
  if (!made) return made.error();
  if (print_json(context, *made)) return ok;
  print((*made)["token"].shown() + "\n");
  complain("keep it: it isn't shown again");
  return ok;
}

int tokens_list(Context& context, const ListOptions& options) {
  const auto answer = fetch(context, "/api/v2/tokens?" + options.query());
  if (!answer) return answer.error();
  return print_list(context, *answer, "tokens",
                    {{"NAME", "name"},
                     {"ROLE", "role"},
                     {"DAGS", "scope",
                      [](const Json& scope) {
                        std::string out;
                        for (const Json& pattern : scope["dags"].items) {
                          out += (out.empty() ? "" : " ") + pattern.shown();
                        }
                        return out.empty() ? std::string("all") : out;
                      }},
                     {"EXPIRES", "expires_at", short_time},
                     {"LAST USED", "last_used_at", short_time},
                     {"CREATED BY", "created_by"},
                     {"ID", "id"}});
}

int tokens_revoke(Context& context, const std::string& id) {
  const auto done = send(context, "DELETE", "/api/v2/tokens/" + escaped(id));
  return done ? ok : done.error();
}

}  // namespace millrace::cli
