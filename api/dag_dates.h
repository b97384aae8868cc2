#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string_view>

#include "api/call.h"
#include "dags/moment.h"

/// What dates mean that come without an offset: `2013-05-01` of a DAG is that day where the DAG's dates are
/// made (docs/api.md). Any reader thread.
namespace millrace {

/// The DAG whose schedule says the dates of this one: see scheduler/dates_dag.h.
std::shared_ptr<const Dag> dates_dag(Backend&, const std::shared_ptr<const Dag>&);

LocalClock clock_of(Backend&, const std::shared_ptr<const Dag>&);
/// UTC for a DAG that isn't there, and for `~`.
LocalClock clock_of(const Call&, StoreReader&, std::string_view dag_id);

/// The partition that `text` names: read as the dates of the DAG that makes the dataset; where none here
/// does, as those of the DAGs that wait for it. Refused: they are in different zones and it has no offset.
std::expected<WallTime, Problem> partition_of(const Call&, StoreReader&, const DatasetNameRow&,
                                              std::string_view field, std::string_view text);

}  // namespace millrace
