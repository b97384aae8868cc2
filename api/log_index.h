#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "api/http.h"
#include "base/limits.h"
#include "base/thread_annotations.h"

namespace millrace {

/// The start of a line in a log, and its number from 1 on; or a place within that line.
struct LogPlace {
  std::int64_t line = 1, line_start = 0, offset = 0;
};

/// Where every so many lines of one log begin. Grows with the log; what was scanned once isn't scanned again.
/// At most limits::log_index_entries entries: a longer log gets them at twice the distance. Any thread.
class LogIndex {
 public:
  struct Seen {
    std::int64_t every = limits::log_index_every;
    std::vector<std::int64_t> offsets;  ///< of the lines 1, 1 + every, 1 + 2·every …
    std::int64_t lines = 0;             ///< line ends up to `scanned`
    std::int64_t scanned = 0;           ///< bytes
  };
  /// Scans on, up to the file's length or until time is up.
  Seen look(const FileSlice&, const std::function<bool()>& time_is_up);
  /// Where a line begins; nothing when it isn't known yet and time is up. Behind the end: the end.
  std::optional<LogPlace> place_of(const FileSlice&, std::int64_t line,
                                   const std::function<bool()>& time_is_up);

 private:
  void scan(const FileSlice&, const std::function<bool()>& time_is_up) REQUIRES(mutex_);
  void count(std::span<const char> bytes) REQUIRES(mutex_);

  Mutex mutex_;
  Seen seen_ GUARDED_BY(mutex_) = {.offsets = {0}};
};

/// The indexes of the logs looked at last. Any thread.
class LogIndexes {
 public:
  /// By the file itself; shared with those that still read it when others push it out.
  std::shared_ptr<LogIndex> of(const FileSlice&);

 private:
  struct Kept {
    std::uint64_t device = 0, inode = 0;
    std::shared_ptr<LogIndex> index;
  };
  Mutex mutex_;
  std::list<Kept> kept_ GUARDED_BY(mutex_);  // the one used last in front
};

/// Entries as little-endian 64-bit numbers; the rest of the answer is in headers.
HttpResponse packed_index(const LogIndex::Seen&, std::span<const std::int64_t> offsets);

}  // namespace millrace
