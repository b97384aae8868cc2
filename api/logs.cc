#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "api/handlers.h"
#include "api/look_up.h"
#include "api/shapes.h"

namespace millrace::handlers {
namespace {

constexpr std::int64_t json_piece = 1 << 20;  // of a log in one JSON answer; the token leads on

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

std::optional<std::int64_t> to_offset(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < 0)
    return std::nullopt;
  return value;
}

struct Range {
  std::int64_t from = 0, to = 0;  // half-open
};
enum class RangeAnswer { whole, part, unsatisfiable };

/// One `bytes=` range; anything else is as good as none (RFC 9110 14.2).
RangeAnswer read_range(std::string_view header, std::int64_t size, Range& range) {
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

Answer raw_answer(const Call& call, FileSlice file) {
  const std::int64_t size = file.length;
  HttpResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.headers.emplace_back("Accept-Ranges", "bytes");
  Range range{0, size};
  switch (read_range(call.request.header("range"), size, range)) {
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

/// Airflow's form: a list of lines and a token that leads on; no token: the end of a task that has ended.
Answer json_answer(const Call& call, const FileSlice& file, bool live) {
  std::int64_t from = 0;
  if (const auto token = call.query_value("token")) {
    const auto offset = to_offset(*token);
    if (!offset) return refuse_field("token", "not one that this daemon gave");
    from = std::min(*offset, file.length);
  }
  std::string text(static_cast<std::size_t>(std::min(json_piece, file.length - from)), '\0');
  const ssize_t got = file ? ::pread(file.fd(), text.data(), text.size(), from) : 0;
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  const bool to_the_end = from + static_cast<std::int64_t>(text.size()) >= file.length;
  const std::size_t line_end = text.rfind('\n');
  if ((!to_the_end || live) && line_end != text.npos) text.resize(line_end + 1);
  const std::int64_t next = from + static_cast<std::int64_t>(text.size());
  JsonWriter out;
  out.begin_object().key("content").begin_array();
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    out.string(line);
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  out.end_array();
  out.word_field("continuation_token", next < file.length || live ? std::to_string(next) : "");
  out.end_object();
  return json_response(out.take());
}

}  // namespace

Answer get_log(const Call& call, StoreReader& reader) {
  const auto found = find_task_instance(call, reader);
  if (!found) return std::unexpected(found.error());
  const auto attempts = reader.attempts(found->instance.id);
  const auto at = std::ranges::find(attempts, call.number("try_number"), &AttemptRow::try_number);
  if (at == attempts.end()) {
    return refuse(404, "not_found",
                  fmt::format("task '{}' has no try {}", found->instance.task_id, call.param("try_number")),
                  fmt::format("it was tried {} times", attempts.size()));
  }
  // No file: the attempt hasn't started, or never could. Its log is empty; the try says why.
  FileSlice file = open_below(*call.services, call.backend().log_path(at->name));
  const bool json = call.request.header("accept").find("application/json") != std::string_view::npos;
  if (json) return json_answer(call, file, !at->outcome);
  if (!file) {
    HttpResponse response;
    response.content_type = "text/plain; charset=utf-8";
    return response;
  }
  return raw_answer(call, std::move(file));
}

}  // namespace millrace::handlers
