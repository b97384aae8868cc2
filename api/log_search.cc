#include "api/log_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <utility>

#include "api/json.h"
#include "api/log_file.h"

namespace millrace {
namespace {

constexpr std::size_t block = 1u << 20;
constexpr std::size_t looked_at_for_level = 256;  // of a line: levels stand near its beginning
constexpr std::size_t before_match = 100, after_match = 400;

constexpr std::pair<std::string_view, LogLevel> level_words[] = {
    {"error", LogLevel::error},     {"fatal", LogLevel::error},     {"critical", LogLevel::error},
    {"panic", LogLevel::error},     {"traceback", LogLevel::error}, {"exception", LogLevel::error},
    {"warning", LogLevel::warning}, {"warn", LogLevel::warning},    {"info", LogLevel::info},
    {"notice", LogLevel::info},     {"debug", LogLevel::debug},     {"trace", LogLevel::debug}};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Goes through the blocks of a log, counting lines on the way.
class Scan {
 public:
  Scan(const FileSlice& file, LogPlace from, const LogQuery& query)
      : file_(file), query_(query), place_(from), bytes_(block) {}

  LogMatches run(const std::function<bool()>& time_is_up) {
    while (place_.offset < file_.length) {
      if (!read_block()) break;
      search_block();
      if (found_.matches.size() >= query_.limit || time_is_up()) break;
    }
    found_.complete = place_.offset >= file_.length && found_.matches.size() < query_.limit;
    found_.next = place_;
    return std::move(found_);
  }

 private:
  /// Whole lines, unless one is longer than a block or the log ends without a line end.
  bool read_block() {
    base_ = place_.offset;
    const auto wanted = std::min<std::int64_t>(block, file_.length - base_);
    const ssize_t got = file_.read_at(std::span(bytes_).first(static_cast<std::size_t>(wanted)), base_);
    if (got <= 0) return false;
    view_ = std::string_view(bytes_.data(), static_cast<std::size_t>(got));
    at_end_ = base_ + got >= file_.length;
    const std::size_t line_end = view_.rfind('\n');
    whole_lines_ = line_end != view_.npos;
    if (!at_end_ && whole_lines_) view_ = view_.substr(0, line_end + 1);
    if (query_.ignore_case) {
      folded_.resize(view_.size());
      std::ranges::transform(view_, folded_.begin(), lower);
    }
    return true;
  }

  void search_block() {
    std::size_t at = 0;
    if (reported_) at = skip_line(0);
    while (at < view_.size() && found_.matches.size() < query_.limit) {
      const std::size_t match = next_candidate(at);
      if (match == view_.npos) {
        at = view_.size();
        break;
      }
      count_lines(match);
      if (level_fits()) report(match);
      at = skip_line(match);
    }
    if (at > view_.size()) at = view_.size();
    // A match may lie across two blocks of one long line.
    const bool cut_line = at == view_.size() && !at_end_ && !whole_lines_;
    const std::size_t overlap = cut_line && !reported_ && !query_.text.empty() ? query_.text.size() - 1 : 0;
    count_lines(at);
    place_.offset = base_ + static_cast<std::int64_t>(at - std::min(overlap, at - 1));
  }

  std::size_t next_candidate(std::size_t from) {
    if (query_.text.empty()) return from;  // each line
    const std::string_view in = query_.ignore_case ? std::string_view(folded_) : view_;
    const void* hit = ::memmem(in.data() + from, in.size() - from, query_.text.data(), query_.text.size());
    return hit == nullptr ? view_.npos : static_cast<std::size_t>(static_cast<const char*>(hit) - in.data());
  }

  /// Moves place_ to the line of `upto`.
  void count_lines(std::size_t upto) {
    std::size_t at = static_cast<std::size_t>(place_.offset - base_);
    while (at < upto) {
      const std::size_t end = view_.find('\n', at);
      if (end == view_.npos || end >= upto) break;
      ++place_.line;
      place_.line_start = base_ + static_cast<std::int64_t>(end) + 1;
      reported_ = false;
      at = end + 1;
    }
    place_.offset = base_ + static_cast<std::int64_t>(upto);
  }

  std::size_t skip_line(std::size_t from) const {
    const std::size_t end = view_.find('\n', from);
    return end == view_.npos ? view_.size() : end + 1;
  }

