#include "daemon/trash.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <vector>

#include "base/crash_point.h"
#include "base/log.h"

namespace millrace {

namespace fs = std::filesystem;

namespace {

constexpr int files_at_a_time = 256;  // some milliseconds

/// Removes up to `budget` entries below `folder`, then the folder itself; false when something is left.
bool remove_some(const fs::path& folder, int& budget) {
  std::error_code error;
  std::vector<fs::path> files, folders;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (static_cast<int>(files.size() + folders.size()) >= budget) break;
    (fs::is_directory(it->symlink_status(error)) ? folders : files).push_back(it->path());
  }
  for (const fs::path& file : files) {
    fs::remove(file, error);
    CRASH_POINT("trash.file_removed");
    --budget;
  }
  for (const fs::path& inner : folders) {
    if (budget <= 0 || !remove_some(inner, budget)) return false;
  }
  if (budget <= 0) return false;
  --budget;
  CRASH_POINT("trash.folder_emptied");
  return fs::remove(folder, error);
}

}  // namespace

Trash::Trash(boost::asio::io_context& io, Paths paths) : io_(io), paths_(std::move(paths)) {
  mkdir(folder().c_str(), 0700);
  std::error_code error;
  for (fs::directory_iterator it(folder(), error), end; !error && it != end; it.increment(error))
    next_ = std::max<std::int64_t>(next_, std::atoll(it->path().filename().c_str()) + 1);
  empty();
}

void Trash::take(const std::string& dag_id, const std::string& run_id) {
  bool moved = false;
  for (const char* kind : {"logs", "outputs"}) {
    const fs::path from = paths_.root / kind / dag_id / run_id;
    std::error_code error;
    fs::rename(from, folder() / std::to_string(next_), error);
    CRASH_POINT("trash.moved");
    if (!error) moved = true, ++next_;
    if (error && error != std::errc::no_such_file_or_directory)
      log::warn("trash: {} isn't moved: {}", from.string(), error.message());
  }
  if (moved) empty();
}

void Trash::empty() {
  if (stepping_) return;
  std::error_code error;
  if (fs::is_empty(folder(), error) || error) return;
  stepping_ = true;
  boost::asio::post(io_, [this] { step(); });
}

void Trash::step() {
  stepping_ = false;
  std::error_code error;
  int budget = files_at_a_time;
  for (fs::directory_iterator it(folder(), error), end; !error && it != end; it.increment(error)) {
    const fs::path run = it->path();
    if (remove_some(run, budget)) continue;
    if (budget > 0) {
      log::warn("trash: {} can't be removed; it is tried again at the next start", run.string());
      return;
    }
    break;
  }
  if (budget <= 0) empty();
}

}  // namespace millrace
