#pragma once

#include "store/list_query.h"
#include "store/reader.h"

/// The filters of lists as WHERE clauses. Internal to store/.
namespace millrace {

/// When a run could start: its tick, or when it was asked for.
inline constexpr std::string_view run_after_of_run =
    "CASE run_type WHEN 'scheduled' THEN data_interval_end ELSE queued_at END";

Where where_of(const RunFilter&);
/// `by_id`: rows will be asked for in the order of their ids; else one DAG's come in the order of its runs.
Where where_of(const TaskInstanceFilter&, bool by_id);
Where where_of(const EventFilter&);

}  // namespace millrace
