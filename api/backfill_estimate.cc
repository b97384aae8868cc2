#include "api/backfill_estimate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "api/shapes.h"
#include "scheduler/backfill_plan.h"

namespace millrace {
namespace {

constexpr int runs_looked_at = 20;   // for the time of a run
constexpr int runs_looked_into = 5;  // for what its tasks take
constexpr double p90_of_normal = 1.2816;

/// What one run of a DAG took, on average.
struct Cost {
  int samples = 0;
  double mean_s = 0, deviation_s = 0;  // of a run
  double cpu_s = 0, gpu_s = 0;
  std::map<std::string, double> slot_s;  // by pool
};

double seconds(WallTime from, WallTime to) { return static_cast<double>(to.us - from.us) / 1e6; }

/// `chosen`: the tasks that will run; others count for nothing.
Cost cost_of(const Dag& dag, const std::vector<TaskIndex>& chosen, const BackfillSpec& spec,
             StoreReader& reader) {
  Cost cost;
  std::set<std::string_view> names;
  for (const TaskIndex t : chosen) names.insert(dag.tasks[t].task_id);
  const std::vector<RunRow> runs = reader.about_backfills().last_successes(dag.dag_id, runs_looked_at);
  double sum = 0, squares = 0;
  for (const RunRow& run : runs) {
    const double took = seconds(*run.started_at, *run.ended_at);
    sum += took, squares += took * took;
  }
  cost.samples = static_cast<int>(runs.size());
  if (runs.empty()) return cost;
  const double n = cost.samples;
  cost.mean_s = sum / n;
  cost.deviation_s = std::sqrt(std::max(0.0, squares / n - cost.mean_s * cost.mean_s));
  const int into = std::min(cost.samples, runs_looked_into);
  for (int i = 0; i < into; ++i) {
    TaskInstanceFilter filter;
    filter.run = runs[static_cast<std::size_t>(i)].id;
    Page page;
    page.limit = 1'000;
    const auto listed = reader.task_instances(filter, page);
    if (!listed) continue;
    for (const TaskInstanceRow& row : listed->rows) {
      const auto t = dag.find(row.task_id);
      if (!t || !names.contains(row.task_id) || !row.started_at || !row.ended_at) continue;
      const Task& task = dag.tasks[*t];
      const double took = std::max(0.0, seconds(*row.started_at, *row.ended_at)) / into;
      const double cores =
          task.resources.cpu_milli > 0 ? static_cast<double>(task.resources.cpu_milli) / 1e3 : 1;
      cost.cpu_s += took * cores;
      cost.gpu_s += took * task.resources.gpu;
      const bool moved = !spec.pool.empty() && task.resources.gpu == 0;
      cost.slot_s[moved ? spec.pool : task.pool] += took * task.pool_slots;
    }
  }
  return cost;
}

struct Forecast {
  double seconds = 0, p90_seconds = 0, runs_per_s = 0;
};

/// Runs side by side as far as max_active_runs and each pool's slots let them.
Forecast forecast_of(const Cost& cost, std::int64_t runs, int side_by_side,
                     const std::vector<PoolRow>& pools) {
  Forecast out;
  if (runs == 0 || cost.samples == 0) return out;
  const double n = static_cast<double>(runs), mean = std::max(cost.mean_s, 1e-3);
  out.runs_per_s = side_by_side / mean;
  for (const PoolRow& pool : pools)
    if (const auto at = cost.slot_s.find(pool.name);
        at != cost.slot_s.end() && at->second > 0 && pool.slots > 0)
      out.runs_per_s = std::min(out.runs_per_s, pool.slots / at->second);
  out.seconds = std::max(n / out.runs_per_s, mean);
  out.p90_seconds = out.seconds * (1 + p90_of_normal * cost.deviation_s * std::sqrt(n) / (n * mean));
  return out;
}

void time_or_null(JsonWriter& out, std::string_view name, bool known, WallTime now, double in_s) {
  time_field(out, name,
             known ? std::optional(WallTime{now.us + static_cast<std::int64_t>(in_s * 1e6)}) : std::nullopt);
}

/// How many slots of each pool the backfill itself would hold: steady, then falling with its last runs.
void write_pools(JsonWriter& out, const Cost& cost, const Forecast& forecast,
                 const std::vector<PoolRow>& pools, WallTime now) {
  out.key("pool_series").begin_array();
  for (const auto& [name, slot_s] : cost.slot_s) {
    const auto pool = std::ranges::find(pools, name, &PoolRow::name);
    const double slots = pool == pools.end() ? 0 : pool->slots;
    const double used = std::min(slots, forecast.runs_per_s * slot_s);
    const double tail = std::max(0.0, forecast.seconds - cost.mean_s);
    out.begin_object().text_field("pool", name).int_field("slots", static_cast<std::int64_t>(slots));
    out.key("points").begin_array();
    for (const auto& [at, held] :
         {std::pair{0.0, used}, std::pair{tail, used}, std::pair{forecast.seconds, 0.0}}) {
      out.begin_object();
      time_or_null(out, "at", true, now, at);
      out.key("used").number(std::round(held * 100) / 100).end_object();
    }
    out.end_array().end_object();
  }
  out.end_array();
}

}  // namespace

void write_estimate(JsonWriter& out, const BackfillWish& wish, const CascadePlan& plan,
                    const BackfillPreview& made, StoreReader& reader, WallTime now) {
  const int side_by_side = std::max(wish.spec.max_active_runs, 1);
  const std::vector<PoolRow> pools = reader.pools();
  const std::vector<TaskIndex> chosen = chosen_tasks(*wish.dag, wish.spec);
  const Cost cost = cost_of(*wish.dag, chosen, wish.spec, reader);
  const Forecast own = forecast_of(cost, made.own.runs(), side_by_side, pools);
  bool known = cost.samples > 0;
  double total_s = own.seconds, p90_s = own.p90_seconds;
  double cpu_s = cost.cpu_s * static_cast<double>(made.own.runs());
  double gpu_s = cost.gpu_s * static_cast<double>(made.own.runs());
  for (std::size_t k = 0; k < plan.steps.size(); ++k) {
    const std::int64_t runs = made.cascade[k].runs();
    if (runs == 0) continue;
    const Dag& dag = *plan.steps[k].of.dag;
    const Cost here = cost_of(dag, chosen_tasks(dag, BackfillSpec{}), plan.steps[k].spec, reader);
    const Forecast part = forecast_of(here, runs, side_by_side, pools);
    known = known && here.samples > 0;
    // They go on beside each other; the last run of one is followed by one of the next.
    total_s = std::max(total_s + here.mean_s, part.seconds);
    p90_s = std::max(p90_s + here.mean_s, part.p90_seconds);
    cpu_s += here.cpu_s * static_cast<double>(runs);
    gpu_s += here.gpu_s * static_cast<double>(runs);
  }
  const auto number = [&](std::string_view name, double value) {
    out.key(name);
    if (known)
      out.number(std::round(value * 1e6) / 1e6);
    else
      out.null();
  };
  out.key("estimate").begin_object();
  number("mean_run_seconds", cost.mean_s);
  number("seconds", total_s);
  number("p90_seconds", p90_s);
  time_or_null(out, "ends_at", known, now, total_s);
  time_or_null(out, "p90", known, now, p90_s);
  number("cpu_h", cpu_s / 3600);
  number("gpu_h", gpu_s / 3600);
  out.int_field("samples", cost.samples).int_field("max_active_runs", side_by_side);
  out.int_field("tasks_per_run", static_cast<std::int64_t>(chosen.size()));
  write_pools(out, cost, own, pools, now);
  out.end_object();
}

}  // namespace millrace
