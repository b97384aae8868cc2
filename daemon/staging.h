#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/id.h"
#include "daemon/paths.h"
#include "data/publish_plan.h"
#include "scheduler/scheduler.h"

namespace millrace {

/// An attempt's own folder for what it writes to be published at `target`: below the data root where target
/// and root are one mounted file system, else beside the target. A function of its arguments (and of the
/// mounts), so that what a killed attempt left is found again. `other_user`: the task can't enter the data
/// root.
std::filesystem::path scratch_folder(const Paths&, AttemptId, const std::string& attempt_name,
                                     const std::filesystem::path& target, bool other_user);

/// What the data worker shall do with the outputs (dataset and place) of this attempt. The task writes to
/// `…/SCRATCH/DATASET/<name of the target>`: the ending tells programs the format.
PublishPlan publish_plan(const Paths&, const AttemptContext&,
                         const std::vector<std::pair<std::string, std::string>>& outputs);

/// The command that runs this one and then publishes.
std::vector<std::string> publishing_command(const PublishPlan&, std::vector<std::string> argv);

}  // namespace millrace
