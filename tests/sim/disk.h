#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/scheduler/dice.h"

namespace millrace::sim {

using test::Dice;

/// The kinds of failure that a disk has to offer; each strikes at a countdown of operations.
enum class DiskFault : std::uint8_t { none, full, write_error, read_error, sync_error };

/// A write that is in the page cache and not yet on the platters.
struct UnsyncedWrite {
  std::int64_t offset = 0;
  std::string bytes;
  bool truncates = false;  ///< the file ends at `offset` from then on
};

/// What connections share beside the file itself: SQLite's WAL index.
struct SharedMemory {
  std::vector<std::unique_ptr<char[]>> regions;
  std::map<const void*, std::pair<unsigned, unsigned>> locks;  ///< by connection: shared, exclusive bits
};

struct DiskFile {
  std::string now;     ///< what a program reads
  std::string synced;  ///< what a power cut can't take
  std::vector<UnsyncedWrite> unsynced;
  bool entry_synced = false;  ///< its name would be there after a power cut
  std::map<const void*, int> locks;  ///< by connection: SQLite's lock levels
  std::shared_ptr<SharedMemory> shared;
};

/// Files in memory with the memory of a disk: it knows what was synced. Programs that use it have numbers; a
/// killed one's handles do nothing any more. One thread.
class Disk {
 public:
  explicit Disk(std::uint64_t seed) : dice_{seed} {}

  /// Operations from here on are this program's.
  void enter(int program) { program_ = program; }
  int program() const { return program_; }
  /// As SIGKILL: what it wrote stays in the page cache, its locks are gone.
  void kill(int program);
  bool is_dead(int program) const { return dead_.contains(program); }

  /// What wasn't synced is lost, torn or reordered, sector by sector. All programs are dead by then.
  void lose_power();

  /// `fault` at the n-th operation that can have it (1: the next), once or until mended. By `program_`.
  void arm(DiskFault fault, std::int64_t at, bool persistent);
  /// `killed` is called at the n-th operation of whatever kind, after the program has died.
  void kill_at(std::int64_t operation, std::function<void()> killed);
  void mend();
  DiskFault armed() const { return fault_; }

  // What the VFS calls; the result is an SQLite code.
  std::shared_ptr<DiskFile> open(const std::string& path, bool create);
  bool exists(const std::string& path) const { return files_.contains(path); }
  int remove(const std::string& path, bool sync_folder);
  int read(const DiskFile&, void* out, int amount, std::int64_t offset);
  int write(DiskFile&, const void* bytes, int amount, std::int64_t offset);
  int truncate(DiskFile&, std::int64_t size);
  int sync(DiskFile&);
  void sync_folder();
  std::uint64_t random() { return dice_.next(); }

  /// A copy of the files alone, for a quick start of the next one.
  std::map<std::string, std::string> image() const;
  void load(const std::map<std::string, std::string>&);

  struct Counts {
    std::int64_t operations = 0, faults = 0, dropped = 0, torn = 0, reordered = 0, resurrected = 0;
  };
  const Counts& counts() const { return counts_; }
  bool fault_struck() const { return struck_; }  ///< since the last arm()
  /// Since the last call.
  bool sync_failed() { return std::exchange(sync_failed_, false); }

 private:
  bool strikes(DiskFault kind);
  bool step();
  void lose_power(DiskFile&);

  Dice dice_;
  std::map<std::string, std::shared_ptr<DiskFile>> files_;
  std::map<std::string, std::shared_ptr<DiskFile>> removed_;  // their end isn't synced
  std::set<int> dead_;
  int program_ = 0;
  DiskFault fault_ = DiskFault::none;
  std::int64_t fault_in_ = 0;
  bool persistent_ = false, struck_ = false, sync_failed_ = false;
  std::int64_t kill_in_ = 0;
  int victim_ = 0;
  std::function<void()> killed_;
  Counts counts_;
};

/// Makes `disk` what every sqlite3_open of this program uses; null: the real one again.
void mount(Disk* disk);

}  // namespace millrace::sim
