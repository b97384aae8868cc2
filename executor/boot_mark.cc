#include "executor/boot_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include "base/log.h"
#include "executor/process_tree.h"

namespace millrace {
namespace {

bool sync_path(const std::filesystem::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool synced = fsync(fd) == 0;
  close(fd);
  return synced;
}

}  // namespace

BootMark::BootMark(const std::filesystem::path& folder)
    : file_(folder / "boot"), current_(current_boot_id()) {
  std::ifstream stored(file_);
  if (stored && std::getline(stored, marked_)) return;
  marked_ = current_;
  renew();
}

void BootMark::renew() {
  const std::filesystem::path fresh = file_.string() + ".new";
  std::ofstream(fresh, std::ios::trunc) << current_ << '\n';
  std::error_code error;
  bool written = sync_path(fresh);
  if (written) std::filesystem::rename(fresh, file_, error);
  // The folder's own name too: it may be as new as the file.
  const std::filesystem::path folder = file_.parent_path();
  written = written && !error && sync_path(folder) && sync_path(folder.parent_path());
  if (!written) {
    log::warn("runner: '{}' can't be written; after a reboot attempts may be called lost", file_.string());
    return;
  }
  marked_ = current_;
}

}  // namespace millrace
