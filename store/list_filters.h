#pragma once

#include "store/list_query.h"
#include "store/reader.h"

/// The filters of lists as WHERE clauses. Internal to store/.
namespace millrace {

/// When a run could start: its tick, or when it was asked for.
inline constexpr std::string_view run_after_of_run =
    "CASE run_type WHEN 'scheduled' THEN data_interval_end ELSE queued_at END";

/// Of some DAGs alone.
struct Narrowing {
  const Scope* scope = nullptr;  ///< null: of all
  bool most = false;  ///< most rows are the scope's: walk all in their order instead of gathering its own
  std::optional<std::int64_t> runs = std::nullopt;  ///< so many of its first runs hold the page
};
Where where_of(const RunFilter&, const Narrowing& = {});
/// `by_id`: rows will be asked for in the order of their ids; else they come in the order of their runs, if
/// they are those of one DAG or of a scope.
Where where_of(const TaskInstanceFilter&, bool by_id, const Narrowing& = {});
Where where_of(const EventFilter&, const Scope* scope = nullptr);

}  // namespace millrace
