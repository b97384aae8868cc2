#include <sqlite3.h>

#include <cstring>
#include <new>

#include "tests/sim/disk.h"

/// SQLite's view of a Disk: its VFS, with the shared memory that WAL needs.
namespace millrace::sim {
namespace {

constexpr const char* vfs_name = "millrace-simulated-disk";
Disk* mounted = nullptr;

struct Handle {
  sqlite3_file base;
  std::shared_ptr<DiskFile> file;
  std::shared_ptr<SharedMemory> shared;
  int program = 0;
  int level = SQLITE_LOCK_NONE;
  bool syncs_folder = false;  ///< a new journal or WAL: its name has to last too
};

Handle& handle_of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }

bool is_dead(const Handle& handle) { return mounted == nullptr || mounted->is_dead(handle.program); }
/// The lock of a dead program is nobody's.
bool counts(const void* owner) { return !is_dead(*static_cast<const Handle*>(owner)); }

int close_file(sqlite3_file* base) {
  Handle& handle = handle_of(base);
  handle.file->locks.erase(&handle);
  if (handle.shared) handle.shared->locks.erase(&handle);
  handle.~Handle();
  return SQLITE_OK;
}

int read_file(sqlite3_file* base, void* out, int amount, sqlite3_int64 offset) {
  const Handle& handle = handle_of(base);
  if (is_dead(handle)) return SQLITE_IOERR_READ;
  return mounted->read(*handle.file, out, amount, offset);
}

int write_file(sqlite3_file* base, const void* bytes, int amount, sqlite3_int64 offset) {
  const Handle& handle = handle_of(base);
  if (is_dead(handle)) return SQLITE_IOERR_WRITE;
  return mounted->write(*handle.file, bytes, amount, offset);
}

int truncate_file(sqlite3_file* base, sqlite3_int64 size) {
  const Handle& handle = handle_of(base);
  return is_dead(handle) ? SQLITE_IOERR_TRUNCATE : mounted->truncate(*handle.file, size);
}

int sync_file(sqlite3_file* base, int) {
  Handle& handle = handle_of(base);
  if (is_dead(handle)) return SQLITE_IOERR_FSYNC;
  const int code = mounted->sync(*handle.file);
  if (code == SQLITE_OK && handle.syncs_folder) mounted->sync_folder(), handle.syncs_folder = false;
  return code;
}

int file_size(sqlite3_file* base, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(handle_of(base).file->now.size());
  return SQLITE_OK;
}

int highest_other(const Handle& handle) {
  int highest = SQLITE_LOCK_NONE;
  for (const auto& [owner, level] : handle.file->locks)
    if (owner != &handle && counts(owner) && level > highest) highest = level;
  return highest;
}

int lock_file(sqlite3_file* base, int level) {
  Handle& handle = handle_of(base);
  if (is_dead(handle)) return SQLITE_IOERR_LOCK;
  if (level <= handle.level) return SQLITE_OK;
  const int other = highest_other(handle);
  const bool refused = level == SQLITE_LOCK_SHARED     ? other >= SQLITE_LOCK_PENDING
                       : level == SQLITE_LOCK_RESERVED ? other >= SQLITE_LOCK_RESERVED
                                                       : other >= SQLITE_LOCK_SHARED;
  if (refused) return SQLITE_BUSY;
  handle.level = handle.file->locks[&handle] = level;
  return SQLITE_OK;
}

int unlock_file(sqlite3_file* base, int level) {
  Handle& handle = handle_of(base);
  if (level < handle.level) handle.level = handle.file->locks[&handle] = level;
  return SQLITE_OK;
}

int check_reserved(sqlite3_file* base, int* out) {
  *out = highest_other(handle_of(base)) >= SQLITE_LOCK_RESERVED ? 1 : 0;
  return SQLITE_OK;
}

int file_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return 4'096; }
int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

/// The WAL index of a file that no living program has open begins anew, as the first opener's would.
void attach_shared(Handle& handle) {
  std::shared_ptr<SharedMemory>& shared = handle.file->shared;
  bool lives = false;
  for (const auto& [owner, bits] : shared ? shared->locks : decltype(SharedMemory::locks){})
    lives = lives || counts(owner);
  if (!lives) shared = std::make_shared<SharedMemory>();
  shared->locks.try_emplace(&handle);
  handle.shared = shared;
}

int map_shared(sqlite3_file* base, int region, int size, int extend, void volatile** out) {
  Handle& handle = handle_of(base);
  *out = nullptr;
  if (is_dead(handle)) return SQLITE_IOERR_SHMMAP;
  if (!handle.shared) attach_shared(handle);
  auto& regions = handle.shared->regions;
  const auto index = static_cast<std::size_t>(region);
  if (index >= regions.size() && extend == 0) return SQLITE_OK;
  while (index >= regions.size()) {
    regions.push_back(std::make_unique<char[]>(static_cast<std::size_t>(size)));
    std::memset(regions.back().get(), 0, static_cast<std::size_t>(size));
  }
  *out = regions[index].get();
  return SQLITE_OK;
}

int lock_shared(sqlite3_file* base, int first, int count, int flags) {
  Handle& handle = handle_of(base);
  if (is_dead(handle) || !handle.shared) return SQLITE_IOERR_SHMLOCK;
  const unsigned mask = ((1u << (first + count)) - 1u) & ~((1u << first) - 1u);
  auto& [shared, exclusive] = handle.shared->locks[&handle];
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    shared &= ~mask;
    exclusive &= ~mask;
    return SQLITE_OK;
  }
  for (const auto& [owner, bits] : handle.shared->locks) {
    if (owner == &handle || !counts(owner)) continue;
    if ((bits.second & mask) != 0) return SQLITE_BUSY;
    if ((flags & SQLITE_SHM_EXCLUSIVE) != 0 && (bits.first & mask) != 0) return SQLITE_BUSY;
  }
  ((flags & SQLITE_SHM_EXCLUSIVE) != 0 ? exclusive : shared) |= mask;
  return SQLITE_OK;
}

