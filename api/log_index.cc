#include "api/log_index.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace millrace {
namespace {

constexpr std::size_t block = 256u << 10;

}  // namespace

LogIndex::Seen LogIndex::look(const FileSlice& file, const std::function<bool()>& time_is_up) {
  MutexLock lock(mutex_);
  scan(file, time_is_up);
  return seen_;
}

void LogIndex::scan(const FileSlice& file, const std::function<bool()>& time_is_up) {
  if (file.length < seen_.scanned) seen_ = {.offsets = {0}};  // it was cut at its cap
  std::vector<char> bytes(block);
  while (file && seen_.scanned < file.length) {
    const auto wanted = std::min<std::int64_t>(block, file.length - seen_.scanned);
    const ssize_t got = ::pread(file.fd(), bytes.data(), static_cast<std::size_t>(wanted), seen_.scanned);
    if (got <= 0) return;
    count(std::span(bytes).first(static_cast<std::size_t>(got)));
    if (time_is_up()) return;
  }
}

void LogIndex::count(std::span<const char> bytes) {
  const char* const end = bytes.data() + bytes.size();
  for (const char* at = bytes.data(); at < end;) {
    at = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
    if (at == nullptr) break;
    ++at;
    if (++seen_.lines % seen_.every != 0) continue;
    seen_.offsets.push_back(seen_.scanned + (at - bytes.data()));
    if (seen_.offsets.size() <= limits::log_index_entries) continue;
    for (std::size_t i = 0; i * 2 < seen_.offsets.size(); ++i) seen_.offsets[i] = seen_.offsets[i * 2];
    seen_.offsets.resize((seen_.offsets.size() + 1) / 2);
    seen_.every *= 2;
  }
  seen_.scanned += static_cast<std::int64_t>(bytes.size());
}

std::optional<LogPlace> LogIndex::place_of(const FileSlice& file, std::int64_t line,
                                           const std::function<bool()>& time_is_up) {
  LogPlace place;
  {
    MutexLock lock(mutex_);
    if (seen_.lines + 1 < line) scan(file, time_is_up);
    const bool all = seen_.scanned >= file.length;
    if (seen_.lines + 1 < line && !all) return std::nullopt;
    if (seen_.lines + 1 < line) return LogPlace{seen_.lines + 1, file.length, file.length};
    const std::int64_t entry =
        std::min((line - 1) / seen_.every, static_cast<std::int64_t>(seen_.offsets.size()) - 1);
    place.line = entry * seen_.every + 1;
    place.line_start = seen_.offsets[static_cast<std::size_t>(entry)];
  }
  std::vector<char> bytes(block);
  for (std::int64_t at = place.line_start; place.line < line;) {
    const ssize_t got = ::pread(file.fd(), bytes.data(), bytes.size(), at);
    if (got <= 0) break;
    for (ssize_t i = 0; i < got && place.line < line; ++i) {
      if (bytes[static_cast<std::size_t>(i)] != '\n') continue;
      ++place.line;
      place.line_start = at + i + 1;
    }
    at += got;
  }
  place.offset = place.line_start;
  return place;
}

std::shared_ptr<LogIndex> LogIndexes::of(const FileSlice& file) {
  struct stat facts{};
  if (!file || ::fstat(file.fd(), &facts) != 0) return std::make_shared<LogIndex>();
  MutexLock lock(mutex_);
  const auto at = std::ranges::find_if(
      kept_, [&](const Kept& one) { return one.device == facts.st_dev && one.inode == facts.st_ino; });
  if (at != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, at);
  } else {
    kept_.push_front({facts.st_dev, facts.st_ino, std::make_shared<LogIndex>()});
    if (kept_.size() > limits::log_indexes) kept_.pop_back();
  }
  return kept_.front().index;
}

HttpResponse packed_index(const LogIndex::Seen& seen, std::span<const std::int64_t> offsets) {
  HttpResponse response;
  response.content_type = "application/octet-stream";
  response.headers = {{"Log-Index-Every", std::to_string(seen.every)},
                      {"Log-Index-Lines", std::to_string(seen.lines)},
                      {"Log-Index-Bytes", std::to_string(seen.scanned)}};
  response.body.reserve(offsets.size() * 8);
  for (const std::int64_t offset : offsets) {
    for (int byte = 0; byte < 8; ++byte)
      response.body += static_cast<char>((static_cast<std::uint64_t>(offset) >> (8 * byte)) & 0xff);
  }
  return response;
}

}  // namespace millrace
