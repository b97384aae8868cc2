#include <fmt/format.h>

#include <algorithm>

#include "api/event_hub.h"
#include "api/handlers.h"
#include "api/log_file.h"
#include "api/log_follow.h"
#include "api/log_index.h"
#include "api/log_search.h"
#include "api/shapes.h"
#include "api/stream_slots.h"
#include "base/limits.h"

namespace millrace::handlers {
namespace {

constexpr std::int64_t json_piece = 1 << 20;  // of a log in one JSON answer; the token leads on

/// Airflow's form: a list of lines and a token that leads on; no token: the end of a task that has ended.
Answer json_answer(const Call& call, const FileSlice& file, bool live) {
  std::int64_t from = 0;
  if (const auto token = call.query_value("token")) {
    const auto offset = to_offset(*token);
    if (!offset) return refuse_field("token", "not one that this daemon gave");
    from = std::min(*offset, file.length);
  }
  std::string text(static_cast<std::size_t>(std::min(json_piece, file.length - from)), '\0');
  const ssize_t got = file ? file.read_at(text, from) : 0;
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

/// Where a follower begins: what it has (Last-Event-ID), an offset, or so many bytes before the end.
std::expected<std::int64_t, Problem> follow_from(const Call& call, std::int64_t size) {
  std::string_view text = call.request.header("last-event-id");
  if (text.empty()) text = call.query_value("offset").value_or("0");
  const bool from_end = text.starts_with('-');
  const auto offset = to_offset(from_end ? text.substr(1) : text);
  if (!offset) return refuse_field("offset", "a number of bytes; -N for the last N");
  return from_end ? std::max<std::int64_t>(0, size - *offset) : *offset;
}

Answer follow(const Call& call, FoundLog found) {
  const auto from = follow_from(call, found.file.length);
  if (!from) return std::unexpected(from.error());
  HttpResponse response;
  // To an EventSource that comes back for more, this is the end: it doesn't try again.
  if (found.attempt.outcome && !call.request.header("last-event-id").empty() && *from >= found.file.length)
    return empty_response();
  auto slot = call.services->streams.take();
  if (!slot) return no_stream_left();
  response.content_type = "text/event-stream; charset=utf-8";
  response.stream = follow_log(*call.services, std::move(found), *from, std::move(slot));
  return response;
}

/// Also those that this form of the answer doesn't need.
std::expected<void, Problem> check_places(const Call& call) {
  if (const auto token = call.query_value("token"); token && !to_offset(*token))
    return refuse_field("token", "not one that this daemon gave");
  if (auto offset = call.query_value("offset")) {
    if (offset->starts_with('-')) offset->remove_prefix(1);
    if (!to_offset(*offset)) return refuse_field("offset", "a number of bytes; -N for the last N");
  }
  return {};
}

std::function<bool()> time_budget(const Call& call) {
  const Clock& clock = call.services->clock;
  return [&clock, until = clock.now().mono + limits::log_scan_time] { return clock.now().mono >= until; };
}

}  // namespace

Answer get_log(const Call& call, StoreReader& reader) {
  if (const auto ok = check_places(call); !ok) return std::unexpected(ok.error());
  auto found = find_log(call, reader);
  if (!found) return std::unexpected(std::move(found.error()));
  const auto following = call.query_value("follow");
  if (following == "1" || following == "true") return follow(call, std::move(*found));
  if (following && following != "0" && following != "false") return refuse_field("follow", "true or false");
  const bool json = call.request.header("accept").find("application/json") != std::string_view::npos;
  if (json) return json_answer(call, found->file, !found->attempt.outcome);
  return raw_log(call, std::move(found->file));
}

Answer get_log_index(const Call& call, StoreReader& reader) {
  const auto found = find_log(call, reader);
  if (!found) return std::unexpected(found.error());
  const auto first = to_offset(call.query_value("from").value_or("0"));
  if (!first) return refuse_field("from", "the number of an entry");
  const auto index = call.services->log_indexes.of(found->file);
  const LogIndex::Seen seen = index->look(found->file, time_budget(call));
  const std::size_t skipped = std::min(seen.offsets.size(), static_cast<std::size_t>(*first));
  const std::span<const std::int64_t> offsets = std::span(seen.offsets).subspan(skipped);
  if (call.request.header("accept").find("application/octet-stream") != std::string_view::npos)
    return packed_index(seen, offsets);
  JsonWriter out;
  out.begin_object().int_field("every", seen.every).int_field("lines", seen.lines);
  out.int_field("indexed", seen.scanned).int_field("size", found->file.length);
  out.bool_field("complete", seen.scanned == found->file.length);
  out.bool_field("live", !found->attempt.outcome);
  out.int_field("from", static_cast<std::int64_t>(skipped)).key("offsets").begin_array();
  for (const std::int64_t offset : offsets) out.integer(offset);
  out.end_array().end_object();
  return json_response(out.take());
}

Answer search_log(const Call& call, StoreReader& reader) {
  const auto query = read_log_query(call);
  if (!query) return std::unexpected(query.error());
  const auto found = find_log(call, reader);
  if (!found) return std::unexpected(found.error());
  const auto time_is_up = time_budget(call);
  LogPlace place = query->from;
  if (query->from_line > 1) {
    const auto index = call.services->log_indexes.of(found->file);
    const auto at = index->place_of(found->file, query->from_line, time_is_up);
    if (!at) return search_answer({{}, {}, false}, std::to_string(query->from_line), found->file.length);
    place = *at;
  }
  LogMatches matches = find_in_log(found->file, place, *query, time_is_up);
  std::string next = matches.complete ? "" : to_cursor(matches.next);
  return search_answer(matches, next, found->file.length);
}

}  // namespace millrace::handlers
