#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/look_up.h"

/// The log file of an attempt: how it is found and opened, and which of its bytes an answer holds.
namespace millrace {

struct FoundLog {
  FoundTask of;
  AttemptRow attempt;
  FileSlice file;  ///< closed: there is none. The attempt hasn't started, or never could; the try says why
};
/// By the path's ids; 404 says which part of it isn't there. A log that is a link, or behind one, isn't
/// found.
std::expected<FoundLog, Problem> find_log(const Call&, StoreReader&);

/// With what masks its DAG's secrets; as long as may be shown of it.
FileSlice open_log(const Services&, std::string_view dag_id, const AttemptRow&);

std::optional<std::int64_t> to_offset(std::string_view);

struct ByteRange {
  std::int64_t from = 0, to = 0;  ///< half-open
};
enum class RangeAnswer { whole, part, unsatisfiable };
/// One `bytes=` range; anything else is as good as none (RFC 9110 14.2).
RangeAnswer read_range(std::string_view header, std::int64_t size, ByteRange&);

/// Names the first `size` bytes of a log: they never change while it grows.
std::string log_etag(const FileSlice&, std::int64_t size);
/// Whether what a client has under this tag is a beginning of the log as it is now.
bool is_beginning(const FileSlice&, std::int64_t size, std::string_view etag);

/// The log's bytes by Range, If-Range and If-None-Match.
Answer raw_log(const Call&, FileSlice);

}  // namespace millrace
