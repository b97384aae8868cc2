#include "executor/runner/cgroups.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "executor/process_tree.h"
#include "executor/runner/cgroup_mounts.h"

namespace millrace {
namespace {

constexpr const char* task_processes = "32768";  // a fork bomb ends before the machine's pids do

bool make_folder(const std::string& path) { return mkdir(path.c_str(), 0755) == 0 || errno == EEXIST; }

std::string words(int error) { return strerrordesc_np(error); }

/// Empty when written, else why not.
std::string write_file(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return path + ": " + words(errno);
  const ssize_t n = write(fd, text.data(), text.size());
  const int error = errno;
  close(fd);
  return n < 0 ? path + ": " + words(error) : std::string();
}

std::uint64_t field_of(const std::string& file, const char* key) {
  const std::string text = "\n" + read_small_file(file);
  const std::size_t at = text.find("\n" + std::string(key) + " ");
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + std::strlen(key) + 2, nullptr, 10);
}

}  // namespace

void Cgroups::open(const std::string& runner, const std::string& root, bool wanted) {
  if (!wanted) {
    isolation_.detail = "no cgroups, as configured: memory by rlimit, one process at a time";
    return;
  }
  open_v2(runner, root);
  if (!memory_limits_) open_v1(runner, root);
  if (v2_folder_.empty() && v1_.empty()) {
    isolation_.detail = "no cgroups (" + isolation_.detail + "): memory by rlimit, one process at a time";
  }
}

bool Cgroups::make_base(const std::string& mount, const std::string& own, const std::string& runner,
                        const std::string& root, std::string& folder, std::string& failure) {
  std::vector<std::string> tops;
  if (!root.empty()) {
    tops.push_back(mount + (root[0] == '/' ? root : "/" + root));
  } else {
    // The top first: what stops the daemon's service must not reach the tasks.
    tops.push_back(mount);
    if (!own.empty() && own != "/") tops.push_back(mount + own);
  }
  for (const std::string& top : tops) {
    if (make_folder(top + "/millrace") && make_folder(top + "/millrace/" + runner)) {
      folder = top + "/millrace/" + runner;
      return true;
    }
    failure = top + ": " + words(errno);
  }
  return false;
}

void Cgroups::open_v2(const std::string& runner, const std::string& root) {
  const auto mount = find_cgroup_mount("cgroup2", "");
  if (!mount) {
    isolation_.detail = "no cgroup2 is mounted";
    return;
  }
  std::string failure;
  if (!make_base(mount->path, own_cgroup(""), runner, root, v2_folder_, failure)) {
    isolation_.detail = failure;
    return;
  }
  const std::string base = v2_folder_.substr(0, v2_folder_.rfind('/'));
  const std::string top = base.substr(0, base.rfind('/'));
  // A cgroup with controllers for its children may not hold processes itself: the runner sits in a leaf.
  if (make_folder(v2_folder_ + "/runner")) write_file(v2_folder_ + "/runner/cgroup.procs", "0");
  std::string enabled;
  for (const char* controller : {"memory", "cpu", "pids"}) {
    bool works = true;
    for (const std::string& folder : {top, base, v2_folder_}) {
      works = write_file(folder + "/cgroup.subtree_control", std::string("+") + controller).empty() && works;
    }
    if (!works) continue;
    enabled += (enabled.empty() ? "" : ", ") + std::string(controller);
    memory_limits_ = memory_limits_ || std::strcmp(controller, "memory") == 0;
    cpu_limits_ = cpu_limits_ || std::strcmp(controller, "cpu") == 0;
    pid_limits_ = pid_limits_ || std::strcmp(controller, "pids") == 0;
  }
  isolation_.cgroups = Isolation::Cgroups::v2;
  isolation_.detail = "cgroup v2: " + (enabled.empty() ? std::string("no controllers") : enabled);
}

