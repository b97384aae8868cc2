#include "scheduler/cascade_plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/limits.h"
#include "dags/parser.h"
#include "dags/partition.h"
#include "scheduler/backfill_dates.h"
#include "scheduler/backfill_plan.h"
#include "scheduler/date_count.h"

namespace millrace {
namespace {

/// What one DAG reads of another.
struct Reading {
  int window_days = 0;  // 0: nothing by partition
  std::string why_not;
};

/// `partition: {to: …}`: a run has an interval of partitions.
bool maps_intervals(const Dag& dag) {
  return dag.schedule.kind == Schedule::Kind::datasets &&
         dag.schedule.partition.kind == PartitionMapping::Kind::to;
}

std::set<std::string> outputs_of(const Dag& dag, const std::vector<TaskIndex>& tasks) {
  std::set<std::string> out;
  for (const TaskIndex t : tasks) out.insert(dag.tasks[t].outputs.begin(), dag.tasks[t].outputs.end());
  return out;
}

/// Whether an input's partition is the run's own date in other words.
bool is_own_date(const Template& partition) {
  constexpr std::string_view names[] = {"ds", "ts", "execution_date", "logical_date", "data_interval_start"};
  if (partition.parts.size() != 1 || !partition.parts[0].literal.empty()) return false;
  const Template::Part& part = partition.parts[0];
  const bool plain = std::ranges::all_of(part.filters, [](const Filter& filter) {
    return filter.kind == Filter::Kind::ds || filter.kind == Filter::Kind::ts;
  });
  return plain && std::ranges::find(names, part.name) != std::end(names);
}

Reading reading_of(const Dag& reader, const std::set<std::string>& made) {
  Reading out;
  if (reader.schedule.kind == Schedule::Kind::datasets)
    for (const std::string& dataset : reader.schedule.datasets) {
      if (!made.contains(dataset)) continue;
      out.window_days = std::max(out.window_days, reader.schedule.partition.window_days);
      // Its runs have no dates that partitions could map to.
      if (reader.schedule.partition.kind == PartitionMapping::Kind::none)
        return {0, fmt::format("its schedule waits for '{}' without a partition", dataset)};
    }
  for (const Task& task : reader.tasks)
    for (const DatasetInput& input : task.inputs) {
      if (!made.contains(input.dataset)) continue;
      if (!input.partition || is_own_date(*input.partition))
        out.window_days = std::max(out.window_days, input.window_days);
      else
        out.why_not = fmt::format("task '{}' reads the partition {} of '{}'", task.task_id,
                                  input.partition->source, input.dataset);
    }
  return out;
}

struct Node {
  DagInForce of;
  std::map<std::string, int> sources;  // dag_id -> window_days
  bool placed = false;
};

/// Who reads what the root makes, directly or through others.
std::map<std::string, Node> readers_of(const std::vector<DagInForce>& dags, const DagInForce& root,
                                       const BackfillSpec& spec, CascadePlan& plan) {
  std::map<std::string, Node> found;
  std::vector<std::pair<DagInForce, std::vector<TaskIndex>>> open{{root, chosen_tasks(*root.dag, spec)}};
  while (!open.empty()) {
    const auto [from, tasks] = std::move(open.back());
    open.pop_back();
    const std::set<std::string> made = outputs_of(*from.dag, tasks);
    if (made.empty()) continue;
    for (const DagInForce& other : dags) {
      const std::string& dag_id = other.dag->dag_id;
      if (dag_id == root.dag->dag_id || dag_id == from.dag->dag_id) continue;
      const Reading reading = reading_of(*other.dag, made);
      if (reading.window_days == 0) {
        if (!reading.why_not.empty()) plan.left_out.emplace_back(dag_id, reading.why_not);
        continue;
      }
      const auto [node, fresh] = found.try_emplace(dag_id, Node{other, {}, false});
      node->second.sources[from.dag->dag_id] = reading.window_days;
      if (fresh) open.emplace_back(other, chosen_tasks(*other.dag, BackfillSpec{}));
    }
  }
  std::erase_if(plan.left_out, [&](const auto& left) { return found.contains(left.first); });
  return found;
}

/// All dates that those of one source renew.
void add_renewed(const BackfillDates& source, const Dag& grid, const Dag& reader, int window_days,
                 std::vector<WallTime>& out) {
  for (auto s = source.earliest(); s && out.size() <= limits::cascade_dates;
       s = source.at_or_after({s->us + 1})) {
    BackfillSpec around;
    around.from_date = first_reader(reader, *s);
    around.to_date = last_reader(reader, *s, window_days);
    const BackfillDates dates(grid, Dag{}, around);
    for (auto t = dates.earliest(); t; t = dates.at_or_after({t->us + 1})) out.push_back(*t);
  }
}

class Planner {
 public:
  Planner(const DagInForce& root, const DagInForce& grid, const BackfillSpec& spec) : spec_(spec) {
    placed_.push_back({root.dag->dag_id, grid, BackfillDates(*grid.dag, *root.dag, spec)});
  }

