#include "api/log_watch.h"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

namespace millrace {

Result<int> LogWatch::open() {
  MutexLock lock(mutex_);
  descriptor_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor_ < 0) return fail(ErrorKind::unavailable, fmt::format("inotify: {}", std::strerror(errno)));
  return descriptor_;
}

void LogWatch::begin(Asked& asked) {
  if (asked.watch >= 0) return;
  asked.watch =
      ::inotify_add_watch(descriptor_, asked.folder.c_str(), IN_MODIFY | IN_ONLYDIR | IN_DONT_FOLLOW);
}

LogWatch::Token LogWatch::add(std::string folder, OnGrowth on_growth) {
  MutexLock lock(mutex_);
  const Token token = next_++;
  Asked& asked = asked_[token];
  asked.folder = std::move(folder);
  asked.on_growth = std::move(on_growth);
  begin(asked);
  return token;
}

void LogWatch::look_again(Token token) {
  MutexLock lock(mutex_);
  if (const auto at = asked_.find(token); at != asked_.end()) begin(at->second);
}

void LogWatch::remove(Token token) {
  MutexLock lock(mutex_);
  const auto at = asked_.find(token);
  if (at == asked_.end()) return;
  const int watch = at->second.watch;
  asked_.erase(at);
  // The kernel has one watch a folder, whoever asked.
  const bool shared = std::ranges::any_of(asked_, [&](const auto& one) { return one.second.watch == watch; });
  if (watch >= 0 && !shared) ::inotify_rm_watch(descriptor_, watch);
}

void LogWatch::read() {
  std::map<int, std::set<std::string>> grown;
  bool lost_count = false;
  std::vector<std::pair<OnGrowth, std::vector<std::string>>> calls;
  {
    MutexLock lock(mutex_);
    alignas(inotify_event) std::array<char, 16u << 10> buffer;
    for (ssize_t got = 0; (got = ::read(descriptor_, buffer.data(), buffer.size())) > 0;) {
      for (ssize_t at = 0; at < got;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
        if ((event->mask & IN_Q_OVERFLOW) != 0) lost_count = true;
        if ((event->mask & IN_IGNORED) != 0) {
          for (auto& [token, asked] : asked_)
            if (asked.watch == event->wd) asked.watch = -1;
        }
        if ((event->mask & IN_MODIFY) != 0 && event->len > 0) grown[event->wd].insert(event->name);
      }
    }
    for (const auto& [token, asked] : asked_) {
      const auto of_folder = grown.find(asked.watch);
      if (of_folder != grown.end())
        calls.emplace_back(asked.on_growth,
                           std::vector<std::string>(of_folder->second.begin(), of_folder->second.end()));
      else if (lost_count)
        calls.emplace_back(asked.on_growth, std::vector<std::string>{});
    }
  }
  for (const auto& [on_growth, names] : calls) on_growth(names);
}

}  // namespace millrace
