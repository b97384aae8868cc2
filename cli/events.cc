#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/table.h"

namespace millrace::cli {
namespace {

std::string where_of(const Json& event) {
  std::string out = event["dag_id"].shown();
  for (const char* name : {"run_id", "dag_run_id", "task_id"})
    if (const std::string part = event[name].shown(); !part.empty()) out += " " + part;
  if (event["map_index"].kind == Json::Kind::number && event["map_index"].integer() >= 0)
    out += "[" + event["map_index"].shown() + "]";
  return out;
}

/// `12:00:01.5  ti  etl manual__… load  queued -> running  started`
void print_event(Context& context, const StreamEvent& event, const Json& fact) {
  if (context.json) {
    return print(fmt::format("{{{},{},\"data\":{}}}\n", text_member("event", event.event),
                             text_member("id", event.id), to_json(fact)));
  }
  const std::string from = fact["from"].shown(), to = fact["to"].shown(), state = fact["state"].shown();
  const std::string now = state.empty() ? to : state;
  std::vector<std::string> cells{short_time(fact["at"]), event.event, where_of(fact),
                                 from.empty() ? now : from + " -> " + now, fact["cause"].shown()};
  if (event.event == "capacity" || event.event == "dataset") cells[2] += to_json(fact);
  std::string line;
  for (const std::string& cell : cells)
    if (!cell.empty()) line += (line.empty() ? "" : "  ") + cell;
  print(printable(line) + "\n");
}

int follow_events(Context& context, const EventsOptions& options) {
  std::string path = "/api/v2/events?topics=" + escaped(options.topics.empty() ? "events" : options.topics);
  if (!options.dag_id.empty()) path += "&dag_id=" + escaped(options.dag_id);
  std::string last_id;
  int left = options.count;
  for (int lost = 0;;) {
    const auto reply = context.client().listen(path, last_id, [&](const StreamEvent& event) {
      lost = 0;
      if (!event.id.empty()) last_id = event.id;
      if (event.event.empty()) return true;
      const auto fact = read_json(event.data);
      print_event(context, event, fact ? *fact : Json{});
      return options.count == 0 || --left > 0;
    });
    if (options.count > 0 && left == 0) return ok;
    if (reply && reply->status >= 300) return explain_refusal(*reply);
    // A daemon that restarts is back in a moment; what was missed is told by its record.
    if (!reply && (last_id.empty() || ++lost > 60)) return complain(reply.error().message), unreachable;
    pause_ms(500);
  }
}

}  // namespace

int events(Context& context, const EventsOptions& options) {
  if (options.follow) return follow_events(context, options);
  std::string path = "/api/v2/eventLogs?order_by=-event_log_id&" + options.query();
  if (!options.dag_id.empty()) path += "&dag_id=" + escaped(options.dag_id);
  if (!options.run_id.empty()) path += "&run_id=" + escaped(options.run_id);
  if (!options.kind.empty()) path += "&event=" + escaped(options.kind);
  const auto answer = fetch(context, path);
  if (!answer) return answer.error();
  return print_list(context, *answer, "event_logs",
                    {{"ID", "event_log_id"},
                     {"WHEN", "when", short_time},
                     {"EVENT", "event"},
                     {"OF", "", where_of},
                     {"FROM", "from"},
                     {"TO", "to"},
                     {"CAUSE", "cause"}});
}

int dataset_events(Context& context, const VersionsOptions& options) {
  const auto assets = fetch(context, "/api/v2/assets?limit=1000&name_pattern=" + escaped(options.dataset));
  if (!assets) return assets.error();
  for (const Json& asset : (*assets)["assets"].items) {
    if (asset["name"].shown() != options.dataset) continue;
    const auto answer = fetch(context, fmt::format("/api/v2/assets/events?asset_id={}&order_by=-timestamp&{}",
                                                   asset["id"].shown(), options.query()));
    if (!answer) return answer.error();
    const auto started = [](const Json& runs) {
      std::string out;
      for (const Json& run : runs.items)
        out += (out.empty() ? "" : ", ") + run["dag_id"].shown() + " " + run["run_id"].shown();
      return out;
    };
    return print_list(context, *answer, "asset_events",
                      {{"ID", "id"},
                       {"WHEN", "timestamp", short_time},
                       {"PARTITION", "partition", short_time},
                       {"BY DAG", "source_dag_id"},
                       {"TASK", "source_task_id"},
                       {"RUN", "source_run_id"},
                       {"CAME INTO", "created_dagruns", started}});
  }
  complain(fmt::format("there is no dataset '{}'", options.dataset));
  return not_found;
}

int queue(Context& context, const ListOptions& options) {
  const auto answer = fetch(context, "/api/v2/ui/queue?" + options.query());
  if (!answer) return answer.error();
  if (print_json(context, *answer)) return ok;
  const auto waits = [](const Json& gates) {
    std::string out;
    for (const Json& gate : gates.items) out += (out.empty() ? "" : "; ") + gate["detail"].shown();
    return out;
  };
  print_list(context, *answer, "queue",
             {{"RANK", "rank"},
              {"TASK", "ti", where_of},
              {"POOL", "pool"},
              {"PRIORITY", "priority"},
              {"SINCE", "since", short_time},
              {"WAITS FOR", "waits_for", waits}});
  for (const Json& run : (*answer)["runs"].items)
    print(fmt::format("run {}: {}\n", where_of(run["run"]), run["waits_for"]["detail"].shown()));
  for (const Json& backfill : (*answer)["backfills"].items)
    print(fmt::format("backfill {} of {}, {} dates: {}\n", backfill["backfill_id"].shown(),
                      backfill["dag_id"].shown(), backfill["dates"].shown(),
                      backfill["waits_for"]["detail"].shown()));
  return ok;
}

int metrics(Context& context) {
  const auto reply = context.client().get("/metrics");
  if (!reply) return complain(reply.error().message), unreachable;
  if (reply->status >= 300) return explain_refusal(*reply);
  if (!context.json) return print(reply->body), ok;
  std::string out;
  std::string_view text = reply->body;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t space = line.rfind(' ');
    if (line.empty() || line[0] == '#' || space == line.npos) continue;
    const auto value = read_json(line.substr(space + 1));  // NaN and +Inf are no JSON numbers
    out += fmt::format("{}{{{},\"value\":{}}}", out.empty() ? "" : ",",
                       text_member("series", line.substr(0, space)),
                       value ? to_json(*value) : json_string(line.substr(space + 1)));
  }
  print(fmt::format("{{\"metrics\":[{}]}}\n", out));
  return ok;
}

}  // namespace millrace::cli
