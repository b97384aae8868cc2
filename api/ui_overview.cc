#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "api/explain_words.h"
#include "api/handlers.h"
#include "api/shapes.h"
#include "api/ui_words.h"

namespace millrace::handlers {
namespace {

constexpr int bars_shown = 2'000;
constexpr std::size_t planned_shown = 500, attention_shown = 50;
constexpr auto long_wait = std::chrono::minutes{10};
constexpr Duration longest_window = std::chrono::hours{24 * 7};

struct Counters {
  std::int64_t tasks_running = 0, tasks_waiting = 0;
};
struct Seen {
  WallTime now;
  Counters count;
  DagCounts dags;
  std::vector<std::pair<WallTime, std::string>> due;
  std::vector<std::pair<std::string, std::string>> holds;
  std::vector<Queued> waiting;  // the front of the line
};

/// `6h`, `30m`, `2d`.
std::expected<Duration, Problem> window_of(const Call& call) {
  const std::string_view text = call.query_value("window").value_or("6h");
  std::int64_t number = 0;
  for (const char c : text.substr(0, std::min<std::size_t>(text.size() - (text.empty() ? 0 : 1), 6))) {
    if (c < '0' || c > '9') number = -1'000'000;
    number = number * 10 + (c - '0');
  }
  const char unit = text.empty() ? '?' : text.back();
  const Duration one = unit == 'm'   ? Duration{std::chrono::minutes{1}}
                       : unit == 'h' ? Duration{std::chrono::hours{1}}
                       : unit == 'd' ? Duration{std::chrono::hours{24}}
                                     : Duration{0};
  const Duration window = one * number;
  if (text.size() > 1 && text.size() <= 5 && window > Duration{0} && window <= longest_window) return window;
  return refuse_field("window", "30m, 6h or 2d; at most 7d");
}

/// Those that hold what they take, as Scheduler::machine() counts them for all.
std::int64_t attempts_of(const Scheduler& scheduler, const DagFilter& of) {
  std::int64_t count = 0;
  for (const auto& [state, instances] : scheduler.active_counts(of).task_instances)
    if (holds_attempt(state)) count += static_cast<std::int64_t>(instances);
  return count;
}

DagCounts counts_of(const Scheduler& scheduler, const DagFilter& of) {
  DagWish wish;
  wish.named = of;
  wish.limit = std::numeric_limits<std::size_t>::max();
  DagCounts out;
  for (const DagSeen& dag : scheduler.dags(wish).dags) {
    ++out.dags;
    if (dag.row->paused) ++out.paused;
    out.running += static_cast<std::int64_t>(dag.running);
    out.queued += static_cast<std::int64_t>(dag.queued);
  }
  return out;
}

Seen look(const Scheduler& scheduler, Now now, Duration window, const DagFilter& of) {
  Seen out;
  out.now = now.wall;
  out.dags = of ? counts_of(scheduler, of) : scheduler.dag_counts();
  out.count.tasks_running = of ? attempts_of(scheduler, of) : scheduler.machine().attempts;
  QueueSeen queue = scheduler.queue(attention_shown, of);
  out.count.tasks_waiting = queue.tasks_waiting;
  out.waiting = std::move(queue.tasks);
  out.due = scheduler.due(now.wall + window / 3, planned_shown, of);
  out.holds = scheduler.holds();
  if (of) std::erase_if(out.holds, [&](const auto& hold) { return !of(hold.first); });
  return out;
}

struct Attention {
  std::string_view kind;
  std::string dag_id, run_id, task_id;
  std::optional<WallTime> since;
  std::string text;
};

/// What somebody ought to look at, the newest first within a kind.
std::vector<Attention> attention_of(StoreReader& reader, const Seen& seen, const std::vector<RunBar>& ended) {
  std::vector<Attention> out;
  for (const ImportErrorRow& error : reader.import_errors())
    out.push_back({"import_error", {}, {}, {}, error.at,
                   error.file_name + ": " + error.message.substr(0, error.message.find('\n'))});
  for (const auto& [dag_id, why] : seen.holds) out.push_back({"hold", dag_id, {}, {}, {}, why});
  for (const RunBar& run : ended)
    if (run.state == RunState::failed && run.reason != "cancelled")
      out.push_back({"run_failed", run.dag_id, run.run_id, {}, run.ended_at,
                     fmt::format("run '{}' of '{}' failed{}", run.run_id, run.dag_id,
                                 run.reason.empty() ? "" : ": " + run.reason)});
  for (const Queued& one : seen.waiting)
    if (seen.now - one.since >= long_wait)
      out.push_back({"long_wait", one.who.dag_id, one.who.run_id, one.who.task_id, one.since,
                     one.gates.empty() ? "waits for its turn" : one.gates.front().text});
  if (out.size() > attention_shown) out.resize(attention_shown);
  return out;
}

void write_attention(JsonWriter& out, const std::vector<Attention>& all) {
  out.key("attention").begin_array();
  for (const Attention& one : all) {
    out.begin_object().text_field("kind", one.kind).key("ref").begin_object();
    out.word_field("dag_id", one.dag_id).word_field("dag_run_id", one.run_id);
    out.word_field("task_id", one.task_id).end_object();
    time_field(out, "since", one.since);
    out.text_field("text", one.text).end_object();
  }
  out.end_array();
}

void write_bar(JsonWriter& out, const RunBar& run) {
  out.begin_object().text_field("run_id", run.run_id);
  time_field(out, "start", run.started_at ? run.started_at : std::optional(run.queued_at));
  time_field(out, "end", run.ended_at);
  out.text_field("state", to_word(run.state)).bool_field("planned", false).end_object();
}

void write_planned(JsonWriter& out, WallTime tick, std::optional<PastSeconds> past) {
  out.begin_object().null_field("run_id");
  time_field(out, "start", tick);
  std::optional<WallTime> end;
  if (past) end = tick + Duration{static_cast<std::int64_t>(past->p50 * 1e6)};
  time_field(out, "end", end);
  out.null_field("state").bool_field("planned", true).end_object();
}

void write_lanes(JsonWriter& out, const std::vector<RunBar>& runs, const Seen& seen, Past& past) {
  std::map<std::string, std::pair<std::vector<const RunBar*>, std::vector<WallTime>>> lanes;
  for (const RunBar& run : runs) lanes[run.dag_id].first.push_back(&run);
  for (const auto& [tick, dag_id] : seen.due) lanes[dag_id].second.push_back(tick);
  out.key("lanes").begin_array();
  for (const auto& [dag_id, lane] : lanes) {
    out.begin_object().text_field("dag_id", dag_id).key("bars").begin_array();
    for (const RunBar* run : lane.first) write_bar(out, *run);
    for (const WallTime tick : lane.second) write_planned(out, tick, past.of(dag_id, {}));
    out.end_array().end_object();
  }
  out.end_array();
}

Answer overview(StoreReader& reader, const Seen& seen, Duration window) {
  ViewReader& views = reader.views();
  const WallTime since = seen.now - window;
  std::int64_t success = 0, failed = 0;
  for (const auto& [state, count] : views.ended_counts(since))
    (state == RunState::success ? success : failed) += count;
  const std::vector<RunBar> ended = views.runs_ended_since(since, bars_shown);
  std::vector<RunBar> runs = views.active_runs(bars_shown);
  const bool truncated = runs.size() + ended.size() > static_cast<std::size_t>(bars_shown);
  runs.insert(runs.end(), ended.begin(), ended.end());
  if (truncated) runs.resize(bars_shown);
  Past past(views);
  JsonWriter out;
  out.begin_object().int_field("revision", views.revision());
  time_field(out, "now", seen.now);
  time_field(out, "from", since);
  time_field(out, "to", seen.now + window / 3);
  out.key("counters").begin_object();
  out.int_field("runs_running", seen.dags.running).int_field("runs_queued", seen.dags.queued);
  out.int_field("runs_success", success).int_field("runs_failed", failed);
  out.int_field("tasks_running", seen.count.tasks_running);
  out.int_field("tasks_waiting", seen.count.tasks_waiting);
  out.int_field("dags", seen.dags.dags).int_field("dags_paused", seen.dags.paused).end_object();
  write_attention(out, attention_of(reader, seen, ended));
  write_lanes(out, runs, seen, past);
  out.bool_field("truncated", truncated).end_object();
  return json_response(out.take());
}

}  // namespace

Started ui_overview(const CallPtr& call, StoreReader&) {
  const auto window = window_of(*call);
  if (!window) return std::unexpected(window.error());
  ask<Seen>(
      call,
      [window = *window, of = call->sees()](const Scheduler& scheduler, Now now) {
        return look(scheduler, now, window, of);
      },
      [window = *window](StoreReader& later, const Seen& seen) { return overview(later, seen, window); });
  return {};
}

}  // namespace millrace::handlers
