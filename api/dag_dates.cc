#include "api/dag_dates.h"

#include <fmt/format.h>

#include "scheduler/dates_dag.h"

namespace millrace {
namespace {

std::shared_ptr<const Dag> in_force(const Call& call, StoreReader& reader, std::string_view dag_id) {
  const auto row = reader.dag(dag_id);
  return row && !row->removed ? call.backend().dag_version(row->current) : nullptr;
}

/// Nothing: the DAGs that wait for it disagree.
std::optional<LocalClock> clock_of_dataset(const Call& call, StoreReader& reader,
                                           const DatasetNameRow& dataset) {
  if (const auto maker = call.backend().maker(dataset.name)) return clock_of(call.backend(), maker);
  std::optional<LocalClock> common;
  for (const DatasetReferenceRow& use : reader.assets().references(dataset.id)) {
    const auto waits = use.use == DatasetUse::schedule ? in_force(call, reader, use.dag_id) : nullptr;
    if (!waits) continue;
    const LocalClock clock = clock_of(waits->schedule);
    if (common && common->zone != clock.zone) return {};
    common = clock;
  }
  return common.value_or(LocalClock{});
}

}  // namespace

std::shared_ptr<const Dag> dates_dag(Backend& backend, const std::shared_ptr<const Dag>& dag) {
  const auto maker_of = [&](const std::string& dataset) -> std::optional<DagInForce> {
    auto maker = backend.maker(dataset);
    return maker ? std::optional(DagInForce{{}, std::move(maker)}) : std::nullopt;
  };
  return dates_dag(DagInForce{{}, dag}, maker_of).dag;
}

LocalClock clock_of(Backend& backend, const std::shared_ptr<const Dag>& dag) {
  return clock_of(*dag, *dates_dag(backend, dag));
}

LocalClock clock_of(const Call& call, StoreReader& reader, std::string_view dag_id) {
  const auto dag = in_force(call, reader, dag_id);
  return dag ? clock_of(call.backend(), dag) : LocalClock{};
}

std::expected<WallTime, Problem> partition_of(const Call& call, StoreReader& reader,
                                              const DatasetNameRow& dataset, std::string_view field,
                                              std::string_view text) {
  const auto clock = clock_of_dataset(call, reader, dataset);
  if (!clock && !names_offset(text))
    return refuse_field(std::string(field), "the DAGs that wait for this dataset are in different zones",
                        fmt::format("say which instant is meant: {}T00:00:00Z", text.substr(0, 10)));
  if (const auto time = given_time(text, clock.value_or(LocalClock{}))) return *time;
  return refuse_field(std::string(field), "not an ISO 8601 date or time",
                      "2001-01-05 or 2001-01-05T00:00:00Z");
}

}  // namespace millrace
