#include "tests/sim/disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace::sim {
namespace {

constexpr std::int64_t sector = 512;  // written whole or not at all

void put(std::string& file, const UnsyncedWrite& write) {
  const auto at = static_cast<std::size_t>(write.offset);
  if (write.truncates) {
    if (file.size() > at) file.resize(at);
    return;
  }
  if (file.size() < at + write.bytes.size()) file.resize(at + write.bytes.size());
  std::memcpy(file.data() + at, write.bytes.data(), write.bytes.size());
}

}  // namespace

void Disk::kill(int program) { dead_.insert(program); }

/// One operation of the program; false: it is dead.
bool Disk::step() {
  ++counts_.operations;
  if (is_dead(program_)) return false;
  if (kill_in_ == 0 || program_ != victim_ || --kill_in_ > 0) return true;
  dead_.insert(program_);
  std::exchange(killed_, {})();
  return false;
}

bool Disk::strikes(DiskFault kind) {
  if (fault_ != kind || program_ != victim_) return false;
  if (fault_in_ > 1) {
    --fault_in_;
    return false;
  }
  if (!persistent_) fault_ = DiskFault::none;
  struck_ = true;
  ++counts_.faults;
  return true;
}

void Disk::arm(DiskFault fault, std::int64_t at, bool persistent) {
  fault_ = fault;
  fault_in_ = at;
  persistent_ = persistent;
  struck_ = false;
  victim_ = program_;
}

void Disk::kill_at(std::int64_t operation, std::function<void()> killed) {
  kill_in_ = operation;
  victim_ = program_;
  killed_ = std::move(killed);
}

void Disk::mend() {
  fault_ = DiskFault::none;
  kill_in_ = 0;
  killed_ = {};
}

std::shared_ptr<DiskFile> Disk::open(const std::string& path, bool create) {
  if (!step()) return nullptr;
  const auto known = files_.find(path);
  if (known != files_.end()) return known->second;
  if (!create) return nullptr;
  return files_[path] = std::make_shared<DiskFile>();
}

int Disk::remove(const std::string& path, bool also_sync) {
  if (!step()) return SQLITE_IOERR_DELETE;
  const auto known = files_.find(path);
  if (known == files_.end()) return SQLITE_IOERR_DELETE_NOENT;
  if (known->second->entry_synced) removed_[path] = known->second;
  files_.erase(known);
  if (also_sync) sync_folder();
  return SQLITE_OK;
}

int Disk::read(const DiskFile& file, void* out, int amount, std::int64_t offset) {
  if (!step() || strikes(DiskFault::read_error)) return SQLITE_IOERR_READ;
  const auto size = static_cast<std::int64_t>(file.now.size());
  const auto there =
      static_cast<std::size_t>(std::clamp(size - offset, std::int64_t{0}, std::int64_t{amount}));
  if (there > 0) std::memcpy(out, file.now.data() + offset, there);
  if (there == static_cast<std::size_t>(amount)) return SQLITE_OK;
  std::memset(static_cast<char*>(out) + there, 0, static_cast<std::size_t>(amount) - there);
  return SQLITE_IOERR_SHORT_READ;
}

int Disk::write(DiskFile& file, const void* bytes, int amount, std::int64_t offset) {
  if (!step() || strikes(DiskFault::write_error)) return SQLITE_IOERR_WRITE;
  if (strikes(DiskFault::full)) return SQLITE_FULL;
  UnsyncedWrite write{offset, std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(amount))};
  put(file.now, write);
  file.unsynced.push_back(std::move(write));
  return SQLITE_OK;
}

int Disk::truncate(DiskFile& file, std::int64_t size) {
  if (!step()) return SQLITE_IOERR_TRUNCATE;
  UnsyncedWrite write{size, {}, true};
  put(file.now, write);
  file.unsynced.push_back(std::move(write));
  return SQLITE_OK;
}

int Disk::sync(DiskFile& file) {
  if (!step()) return SQLITE_IOERR_FSYNC;
  if (strikes(DiskFault::sync_error)) {
    // As Linux does: the pages stay readable and count as clean; the next sync says all is well.
    file.unsynced.clear();
    sync_failed_ = true;
    return SQLITE_IOERR_FSYNC;
  }
  for (const UnsyncedWrite& write : file.unsynced) put(file.synced, write);
  file.unsynced.clear();
  return SQLITE_OK;
}

void Disk::sync_folder() {
  for (const auto& [path, file] : files_) file->entry_synced = true;
  removed_.clear();
}

void Disk::lose_power() {
  for (auto& [path, file] : removed_)
    if (dice_.chance(50) && files_.emplace(path, file).second) ++counts_.resurrected;
  removed_.clear();
  for (auto it = files_.begin(); it != files_.end();) {
    if (!it->second->entry_synced && dice_.chance(50)) {
      it = files_.erase(it);
      continue;
    }
    // A new file: handles of dead programs keep the old one.
    auto after = std::make_shared<DiskFile>();
    after->unsynced = std::move(it->second->unsynced);
    after->synced = it->second->synced;
    after->entry_synced = true;
    lose_power(*after);
    it->second = std::move(after);
    ++it;
  }
}

void Disk::lose_power(DiskFile& file) {
  std::vector<UnsyncedWrite> pieces;
  for (UnsyncedWrite& write : file.unsynced) {
    if (write.truncates) {
      pieces.push_back(std::move(write));
      continue;
    }
    const auto end = write.offset + static_cast<std::int64_t>(write.bytes.size());
    for (std::int64_t at = write.offset; at < end;) {
      const std::int64_t next = std::min(end, (at / sector + 1) * sector);
      pieces.push_back({at, write.bytes.substr(static_cast<std::size_t>(at - write.offset),
                                               static_cast<std::size_t>(next - at))});
      at = next;
    }
  }
  file.unsynced.clear();
  const int kept = static_cast<int>(dice_.below(5)) * 25;  // percent
  if (!pieces.empty() && kept < 100 && kept > 0) ++counts_.torn;
  if (!pieces.empty() && kept == 0) ++counts_.dropped;
  if (pieces.size() > 1 && dice_.chance(30)) {
    ++counts_.reordered;
    for (std::size_t i = pieces.size() - 1; i > 0; --i) std::swap(pieces[i], pieces[dice_.below(i + 1)]);
  }
  for (const UnsyncedWrite& piece : pieces)
    if (dice_.chance(kept)) put(file.synced, piece);
  file.now = file.synced;
}

std::map<std::string, std::string> Disk::image() const {
  std::map<std::string, std::string> out;
  for (const auto& [path, file] : files_) out[path] = file->now;
  return out;
}

void Disk::load(const std::map<std::string, std::string>& image) {
  files_.clear();
  for (const auto& [path, bytes] : image) {
    auto file = std::make_shared<DiskFile>();
    file->now = file->synced = bytes;
    file->entry_synced = true;
    files_[path] = std::move(file);
  }
}

}  // namespace millrace::sim
