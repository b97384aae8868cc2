#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "executor/executor.h"

namespace millrace {

/// A cgroup that attempts use one after another: making one for each attempt halves the start rate.
struct Slot {
  int index = 0;
  int folder = -1;  ///< the v2 folder, for CLONE_INTO_CGROUP; -1: none
  int procs = -1;   ///< its cgroup.procs, open for reading and writing; -1: none
  bool v1_made = false;
  bool limited = false;  ///< the running attempt has limits that must be undone
  bool limits_cpu = false, limits_memory = false;
  bool killed = false;  ///< by cgroup.kill
  std::uint64_t oom_before = 0;
};

/// The cgroups of this runner: `<mount>/millrace/<runner>/slot-N` in v2 (also an empty "hybrid" one, where it
/// serves to find and kill a tree exactly) and, for attempts with limits, in the v1 controllers. Any thread.
class Cgroups {
 public:
  /// Finds what the machine allows and makes the runner's folders. `root`: path below each mount point, empty
  /// for its top or, if that may not be written, the own cgroup.
  void open(const std::string& runner, const std::string& root, bool wanted);
  const Isolation& isolation() const { return isolation_; }
  /// Folders that exist now or may later, for whoever cleans up after a dead runner.
  std::vector<std::string> folders() const;
  bool limits_memory() const { return memory_limits_; }

  /// A free slot with the attempt's limits set; null without cgroups or, with words in `failure`, if the
  /// limits can't be.
  Slot* acquire(const AttemptSpec&, std::string& failure);
  /// `emptied` false: processes are stuck in there; never used again.
  void release(Slot*, bool emptied);
  /// Files to write "0" to, to join: the caller closes them. Empty when CLONE_INTO_CGROUP does it all.
  std::vector<int> open_joins(const Slot&, bool cloned_into);

  /// Living processes in it; only meaningful with a `procs` file.
  std::vector<pid_t> processes(const Slot&) const;
  /// Kills everything in it at once; false if this kernel can't.
  bool kill_all(Slot&) const;
  bool oom_struck(const Slot&) const;
  /// At the runner's end, when all are empty.
  void remove_folders();

 private:
  struct Controller {
    std::string name, folder;  ///< v1: the runner's folder below this controller
  };
  std::string slot_folder(const std::string& base, int index) const;
  bool make_base(const std::string& mount, const std::string& own, const std::string& runner,
                 const std::string& root, std::string& folder, std::string& failure);
  void open_v2(const std::string& runner, const std::string& root);
  void open_v1(const std::string& runner, const std::string& root);
  std::unique_ptr<Slot> make_slot(int index);
  void open_slot(Slot&);
  bool make_anew(Slot&);
  std::string set_limits(Slot&, const AttemptSpec&);
  void lift_limits(Slot&);
  std::uint64_t oom_kills(const Slot&) const;

  mutable std::mutex mutex_;
  Isolation isolation_;
  std::string v2_folder_;  ///< the runner's folder; empty: no v2
  bool memory_limits_ = false, cpu_limits_ = false, pid_limits_ = false;
  std::vector<Controller> v1_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> free_;
};

}  // namespace millrace
