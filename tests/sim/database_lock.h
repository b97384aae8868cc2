#pragma once

#include <string>

#include "tests/sim/disk.h"

struct sqlite3;

namespace millrace::sim {

/// Somebody with a shell who has begun to write and went for a coffee: the database is locked while this
/// lives.
class DatabaseLock {
 public:
  DatabaseLock(Disk& disk, const std::string& path, int program);
  ~DatabaseLock();
  DatabaseLock(const DatabaseLock&) = delete;
  DatabaseLock& operator=(const DatabaseLock&) = delete;

 private:
  Disk& disk_;
  int program_;
  sqlite3* db_ = nullptr;
};

}  // namespace millrace::sim
