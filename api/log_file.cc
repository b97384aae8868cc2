#include "api/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace millrace {
namespace {

/// Opens a file below the data folder: no `..`, no link on the way, nothing outside, whatever the path says.
FileSlice open_below(const Services& services, std::string_view path) {
  const std::string& root = services.data_dir;
  if (path.starts_with('/')) {
    if (!path.starts_with(root) || path.size() <= root.size() || path[root.size()] != '/') return {};
    path.remove_prefix(root.size() + 1);
  }
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const std::string relative(path);
  const long fd = ::syscall(SYS_openat2, services.data_dir_fd, relative.c_str(), &how, sizeof how);
  if (fd < 0) return {};
  FileSlice file(static_cast<int>(fd), 0, 0);
  struct stat facts{};
  if (::fstat(file.fd(), &facts) != 0 || !S_ISREG(facts.st_mode)) return {};
  file.length = facts.st_size;
  return file;
}

/// One file, whatever it holds by now; a log that doesn't exist yet is one too.
std::string file_tag(const FileSlice& file) {
  struct stat facts{};
  if (!file || ::fstat(file.fd(), &facts) != 0) return "none";
  return fmt::format("{:x}-{:x}", facts.st_dev, facts.st_ino);
}

}  // namespace

std::expected<FoundLog, Problem> find_log(const Call& call, StoreReader& reader) {
  auto of = find_task_instance(call, reader);
  if (!of) return std::unexpected(std::move(of.error()));
  auto attempts = reader.attempts(of->instance.id);
  const auto at = std::ranges::find(attempts, call.number("try_number"), &AttemptRow::try_number);
  if (at == attempts.end()) {
    return refuse(404, "not_found",
                  fmt::format("task '{}' has no try {}", of->instance.task_id, call.param("try_number")),
                  fmt::format("it was tried {} times", attempts.size()));
  }
  FileSlice file = open_log(*call.services, of->run.dag_id, *at);
  return FoundLog{std::move(*of), std::move(*at), std::move(file)};
}

FileSlice open_log(const Services& services, std::string_view dag_id, const AttemptRow& attempt) {
  FileSlice file = open_below(services, services.backend.log_path(attempt.name));
  file.mask = services.backend.secret_mask(dag_id);
  if (file.mask) file.length = file.shown_bytes(!attempt.outcome);
  return file;
}

std::optional<std::int64_t> to_offset(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < 0)
    return std::nullopt;
  return value;
}

RangeAnswer read_range(std::string_view header, std::int64_t size, ByteRange& range) {
  if (!header.starts_with("bytes=")) return RangeAnswer::whole;
  header.remove_prefix(6);
  const std::size_t dash = header.find('-');
  if (dash == header.npos || header.find(',') != header.npos) return RangeAnswer::whole;
  const auto first = to_offset(header.substr(0, dash)), last = to_offset(header.substr(dash + 1));
  if (dash == 0) {
    if (!last) return RangeAnswer::whole;
    if (*last == 0 || size == 0) return RangeAnswer::unsatisfiable;
    range = {std::max<std::int64_t>(0, size - *last), size};
    return RangeAnswer::part;
  }
  if (!first || (dash + 1 != header.size() && !last)) return RangeAnswer::whole;
  if (last && *last < *first) return RangeAnswer::whole;
  if (*first >= size) return RangeAnswer::unsatisfiable;
  range = {*first, last ? std::min(size, *last + 1) : size};
  return RangeAnswer::part;
}

std::string log_etag(const FileSlice& file, std::int64_t size) {
  return fmt::format("\"{}-{:x}\"", file_tag(file), size);
}

bool is_beginning(const FileSlice& file, std::int64_t size, std::string_view etag) {
  const std::string ours = fmt::format("\"{}-", file_tag(file));
  if (!etag.starts_with(ours) || !etag.ends_with('"')) return false;
  const std::string_view digits = etag.substr(ours.size(), etag.size() - ours.size() - 1);
  std::int64_t known = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), known, 16);
  return error == std::errc{} && end == digits.data() + digits.size() && known <= size;
}

Answer raw_log(const Call& call, FileSlice file) {
  const std::int64_t size = file.length;
  HttpResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.headers.emplace_back("Accept-Ranges", "bytes");
  response.headers.emplace_back("ETag", log_etag(file, size));
  if (call.request.header("if-none-match") == log_etag(file, size)) {
    response.status = 304;
    return response;
  }
  ByteRange range{0, size};
  // A log only grows: a part of an older, shorter one is the same bytes. The tag of another file isn't.
  const std::string_view if_range = call.request.header("if-range");
  const bool same = if_range.empty() || is_beginning(file, size, if_range);
  switch (same ? read_range(call.request.header("range"), size, range) : RangeAnswer::whole) {
    case RangeAnswer::unsatisfiable: {
      auto problem = refuse(416, "bad_range", fmt::format("the log has {} bytes", size));
      problem.error().headers.emplace_back("Content-Range", fmt::format("bytes */{}", size));
      return problem;
    }
    case RangeAnswer::part:
      response.status = 206;
      response.headers.emplace_back("Content-Range",
                                    fmt::format("bytes {}-{}/{}", range.from, range.to - 1, size));
      break;
    case RangeAnswer::whole:
      break;
  }
  file.offset = range.from;
  file.length = range.to - range.from;
  response.file = std::move(file);
  return response;
}

}  // namespace millrace
