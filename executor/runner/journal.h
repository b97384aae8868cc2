#pragma once

#include <cstddef>
#include <string>

#include "base/id.h"
#include "executor/messages.h"

namespace millrace {

/// The runner's memory for the case that the runner dies: appended, never synced (the page cache outlives a
/// process, and a power cut ends the tasks too). Format: docs/runner-protocol.md.
class Journal {
 public:
  /// Creates `folder_fd`/journal. False: `errno` says why.
  bool open(int folder_fd, const JournalOpening&);

  void intent(AttemptId, const std::string& name);
  void started(AttemptId, const StartFacts&);
  void finished(AttemptId, const ExitFacts&);
  void acknowledged(AttemptId);
  /// Appends all of the above since the last call with one write. Empty, or why it failed: then the intents
  /// are forgotten, their attempts must not start, and the rest is tried again with the next call.
  std::string flush();

  /// The file is much bigger than what `attempts` attempts need.
  bool wants_compaction(std::size_t attempts) const { return bytes_ > (1u << 20) + 4 * 512 * attempts; }
  /// Replaces the file by one that holds the records in `live` (made with put_record).
  void compact(const std::string& live);

 private:
  int folder_ = -1, fd_ = -1;
  std::size_t bytes_ = 0;
  std::string opening_, intents_, facts_;
};

}  // namespace millrace
