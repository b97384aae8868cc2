#include "api/backfill_wish.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/dag_dates.h"
#include "api/params.h"
#include "scheduler/backfill_plan.h"
#include "scheduler/dates_dag.h"

namespace millrace {
namespace {

void read_spec(BodyReader& in, const LocalClock& clock, BackfillSpec& spec, bool dry_run) {
  spec.from_date = in.time("from_date", clock);
  spec.to_date = in.time("to_date", clock, OfDay::last);
  spec.dates = in.times("dates", clock);
  std::ranges::sort(spec.dates);
  const std::string reprocess = in.text("reprocess_behavior").value_or("none");
  if (reprocess == "failed")
    spec.reprocess = Reprocess::failed;
  else if (reprocess == "completed")
    spec.reprocess = Reprocess::completed;
  else if (reprocess != "none")
    in.refuse("reprocess_behavior", "must be none, failed or completed");
  spec.max_active_runs = static_cast<int>(in.integer("max_active_runs", 1, 1'000).value_or(10));
  spec.run_backwards = in.boolean("run_backwards").value_or(false);
  spec.task_ids = in.texts("task_ids");
  spec.include_upstream = in.boolean("include_upstream").value_or(false);
  spec.include_downstream = in.boolean("include_downstream").value_or(false);
  const auto conf = in.object("dag_run_conf");
  const auto params = in.object("params");
  if (conf && params) in.refuse("params", "is the same as dag_run_conf: give one");
  spec.params = params ? *params : conf.value_or("{}");
  const auto version = in.text("dag_version");
  if (version && *version != "latest" && *version != "pinned")
    in.refuse("dag_version", "must be latest or pinned");
  spec.latest_version = in.boolean("run_on_latest_version").value_or(version.value_or("latest") == "latest");
  spec.pool = in.text("pool").value_or("");
  spec.priority = static_cast<int>(in.integer("priority", -1'000'000, 1'000'000).value_or(0));
  spec.description = in.text("description").value_or("");
  spec.cascade = in.boolean("cascade").value_or(false);
  if (in.boolean("dry_run").value_or(dry_run) != dry_run)
    in.refuse("dry_run", "has its own path: /backfills/dry_run");
  if (spec.dag_id.empty()) in.refuse("dag_id", "is missing");
}

}  // namespace

std::expected<BackfillWish, Problem> backfill_wish(const Call& call, StoreReader& reader, bool dry_run) {
  auto body = json_body(call);
  if (!body) return std::unexpected(std::move(body.error()));
  BackfillWish wish;
  BodyReader in(*body);
  wish.spec.dag_id = in.text("dag_id").value_or("");
  const auto row = reader.dag(wish.spec.dag_id);
  if (row && !row->removed) {
    wish.version = row->current;
    wish.dag = call.backend().dag_version(row->current);
  }
  if (wish.dag) wish.grid = dates_dag(call.backend(), wish.dag);
  read_spec(in, wish.dag ? clock_of(*wish.dag, *wish.grid) : LocalClock{}, wish.spec, dry_run);
  wish.revision = in.text("revision").value_or("");
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  wish.spec.created_by = call.who.name;
  if (!wish.dag) {
    return refuse(404, "not_found", fmt::format("there is no DAG '{}'", wish.spec.dag_id),
                  "millrace dags list shows those there are");
  }
  if (wish.spec.cascade && !call.who.dags.empty()) {
    return refuse(403, "out_of_scope",
                  fmt::format("'{}' is limited to some DAGs; a cascade goes on into others", call.who.name));
  }
  if (const auto ok = check_backfill(*wish.dag, *wish.grid, wish.spec); !ok)
    return std::unexpected(to_problem(ok.error()));
  auto params = read_params(body->find("params") ? "params" : "dag_run_conf", *wish.dag, wish.spec.params);
  if (!params) return std::unexpected(std::move(params.error()));
  wish.spec.params = std::move(*params);
  wish.spec.description = without_secrets(call, wish.spec.dag_id, std::move(wish.spec.description));
  return wish;
}

}  // namespace millrace
