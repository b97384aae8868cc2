#include "data/durable_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>

#include "base/crash_point.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

// Each fsync waits for the disk; beyond some dozens one syncfs is cheaper, although it writes others' bytes
// too.
constexpr std::size_t synced_one_by_one = 32;

std::unexpected<Error> failed(std::string_view what, const fs::path& path) {
  return fail(ErrorKind::unavailable,
              fmt::format("can't {} {}: {}", what, path.string(), std::strerror(errno)));
}

Result<void> sync(const fs::path& path, int (*how)(int) = &fsync) {
  // Through a link, too: the folder above a dataset may be one that leads to a larger disk.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed("open", path);
  const int done = how(fd);
  const int error = errno;
  close(fd);
  errno = error;
  return done == 0 ? Result<void>{} : failed("sync", path);
}

}  // namespace

Result<void> make_folders(const fs::path& folder) {
  struct stat facts{};
  if (folder.empty() || stat(folder.c_str(), &facts) == 0) return {};
  if (auto above = make_folders(folder.parent_path()); !above) return above;
  if (mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) return failed("make the folder", folder);
  CRASH_POINT("publish.folder_made");
  return sync(folder.parent_path());
}

Result<void> sync_tree(const fs::path& root, const std::vector<std::string>& files) {
  if (files.size() > synced_one_by_one) return sync(root, &syncfs);
  std::set<fs::path> folders;
  for (const std::string& file : files) {
    const fs::path path = file.empty() ? root : root / file;
    if (auto synced = sync(path); !synced) return synced;
    for (fs::path above = fs::path(file).parent_path(); !above.empty(); above = above.parent_path())
      folders.insert(root / above);
  }
  for (const fs::path& folder : folders)
    if (auto synced = sync(folder); !synced) return synced;
  struct stat facts{};
  const bool is_folder = lstat(root.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
  return is_folder ? sync(root) : Result<void>{};
}

Result<void> replace_file(const fs::path& path, std::string_view bytes) {
  fs::path draft = path;
  draft += ".draft";
  const int fd = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return failed("write", draft);
  CRASH_POINT("publish.draft_made");
  bool good = true;
  while (good && !bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    good = n > 0;
    if (good) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  CRASH_POINT("publish.draft_written");
  good = good && fsync(fd) == 0;
  const int error = errno;
  close(fd);
  errno = error;
  if (!good) return failed("write", draft);
  CRASH_POINT("publish.draft_synced");
  if (std::rename(draft.c_str(), path.c_str()) != 0) return failed("replace", path);
  CRASH_POINT("publish.report_named");
  return sync(path.parent_path());
}

Result<void> move_into_place(const fs::path& from, const fs::path& to) {
  struct stat mine{}, old{};
  if (lstat(from.c_str(), &mine) != 0) return failed("look at", from);
  // rename() replaces a file in one step; a folder that has something in it only by changing places.
  const bool exchange = lstat(to.c_str(), &old) == 0 && (S_ISDIR(mine.st_mode) || S_ISDIR(old.st_mode));
  const unsigned flags = exchange ? RENAME_EXCHANGE : 0;
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) != 0) {
    if (exchange && errno == EINVAL)
      return fail(ErrorKind::unavailable,
                  fmt::format("the file system of {} can't exchange two folders in one step; publish files, "
                              "or move the dataset to a local disk",
                              to.string()));
    return failed(fmt::format("move {} to", from.string()), to);
  }
  CRASH_POINT("publish.renamed");
  return sync(to.parent_path());
}

}  // namespace millrace