  bool level_fits() {
    if (!query_.least) return true;
    std::array<char, looked_at_for_level> begin;
    std::string_view line;
    if (place_.line_start >= base_) {
      line = view_.substr(static_cast<std::size_t>(place_.line_start - base_), begin.size());
    } else {
      const ssize_t got = file_.read_at(begin, place_.line_start);
      line = std::string_view(begin.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    }
    const auto level = level_of(line.substr(0, line.find('\n')));
    return level && *level >= *query_.least;
  }

  void report(std::size_t match) {
    const std::size_t line_begin =
        place_.line_start < base_ ? 0 : static_cast<std::size_t>(place_.line_start - base_);
    const std::size_t begin = std::max(line_begin, match < before_match ? 0 : match - before_match);
    std::string_view text = view_.substr(begin, before_match + after_match);
    text = text.substr(0, text.find('\n', match - begin));
    found_.matches.push_back(
        {place_.line, place_.line_start, base_ + static_cast<std::int64_t>(match), std::string(text)});
    reported_ = true;
  }

  const FileSlice& file_;
  const LogQuery& query_;
  LogPlace place_;
  std::vector<char> bytes_;
  std::string folded_;
  std::string_view view_;
  std::int64_t base_ = 0;
  bool at_end_ = false, whole_lines_ = false;
  bool reported_ = false;  // the line of place_ is among the matches
  LogMatches found_;
};

/// Behind an escape sequence that begins at `at`: its last letter would run into the word after it.
std::size_t behind_escape(std::string_view line, std::size_t at) {
  if (at + 1 >= line.size() || line[at + 1] != '[') return at + 1;
  at += 2;
  while (at < line.size() && line[at] >= 0x20 && line[at] < 0x40) ++at;
  return std::min(at + 1, line.size());
}

}  // namespace

std::optional<LogLevel> level_of(std::string_view line) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] == '\x1b') {
      at = behind_escape(line, at);
      continue;
    }
    if (!letter(line[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < line.size() && letter(line[end])) ++end;
    std::string word(line.substr(at, end - at));
    std::ranges::transform(word, word.begin(), lower);
    for (const auto& [known, level] : level_words)
      if (word == known) return level;
    // `ValueError: …`, `java.lang.NullPointerException`
    if (word.ends_with("error") || word.ends_with("exception")) return LogLevel::error;
    at = end;
  }
  return std::nullopt;
}

std::expected<LogQuery, Problem> read_log_query(const Call& call) {
  LogQuery query;
  query.text = call.query_value("q").value_or("");
  if (query.text.size() > limits::log_query_bytes || query.text.find('\n') != std::string::npos)
    return refuse_field("q", fmt::format("a text of one line, {} bytes at most", limits::log_query_bytes));
  const std::string_view fold = call.query_value("ignore_case").value_or("false");
  if (fold != "true" && fold != "false") return refuse_field("ignore_case", "true or false");
  query.ignore_case = fold == "true" && !query.text.empty();
  if (query.ignore_case) std::ranges::transform(query.text, query.text.begin(), lower);
  if (const auto word = call.query_value("level")) {
    const std::pair<std::string_view, LogLevel> words[] = {{"debug", LogLevel::debug},
                                                           {"info", LogLevel::info},
                                                           {"warning", LogLevel::warning},
                                                           {"error", LogLevel::error}};
    const auto at = std::ranges::find(words, *word, &std::pair<std::string_view, LogLevel>::first);
    if (at == std::end(words)) return refuse_field("level", "debug, info, warning or error");
    query.least = at->second;
  }
  if (query.text.empty() && !query.least) return refuse_field("q", "a text or a level to search for");
  const auto limit = to_offset(call.query_value("limit").value_or("100"));
  if (!limit || *limit < 1 || *limit > static_cast<std::int64_t>(limits::list_page))
    return refuse_field("limit", fmt::format("a number from 1 to {}", limits::list_page));
  query.limit = static_cast<std::size_t>(*limit);
  const std::string_view from = call.query_value("from").value_or("1");
  const std::size_t dot = from.find('.'), second = from.find('.', dot == from.npos ? dot : dot + 1);
  const auto line = to_offset(from.substr(0, dot));
  if (line && *line >= 1 && dot == from.npos) query.from_line = *line;
  if (dot != from.npos && second != from.npos) {
    const auto start = to_offset(from.substr(dot + 1, second - dot - 1)),
               at = to_offset(from.substr(second + 1));
    if (line && *line >= 1 && start && at && *start <= *at) {
      query.from = {*line, *start, *at};
      return query;
    }
  }
  if (!line || *line < 1 || dot != from.npos)
    return refuse_field("from", "the number of a line, or the cursor of an answer");
  return query;
}

LogMatches find_in_log(const FileSlice& file, LogPlace from, const LogQuery& query,
                       const std::function<bool()>& time_is_up) {
  return Scan(file, from, query).run(time_is_up);
}

std::string to_cursor(const LogPlace& place) {
  return fmt::format("{}.{}.{}", place.line, place.line_start, place.offset);
}

HttpResponse search_answer(const LogMatches& found, std::string_view next, std::int64_t size) {
  JsonWriter out;
  out.begin_object().key("matches").begin_array();
  for (const LogMatch& match : found.matches) {
    out.begin_object().int_field("line", match.line).int_field("offset", match.offset);
    out.int_field("at", match.at).text_field("text", match.text).end_object();
  }
  out.end_array().word_field("next", next).bool_field("complete", found.complete);
  out.int_field("searched", found.next.offset).int_field("size", size).end_object();
  return json_response(out.take());
}

}  // namespace millrace
