#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "base/time.h"
#include "cli/commands.h"
#include "cli/table.h"

namespace millrace::cli {
namespace {

std::string list_of(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ",") + json_string(item);
  return "[" + out + "]";
}

std::string path_of(const std::string& id) { return "/api/v2/backfills/" + escaped(id); }

std::string progress_of(const Json& backfill) {
  const Json& n = backfill["counts"];
  const long long done =
      n["success"].integer() + n["failed"].integer() + n["skipped"].integer() + n["cancelled"].integer();
  return fmt::format("{}  {} running, {} failed  {}", render_bar(done, n["total"].integer(), 30),
                     n["running"].shown(), n["failed"].shown(), backfill["state"].shown());
}

void print_backfill(const Json& b) {
  const Json& n = b["counts"];
  print(render_facts(
      {{"backfill", b["id"].shown()},
       {"dag", b["dag_id"].shown()},
       {"dates", short_time(b["from_date"]) + " to " + short_time(b["to_date"])},
       {"state", b["state"].shown()},
       {"reprocess", b["reprocess_behavior"].shown()},
       {"at a time", b["max_active_runs"].shown()},
       {"by", b["created_by"].shown()},
       {"created", short_time(b["created_at"])},
       {"ended", short_time(b["completed_at"])},
       {"dates done",
        fmt::format("{} of {}: {} success, {} failed, {} skipped, {} cancelled; {} running, "
                    "{} queued",
                    n["success"].integer() + n["failed"].integer() + n["skipped"].integer() +
                        n["cancelled"].integer(),
                    n["total"].shown(), n["success"].shown(), n["failed"].shown(), n["skipped"].shown(),
                    n["cancelled"].shown(), n["running"].shown(), n["queued"].shown())}}));
}

void print_plan(const Json& plan) {
  constexpr std::size_t shown = 20;
  const auto& dates = plan["backfills"].items;
  for (std::size_t i = 0; i < std::min(dates.size(), shown); ++i) {
    print(fmt::format("  {}  {:6}  {}\n", short_time(dates[i]["execution_date"]), dates[i]["action"].shown(),
                      dates[i]["reason"].shown()));
  }
  if (dates.size() > shown)
    print(fmt::format("  … and {} more\n", plan["total_entries"].integer() - std::int64_t{shown}));
  const Json& n = plan["counts"];
  const std::string seconds = render_seconds(plan["estimate"]["seconds"].shown());
  print(fmt::format("{} dates: {} to create, {} to run again, {} to skip{}\n", plan["total_entries"].shown(),
                    n["create"].shown(), n["rerun"].shown(), n["skip"].shown(),
                    seconds.empty() ? "" : "; about " + seconds + " from past runs"));
}

bool confirmed() {
  if (::isatty(STDIN_FILENO) == 0) {
    complain("nobody to ask: give --yes to start it");
    return false;
  }
  print("Start it? [y/N] ");
  std::string line;
  std::getline(std::cin, line);
  return line == "y" || line == "Y" || line == "yes";
}

int act(Context& context, const std::string& method, const std::string& path) {
  const auto answer = send(context, method, path);
  if (!answer) return answer.error();
  if (!print_json(context, *answer)) print_backfill(*answer);
  return ok;
}

}  // namespace

std::optional<std::string> backfill_body(const BackfillOptions& options) {
  std::string from = options.from, to = options.to;
  if (!options.range.empty()) {
    const std::size_t dots = options.range.find("..");
    from = options.range.substr(0, dots);
    to = dots == std::string::npos ? from : options.range.substr(dots + 2);
  }
  for (const std::string* date : {&from, &to}) {
    if (!date->empty() && !parse_iso(*date)) {
      complain(fmt::format("'{}' is not a date; use 2001-01-31 or 2001-01-01..2001-01-31", *date));
      return std::nullopt;
    }
  }
  if (options.dates.empty() && (from.empty() || to.empty())) {
    complain(
        "say which dates: --dates 2001-01-01..2001-01-31, or --from and --to, or --date for single ones");
    return std::nullopt;
  }
  const auto params = params_object(options.params);
  if (!params) return std::nullopt;
  const auto flag = [](std::string_view name, bool value) {
    return value ? json_string(name) + ":true" : std::string();
  };
  return object_of({text_member("dag_id", options.dag_id), from.empty() ? "" : text_member("from_date", from),
                    to.empty() ? "" : text_member("to_date", to),
                    options.dates.empty() ? "" : "\"dates\":" + list_of(options.dates),
                    text_member("reprocess_behavior", options.reprocess),
                    fmt::format("\"max_active_runs\":{}", options.max_active_runs),
                    flag("run_backwards", options.backwards),
                    options.tasks.empty() ? "" : "\"task_ids\":" + list_of(options.tasks),
                    flag("include_upstream", options.upstream),
                    flag("include_downstream", options.downstream),
                    options.pinned ? text_member("dag_version", "pinned") : "",
                    options.pool.empty() ? "" : text_member("pool", options.pool),
                    options.priority == 0 ? "" : fmt::format("\"priority\":{}", options.priority),
                    options.description.empty() ? "" : text_member("description", options.description),
                    "\"params\":" + *params});
}

