#include "daemon/staging.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "base/sha256.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr int most_threads = 8;  // hashing is bound by memory from here on

/// (mount, device) of the path or of the first folder above it that exists. A bind mount has the device of
/// its source, and a rename across it fails all the same.
std::pair<std::uint64_t, std::uint64_t> mount_of(fs::path path) {
  for (;;) {
    struct statx facts{};
    if (statx(AT_FDCWD, path.c_str(), AT_NO_AUTOMOUNT, STATX_TYPE | STATX_MNT_ID, &facts) == 0) {
      const std::uint64_t device = (std::uint64_t{facts.stx_dev_major} << 32) | facts.stx_dev_minor;
      return {(facts.stx_mask & STATX_MNT_ID) != 0 ? facts.stx_mnt_id : 0, device};
    }
    if (!path.has_relative_path()) return {};
    path = path.parent_path();
  }
}

}  // namespace

fs::path scratch_folder(const Paths& paths, AttemptId attempt, const std::string& attempt_name,
                        const fs::path& target, bool other_user) {
  if (!other_user && mount_of(target.parent_path()) == mount_of(paths.datasets()))
    return paths.staging() / fmt::format("{}", attempt.value);
  // Two daemons may publish into one folder: the name is of this data root too.
  const std::string unique = sha256_hex(paths.root.string() + '\n' + attempt_name).substr(0, 16);
  return target.parent_path() / (".millrace-" + unique);
}

PublishPlan publish_plan(const Paths& paths, const AttemptContext& context,
                         const std::vector<std::pair<std::string, std::string>>& outputs) {
  PublishPlan plan;
  if (outputs.empty()) return plan;
  plan.report = paths.publish_report(context.attempt->name);
  const int cores = static_cast<int>((context.task->resources.cpu_milli + 999) / 1'000);
  plan.threads = std::clamp(cores, 1, most_threads);
  for (const auto& [dataset, place] : outputs) {
    const fs::path target(place);
    const fs::path scratch = scratch_folder(paths, context.attempt->id, context.attempt->name, target,
                                            !context.task->user.empty());
    if (std::ranges::find(plan.scratch, scratch) == plan.scratch.end()) plan.scratch.push_back(scratch);
    plan.outputs.push_back({dataset, scratch / dataset / target.filename(), target,
                            context.task_instance->map_index >= 0});
  }
  return plan;
}

std::vector<std::string> publishing_command(const PublishPlan& plan, std::vector<std::string> argv) {
  std::vector<std::string> out{(program_folder() / "millrace-data").string(), "run", "--plan",
                               plan_json(plan), "--"};
  std::ranges::move(argv, std::back_inserter(out));
  return out;
}

}  // namespace millrace
