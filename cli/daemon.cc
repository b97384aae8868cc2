#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/table.h"

namespace millrace::cli {

std::string ListOptions::query() const { return fmt::format("limit={}&offset={}", limit, offset); }

int status(Context& context, const StatusOptions& options) {
  if (options.timing) return timing(context);
  const auto health = fetch(context, "/api/v2/monitor/health");
  if (!health) return health.error();
  const bool well = (*health)["metadatabase"]["status"].shown() == "healthy" &&
                    (*health)["scheduler"]["status"].shown() == "healthy";
  if (print_json(context, *health)) return well ? ok : refused;
  const Json& ours = (*health)["millrace"];
  print(render_facts({{"daemon", context.url},
                      {"version", ours["version"].shown()},
                      {"started", short_time(ours["started_at"])},
                      {"store", (*health)["metadatabase"]["status"].shown()},
                      {"store detail", ours["store_detail"].shown()},
                      {"scheduler", (*health)["scheduler"]["status"].shown()},
                      {"last turn", short_time((*health)["scheduler"]["latest_scheduler_heartbeat"])},
                      {"active runs", ours["active_runs"].shown()},
                      {"live tasks", ours["live_attempts"].shown()},
                      {"isolation", ours["isolation"].shown()},
                      {"held", ours["hold"].shown()}}));
  if (ours.is_null()) complain("no valid token: only the public part is shown");
  return well ? ok : refused;
}

int version(Context& context) {
  if (context.json) {
    print(object_of({text_member("version", MILLRACE_VERSION)}) + "\n");
  } else {
    print("millrace " MILLRACE_VERSION "\n");
  }
  return ok;
}

int devices(Context& context) {
  const auto answer = fetch(context, "/api/v2/devices");
  if (!answer) return answer.error();
  return print_list(
      context, *answer, "devices",
      {{"UUID", "uuid"},
       {"MODEL", "model"},
       {"MEMORY", "memory_bytes",
        [](const Json& bytes) { return fmt::format("{:.1f} GiB", bytes.number() / (1 << 30)); }},
       {"HEALTHY", "healthy"},
       {"HELD BY", "attempt"}});
}

}  // namespace millrace::cli