void Cgroups::open_v1(const std::string& runner, const std::string& root) {
  std::string found, failure;
  for (const char* controller : {"memory", "cpu", "pids"}) {
    const auto mount = find_cgroup_mount("cgroup", controller);
    if (!mount) continue;
    std::string folder;
    if (!make_base(mount->path, own_cgroup(controller), runner, root, folder, failure)) continue;
    v1_.push_back({controller, folder});
    found += (found.empty() ? "" : ", ") + std::string(controller);
    memory_limits_ = memory_limits_ || std::strcmp(controller, "memory") == 0;
    cpu_limits_ = cpu_limits_ || std::strcmp(controller, "cpu") == 0;
  }
  if (v1_.empty()) {
    isolation_.detail += failure.empty() ? "; no v1 controllers" : "; " + failure;
    return;
  }
  isolation_.cgroups = Isolation::Cgroups::v1;
  isolation_.detail =
      "cgroup v1: " + found + (v2_folder_.empty() ? "" : "; an empty v2 to find and kill trees");
}

std::vector<std::string> Cgroups::folders() const {
  std::vector<std::string> all;
  if (!v2_folder_.empty()) all.push_back(v2_folder_);
  for (const Controller& controller : v1_) all.push_back(controller.folder);
  return all;
}

std::string Cgroups::slot_folder(const std::string& base, int index) const {
  return base + "/slot-" + std::to_string(index);
}

std::unique_ptr<Slot> Cgroups::make_slot(int index) {
  auto slot = std::make_unique<Slot>();
  slot->index = index;
  if (!v2_folder_.empty()) open_slot(*slot);
  return slot;
}

void Cgroups::open_slot(Slot& slot) {
  const std::string folder = slot_folder(v2_folder_, slot.index);
  if (!make_folder(folder)) return;
  if (pid_limits_) write_file(folder + "/pids.max", task_processes);
  slot.folder = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  slot.procs = ::open((folder + "/cgroup.procs").c_str(), O_RDWR | O_CLOEXEC);
}

/// Linux 6.18 kills at once whatever is cloned into a cgroup that was ever told cgroup.kill: it compares the
/// count of such kills with that of the parent's cgroup. A new folder of the same name is another cgroup.
bool Cgroups::make_anew(Slot& slot) {
  ::close(std::exchange(slot.folder, -1));
  ::close(std::exchange(slot.procs, -1));
  if (rmdir(slot_folder(v2_folder_, slot.index).c_str()) != 0) return false;
  open_slot(slot);
  slot.killed = false;
  return slot.procs >= 0;
}

Slot* Cgroups::acquire(const AttemptSpec& spec, std::string& failure) {
  if (v2_folder_.empty() && v1_.empty()) return nullptr;
  Slot* slot = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
      slots_.push_back(make_slot(static_cast<int>(slots_.size())));
      free_.push_back(slots_.back().get());
    }
    slot = free_.back();
    free_.pop_back();
  }
  if (spec.memory_bytes > 0 || spec.cpu_milli > 0) {
    failure = set_limits(*slot, spec);
    if (!failure.empty()) {
      release(slot, true);
      return nullptr;
    }
  }
  return slot;
}

std::string Cgroups::set_limits(Slot& slot, const AttemptSpec& spec) {
  slot.limited = true;
  slot.limits_cpu = spec.cpu_milli > 0;
  slot.limits_memory = spec.memory_bytes > 0;
  const std::string memory = std::to_string(spec.memory_bytes);
  const std::string quota = std::to_string(std::max<std::int64_t>(spec.cpu_milli, 10) * 100);
  std::string failure;
  const auto set = [&failure](const std::string& file, const std::string& text) {
    if (failure.empty()) failure = write_file(file, text);
  };
  if (v1_.empty()) {
    const std::string folder = slot_folder(v2_folder_, slot.index);
    if (spec.memory_bytes > 0 && memory_limits_) {
      set(folder + "/memory.max", memory);
      write_file(folder + "/memory.swap.max", "0");
      write_file(folder + "/memory.oom.group", "1");
    }
    if (spec.cpu_milli > 0 && cpu_limits_) set(folder + "/cpu.max", quota + " 100000");
  } else {
    for (const Controller& controller : v1_) {
      const std::string folder = slot_folder(controller.folder, slot.index);
      if (!slot.v1_made && !make_folder(folder)) return folder + ": " + words(errno);
      if (controller.name == "pids") set(folder + "/pids.max", task_processes);
      if (controller.name == "memory" && spec.memory_bytes > 0) {
        write_file(folder + "/memory.force_empty", "0");
        set(folder + "/memory.limit_in_bytes", memory);
        write_file(folder + "/memory.memsw.limit_in_bytes", memory);
      }
      if (controller.name == "cpu" && spec.cpu_milli > 0) {
        set(folder + "/cpu.cfs_period_us", "100000");
        set(folder + "/cpu.cfs_quota_us", quota);
      }
    }
    slot.v1_made = true;
  }
  slot.oom_before = oom_kills(slot);
  return failure.empty() ? failure : "the attempt's limits can't be set: " + failure;
}

