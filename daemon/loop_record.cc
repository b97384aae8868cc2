#include "base/canary.h"
#include "base/limits.h"
#include "daemon/loop.h"

/// What the loop writes down beside the changes themselves: who asked for them, and the answers to keep.
namespace millrace {
namespace {

const Reply* reply_to(RequestId request, const std::vector<Command>& deeds) {
  for (auto at = deeds.rbegin(); at != deeds.rend(); ++at) {
    const Reply* reply = std::get_if<Reply>(&*at);
    if (reply != nullptr && reply->request == request) return reply;
  }
  return nullptr;
}

/// Whether whoever made the request can be said to have moved it: not the line that goes on by itself, which
/// whatever happens may give a turn.
bool is_its_doing(const EventRow& row) { return row.kind != "waits" && row.cause != "admitted"; }

const std::string* dag_of(const Change& change) {
  if (const auto* run = std::get_if<RunRow>(&change)) return &run->dag_id;
  if (const auto* backfill = std::get_if<BackfillRow>(&change)) return &backfill->spec.dag_id;
  return nullptr;
}

}  // namespace

/// What a request has changed since `first_change` is its doing: recorded with it, in the same transaction. A
/// refused one changed nothing.
void Loop::note(RequestContext context, RequestId request, std::size_t first_change,
                std::size_t first_access) {
  const Reply* reply = request ? reply_to(request, deeds_) : nullptr;
  if (reply != nullptr && std::holds_alternative<Error>(reply->body)) return;
  const bool changed = changes_.size() > first_change || access_.size() > first_access;
  if (!context.who.empty() && changed) {
    for (std::size_t i = first_change; i < changes_.size(); ++i)
      if (auto* event = std::get_if<EventRow>(&changes_[i]); event != nullptr && is_its_doing(*event))
        event->owner = context.who;
    AuditRow row;
    row.at = ports_.clock.now().wall;
    row.who = context.who;
    row.token_id = context.token_id;
    row.role = context.role;
    row.remote = context.remote;
    row.method = context.method;
    row.path = context.path;
    row.request_id = context.request_id;
    Audited audited{std::move(row), first_change, changes_.size(), first_access, access_.size()};
    for (std::size_t i = first_change; i < changes_.size() && !audited.mask; ++i)
      if (const std::string* dag_id = dag_of(changes_[i])) audited.mask = ports_.secrets.mask_of(*dag_id);
    audits_.push_back(std::move(audited));
  }
  if (CANARY("key_forgotten")) return;
  if (!context.key.empty() && (changed || reply != nullptr)) keyed_.push_back({std::move(context), request});
}

/// Within the transaction: each answer to keep, made from what is about to be committed.
std::vector<KeptAnswerRow> Loop::answers(StoreReader& reader) {
  std::vector<KeptAnswerRow> rows;
  for (const Keyed& keyed : keyed_) {
    const RequestContext& context = keyed.context;
    KeptAnswerRow row;
    row.owner = context.token_id;
    row.key = context.key;
    row.fingerprint = context.fingerprint;
    row.created_at = ports_.clock.now().wall;
    const Reply* reply = keyed.request ? reply_to(keyed.request, deeds_) : nullptr;
    if (reply != nullptr && context.answer) {
      auto made = context.answer(reader, *reply);
      if (made && made->body.size() <= limits::idempotency_body_bytes) {
        row.status = made->status;
        row.content_type = std::move(made->content_type);
        row.body = std::move(made->body);
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace millrace
