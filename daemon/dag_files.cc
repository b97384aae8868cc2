#include "daemon/dag_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <system_error>
#include <utility>

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr const char* odd_kind = "it isn't a regular file";

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }
bool is_dag_file(const fs::path& path) { return path.extension() == ".yaml" || path.extension() == ".yml"; }

struct Fd {
  int number;
  explicit Fd(int n) : number(n) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (number >= 0) close(number);
  }
};

class Walk {
 public:
  Walk(std::size_t most, const std::function<void(const fs::path&)>& entering)
      : most_(most), entering_(entering) {}

  FoundFiles look_at(const fs::path& folder) {
    std::error_code error;
    found_.root = fs::canonical(folder, error);
    if (error) return found_.failed = error.message(), found_;
    open_.emplace_back(fs::path(), found_.root);
    folders_.insert(found_.root);
    // Links last: what has a name of its own in the folder is known by that.
    while (!found_.cut && (!open_.empty() || !links_.empty())) {
      if (!open_.empty()) {
        list(take(open_));
      } else {
        follow(take(links_));
      }
    }
    return std::move(found_);
  }

 private:
  using Place = std::pair<fs::path, fs::path>;  // the name below the folder, and where that really is

  static Place take(std::vector<Place>& places) {
    Place last = std::move(places.back());
    places.pop_back();
    return last;
  }

  void list(const Place& folder) {
    entering_(folder.second);
    std::error_code error;
    for (fs::directory_iterator at{folder.second, error}, end; !error && at != end; at.increment(error)) {
      std::error_code kind_error;
      const auto status = at->symlink_status(kind_error);
      if (kind_error || is_hidden(at->path())) continue;
      const Place place{folder.first / at->path().filename(), at->path()};
      if (fs::is_symlink(status)) {
        links_.push_back(place);
      } else if (fs::is_directory(status)) {
        if (folders_.insert(place.second).second) open_.push_back(place);
      } else if (is_dag_file(place.first)) {
        add(place, fs::is_regular_file(status) ? "" : odd_kind);
      }
    }
    if (error) found_.failed = fmt::format("{}: {}", folder.second.string(), error.message());
  }

  void follow(const Place& link) {
    std::error_code error;
    const fs::path target = fs::canonical(link.second, error);
    const bool named_like_one = is_dag_file(link.first);
    if (error) {
      if (named_like_one) add(link, fmt::format("it's a link that can't be followed: {}", error.message()));
      return;
    }
    const auto status = fs::status(target, error);
    const bool folder = fs::is_directory(status);
    if (!folder && !named_like_one) return;
    if (!is_inside(target)) return add(link, words_for_outside(target, folder));
    if (!folder) {
      entering_(target.parent_path());
      return add({link.first, target}, fs::is_regular_file(status) ? "" : odd_kind);
    }
    if (folders_.insert(target).second) open_.emplace_back(link.first, target);
  }

  bool is_inside(const fs::path& target) const {
    const fs::path below = target.lexically_relative(found_.root);
    return !below.empty() && *below.begin() != "..";
  }

  static std::string words_for_outside(const fs::path& target, bool folder) {
    return fmt::format("it's a link to '{}', which is outside of the DAG folder and isn't read; {}",
                       target.string(),
                       folder ? "copy or mount that folder here, or begin the link's name with a dot if it "
                                "holds no DAGs"
                              : "put the file itself here, or submit it (millrace submit)");
  }

  void add(const Place& place, std::string problem) {
    if (problem.empty() && !files_.insert(place.second).second) return;
    found_.cut = found_.files.size() == most_;
    if (found_.cut) return;
    found_.files.push_back(
        {place.first.string(), place.second.lexically_relative(found_.root), std::move(problem)});
  }

  const std::size_t most_;
  const std::function<void(const fs::path&)>& entering_;
  FoundFiles found_;
  std::vector<Place> open_, links_;
  std::set<fs::path> folders_, files_;  // seen, by where they really are
};

/// Only what is there without a link on the way: between the look and the opening the folder may change.
int open_below(int root, const fs::path& file) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long fd = syscall(SYS_openat2, root, file.c_str(), &how, sizeof how);
  if (fd < 0 && errno == ENOSYS)  // before Linux 5.6
    return openat(root, file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
  return static_cast<int>(fd);
}

}  // namespace

FoundFiles find_dag_files(const fs::path& folder, std::size_t most,
                          const std::function<void(const fs::path&)>& entering) {
  return Walk(most, entering).look_at(folder);
}

Result<std::string> read_dag_file(const fs::path& root, const fs::path& file, std::size_t most) {
  const auto refuse = [](int error) {
    return fail(ErrorKind::unavailable, fmt::format("can't be read: {}", std::strerror(error)));
  };
  const Fd folder(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (folder.number < 0) return refuse(errno);
  const Fd opened(open_below(folder.number, file));
  if (opened.number < 0) return refuse(errno);
  struct stat facts{};
  if (fstat(opened.number, &facts) != 0 || !S_ISREG(facts.st_mode))
    return fail(ErrorKind::unavailable, odd_kind);
  std::string text;
  std::array<char, 65536> piece{};
  ssize_t n = 0;
  while (text.size() <= most && (n = read(opened.number, piece.data(), piece.size())) > 0)
    text.append(piece.data(), static_cast<std::size_t>(n));
  if (n < 0) return refuse(errno);
  return text;
}

}  // namespace millrace