int backfill_create(Context& context, const BackfillOptions& options) {
  const auto body = backfill_body(options);
  if (!body) return usage;
  if (!options.yes || options.dry_run) {
    const auto plan = send(context, "POST", "/api/v2/backfills/dry_run", *body);
    if (!plan) return plan.error();
    if (options.dry_run && print_json(context, *plan)) return ok;
    if (!context.json) print_plan(*plan);
    if (options.dry_run) return ok;
    if ((*plan)["counts"]["create"].integer() + (*plan)["counts"]["rerun"].integer() == 0) {
      complain("nothing to do; --reprocess completed runs the dates again");
      return ok;
    }
    if (!confirmed()) return refused;
  }
  const auto backfill = send(context, "POST", "/api/v2/backfills", *body);
  if (!backfill) return backfill.error();
  const std::string id = (*backfill)["id"].shown();
  if (options.wait) return wait_for_backfill(context, id);
  if (!print_json(context, *backfill)) {
    print(fmt::format("backfill {} is {}\nwatch it: millrace backfill show {}\n", id,
                      (*backfill)["state"].shown(), id));
  }
  return ok;
}

int wait_for_backfill(Context& context, const std::string& id) {
  for (;;) {
    const auto backfill = fetch(context, path_of(id));
    if (!backfill) return backfill.error();
    const std::string state = (*backfill)["state"].shown();
    show_progress(context, progress_of(*backfill));
    if (state == "completed" || state == "failed" || state == "cancelled") {
      show_progress(context, "");
      if (!print_json(context, *backfill)) print_backfill(*backfill);
      return state == "completed" && (*backfill)["counts"]["failed"].integer() == 0 ? ok : refused;
    }
    pause_ms(500);
  }
}

int backfill_list(Context& context, const std::string& dag_id, const ListOptions& options) {
  std::string path = "/api/v2/backfills?" + options.query();
  if (!dag_id.empty()) path += "&dag_id=" + escaped(dag_id);
  const auto answer = fetch(context, path);
  if (!answer) return answer.error();
  const auto done = [](const Json& n) {
    return fmt::format(
        "{}/{}",
        n["success"].integer() + n["failed"].integer() + n["skipped"].integer() + n["cancelled"].integer(),
        n["total"].shown());
  };
  return print_list(context, *answer, "backfills",
                    {{"ID", "id"},
                     {"DAG", "dag_id"},
                     {"FROM", "from_date", short_time},
                     {"TO", "to_date", short_time},
                     {"STATE", "state"},
                     {"DONE", "counts", done},
                     {"FAILED", "counts", [](const Json& n) { return n["failed"].shown(); }},
                     {"CREATED", "created_at", short_time}});
}

int backfill_show(Context& context, const std::string& id, bool items) {
  const auto backfill = fetch(context, path_of(id));
  if (!backfill) return backfill.error();
  if (!items) {
    if (!print_json(context, *backfill)) print_backfill(*backfill);
    return ok;
  }
  const auto list = fetch(context, path_of(id) + "/items?limit=1000");
  if (!list) return list.error();
  if (!context.json) {
    print_backfill(*backfill);
    print("\n");
  }
  return print_list(context, *list, "items",
                    {{"EXECUTION DATE", "execution_date", short_time},
                     {"STATE", "state"},
                     {"REASON", "reason"},
                     {"RUN", "dag_run_id"}});
}

int backfill_pause(Context& context, const std::string& id, bool paused) {
  return act(context, "PUT", path_of(id) + (paused ? "/pause" : "/unpause"));
}
int backfill_cancel(Context& context, const std::string& id, bool terminate) {
  return act(context, "PUT", path_of(id) + "/cancel?mode=" + (terminate ? "terminate" : "drain"));
}
int backfill_retry(Context& context, const std::string& id) {
  return act(context, "POST", path_of(id) + "/retryFailed");
}

}  // namespace millrace::cli
