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

}  // namespace millrace
