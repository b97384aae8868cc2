#include "executor/runner/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/crash_point.h"

namespace millrace {

using wire::Writer;

bool Journal::open(int folder_fd, const JournalOpening& opening) {
  folder_ = folder_fd;
  fd_ = openat(folder_fd, "journal", O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (fd_ < 0) return false;
  put_record(opening_, MessageType::opened, [&](Writer& w) { put(w, opening); });
  facts_ = opening_;
  return flush().empty();
}

void Journal::intent(AttemptId attempt, const std::string& name) {
  put_record(intents_, MessageType::intent, [&](Writer& w) { w.number(attempt.value).text(name); });
}

void Journal::started(AttemptId attempt, const StartFacts& facts) {
  put_record(facts_, MessageType::started, [&](Writer& w) { put(w.number(attempt.value), facts); });
}

void Journal::finished(AttemptId attempt, const ExitFacts& facts) {
  put_record(facts_, MessageType::finished, [&](Writer& w) { put(w.number(attempt.value), facts); });
}

void Journal::acknowledged(AttemptId attempt) {
  put_record(facts_, MessageType::acknowledge, [&](Writer& w) { w.number(attempt.value); });
}

std::string Journal::flush() {
  if (facts_.empty() && intents_.empty()) return {};
  CRASH_POINT("journal.writing");
  const std::string bytes = facts_ + intents_;
  intents_.clear();
  ssize_t n = 0;
  do {
    n = write(fd_, bytes.data(), bytes.size());
  } while (n < 0 && errno == EINTR);
  CRASH_POINT("journal.written");
  if (n == static_cast<ssize_t>(bytes.size())) {
    bytes_ += bytes.size();
    facts_.clear();
    return {};
  }
  const int error = n < 0 ? errno : ENOSPC;
  // A torn record would hide all that follows.
  if (n > 0 && ftruncate(fd_, static_cast<off_t>(bytes_)) != 0) return strerrordesc_np(errno);
  return strerrordesc_np(error);
}

void Journal::compact(const std::string& live) {
  const int fd = openat(folder_, "journal.new", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return;
  const std::string bytes = opening_ + live;
  if (write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
      renameat(folder_, "journal.new", folder_, "journal") != 0) {
    close(fd);
    unlinkat(folder_, "journal.new", 0);
    return;
  }
  CRASH_POINT("journal.replaced");
  close(fd_);
  fd_ = fd;
  bytes_ = bytes.size();
}

}  // namespace millrace
