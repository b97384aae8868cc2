#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/log_index.h"

/// Search in a log without a copy of it: forward from a place, some blocks in memory at a time, until enough
/// is found or time is up.
namespace millrace {

/// How bad a line says it is, by the first such word near its beginning.
enum class LogLevel : std::uint8_t { debug, info, warning, error };
std::optional<LogLevel> level_of(std::string_view line_begin);

struct LogQuery {
  std::string text;          ///< empty: any
  bool ignore_case = false;  ///< of ASCII letters
  std::optional<LogLevel> least;
  std::size_t limit = 100;
  LogPlace from;               ///< by a cursor
  std::int64_t from_line = 1;  ///< or by the number of a line
};
/// `q`, `ignore_case`, `level`, `limit`, `from` of the query.
std::expected<LogQuery, Problem> read_log_query(const Call&);

struct LogMatch {
  std::int64_t line = 1;    ///< from 1 on, as in `#L1`
  std::int64_t offset = 0;  ///< of the line's first byte
  std::int64_t at = 0;      ///< of the match
  std::string text;         ///< some of the line around it, raw
};
struct LogMatches {
  std::vector<LogMatch> matches;  ///< one a line
  LogPlace next;
  bool complete = false;  ///< searched up to the end the log had
};
LogMatches find_in_log(const FileSlice&, LogPlace from, const LogQuery&,
                       const std::function<bool()>& time_is_up);

/// `18204.1523000.1523000`: where the next call goes on.
std::string to_cursor(const LogPlace&);
HttpResponse search_answer(const LogMatches&, std::string_view next, std::int64_t size);

}  // namespace millrace