void Cgroups::lift_limits(Slot& slot) {
  slot.limited = false;
  if (v1_.empty()) {
    const std::string folder = slot_folder(v2_folder_, slot.index);
    for (const char* file : {"/memory.max", "/memory.swap.max", "/cpu.max"}) write_file(folder + file, "max");
    return;
  }
  for (const Controller& controller : v1_) {
    const std::string folder = slot_folder(controller.folder, slot.index);
    if (controller.name == "memory") {
      write_file(folder + "/memory.memsw.limit_in_bytes", "-1");
      write_file(folder + "/memory.limit_in_bytes", "-1");
    }
    if (controller.name == "cpu") write_file(folder + "/cpu.cfs_quota_us", "-1");
  }
}

std::vector<int> Cgroups::open_joins(const Slot& slot, bool cloned_into) {
  std::vector<int> files;
  const auto add = [&files](const std::string& folder) {
    const int fd = ::open((folder + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
    if (fd >= 0) files.push_back(fd);
  };
  if (!cloned_into && slot.procs >= 0) add(slot_folder(v2_folder_, slot.index));
  if (slot.limited) {
    for (const Controller& controller : v1_) {
      // Only what is asked for: the v1 cpu controller, for one, takes no task of a real-time class.
      if (controller.name == "cpu" && !slot.limits_cpu) continue;
      if (controller.name == "memory" && !slot.limits_memory) continue;
      add(slot_folder(controller.folder, slot.index));
    }
  }
  return files;
}

void Cgroups::release(Slot* slot, bool emptied) {
  if (slot == nullptr || !emptied) return;
  if (slot->limited) lift_limits(*slot);
  if (slot->killed && !make_anew(*slot)) return;
  const std::lock_guard lock(mutex_);
  free_.push_back(slot);
}

std::vector<pid_t> Cgroups::processes(const Slot& slot) const {
  std::vector<pid_t> pids;
  char buffer[8192];
  off_t offset = 0;
  std::string text;
  for (;;) {
    const ssize_t n = pread(slot.procs, buffer, sizeof buffer, offset);
    if (n <= 0) break;
    text.append(buffer, static_cast<std::size_t>(n));
    offset += n;
  }
  const char* at = text.c_str();
  while (*at != '\0') {
    char* end = nullptr;
    const long pid = std::strtol(at, &end, 10);
    if (end == at) break;
    if (pid > 0) pids.push_back(static_cast<pid_t>(pid));
    at = *end == '\n' ? end + 1 : end;
  }
  return pids;
}

bool Cgroups::kill_all(Slot& slot) const {
  if (slot.procs < 0) return false;
  slot.killed = true;
  return write_file(slot_folder(v2_folder_, slot.index) + "/cgroup.kill", "1").empty();
}

std::uint64_t Cgroups::oom_kills(const Slot& slot) const {
  if (v1_.empty()) return field_of(slot_folder(v2_folder_, slot.index) + "/memory.events", "oom_kill");
  for (const Controller& controller : v1_) {
    if (controller.name == "memory") {
      return field_of(slot_folder(controller.folder, slot.index) + "/memory.oom_control", "oom_kill");
    }
  }
  return 0;
}

bool Cgroups::oom_struck(const Slot& slot) const { return slot.limited && oom_kills(slot) > slot.oom_before; }

void Cgroups::remove_folders() {
  const auto remove = [](const std::string& folder) { rmdir(folder.c_str()); };
  if (!v2_folder_.empty()) {
    // The runner leaves its leaf for the top so that the leaf can go.
    const std::string base = v2_folder_.substr(0, v2_folder_.rfind('/'));
    write_file(base.substr(0, base.rfind('/')) + "/cgroup.procs", "0");
    remove(v2_folder_ + "/runner");
  }
  for (const std::string& folder : folders()) {
    for (const auto& slot : slots_) remove(slot_folder(folder, slot->index));
    remove(folder);
    remove(folder.substr(0, folder.rfind('/')));  // goes with the last runner
  }
}

}  // namespace millrace
