#include "tests/sim/database_lock.h"

#include <sqlite3.h>

namespace millrace::sim {

DatabaseLock::DatabaseLock(Disk& disk, const std::string& path, int program)
    : disk_(disk), program_(program) {
  const int before = disk_.program();
  disk_.enter(program_);
  if (sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr) == SQLITE_OK)
    sqlite3_exec(db_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
  disk_.enter(before);
}

/// Ends like a killed program: it tidies nothing up.
DatabaseLock::~DatabaseLock() {
  disk_.kill(program_);
  sqlite3_close_v2(db_);
}

}  // namespace millrace::sim