  /// Nothing: a DAG of its sources isn't placed yet. False: no date of it is touched.
  std::optional<bool> place(const Node& node, CascadePlan& plan) {
    CascadeStep step;
    step.of = step.grid = node.of;
    for (const auto& [dag_id, days] : node.sources) {
      const auto at = std::ranges::find(placed_, dag_id, &Placed::dag_id);
      if (at == placed_.end()) return {};
      step.sources.push_back({static_cast<std::size_t>(at - placed_.begin()), days});
    }
    if (!schedule_has_ticks(node.of.dag->schedule) && !maps_intervals(*node.of.dag))
      step.grid = placed_[step.sources.front().step].grid;
    step.spec = spec_;
    step.spec.dag_id = node.of.dag->dag_id;
    step.spec.task_ids.clear();
    step.spec.include_upstream = step.spec.include_downstream = false;
    step.spec.reprocess = Reprocess::completed;
    choose_dates(step);
    BackfillDates dates(*step.grid.dag, *step.of.dag, step.spec);
    if (!dates.earliest()) return false;
    placed_.push_back({step.spec.dag_id, step.grid, std::move(dates)});
    plan.steps.push_back(std::move(step));
    return true;
  }

 private:
  struct Placed {
    std::string dag_id;
    DagInForce grid;
    BackfillDates dates;
  };

  void choose_dates(CascadeStep& step) {
    const Dag& reader = *step.of.dag;
    BackfillSpec& spec = step.spec;
    spec.dates.clear();
    spec.from_date.reset(), spec.to_date.reset();
    for (const CascadeStep::Source& source : step.sources) {
      const BackfillDates& from = placed_[source.step].dates;
      if (from.is_list()) {
        add_renewed(from, *step.grid.dag, reader, source.window_days, spec.dates);
        continue;
      }
      const WallTime first = first_reader(reader, *from.earliest());
      const WallTime last = last_reader(reader, *from.latest(), source.window_days);
      spec.from_date = std::min(spec.from_date.value_or(first), first);
      spec.to_date = std::max(spec.to_date.value_or(last), last);
    }
    std::ranges::sort(spec.dates);
    spec.dates.erase(std::unique(spec.dates.begin(), spec.dates.end()), spec.dates.end());
  }

  const BackfillSpec& spec_;
  std::vector<Placed> placed_;
};

Result<void> check_step(CascadeStep& step) {
  const std::string& dag_id = step.spec.dag_id;
  if (step.spec.dates.size() > limits::cascade_dates)
    return fail(ErrorKind::invalid,
                fmt::format("cascade: the dates touch more than {} dates of '{}'; use from_date and to_date",
                            limits::cascade_dates, dag_id));
  auto params = resolve_params(*step.of.dag, "{}");
  if (!params)
    return fail(ErrorKind::invalid, fmt::format("cascade: DAG '{}': {}", dag_id, params.error().message));
  step.spec.params = std::move(*params);
  return {};
}

}  // namespace

WallTime first_read(const Dag& reader, WallTime t, int window_days) {
  const WallTime own = maps_intervals(reader) ? span_of_run(reader.schedule, t).start : t;
  if (window_days <= 1) return own;
  return local_midnight(reader.timezone, local_day(reader.timezone, own) - (window_days - 1));
}

WallTime last_read(const Dag& reader, WallTime t) {
  return maps_intervals(reader) ? WallTime{span_of_run(reader.schedule, t).end.us - 1} : t;
}

WallTime first_own(const Dag& reader, WallTime t, int window_days) {
  if (maps_intervals(reader)) return span_of_run(reader.schedule, t).start;
  return window_days <= 1 ? t : local_midnight(reader.timezone, local_day(reader.timezone, t));
}

WallTime first_reader(const Dag& reader, WallTime s) {
  return maps_intervals(reader) ? run_of_partition(reader.schedule, s) : s;
}

WallTime last_reader(const Dag& reader, WallTime s, int window_days) {
  if (window_days <= 1) return first_reader(reader, s);
  return {local_midnight(reader.timezone, local_day(reader.timezone, s) + window_days).us - 1};
}

Result<CascadePlan> plan_cascade(const std::vector<DagInForce>& dags, const DagInForce& root,
                                 const DagInForce& grid, const BackfillSpec& spec) {
  CascadePlan plan;
  std::map<std::string, Node> nodes = readers_of(dags, root, spec, plan);
  Planner planner(root, grid, spec);
  for (bool moved = true; moved;) {
    moved = false;
    for (auto node = nodes.begin(); node != nodes.end();) {
      const auto placed = planner.place(node->second, plan);
      if (!placed) {
        ++node;
        continue;
      }
      moved = true;
      if (*placed) {
        if (auto good = check_step(plan.steps.back()); !good) return std::unexpected(good.error());
      } else {
        plan.left_out.emplace_back(node->first, "none of its dates reads these");
        for (auto& [other, reads] : nodes) reads.sources.erase(node->first);
      }
      node = nodes.erase(node);
    }
    std::erase_if(nodes, [](const auto& node) { return node.second.sources.empty(); });
  }
  for (const auto& [dag_id, node] : nodes)
    plan.left_out.emplace_back(dag_id, "it reads what it makes, through others");
  return plan;
}

}  // namespace millrace
