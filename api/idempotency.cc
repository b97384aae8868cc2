#include "api/idempotency.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sha256.h"

namespace millrace {

std::shared_ptr<void> KeysInFlight::claim(std::string owner, std::string key) {
  const MutexLock lock(mutex_);
  const auto [at, fresh] = keys_.emplace(std::move(owner), std::move(key));
  if (!fresh) return nullptr;
  ++kept_;
  return {static_cast<void*>(this), [this, claimed = *at](void*) {
            const MutexLock release(mutex_);
            keys_.erase(claimed);
          }};
}

std::expected<void, Problem> claim_key(Call& call, KeysInFlight& keys) {
  const std::string_view key = call.request.header("idempotency-key");
  if (call.request.method != "POST" || !call.authenticated || call.request.count("idempotency-key") == 0) {
    return {};
  }
  const bool plain = std::ranges::all_of(key, [](char c) { return c > 0x20 && c < 0x7f; });
  if (call.request.count("idempotency-key") > 1 || key.empty() || !plain ||
      key.size() > limits::idempotency_key_bytes) {
    return refuse(400, "bad_key",
                  fmt::format("Idempotency-Key must be one value of 1 to {} printable characters",
                              limits::idempotency_key_bytes));
  }
  if (keys.full()) {
    auto problem = refuse(429, "too_many_keys", "the answers of the last day's keys fill their place",
                          "send fewer keyed requests, or this one without a key");
    problem.error().headers.emplace_back("Retry-After", "3600");
    return problem;
  }
  auto claim = keys.claim(call.who.token_id, std::string(key));
  if (!claim) {
    auto problem = refuse(409, "key_in_flight", "a request with this Idempotency-Key is still under way");
    problem.error().headers.emplace_back("Retry-After", "1");
    return problem;
  }
  call.idempotency_key = key;
  call.key_claim = std::move(claim);
  call.fingerprint = sha256_hex(fmt::format("{} {}?{}\n{}", call.request.method, call.request.path,
                                            call.request.query, call.request.body));
  return {};
}

std::optional<Answer> answer_of_first_time(const Call& call, StoreReader& reader) {
  if (call.idempotency_key.empty()) return std::nullopt;
  const auto row = reader.access().kept_answer(call.who.token_id, call.idempotency_key);
  const WallTime now = call.services->clock.now().wall;
  if (!row || now - row->created_at >= limits::idempotency_life) return std::nullopt;
  if (row->fingerprint != call.fingerprint) {
    return refuse(422, "key_reused", "this Idempotency-Key was used for another request",
                  "take a new key for each thing you want done");
  }
  if (row->status == 0) {
    return refuse(409, "answer_not_kept",
                  "the request with this Idempotency-Key was carried out, but its answer wasn't kept",
                  "look at what it made; don't repeat it under another key");
  }
  HttpResponse response = json_response(row->body, row->status);
  response.content_type = row->content_type;
  response.headers.emplace_back("Idempotent-Replay", "true");
  return response;
}

}  // namespace millrace
