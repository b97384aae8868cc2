#include "api/ui_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/shapes.h"

namespace millrace {

std::expected<DagRow, Problem> dag_of_path(const Call& call, StoreReader& reader) {
  if (auto row = reader.dag(call.param("dag_id"))) return std::move(*row);
  return refuse(404, "not_found", fmt::format("there is no DAG '{}'", call.param("dag_id")),
                "millrace dags list shows those there are");
}

std::expected<std::int64_t, Problem> number_in_query(const Call& call, std::string_view name,
                                                     std::int64_t low, std::int64_t high,
                                                     std::int64_t otherwise) {
  const auto text = call.query_value(name);
  if (!text) return otherwise;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc{} && end == text->data() + text->size() && value >= low && value <= high)
    return value;
  return refuse_field(std::string(name), fmt::format("a number from {} to {}", low, high));
}

std::expected<FoundVersion, Problem> version_of_dag(const Call& call, StoreReader& reader, const DagRow& row,
                                                    std::int64_t number) {
  for (const DagVersionRow& version : reader.dag_versions(row.dag_id)) {
    if (number == 0 ? version.id != row.current : version.number != number) continue;
    if (auto dag = call.backend().dag_version(version.id)) return FoundVersion{version.number, dag};
  }
  return refuse(404, "not_found", fmt::format("DAG '{}' has no version {}", row.dag_id, number));
}

std::optional<double> seconds_between(std::optional<WallTime> from, std::optional<WallTime> to) {
  if (!from || !to) return std::nullopt;
  return static_cast<double>((*to - *from).count()) / 1e6;
}

void seconds_field(JsonWriter& out, std::string_view name, std::optional<double> seconds) {
  out.key(name);
  if (seconds) {
    out.number(*seconds);
  } else {
    out.null();
  }
}

void run_bar_fields(JsonWriter& out, const RunBar& run) {
  out.text_field("run_id", run.run_id);
  time_field(out, "execution_date", run.execution_date);
  out.text_field("run_type", to_word(run.type)).text_field("state", to_word(run.state));
  out.word_field("reason", run.reason);
  time_field(out, "start", run.started_at);
  time_field(out, "end", run.ended_at);
  seconds_field(out, "duration_s", seconds_between(run.started_at, run.ended_at));
}

std::optional<double> quantile_of(std::vector<double> samples, double share) {
  if (samples.empty()) return std::nullopt;
  std::ranges::sort(samples);
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(samples.size()) + 0.999999);
  return samples[std::clamp<std::size_t>(rank, 1, samples.size()) - 1];
}

const std::vector<std::uint32_t>& TaskRows::of_version(DagVersionId id, const Dag& dag) {
  if (const auto known = versions_.find(id); known != versions_.end()) return known->second;
  std::vector<std::uint32_t>& places = versions_[id];
  std::vector<int> depth(dag.tasks.size());
  for (const TaskIndex t : dag.order) {
    const auto [first, last] = dag.upstream.of(t);
    for (const TaskIndex* u = first; u != last; ++u) depth[t] = std::max(depth[t], depth[*u] + 1);
  }
  for (TaskIndex t = 0; t < dag.tasks.size(); ++t) {
    const Task& task = dag.tasks[t];
    const auto next = static_cast<std::uint32_t>(rows_.size());
    const auto [at, fresh] = by_name_.try_emplace(task.task_id, next);
    if (fresh) rows_.push_back({task.task_id, task.task_group, depth[t], task.expand.has_value()});
    places.push_back(at->second);
  }
  return places;
}

const std::vector<std::uint32_t>* TaskRows::find(DagVersionId id) const {
  const auto known = versions_.find(id);
  return known == versions_.end() ? nullptr : &known->second;
}

}  // namespace millrace
