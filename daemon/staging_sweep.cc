#include "daemon/staging_sweep.h"

#include <charconv>
#include <utility>

#include "base/crash_point.h"
#include "base/log.h"

namespace millrace {

namespace fs = std::filesystem;

StagingSweep::~StagingSweep() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void StagingSweep::remove(std::vector<fs::path> folders) {
  // Nearly always there is nothing left.
  std::erase_if(folders, [](const fs::path& folder) {
    std::error_code ignored;
    return !fs::exists(fs::symlink_status(folder, ignored));
  });
  if (folders.empty()) return;
  {
    MutexLock lock(mutex_);
    for (fs::path& folder : folders) folders_.push_back(std::move(folder));
  }
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  wake_.notify_all();
}

void StagingSweep::remove_all_but(const fs::path& staging, const std::set<AttemptId>& living) {
  std::vector<fs::path> folders;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(staging, none)) {
    const std::string name = entry.path().filename().string();
    AttemptId id;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id.value);
    if (error == std::errc{} && end == name.data() + name.size() && !living.contains(id))
      folders.push_back(entry.path());
  }
  if (!folders.empty()) log::info("staging: removing what {} attempts have left", folders.size());
  remove(std::move(folders));
}

void StagingSweep::run() {
  for (;;) {
    fs::path folder;
    {
      MutexLock lock(mutex_);
      while (folders_.empty() && !stopping_) wake_.wait(mutex_);
      if (stopping_) return;  // the next start finds the rest
      folder = std::move(folders_.front());
      folders_.pop_front();
    }
    CRASH_POINT("sweep.taken");
    std::error_code error;
    fs::remove_all(folder, error);
    CRASH_POINT("sweep.removed");
    if (error) log::warn("staging: {} can't be removed: {}", folder.string(), error.message());
  }
}

}  // namespace millrace