void barrier(sqlite3_file*) {}

int unmap_shared(sqlite3_file* base, int) {
  Handle& handle = handle_of(base);
  if (handle.shared) handle.shared->locks.erase(&handle);
  handle.shared.reset();
  return SQLITE_OK;
}

const sqlite3_io_methods methods{2,          close_file,     read_file,    write_file,     truncate_file,
                                 sync_file,  file_size,      lock_file,    unlock_file,    check_reserved,
                                 file_control, sector_size,  characteristics, map_shared,  lock_shared,
                                 barrier,    unmap_shared,   nullptr,      nullptr};

int open_file(sqlite3_vfs*, const char* path, sqlite3_file* base, int flags, int* out_flags) {
  base->pMethods = nullptr;
  if (mounted == nullptr) return SQLITE_CANTOPEN;
  const std::string name = path != nullptr ? path : "";
  const bool create = (flags & SQLITE_OPEN_CREATE) != 0;
  const bool is_new = create && !mounted->exists(name);
  auto file = path == nullptr ? std::make_shared<DiskFile>() : mounted->open(name, create);
  if (!file) return SQLITE_CANTOPEN;
  auto* handle = new (base) Handle{};
  handle->file = std::move(file);
  handle->program = mounted->program();
  handle->syncs_folder = is_new && (flags & SQLITE_OPEN_MAIN_DB) == 0;
  handle->base.pMethods = &methods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs*, const char* path, int sync_folder) {
  return mounted == nullptr ? SQLITE_IOERR_DELETE : mounted->remove(path, sync_folder != 0);
}

int access_file(sqlite3_vfs*, const char* path, int, int* out) {
  *out = mounted != nullptr && mounted->exists(path) ? 1 : 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* path, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", path);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs*, int amount, char* out) {
  for (int i = 0; i < amount; ++i) out[i] = static_cast<char>(mounted != nullptr ? mounted->random() : 0);
  return amount;
}

int sleep_for_us(sqlite3_vfs*, int us) { return us; }

int current_time(sqlite3_vfs*, sqlite3_int64* out) {
  *out = 210'866'760'000'000;  // 1970, in milliseconds of the Julian day: nothing stored rests on it
  return SQLITE_OK;
}

sqlite3_vfs vfs{2, sizeof(Handle), 512, nullptr, vfs_name, nullptr, open_file, delete_file, access_file,
                full_path, nullptr, nullptr, nullptr, nullptr, randomness, sleep_for_us, nullptr, nullptr,
                current_time, nullptr, nullptr, nullptr};

}  // namespace

void mount(Disk* disk) {
  static sqlite3_vfs* const real = sqlite3_vfs_find(nullptr);
  mounted = disk;
  sqlite3_vfs_register(disk != nullptr ? &vfs : real, 1);
}

}  // namespace millrace::sim
