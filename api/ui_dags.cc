#include <algorithm>
#include <set>

#include "api/handlers.h"
#include "api/shapes.h"
#include "api/ui_words.h"

/// The list of DAGs as its page shows it. Which ones, and their facts, is known to the scheduler; their last
/// runs are read for the page alone.
namespace millrace::handlers {
namespace {

constexpr int runs_shown = 30;
constexpr int ended_looked_at = 10'000;
constexpr std::size_t outputs_looked_at = 10;  // of one DAG, for its freshest
constexpr auto failing_since = std::chrono::hours{24};

struct Wanted {
  std::string q, sort;
  std::vector<std::string> tags;
  std::string state;
  std::set<std::string, std::less<>> failing;  // when state is failed
  std::size_t limit = 50, offset = 0;
};
struct Listed {
  DagRow row;
  std::shared_ptr<const Dag> dag;
  std::size_t running = 0, queued = 0;
  std::optional<WallTime> due;
};
struct Seen {
  std::vector<Listed> page;
  std::int64_t total = 0;
};

bool wants(const Wanted& wanted, const Scheduler::DagSeen& seen) {
  const DagRow& row = *seen.row;
  if (!wanted.q.empty() && row.dag_id.find(wanted.q) == row.dag_id.npos) return false;
  if (wanted.state == "paused" && !row.paused) return false;
  if (wanted.state == "active" && row.paused) return false;
  if (wanted.state == "running" && seen.running == 0) return false;
  if (wanted.state == "queued" && seen.queued == 0) return false;
  if (wanted.state == "failed" && !wanted.failing.contains(row.dag_id)) return false;
  const std::vector<std::string>& tags = (*seen.dag)->tags;
  return wanted.tags.empty() || std::ranges::any_of(wanted.tags, [&](const std::string& tag) {
           return std::ranges::find(tags, tag) != tags.end();
         });
}

Seen look(const Scheduler& scheduler, const Wanted& wanted) {
  std::vector<Scheduler::DagSeen> fitting;
  scheduler.each_dag([&](const Scheduler::DagSeen& dag) {
    if (wants(wanted, dag)) fitting.push_back(dag);
  });
  if (wanted.sort == "-dag_id") std::ranges::reverse(fitting);
  if (wanted.sort == "next_run_at")
    std::ranges::stable_sort(fitting, {}, [](const Scheduler::DagSeen& dag) {
      return std::pair{!dag.due.has_value(), dag.due.value_or(WallTime{})};
    });
  if (wanted.sort == "running")
    std::ranges::stable_sort(fitting, std::greater{}, &Scheduler::DagSeen::running);
  Seen out;
  out.total = static_cast<std::int64_t>(fitting.size());
  for (std::size_t i = wanted.offset; i < fitting.size() && out.page.size() < wanted.limit; ++i)
    out.page.push_back(
        {*fitting[i].row, *fitting[i].dag, fitting[i].running, fitting[i].queued, fitting[i].due});
  return out;
}

/// DAGs whose newest ended run of the last day failed.
std::set<std::string, std::less<>> failing_dags(StoreReader& reader, WallTime now) {
  std::set<std::string, std::less<>> seen, out;
  for (const RunBar& run : reader.views().runs_ended_since(now - failing_since, ended_looked_at))
    if (seen.insert(run.dag_id).second && run.state == RunState::failed) out.insert(run.dag_id);
  return out;
}

void write_freshest(JsonWriter& out, const Dag& dag, StoreReader& reader) {
  std::optional<DatasetEventRow> freshest;
  for (std::size_t i = 0; i < dag.datasets.size() && i < outputs_looked_at; ++i)
    for (DatasetEventRow& event : reader.dataset_events(dag.datasets[i].name, 1))
      if (!freshest || freshest->at < event.at) freshest = std::move(event);
  out.key("freshest_output");
  if (!freshest) {
    out.null();
    return;
  }
  out.begin_object().text_field("dataset", freshest->dataset);
  time_field(out, "partition", freshest->partition);
  time_field(out, "at", freshest->at);
  out.end_object();
}

void write_dag(JsonWriter& out, const Listed& one, StoreReader& reader) {
  const Dag& dag = *one.dag;
  out.begin_object().text_field("dag_id", one.row.dag_id).key("tags").begin_array();
  for (const std::string& tag : dag.tags) out.string(tag);
  out.end_array().text_field("schedule_text", dag.schedule.source);
  out.text_field("timezone", dag.timezone.name()).bool_field("is_paused", one.row.paused);
  out.word_field("owner", dag.owner).word_field("description", dag.description);
  out.int_field("running", static_cast<std::int64_t>(one.running));
  out.int_field("queued", static_cast<std::int64_t>(one.queued));
  time_field(out, "next_run_at", one.due);
  auto runs = reader.views().last_runs(one.row.dag_id, std::nullopt, runs_shown);
  std::vector<double> seconds;  // newest first
  for (const RunBar& run : runs)
    if (run.state == RunState::success)
      if (const auto lasted = seconds_between(run.started_at, run.ended_at)) seconds.push_back(*lasted);
  std::ranges::reverse(runs);
  out.key("last_runs").begin_array();
  for (const RunBar& run : runs) {
    out.begin_object();
    run_bar_fields(out, run);
    out.end_object();
  }
  out.end_array();
  seconds_field(out, "p50_s", quantile_of(seconds, 0.5));
  // The newer third against the rest, once both say something.
  const auto third = static_cast<std::ptrdiff_t>(seconds.size() / 3);
  std::optional<double> now, then;
  if (third >= 3) {
    now = quantile_of({seconds.begin(), seconds.begin() + third}, 0.5);
    then = quantile_of({seconds.begin() + third, seconds.end()}, 0.5);
  }
  seconds_field(out, "trend", now && then && *then > 0 ? std::optional(*now / *then) : std::nullopt);
  write_freshest(out, dag, reader);
  out.end_object();
}

std::expected<Wanted, Problem> wanted_of(const Call& call) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  Wanted out;
  out.limit = static_cast<std::size_t>(page->limit);
  out.offset = static_cast<std::size_t>(page->offset);
  if (out.limit > 200) return refuse_field("limit", "a number from 0 to 200");
  out.q = call.query_value("q").value_or("");
  for (const std::string_view tag : call.query_values("tag")) out.tags.emplace_back(tag);
  if (const auto state = call.query_value("state")) {
    static constexpr std::string_view states[] = {"active", "paused", "running", "queued", "failed"};
    if (std::ranges::find(states, *state) == std::end(states))
      return refuse_field("state", "active, paused, running, queued or failed");
    out.state = *state;
  }
  out.sort = call.query_value("sort").value_or("dag_id");
  static constexpr std::string_view sorts[] = {"dag_id", "-dag_id", "next_run_at", "running"};
  if (std::ranges::find(sorts, out.sort) == std::end(sorts))
    return refuse_field("sort", "dag_id, -dag_id, next_run_at or running");
  return out;
}

}  // namespace

Started ui_dags(const CallPtr& call, StoreReader& reader) {
  auto wanted = wanted_of(*call);
  if (!wanted) return std::unexpected(std::move(wanted.error()));
  if (wanted->state == "failed") wanted->failing = failing_dags(reader, call->services->clock.now().wall);
  ask<Seen>(
      call, [wanted = *wanted](const Scheduler& scheduler, Now) { return look(scheduler, wanted); },
      [](StoreReader& later, const Seen& seen) -> Answer {
        return list_response("dags", seen.page, seen.total,
                             [&](JsonWriter& out, const Listed& one) { write_dag(out, one, later); });
      });
  return {};
}

}  // namespace millrace::handlers
