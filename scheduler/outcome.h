#pragma once

#include <string>

#include "base/exit_facts.h"
#include "dags/dag.h"
#include "scheduler/words.h"

namespace millrace {

/// What an end means.
struct Verdict {
  Outcome outcome = Outcome::failed;
  std::string reason;    ///< `exit:1`, `signal:KILL`, `timed_out`, `oom`, `lost`, `spawn_failed`, `output`, …
  std::string detail;    ///< for the event's cause; may be empty
  int exit_code = -1;    ///< as a shell counts: 128 + n for signal n; -1: it has none
};

/// Judges raw facts. `output_problem` turns a success into a failure.
Verdict judge(const Task&, const ExitFacts&, const std::string& output_problem);

}  // namespace millrace
