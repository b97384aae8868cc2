#include "scheduler/rows.h"

#include "base/invariant.h"

#include <fmt/format.h>

namespace millrace {

std::string attempt_name(std::string_view dag_id, std::string_view run_id, std::string_view task_id,
                         int map_index, int try_number) {
  return fmt::format("{}/{}/{}/{}/{}", dag_id, run_id, task_id, map_index, try_number);
}

std::string_view to_word(Reprocess reprocess) {
  switch (reprocess) {
    case Reprocess::none: return "none";
    case Reprocess::failed: return "failed";
    case Reprocess::completed: return "completed";
  }
  INVARIANT(false);
}

std::string_view to_word(DatasetUse use) {
  switch (use) {
    case DatasetUse::schedule: return "schedule";
    case DatasetUse::output: return "output";
    case DatasetUse::input: return "input";
  }
  INVARIANT(false);
}

}  // namespace millrace
