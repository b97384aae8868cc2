#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/call.h"
#include "scheduler/dag_list.h"

namespace millrace {

/// A list of DAGs as Airflow's clients ask for it. What can be said of a DAG without its runs is looked up in
/// the scheduler's index; the rest is read of each DAG that is left, so that it is refused of too many.
struct DagSearch {
  DagWish wish;
  bool nothing = false;  ///< can't be met by any DAG
  // What takes a read for each DAG:
  std::optional<bool> broken;
  std::string bundle_version;
  std::optional<RunState> last_state;
  std::optional<RunFilter> run;                         ///< has a run like this
  std::vector<std::pair<std::string, bool>> order_by;  ///< keys and whether descending; empty: as in `wish`
  Page page;

  bool reads_each() const;
};

struct FoundDags {
  std::vector<DagRow> shown;
  std::int64_t total = 0;
};

std::expected<DagSearch, Problem> dag_search_of(const Call&);
/// Calls `then` on a reader's thread. A problem of the search answers the call.
void find_dags(const CallPtr&, DagSearch, std::function<void(StoreReader&, FoundDags)> then);

}  // namespace millrace
