#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::test {

/// A call to the disk that can fail.
enum class DiskOp : std::uint8_t { open, read, write, sync, truncate, lock };

struct Fault {
  const char* name;
  DiskOp op;
  int code;         ///< what SQLite is told
  bool persistent;  ///< every call from there on, not only that one
};

/// What a file was told to become; a sync makes all that came before it certain.
struct DiskStep {
  enum class Kind : std::uint8_t { write, truncate, sync, remove };
  Kind kind;
  std::string file;  ///< its name, without folders
  std::int64_t offset = 0;
  std::string bytes = {};  ///< of a write
};

/// The disk below SQLite: its usual one, but it fails when told to, forgets to wait (no fsync, no sleep), and
/// can write down what it is told. SQLite's default from the first use on, so that the store doesn't know.
/// One thread at a time.
class Disk {
 public:
  static Disk& get();

  /// The nth call of the fault's kind fails, counted from now.
  void fail(const Fault&, int nth);
  void heal() { fault_ = nullptr; }
  bool has_failed() const { return failed_; }
  int syncs_since_failure() const { return syncs_; }

  void start_record();
  std::vector<DiskStep> stop_record();
  std::size_t recorded() const { return steps_.size(); }

  // For the shim itself.
  int call(DiskOp);  ///< SQLITE_OK or the code of the fault
  void note(DiskStep);

 private:
  Disk();
  const Fault* fault_ = nullptr;
  int left_ = 0, syncs_ = 0;
  bool failed_ = false, recording_ = false;
  std::vector<DiskStep> steps_;
};

}  // namespace millrace::test
