#pragma once

#include "api/call.h"

/// The rows that a path names; a 404 says which part of it isn't there.
namespace millrace {

std::expected<RunRow, Problem> find_run(const Call&, StoreReader&);

struct FoundTask {
  RunRow run;
  TaskInstanceRow instance;
};
/// By `run_id`, `task_id` and `map_index` (of the path, else of the query, else -1).
std::expected<FoundTask, Problem> find_task_instance(const Call&, StoreReader&);
/// The runs of a DAG by execution_date; 422 when there are more than one change may take.
std::expected<std::vector<RunRow>, Problem> runs_around(StoreReader&, std::string_view dag_id,
                                                        std::optional<WallTime> from,
                                                        std::optional<WallTime> to);

std::expected<DatasetNameRow, Problem> find_asset(StoreReader&, std::int64_t id);

namespace handlers {
/// A manual run of the DAG as the body says: what `POST …/dagRuns` does, for other routes.
std::expected<void, Problem> start_run(const CallPtr&, StoreReader&, std::string_view dag_id);
}  // namespace handlers

}  // namespace millrace
