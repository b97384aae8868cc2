#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dags/dag.h"
#include "scheduler/rows.h"

namespace millrace {

/// What a list of DAGs asks for.
struct DagWish {
  enum class State : std::uint8_t { any, active, paused, running, queued };  ///< active: not paused
  enum class Sort : std::uint8_t { dag_id, next_run_at, running, paused };   ///< running: the most first
  State state = State::any;
  std::string piece, prefix;  ///< of the dag_id, a piece ASCII case aside; empty: any
  std::function<bool(std::string_view dag_id)> named;  ///< asked of those that fit otherwise; may be null
  std::vector<std::vector<std::string>> labels;  ///< one of each group: label_of_tag("x")
  std::optional<std::set<std::string>> only;     ///< of these dag_ids
  bool with_removed = false;
  Sort sort = Sort::dag_id;
  bool descending = false;
  std::size_t limit = 50, offset = 0;
};

/// A DAG as a list shows it. Lives until the next apply().
struct DagSeen {
  const DagRow* row = nullptr;
  const std::shared_ptr<const Dag>* dag = nullptr;  ///< the version new runs are made from; null: none
  std::size_t running = 0, queued = 0;              ///< runs
  std::optional<WallTime> due;                      ///< the next tick
};

struct DagPage {
  std::vector<DagSeen> dags;
  std::int64_t total = 0;  ///< on all pages
};

/// Of DAGs that aren't removed; of runs that aren't final.
struct DagCounts {
  std::int64_t dags = 0, paused = 0, running = 0, queued = 0;
};

/// The labels that DagIndex knows DAGs by.
std::string label_of_tag(std::string_view tag);
std::string label_of_owner(std::string_view owner);
std::string label_of_dataset(std::string_view name);  ///< its runs come from that dataset
std::string label_of_schedule(bool by_datasets);
std::string label_of_pool(std::string_view pool);  ///< a task waits there

}  // namespace millrace
