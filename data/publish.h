#pragma once

#include <vector>

#include "base/error.h"
#include "data/publish_plan.h"

namespace millrace {

/// Moves the outputs of a task that has ended well into their places. Each appears whole, in one step
/// (rename, or an exchange of two folders), after its bytes are on disk. Two phases, so that whoever finds
/// the remains of a kill can tell what happened:
///   prepare  hashes and syncs all of them, writes the report. Nothing has moved: a kill here published
///            nothing.
///   move     renames one after the other. An output whose place holds the reported inode has moved.
/// One process, one use.
class Publisher {
 public:
  explicit Publisher(PublishPlan plan) : plan_(std::move(plan)) {}
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// Makes the folders that the task writes into.
  Result<void> make_scratch() const;
  /// `not_found`: the task wrote nothing to an output. On success the report is on disk.
  Result<PublishReport> prepare();
  Result<void> move();
  /// A report with words, for what went wrong; `outputs`: those that may have moved.
  Result<void> refuse(PublishReport) const;
  void remove_scratch() const;

 private:
  Result<PublishedOutput> prepare_one(StagedOutput&);
  Result<void> lock(const StagedOutput&);
  Result<void> merge(StagedOutput&) const;

  PublishPlan plan_;
  std::vector<int> locks_;
};

/// Rows and columns as the files themselves say (Parquet); nothing for other formats.
void describe(const std::filesystem::path&, const std::vector<std::string>& files, PublishedOutput&);

}  // namespace millrace
