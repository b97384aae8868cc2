#include "store/lock_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/crash_point.h"

namespace millrace {
namespace {

std::string read_text(int fd) {
  std::array<char, 32> buffer{};
  const auto n = pread(fd, buffer.data(), buffer.size(), 0);
  std::string text(buffer.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  std::erase_if(text, [](char c) { return c < '0' || c > '9'; });
  return text.empty() ? "unknown" : text;
}

}  // namespace

Result<LockFile> LockFile::take(const std::filesystem::path& database) {
  const std::string path = database.string() + ".lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return fail(ErrorKind::unavailable,
                fmt::format("can't write in '{}': {} ({}). The daemon needs a folder that it "
                            "may write",
                            database.parent_path().string(), std::strerror(errno), path));
  }
  CRASH_POINT("lock.file_opened");
  LockFile lock(fd);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorKind::conflict, fmt::format("another daemon (pid {}) uses '{}'; stop it first",
                                                 read_text(fd), database.string()));
  }
  CRASH_POINT("lock.taken");
  const std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(fd, 0) != 0 || pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    // The lock holds; only its words for a second daemon are missing (a full disk).
  }
  CRASH_POINT("lock.named");
  return lock;
}

LockFile::LockFile(LockFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

LockFile::~LockFile() {
  if (fd_ >= 0) close(fd_);
}

bool is_network_filesystem(long type) {
  // linux/magic.h and the kernel's fs/ folders; FUSE and 9p are left out: containers use them for local
  // disks.
  constexpr std::array<unsigned long, 13> network = {
      0x6969,      // nfs
      0x517B,      // smb
      0xFF534D42,  // cifs
      0xFE534D42,  // smb2
      0x564C,      // ncp
      0x5346414F,  // afs
      0x6B414653,  // kafs
      0x73757245,  // coda
      0x00C36400,  // ceph
      0x0BD00BD0,  // lustre
      0x47504653,  // gpfs
      0x7461636F,  // ocfs2
      0x01161970,  // gfs2
  };
  return std::ranges::find(network, static_cast<unsigned long>(type) & 0xFFFFFFFFul) != network.end();
}

bool on_network_filesystem(const std::filesystem::path& folder) {
  struct statfs facts{};
  return statfs(folder.c_str(), &facts) == 0 && is_network_filesystem(static_cast<long>(facts.f_type));
}

}  // namespace millrace
