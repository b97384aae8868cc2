// Idempotency-Key: who asks twice gets the first answer, and nothing happens twice.
#include "api/idempotency.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "fakes.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

constexpr std::string_view trigger = "/api/v2/dags/etl/dagRuns";

Served::Answer post(const Served& served, std::string_view path, std::string_view body, std::string_view key,
                    std::string_view token = Served::operator_) {
  return served.ask("POST", path, token, body, "application/json",
                    fmt::format("Idempotency-Key: {}\r\n", key));
}

bool replayed(const Served::Answer& answer) {
  return answer.head.find("Idempotent-Replay: true") != answer.head.npos;
}

/// Answers a trigger with the one run there is.
void answer_with_run(Served& served) {
  served.backend.reply = [row = served.rows.runs.front()](const Event&) { return Reply{{}, row}; };
}

}  // namespace

TEST_CASE("the same key and body gets the same answer and asks for nothing again") {
  Served served;
  answer_with_run(served);
  const auto first = post(served, trigger, "{}", "k1");
  CHECK(first.status == 200);
  CHECK_FALSE(replayed(first));
  const auto again = post(served, trigger, "{}", "k1");
  CHECK(again.status == 200);
  CHECK(again.body == first.body);
  CHECK(replayed(again));
  CHECK(served.backend.wishes() == 1);
}

TEST_CASE("the same key for another body, path or query is refused") {
  Served served;
  answer_with_run(served);
  CHECK(post(served, trigger, "{}", "k1").status == 200);
  CHECK(post(served, trigger, R"({"note":"x"})", "k1").status == 422);
  CHECK(post(served, "/api/v2/dags/etl/clearTaskInstances", "{}", "k1").status == 422);
  CHECK(post(served, std::string(trigger) + "?a=1", "{}", "k1").status == 422);
  CHECK(served.backend.wishes() == 1);
}

TEST_CASE("keys belong to who sent them") {
  Served served;
  answer_with_run(served);
  CHECK(post(served, trigger, "{}", "k1").status == 200);
  const auto other = post(served, trigger, "{}", "k1", served.admin);
  CHECK(other.status == 200);
  CHECK_FALSE(replayed(other));
  CHECK(served.backend.wishes() == 2);
}

TEST_CASE("a refused request keeps nothing: the key is free for the next try") {
  Served served;
  served.backend.reply = [](const Event&) { return Reply{{}, Error{ErrorKind::conflict, "there is one"}}; };
  CHECK(post(served, trigger, "{}", "k1").status == 409);
  answer_with_run(served);
  const auto next = post(served, trigger, "{}", "k1");
  CHECK(next.status == 200);
  CHECK_FALSE(replayed(next));
}

TEST_CASE("a handler that answers by itself has its answer kept before it is sent") {
  Served served;
  const auto first = post(served, "/api/v2/pools", R"({"name":"cpu2","slots":4})", "k1", served.admin);
  const auto again = post(served, "/api/v2/pools", R"({"name":"cpu2","slots":4})", "k1", served.admin);
  CAPTURE(first.status, first.body);
  CHECK(again.status == (first.status < 300 ? first.status : 409));
  CHECK(served.backend.wishes() == 1);
}

TEST_CASE("a secret is never kept: the second answer says so") {
  const Served served;
  const auto first = post(served, "/api/v2/tokens", R"({"name":"ci"})", "k1", served.admin);
  CHECK(first.status == 201);
  const auto again = post(served, "/api/v2/tokens", R"({"name":"ci"})", "k1", served.admin);
  CHECK(again.status == 409);
  CHECK(again.body.find("mr_") == again.body.npos);
}

TEST_CASE("a key is one value of printable characters") {
  const Served served;
  CHECK(post(served, trigger, "{}", "").status == 400);
  CHECK(post(served, trigger, "{}", "a b").status == 400);
  CHECK(post(served, trigger, "{}", std::string(256, 'k')).status == 400);
  CHECK(served
            .ask("POST", trigger, Served::operator_, "{}", "application/json",
                 "Idempotency-Key: a\r\nIdempotency-Key: b\r\n")
            .status == 400);
  CHECK(served.backend.wishes() == 0);
}

TEST_CASE("a key is claimed once at a time and let go of") {
  KeysInFlight keys;
  auto first = keys.claim("t", "k");
  CHECK(first);
  CHECK_FALSE(keys.claim("t", "k"));
  CHECK(keys.claim("t", "other"));
  CHECK(keys.claim("u", "k"));
  first.reset();
  CHECK(keys.claim("t", "k"));
}

TEST_CASE("when the place for answers is full, keyed requests are refused and others are not") {
  KeysInFlight keys;
  keys.set_kept(limits::idempotency_keys - 1);
  CHECK_FALSE(keys.full());
  CHECK(keys.claim("t", "k"));
  CHECK(keys.full());
  Call call;
  call.request.method = "POST";
  call.request.headers = {{"idempotency-key", "k"}};
  call.authenticated = true;
  const auto refused = claim_key(call, keys);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().status == 429);
  call.request.headers.clear();
  CHECK(claim_key(call, keys));
}

TEST_CASE("who asks goes with each wish, for the record") {
  Served served;
  answer_with_run(served);
  CHECK(post(served, trigger, "{}", "k1").status == 200);
  const RequestContext context = served.backend.contexts().front();
  CHECK(context.who == "ops");
  CHECK(context.role == "operator");
  CHECK(context.remote == "127.0.0.1");
  CHECK(context.method == "POST");
  CHECK(context.path == trigger);
  CHECK(context.request_id.starts_with("req_"));
}
