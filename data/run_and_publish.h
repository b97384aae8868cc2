#pragma once

#include <string>
#include <vector>

#include "data/publish_plan.h"

namespace millrace {

/// `millrace-data run`: the task, then its outputs. Returns this process's exit code, or ends it by the
/// task's signal. Lines for the attempt's log go to stdout. What went wrong in publishing is said in the
/// report and the exit code is 0: the daemon then fails the attempt with those words.
int run_and_publish(const PublishPlan&, const std::vector<std::string>& argv);

}  // namespace millrace
