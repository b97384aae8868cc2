#pragma once

#include <cstddef>

#include "api/call.h"
#include "dags/dag.h"

namespace millrace {

/// What a DAG with a dataset schedule waits for: at most `most` runs that events are queued for, oldest
/// first, in the place of the ticks of a preview.
Answer waiting_runs(StoreReader&, const DagRow&, const Dag&, std::size_t most);

}  // namespace millrace
