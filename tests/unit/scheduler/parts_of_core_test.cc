#include <catch2/catch.hpp>

#include "scheduler/expansion.h"
#include "scheduler/json_pieces.h"
#include "scheduler/outcome.h"
#include "scheduler/retry.h"
#include "scheduler/rows.h"
#include "scheduler/trigger_rule.h"

using namespace millrace;
using std::chrono::seconds;

namespace {

/// Airflow's rules, spelled out over the final counts: what must be decided when nothing is pending.
Readiness at_the_end(TriggerRule rule, const UpstreamCounts& c) {
  const auto s = c[Bucket::success], f = c[Bucket::failed], u = c[Bucket::upstream_failed],
             k = c[Bucket::skipped];
  const auto all = s + f + u + k;
  const auto when = [](bool good, Readiness otherwise) { return good ? Readiness::ready : otherwise; };
  switch (rule) {
    case TriggerRule::all_success:
      return when(s == all, f + u > 0 ? Readiness::upstream_failed : Readiness::skip);
    case TriggerRule::all_failed: return when(f + u == all, Readiness::skip);
    case TriggerRule::all_done: return Readiness::ready;
    case TriggerRule::one_success:
      return when(s > 0, k == all ? Readiness::skip : Readiness::upstream_failed);
    case TriggerRule::one_failed: return when(f + u > 0, Readiness::skip);
    case TriggerRule::one_done: return when(s + f > 0, Readiness::skip);
    case TriggerRule::none_failed: return when(f + u == 0, Readiness::upstream_failed);
    case TriggerRule::none_failed_min_one_success:
      return when(f + u == 0 && s > 0, f + u > 0 ? Readiness::upstream_failed : Readiness::skip);
    case TriggerRule::none_skipped: return when(k == 0, Readiness::skip);
    case TriggerRule::all_skipped: return when(k == all, Readiness::skip);
    case TriggerRule::always: return Readiness::ready;
  }
  return Readiness::wait;
}

UpstreamCounts counts(std::uint32_t pending, std::uint32_t s, std::uint32_t f, std::uint32_t u,
                      std::uint32_t k) {
  UpstreamCounts c;
  c[Bucket::pending] = pending, c[Bucket::success] = s, c[Bucket::failed] = f;
  c[Bucket::upstream_failed] = u, c[Bucket::skipped] = k;
  return c;
}

}  // namespace

TEST_CASE("each trigger rule decides as Airflow does once all upstreams are done") {
  for (int r = 0; r <= static_cast<int>(TriggerRule::always); ++r)
    for (std::uint32_t n = 1; n < 256; ++n) {
      const UpstreamCounts c = counts(0, n & 3, n >> 2 & 3, n >> 4 & 3, n >> 6 & 3);
      INFO(to_word(static_cast<TriggerRule>(r)) << " " << n);
      CHECK(decide(static_cast<TriggerRule>(r), c) == at_the_end(static_cast<TriggerRule>(r), c));
    }
}

TEST_CASE("an early decision of failure or readiness is never taken back by what is still pending") {
  for (int r = 0; r <= static_cast<int>(TriggerRule::always); ++r) {
    const auto rule = static_cast<TriggerRule>(r);
    for (std::uint32_t n = 0; n < 256; ++n) {
      const Readiness early = decide(rule, counts(1, n & 3, n >> 2 & 3, n >> 4 & 3, n >> 6 & 3));
      if (early == Readiness::wait) continue;
      for (std::uint32_t last = 0; last < 4; ++last) {
        const Readiness late = decide(rule, counts(0, (n & 3) + (last == 0), (n >> 2 & 3) + (last == 1),
                                                   (n >> 4 & 3) + (last == 2), (n >> 6 & 3) + (last == 3)));
        // A skip may turn out to be an upstream failure, as in Airflow; it never turns out to be ready.
        if (early == Readiness::skip) CHECK(late != Readiness::ready);
        else CHECK(late == early);
      }
    }
  }
}

TEST_CASE("a task without upstreams is ready under every rule") {
  for (int r = 0; r <= static_cast<int>(TriggerRule::always); ++r)
    CHECK(decide(static_cast<TriggerRule>(r), {}) == Readiness::ready);
}

