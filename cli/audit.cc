#include <fmt/format.h>

#include "cli/commands.h"

namespace millrace::cli {

int audit_list(Context& context, const AuditOptions& options) {
  const std::string who = options.who.empty() ? "" : "&who=" + escaped(options.who);
  const auto answer = fetch(context, fmt::format("/api/v2/auditLogs?limit={}{}", options.limit, who));
  if (!answer) return answer.error();
  return print_list(context, *answer, "audit_logs",
                    {{"ID", "audit_log_id"},
                     {"WHEN", "when", short_time},
                     {"WHO", "who"},
                     {"FROM", "remote"},
                     {"METHOD", "method"},
                     {"PATH", "path"},
                     {"CHANGES", "changes", [](const Json& changes) { return to_json(changes); }}});
}

int audit_verify(Context& context) {
  std::int64_t from = 1, checked = 0;
  for (;;) {
    const auto piece = fetch(context, fmt::format("/api/v2/auditLogs/verify?from={}", from));
    if (!piece) return piece.error();
    checked += (*piece)["checked"].integer();
    show_progress(context, fmt::format("{} rows fit", checked));
    const bool last = (*piece)["next_from"].kind == Json::Kind::null;
    if ((*piece)["valid"].boolean && !last) {
      from = (*piece)["next_from"].integer();
      continue;
    }
    show_progress(context, "");
    if (print_json(context, *piece)) return (*piece)["valid"].boolean ? ok : refused;
    if (!(*piece)["valid"].boolean) {
      complain(fmt::format("the audit log is broken: {}", (*piece)["problem"].shown()));
      return refused;
    }
    print(fmt::format("{} rows, unbroken; the last hash is {}\n", checked, (*piece)["last_hash"].shown()));
    return ok;
  }
}

}  // namespace millrace::cli
