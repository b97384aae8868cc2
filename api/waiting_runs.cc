#include "api/waiting_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "api/asset_shapes.h"
#include "dags/partition.h"

namespace millrace {
namespace {

constexpr std::size_t partitions_shown = 20;

struct Missing {
  std::string dataset;
  std::vector<WallTime> partitions;  // with `each`; empty: any of the run's interval
};

/// By the store, as the scheduler asks it; without partitions by what waits.
std::vector<Missing> missing_of(StoreReader& reader, const Schedule& s, WallTime run_date,
                                const std::vector<const QueuedDatasetEventRow*>& queued) {
  std::vector<Missing> out;
  const bool by_queue = s.partition.kind == PartitionMapping::Kind::none ||
                        s.policy == EventPolicy::one_run_per_event;
  const std::vector<WallTime> each = partitions_of_run(s, run_date);
  const DataInterval span = span_of_run(s, run_date);
  for (const std::string& dataset : s.datasets) {
    if (by_queue) {
      const auto waits = [&](const QueuedDatasetEventRow* row) { return row->dataset == dataset; };
      if (!std::ranges::any_of(queued, waits)) out.push_back({dataset, {}});
      continue;
    }
    const std::vector<WallTime> there = reader.assets().partitions(dataset, span.start, span.end);
    Missing missing{dataset, {}};
    std::ranges::set_difference(each, there, std::back_inserter(missing.partitions));
    if (each.empty() ? there.empty() : !missing.partitions.empty()) out.push_back(std::move(missing));
  }
  const bool enough = s.any && out.size() < s.datasets.size();
  return enough ? std::vector<Missing>{} : out;
}

std::string why_of(StoreReader& reader, const DagRow& row, WallTime run_date,
                   const std::vector<Missing>& missing) {
  if (row.paused) return "the DAG is paused";
  std::string out;
  for (const Missing& one : missing)
    out += fmt::format("{}{} of {}", out.empty() ? "" : ", ",
                       one.partitions.empty() ? "an event"
                                              : fmt::format("{} partition{}", one.partitions.size(),
                                                             one.partitions.size() == 1 ? "" : "s"),
                       one.dataset);
  if (!out.empty()) return out;
  for (const RunRow& run : reader.runs_between(row.dag_id, run_date, run_date))
    if (run.state == RunState::running) return fmt::format("the end of run '{}'", run.run_id);
  return "room among the DAG's runs";
}

void write_run(JsonWriter& out, StoreReader& reader, const DagRow& row, const Schedule& s, WallTime run_date,
               const std::vector<const QueuedDatasetEventRow*>& queued) {
  const std::vector<Missing> missing = missing_of(reader, s, run_date, queued);
  const bool dated = s.partition.kind != PartitionMapping::Kind::none;
  out.begin_object();
  date_fields(out, dated ? std::optional(run_date) : std::nullopt);
  out.int_field("events", static_cast<std::int64_t>(queued.size())).key("missing").begin_array();
  for (const Missing& one : missing) {
    out.begin_object().text_field("dataset", one.dataset).key("partitions").begin_array();
    for (std::size_t i = 0; i < std::min(one.partitions.size(), partitions_shown); ++i)
      out.string(partition_text(one.partitions[i]));
    out.end_array().end_object();
  }
  out.end_array().text_field("why", why_of(reader, row, run_date, missing)).end_object();
}

}  // namespace

Answer waiting_runs(StoreReader& reader, const DagRow& row, const Dag& dag, std::size_t most) {
  const auto queued = reader.assets().queued(row.dag_id, {}, std::nullopt);
  std::map<WallTime, std::vector<const QueuedDatasetEventRow*>> by_run;
  for (const QueuedDatasetEventRow& event : queued) by_run[event.run_date].push_back(&event);
  JsonWriter out;
  out.begin_object().key("ticks").begin_array().end_array().int_field("total_entries", 0);
  out.key("waiting").begin_array();
  for (const auto& [run_date, events] : by_run) {
    if (most-- == 0) break;
    write_run(out, reader, row, dag.schedule, run_date, events);
  }
  out.end_array().end_object();
  return json_response(out.take());
}

}  // namespace millrace