TEST_CASE("delays back off up to the bound, and jitter takes at most half") {
  RetryPolicy policy;
  policy.delay = seconds{10};
  policy.backoff = 2;
  policy.max_delay = seconds{35};
  CHECK(retry_delay(policy, 1, 7) == seconds{10});
  CHECK(retry_delay(policy, 2, 7) == seconds{20});
  CHECK(retry_delay(policy, 3, 7) == seconds{35});
  CHECK(retry_delay(policy, 4'000, 7) == seconds{35});
  policy.jitter = true;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    const Duration delay = retry_delay(policy, 1, seed);
    CHECK(delay >= seconds{5});
    CHECK(delay <= seconds{10});
    CHECK(delay == retry_delay(policy, 1, seed));
  }
}

TEST_CASE("JSON is taken apart by one level") {
  CHECK(json_list("[]") == std::vector<JsonText>{});
  CHECK(json_list(R"([1,"a,b",[2,3],{"x":[4]}])") ==
        std::vector<JsonText>{"1", R"("a,b")", "[2,3]", R"({"x":[4]})"});
  CHECK(json_list(R"(["a\"]","b"])") == std::vector<JsonText>{R"("a\"]")", R"("b")"});
  CHECK_FALSE(json_list("{}"));
  CHECK_FALSE(json_list("\"[]\""));
  const auto members = json_object(R"({"a":1,"b c":{"d":"}"}})");
  REQUIRE(members);
  REQUIRE(members->size() == 2);
  CHECK((*members)[1].first == "b c");
  CHECK((*members)[1].second == R"({"d":"}"})");
  CHECK(json_string(R"("a\nbé😀")") == "a\nb\xc3\xa9\xf0\x9f\x98\x80");
  CHECK_FALSE(json_string("3"));
  CHECK(to_json_string("a\"\\\n") == R"("a\"\\\u000a")");
}

TEST_CASE("JSON text may be escaped in every way of the standard, and what isn't is refused") {
  CHECK(json_string(R"("\"\\\/\b\f\n\r\t")") == "\"\\/\b\f\n\r\t");
  CHECK(json_string(R"("\u0041\u00e9\u20AC\ud83d\ude00")") == "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  CHECK(json_string(R"("\ud83d\u0041")") == "\xef\xbf\xbd" "A");  // half a pair is no character
  CHECK(json_string(R"("\ude00\ud83d")") == "\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(json_string(R"("\ud83d\u12")") == std::nullopt);
  for (const char* text : {"", "\"", "x\"", "\"x", R"("\u12")", R"("\u12g4")", R"("\")"})
    CHECK_FALSE(json_string(text));
  for (const char* text : {"", "[", "1]", "[1"}) CHECK_FALSE(json_list(text));
  for (const char* text : {"", "{", "1}", "{1", "{1:2}", R"({"a"})"}) CHECK_FALSE(json_object(text));
  CHECK(json_object("{}")->empty());
}

TEST_CASE("every end has its word") {
  const auto signal = [](int number) {
    ExitFacts facts;
    facts.wait_status = number;
    return judge(Task{}, facts, "").reason;
  };
  const std::vector<std::pair<int, std::string>> names = {
      {1, "HUP"},   {2, "INT"},   {3, "QUIT"},  {4, "ILL"},   {5, "TRAP"},  {6, "ABRT"},
      {7, "BUS"},   {8, "FPE"},   {9, "KILL"},  {10, "USR1"}, {11, "SEGV"}, {12, "USR2"},
      {13, "PIPE"}, {14, "ALRM"}, {15, "TERM"}, {24, "XCPU"}, {25, "XFSZ"}, {31, "SYS"}, {30, "30"}};
  for (const auto& [number, name] : names) CHECK(signal(number) == "signal:" + name);
  CHECK(to_word(Reprocess::none) == "none");
  CHECK(to_word(Reprocess::failed) == "failed");
  CHECK(to_word(Reprocess::completed) == "completed");
  CHECK(to_word(DatasetUse::schedule) == "schedule");
  CHECK(to_word(DatasetUse::output) == "output");
  CHECK(to_word(DatasetUse::input) == "input");
}

TEST_CASE("a cross product has the first key slowest") {
  Expand expand;
  expand.keys = {{"x", {"1", "2"}, {}}, {"y", {"8", "9"}, {}}};
  CHECK(static_items(expand) == std::vector<JsonText>{R"({"x":1,"y":8})", R"({"x":1,"y":9})",
                                                      R"({"x":2,"y":8})", R"({"x":2,"y":9})"});
  expand.keys = {{"item", {"\"a\""}, {}}};
  CHECK(static_items(expand) == std::vector<JsonText>{"\"a\""});
  expand.keys = {{"x", std::vector<JsonText>(101, "1"), {}}, {"y", std::vector<JsonText>(100, "1"), {}}};
  CHECK(static_items(expand).empty());
}

TEST_CASE("an attempt's name says what it is of") {
  CHECK(attempt_name("flights", "scheduled__2001-01-05T00:00:00+00:00", "load", -1, 2) ==
        "flights/scheduled__2001-01-05T00:00:00+00:00/load/-1/2");
}
