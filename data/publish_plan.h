#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dags/dag.h"

/// What daemon and data worker say to each other about the outputs of one attempt: the plan goes along as an
/// argument, the report comes back as a file beside $MILLRACE_OUTPUT.
namespace millrace {

struct StagedOutput {
  std::string dataset;
  std::filesystem::path staged;  ///< where the task writes: `…/SCRATCH/DATASET/<name of the target>`
  std::filesystem::path target;  ///< same file system
  bool merge = false;            ///< of a mapped task: its files join those of the other instances
};

struct PublishPlan {
  std::filesystem::path report;
  std::vector<std::filesystem::path> scratch;  ///< this attempt's own folders, removed at the end
  std::vector<StagedOutput> outputs;
  int threads = 1;
};

/// One output, hashed and on disk. What lies at `path` is it if, and only if, device and inode are these:
/// staging and target are one inode, moved.
struct PublishedOutput {
  std::string dataset, hash, path;
  std::int64_t bytes = 0, files = 0;
  std::optional<std::int64_t> rows;
  JsonText schema;  ///< JSON array of {name, type}; empty: the format doesn't say
  std::uint64_t device = 0, inode = 0;
};

/// On disk before the first output moves.
struct PublishReport {
  std::vector<PublishedOutput> outputs;
  std::string problem;        ///< why nothing was published although the task was content
  std::string spawn_failure;  ///< the task's program could not be started
};

JsonText plan_json(const PublishPlan&);
std::optional<PublishPlan> parse_plan(std::string_view json);
JsonText report_json(const PublishReport&);
/// Nothing when it isn't a whole report.
std::optional<PublishReport> parse_report(std::string_view json);

/// Reads a report file; nothing when there is none or it isn't one. Bounded.
std::optional<PublishReport> read_report(const std::filesystem::path&);
/// Whether this output lies in its place.
bool is_in_place(const PublishedOutput&);

}  // namespace millrace
