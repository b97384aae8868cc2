#pragma once

#include <filesystem>

#include "base/error.h"

namespace millrace {

/// An exclusive flock on `DATABASE.lock`, which holds our pid. Never on the database file itself: closing any
/// descriptor of that would drop SQLite's own POSIX locks. Held until destroyed or the process dies.
class LockFile {
 public:
  /// `conflict` in words with the other process's pid when somebody holds it.
  static Result<LockFile> take(const std::filesystem::path& database);
  LockFile(LockFile&&) noexcept;
  LockFile& operator=(LockFile&&) = delete;
  ~LockFile();

 private:
  explicit LockFile(int fd) : fd_(fd) {}
  int fd_;
};

/// Whether a file system type (statfs f_type) is a network's, where SQLite's locks and shared memory can't be
/// trusted.
bool is_network_filesystem(long type);
/// Whether `folder` lies on one.
bool on_network_filesystem(const std::filesystem::path& folder);

}  // namespace millrace
