#include <algorithm>
#include <set>

#include "api/dag_dates.h"
#include "api/handlers.h"
#include "api/shapes.h"
#include "api/ui_words.h"

/// The list of DAGs as its page shows it. Which ones, and their facts, is known to the scheduler; their last
/// runs are read for the page alone.
namespace millrace::handlers {
namespace {

constexpr int runs_shown = 30;
constexpr std::size_t outputs_looked_at = 10;  // of one DAG, for its freshest
constexpr auto failing_since = std::chrono::hours{24};

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

Seen look(const Scheduler& scheduler, const DagWish& wanted) {
  Seen out;
  DagPage page = scheduler.dags(wanted);
  out.total = page.total;
  for (const DagSeen& one : page.dags)
    out.page.push_back({*one.row, *one.dag, one.running, one.queued, one.due});
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

void write_dag(JsonWriter& out, const Listed& one, Backend& backend, StoreReader& reader) {
  const Dag& dag = *one.dag;
  out.begin_object().text_field("dag_id", one.row.dag_id).key("tags").begin_array();
  for (const std::string& tag : dag.tags) out.string(tag);
  out.end_array().text_field("schedule_text", dag.schedule.source);
  out.text_field("timezone", clock_of(backend, one.dag).zone.name()).bool_field("is_paused", one.row.paused);
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

std::expected<DagWish, Problem> wish_of(const Call& call, StoreReader& reader) {
  using enum DagWish::State;
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  DagWish out;
  out.limit = static_cast<std::size_t>(page->limit);
  out.offset = static_cast<std::size_t>(page->offset);
  if (out.limit > 200) return refuse_field("limit", "a number from 0 to 200");
  out.piece = call.query_value("q").value_or("");
  out.named = call.sees();
  std::vector<std::string> tags, owners;
  for (const std::string_view tag : call.query_values("tag")) tags.push_back(label_of_tag(tag));
  for (const std::string_view owner : call.query_values("owners")) owners.push_back(label_of_owner(owner));
  if (!tags.empty()) out.labels.push_back(std::move(tags));
  if (!owners.empty()) out.labels.push_back(std::move(owners));
  if (const auto word = call.query_value("state")) {
    static constexpr std::pair<std::string_view, DagWish::State> states[] = {
        {"active", active}, {"paused", paused}, {"running", running}, {"queued", queued}};
    const auto named = std::ranges::find(states, *word, &std::pair<std::string_view, DagWish::State>::first);
    if (named != std::end(states)) out.state = named->second;
    else if (*word == "failed") {
      const auto failing = reader.views().failing_dags(call.services->clock.now().wall - failing_since);
      out.only = std::set(failing.begin(), failing.end());
    }
    else return refuse_field("state", "active, paused, running, queued or failed");
  }
  const std::string_view sort = call.query_value("sort").value_or("dag_id");
  out.descending = sort == "-dag_id";
  if (sort == "next_run_at") out.sort = DagWish::Sort::next_run_at;
  else if (sort == "running") out.sort = DagWish::Sort::running;
  else if (sort != "dag_id" && sort != "-dag_id")
    return refuse_field("sort", "dag_id, -dag_id, next_run_at or running");
  return out;
}

}  // namespace

Started ui_dags(const CallPtr& call, StoreReader& reader) {
  auto wanted = wish_of(*call, reader);
  if (!wanted) return std::unexpected(std::move(wanted.error()));
  ask<Seen>(
      call, [wanted = *wanted](const Scheduler& scheduler, Now) { return look(scheduler, wanted); },
      [call](StoreReader& later, const Seen& seen) -> Answer {
        return list_response("dags", seen.page, seen.total, [&](JsonWriter& out, const Listed& one) {
          write_dag(out, one, call->backend(), later);
        });
      });
  return {};
}

}  // namespace millrace::handlers
