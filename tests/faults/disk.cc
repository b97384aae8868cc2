#include "disk.h"

#include <sqlite3.h>

#include <new>
#include <utility>

namespace millrace::test {
namespace {

sqlite3_vfs* usual() {
  static sqlite3_vfs* const found = sqlite3_vfs_find("unix");
  return found;
}

/// The usual file lies right behind it.
struct File {
  sqlite3_file base;
  std::string* name;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File& file(sqlite3_file* f) { return *reinterpret_cast<File*>(f); }
sqlite3_file* real(sqlite3_file* f) { return file(f).real(); }
const sqlite3_io_methods& methods(sqlite3_file* f) { return *real(f)->pMethods; }

std::string short_name(const char* path) {
  const std::string text = path == nullptr ? "" : path;
  return text.substr(text.rfind('/') + 1);
}

int close_file(sqlite3_file* f) {
  const int code = methods(f).xClose(real(f));
  delete std::exchange(file(f).name, nullptr);
  return code;
}

int read_file(sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
  if (const int code = Disk::get().call(DiskOp::read); code != SQLITE_OK) return code;
  return methods(f).xRead(real(f), to, size, at);
}

int write_file(sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
  if (const int code = Disk::get().call(DiskOp::write); code != SQLITE_OK) return code;
  Disk::get().note({DiskStep::Kind::write, *file(f).name, at,
                    std::string(static_cast<const char*>(from), static_cast<std::size_t>(size))});
  return methods(f).xWrite(real(f), from, size, at);
}

int truncate_file(sqlite3_file* f, sqlite3_int64 size) {
  if (const int code = Disk::get().call(DiskOp::truncate); code != SQLITE_OK) return code;
  Disk::get().note({DiskStep::Kind::truncate, *file(f).name, size});
  return methods(f).xTruncate(real(f), size);
}

int sync_file(sqlite3_file* f, int) {
  if (const int code = Disk::get().call(DiskOp::sync); code != SQLITE_OK) return code;
  Disk::get().note({DiskStep::Kind::sync, *file(f).name});
  return SQLITE_OK;  // nobody takes the power away here
}

int lock_file(sqlite3_file* f, int level) {
  if (const int code = Disk::get().call(DiskOp::lock); code != SQLITE_OK) return code;
  return methods(f).xLock(real(f), level);
}

int lock_shared_memory(sqlite3_file* f, int offset, int count, int flags) {
  const bool takes = (flags & SQLITE_SHM_LOCK) != 0;
  if (const int code = takes ? Disk::get().call(DiskOp::lock) : SQLITE_OK; code != SQLITE_OK) return code;
  return methods(f).xShmLock(real(f), offset, count, flags);
}

const sqlite3_io_methods io = {
    3,
    close_file,
    read_file,
    write_file,
    truncate_file,
    sync_file,
    [](sqlite3_file* f, sqlite3_int64* size) { return methods(f).xFileSize(real(f), size); },
    lock_file,
    [](sqlite3_file* f, int level) { return methods(f).xUnlock(real(f), level); },
    [](sqlite3_file* f, int* reserved) { return methods(f).xCheckReservedLock(real(f), reserved); },
    [](sqlite3_file* f, int what, void* with) { return methods(f).xFileControl(real(f), what, with); },
    [](sqlite3_file* f) { return methods(f).xSectorSize(real(f)); },
    [](sqlite3_file* f) { return methods(f).xDeviceCharacteristics(real(f)); },
    [](sqlite3_file* f, int page, int size, int extend, void volatile** to) {
      return methods(f).xShmMap(real(f), page, size, extend, to);
    },
    lock_shared_memory,
    [](sqlite3_file* f) { methods(f).xShmBarrier(real(f)); },
    [](sqlite3_file* f, int remove) { return methods(f).xShmUnmap(real(f), remove); },
    [](sqlite3_file* f, sqlite3_int64 at, int size, void** to) {
      return methods(f).xFetch(real(f), at, size, to);
    },
    [](sqlite3_file* f, sqlite3_int64 at, void* from) { return methods(f).xUnfetch(real(f), at, from); },
};

int open_file(sqlite3_vfs*, const char* path, sqlite3_file* f, int flags, int* out_flags) {
  f->pMethods = nullptr;
  if (const int code = Disk::get().call(DiskOp::open); code != SQLITE_OK) return code;
  const int code = usual()->xOpen(usual(), path, real(f), flags, out_flags);
  if (real(f)->pMethods == nullptr) return code;
  file(f).name = new std::string(short_name(path));
  f->pMethods = &io;
  return code;
}

int remove_file(sqlite3_vfs*, const char* path, int sync_folder) {
  Disk::get().note({DiskStep::Kind::remove, short_name(path)});
  return usual()->xDelete(usual(), path, sync_folder);
}

}  // namespace

Disk::Disk() {
  static sqlite3_vfs vfs = *usual();
  vfs.pNext = nullptr;
  vfs.zName = "failing-disk";
  vfs.szOsFile = static_cast<int>(sizeof(File)) + usual()->szOsFile;
  vfs.xOpen = open_file;
  vfs.xDelete = remove_file;
  // SQLite's patience counts what it asked for, not what it got: a lock that is never free fails at once.
  vfs.xSleep = [](sqlite3_vfs*, int microseconds) { return microseconds; };
  sqlite3_vfs_register(&vfs, 1);
}

Disk& Disk::get() {
  static Disk disk;
  return disk;
}

void Disk::fail(const Fault& fault, int nth) {
  fault_ = &fault;
  left_ = nth;
  syncs_ = 0;
  failed_ = false;
}

int Disk::call(DiskOp op) {
  if (failed_ && op == DiskOp::sync) ++syncs_;
  if (fault_ == nullptr || fault_->op != op || (failed_ && !fault_->persistent)) return SQLITE_OK;
  if (!failed_ && --left_ > 0) return SQLITE_OK;
  failed_ = true;
  return fault_->code;
}

void Disk::note(DiskStep step) {
  if (recording_) steps_.push_back(std::move(step));
}

void Disk::start_record() {
  steps_.clear();
  recording_ = true;
}

std::vector<DiskStep> Disk::stop_record() {
  recording_ = false;
  return std::exchange(steps_, {});
}

}  // namespace millrace::test
