#include "data/tree_hash.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include "base/limits.h"

namespace millrace {
namespace {

constexpr std::size_t buffer_bytes = 1u << 20;  // fits the second-level cache; larger is not faster
constexpr std::size_t files_a_turn = 64;        // taken by a thread at once

struct Fd {
  int fd;
  explicit Fd(int value) : fd(value) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd >= 0) close(fd);
  }
};

std::string words(int error) { return std::strerror(error); }

/// One thread's hasher and its page-aligned buffer.
class FileHasher {
 public:
  FileHasher() : buffer_(static_cast<char*>(std::aligned_alloc(4'096, buffer_bytes)), &std::free) {
    if (!buffer_) throw std::bad_alloc();
  }

  /// Empty, or what is wrong.
  std::string hash(int folder, const char* name, HashedFile& out) {
    const Fd file(openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file.fd < 0) return words(errno);
    struct stat before{};
    if (fstat(file.fd, &before) != 0) return words(errno);
    if (!S_ISREG(before.st_mode)) return "is neither a file nor a folder";
    hash_.reset();
    out.bytes = 0;
    for (;;) {
      const ssize_t n = read(file.fd, buffer_.get(), buffer_bytes);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return words(errno);
      if (n == 0) break;
      hash_.update(buffer_.get(), static_cast<std::size_t>(n));
      out.bytes += n;
      // A file that is as long as it was said to be ends here: one read less for each small one.
      if (out.bytes == before.st_size && n < static_cast<ssize_t>(buffer_bytes)) break;
    }
    if (out.bytes != before.st_size) return "changed while it was hashed";
    out.digest = hash_.digest();
    return {};
  }

 private:
  std::unique_ptr<char, decltype(&std::free)> buffer_;
  Blake3Hash hash_;
};

/// The folders and files below a root, found before anything is read.
struct Listing {
  struct Entry {
    std::size_t folder;
    std::string name;
  };
  std::vector<std::string> folders;  // relative, each ending in '/' but the first, which is empty
  std::vector<Entry> files;
};

Result<void> list_folder(const std::filesystem::path& root, std::size_t index, Listing& out) {
  std::string path = (root / out.folders[index]).string();
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const auto problem = [&](std::string_view what) {
    return fail(ErrorKind::invalid, fmt::format("{} {}", path, what));
  };
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), &closedir);
  if (!folder) return problem(words(errno));
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(folder.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    unsigned char type = entry->d_type;
    if (type == DT_UNKNOWN) {
      struct stat facts{};
      if (fstatat(dirfd(folder.get()), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0)
        type = static_cast<unsigned char>(IFTODT(facts.st_mode));
    }
    if (type == DT_DIR) {
      out.folders.push_back(fmt::format("{}{}/", out.folders[index], name));
    } else if (type == DT_REG) {
      out.files.push_back({index, std::string(name)});
    } else {
      return fail(ErrorKind::invalid,
                  fmt::format("{}/{} is {}; a version holds files and folders only", path, name,
                              type == DT_LNK ? "a symbolic link" : "neither a file nor a folder"));
    }
    if (out.files.size() + out.folders.size() > limits::version_files)
      return problem(fmt::format("holds more than {} files", limits::version_files));
  }
  return errno == 0 ? Result<void>{} : problem(words(errno));
}

/// The first problem of any thread; the others stop at it.
struct Outcome {
  std::atomic<bool> failed{false};
  std::atomic<std::size_t> next{0};
  std::string problem;  // written by the thread that set `failed`
};

void hash_some(const std::filesystem::path& root, const Listing& listing, std::vector<HashedFile>& out,
               Outcome& outcome) {
  FileHasher hasher;
  std::size_t opened = SIZE_MAX;
  Fd folder(-1);
  while (!outcome.failed) {
    const std::size_t from = outcome.next.fetch_add(files_a_turn);
    if (from >= listing.files.size()) return;
    for (std::size_t i = from; i < std::min(from + files_a_turn, listing.files.size()); ++i) {
      const Listing::Entry& entry = listing.files[i];
      if (entry.folder != opened) {
        if (folder.fd >= 0) close(folder.fd);
        opened = entry.folder;
        folder.fd = open((root / listing.folders[opened]).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      }
      out[i].path = listing.folders[entry.folder] + entry.name;
      const std::string problem = hasher.hash(folder.fd, entry.name.c_str(), out[i]);
      if (problem.empty()) continue;
      if (!outcome.failed.exchange(true))
        outcome.problem = fmt::format("{} {}", (root / out[i].path).string(), problem);
      return;
    }
  }
}

}  // namespace

std::string version_of(std::vector<HashedFile>& files, bool is_folder) {
  if (!is_folder) return "b3:" + hex(files.at(0).digest);
  std::ranges::sort(files, {}, &HashedFile::path);
  Blake3Hash tree;
  tree.update("millrace tree 1\n");
  for (const HashedFile& file : files) {
    tree.update(fmt::format("{} {} ", hex(file.digest), file.bytes));
    tree.update(file.path.data(), file.path.size() + 1);  // with its NUL: the one byte that no path has
  }
  return "b3:" + hex(tree.digest());
}

Result<TreeHash> hash_tree(const std::filesystem::path& root, int threads) {
  struct stat facts{};
  if (lstat(root.c_str(), &facts) != 0)
    return fail(ErrorKind::invalid, fmt::format("{} {}", root.string(), words(errno)));
  TreeHash out;
  if (!S_ISDIR(facts.st_mode)) {
    FileHasher hasher;
    const std::string problem = hasher.hash(AT_FDCWD, root.c_str(), out.files.emplace_back());
    if (!problem.empty()) return fail(ErrorKind::invalid, fmt::format("{} {}", root.string(), problem));
  } else {
    Listing listing;
    listing.folders.emplace_back();
    for (std::size_t i = 0; i < listing.folders.size(); ++i)
      if (const auto listed = list_folder(root, i, listing); !listed) return std::unexpected(listed.error());
    out.files.resize(listing.files.size());
    Outcome outcome;
    const std::size_t wanted = std::max<std::size_t>(1, listing.files.size() / files_a_turn);
    const std::size_t count = std::min(static_cast<std::size_t>(std::max(threads, 1)), wanted);
    {
      std::vector<std::jthread> others;
      for (std::size_t i = 1; i < count; ++i)
        others.emplace_back([&] { hash_some(root, listing, out.files, outcome); });
      hash_some(root, listing, out.files, outcome);
    }
    if (outcome.failed) return fail(ErrorKind::invalid, outcome.problem);
  }
  out.hash = version_of(out.files, S_ISDIR(facts.st_mode));
  for (const HashedFile& file : out.files) out.bytes += file.bytes;
  return out;
}

}  // namespace millrace
