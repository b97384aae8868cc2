#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "api/http.h"
#include "base/limits.h"
#include "base/secret_mask.h"

namespace millrace {
namespace {

/// What there is of [from, to); read(2) may give less at a time.
std::string read_all(int fd, std::int64_t from, std::int64_t to) {
  std::string bytes(static_cast<std::size_t>(to - from), '\0');
  std::size_t got = 0;
  while (got < bytes.size()) {
    const auto at = from + static_cast<std::int64_t>(got);
    const ssize_t n = ::pread(fd, bytes.data() + got, bytes.size() - got, at);
    if (n <= 0) break;
    got += static_cast<std::size_t>(n);
  }
  bytes.resize(got);
  return bytes;
}

/// Where the last line begins, if it begins in these bytes; else 0.
std::size_t line_start(std::string_view bytes) {
  const std::size_t end = bytes.rfind('\n');
  return end == bytes.npos ? 0 : end + 1;
}

/// The runner cuts a log at its cap, perhaps within a secret: hides what could be its beginning. `bytes` are
/// those from `from` on.
void hide_cut(std::span<char> bytes, std::int64_t from, std::int64_t context) {
  const std::int64_t cut = limits::log_bytes - from;
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (cut <= 0 || cut >= size) return;
  const std::int64_t begin = std::max<std::int64_t>(0, cut - context);
  const auto doubtful = bytes.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(cut - begin));
  std::ranges::fill(doubtful.subspan(line_start({doubtful.data(), doubtful.size()})), '*');
}

}  // namespace

FileSlice::FileSlice(FileSlice&& other) noexcept
    : offset(other.offset),
      length(other.length),
      mask(std::move(other.mask)),
      fd_(std::exchange(other.fd_, -1)) {}

FileSlice& FileSlice::operator=(FileSlice&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
    offset = other.offset;
    length = other.length;
    mask = std::move(other.mask);
  }
  return *this;
}

FileSlice::~FileSlice() {
  if (fd_ >= 0) ::close(fd_);
}

ssize_t FileSlice::read_at(std::span<char> into, std::int64_t at) const {
  if (!mask) return ::pread(fd_, into.data(), into.size(), at);
  // What lies beside the part decides with it: a secret may begin before it, or end behind.
  const auto context = static_cast<std::int64_t>(mask->longest()) - 1;
  const std::int64_t from = std::max<std::int64_t>(0, at - context);
  std::string bytes = read_all(fd_, from, at + static_cast<std::int64_t>(into.size()) + context);
  const auto before = static_cast<std::size_t>(at - from);
  if (bytes.size() <= before) return 0;
  mask->hide(bytes);
  hide_cut(bytes, from, context);
  return static_cast<ssize_t>(bytes.copy(into.data(), into.size(), before));
}

std::int64_t FileSlice::shown_bytes(bool still_written) const {
  struct stat facts{};
  if (fd_ < 0 || ::fstat(fd_, &facts) != 0) return 0;
  if (!mask || !still_written) return facts.st_size;
  const std::int64_t from =
      std::max<std::int64_t>(0, facts.st_size - static_cast<std::int64_t>(mask->longest()) + 1);
  const std::string last = read_all(fd_, from, facts.st_size);
  return from + static_cast<std::int64_t>(line_start(last));
}

}  // namespace millrace
