#include <fmt/format.h>

#include "api/handlers.h"
#include "api/routes.h"
#include "api/shapes.h"

namespace millrace {

void write_audit(JsonWriter& out, const AuditRow& row) {
  out.begin_object().int_field("audit_log_id", row.id);
  time_field(out, "when", row.at);
  out.text_field("who", row.who).text_field("token_id", row.token_id).text_field("role", row.role);
  out.text_field("remote", row.remote).text_field("method", row.method).text_field("path", row.path);
  out.text_field("request_id", row.request_id).raw_field("changes", row.changes);
  out.text_field("prev_hash", row.prev_hash).text_field("hash", row.hash).end_object();
}

namespace handlers {
namespace {

constexpr int verified_at_a_time = 10'000;  // some 50 ms of hashing

std::expected<std::int64_t, Problem> number_of(const Call& call, std::string_view name) {
  const auto text = call.query_value(name);
  if (!text) return 0;
  if (!segment_ok("event_log_id", *text)) return refuse_field(std::string(name), "an audit_log_id");
  return std::stoll(std::string(*text));
}

}  // namespace

/// Newest first; `before` goes on where the last page ended.
Answer list_audit_logs(const Call& call, StoreReader& reader) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  if (page->offset != 0 || !page->order_by.empty()) {
    return refuse_field("before", "this list goes on by before=<the last audit_log_id>, newest first");
  }
  const auto before = number_of(call, "before");
  if (!before) return std::unexpected(before.error());
  const auto rows = reader.access().audit_rows(call.query_value("who").value_or(""), *before, page->limit);
  return list_response("audit_logs", rows, reader.access().audit_count(), write_audit);
}

/// A piece of the chain; `next_from` until it is null.
Answer verify_audit_log(const Call& call, StoreReader& reader) {
  const auto from = number_of(call, "from");
  if (!from) return std::unexpected(from.error());
  const AuditVerdict verdict = reader.access().verify_audit(*from, verified_at_a_time);
  JsonWriter out;
  out.begin_object().bool_field("valid", verdict.broken_at == 0).int_field("checked", verdict.checked);
  out.int_field("last_id", verdict.last_id).word_field("last_hash", verdict.last_hash).key("broken_at");
  verdict.broken_at == 0 ? out.null() : out.integer(verdict.broken_at);
  out.word_field("problem", verdict.problem).key("next_from");
  verdict.more ? out.integer(verdict.last_id + 1) : out.null();
  out.end_object();
  return json_response(out.take());
}

}  // namespace handlers
}  // namespace millrace
