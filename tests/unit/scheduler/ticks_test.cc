#include "scheduler/ticks.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <set>

#include "base/limits.h"

using namespace millrace;
using namespace std::chrono_literals;
using Policy = Catchup::Policy;

namespace {

WallTime at(std::string_view text) {
  const auto t = parse_iso(text);
  REQUIRE(t.has_value());
  return *t;
}

Dag with_cron(std::string_view cron, std::optional<WallTime> start_date = {}, Policy policy = Policy::none) {
  Dag dag;
  dag.dag_id = "etl";
  dag.schedule.kind = Schedule::Kind::cron;
  dag.schedule.cron = *parse_cron(cron);
  dag.schedule.source = cron;
  dag.start_date = start_date;
  dag.catchup.policy = policy;
  return dag;
}

constexpr std::size_t room = 1000;

/// Calls again as long as it asks to be called at once.
struct All {
  std::vector<TickDecision::Due> runs;
  std::int64_t skips = 0;
  TickDecision last;
  All(const Dag& dag, std::optional<WallTime> watermark, WallTime now) {
    for (int calls = 0; calls < 10'000; ++calls) {
      last = decide_ticks(dag, watermark, {}, now, room);
      runs.insert(runs.end(), last.runs.begin(), last.runs.end());
      skips += std::ssize(last.skips) + last.skipped_more;
      REQUIRE((!watermark || last.watermark >= watermark));
      watermark = last.watermark;
      if (last.next != now && last.runs.size() < room) return;
    }
    FAIL("never ends");
  }
};

}  // namespace

TEST_CASE("a new DAG without catchup and with a start_date behind it runs its latest complete interval") {
  const Dag dag = with_cron("@daily", at("2001-01-01"));
  const auto d = decide_ticks(dag, {}, {}, at("2026-03-05T10:00"), room);
  REQUIRE(d.runs.size() == 1);
  CHECK(d.runs[0].tick == at("2026-03-05"));
  CHECK(d.runs[0].interval == DataInterval{at("2026-03-04"), at("2026-03-05")});
  CHECK(d.skips.empty());
  CHECK(d.watermark == at("2026-03-05"));
  CHECK(d.next == at("2026-03-06"));
}

TEST_CASE("a new DAG without a start_date waits for its next tick") {
  for (const Policy policy : {Policy::none, Policy::latest, Policy::all}) {
    const auto d = decide_ticks(with_cron("@hourly", {}, policy), {}, {}, at("2026-03-05T10:30"), room);
    CHECK(d.runs.empty());
    CHECK(d.watermark == at("2026-03-05T10:00"));
    CHECK(d.next == at("2026-03-05T11:00"));
  }
}

TEST_CASE("a new DAG with catchup runs every interval from start_date on") {
  const auto d =
      decide_ticks(with_cron("@daily", at("2026-03-01"), Policy::all), {}, {}, at("2026-03-05T10:00"), room);
  REQUIRE(d.runs.size() == 4);
  CHECK(d.runs.front().interval.start == at("2026-03-01"));
  CHECK(d.runs.back().interval.start == at("2026-03-04"));
  CHECK(d.skips.empty());
}

TEST_CASE("a start_date ahead is waited for, and its first interval must be over") {
  for (const Policy policy : {Policy::none, Policy::all}) {
    const Dag dag = with_cron("@daily", at("2026-04-01"), policy);
    auto d = decide_ticks(dag, {}, {}, at("2026-03-05T10:00"), room);
    CHECK(d.runs.empty());
    CHECK_FALSE(d.watermark);
    CHECK(d.next == at("2026-04-02"));
    d = decide_ticks(dag, d.watermark, at("2026-04-01T23:59:30"), at("2026-04-02"), room);
    REQUIRE(d.runs.size() == 1);
    CHECK(d.runs[0].interval.start == at("2026-04-01"));
    CHECK(d.next == at("2026-04-03"));
  }
}

TEST_CASE("a start_date that isn't a tick begins with the first whole interval after it") {
  const auto d =
      decide_ticks(with_cron("@daily", at("2026-03-01T12:00"), Policy::all), {}, {}, at("2026-03-03"), room);
  REQUIRE(d.runs.size() == 1);
  CHECK(d.runs[0].interval.start == at("2026-03-02"));
}

TEST_CASE("end_date is the last execution_date; after it there is nothing to look at") {
  Dag dag = with_cron("@daily", at("2026-03-01"), Policy::all);
  dag.end_date = at("2026-03-03");
  auto d = decide_ticks(dag, {}, {}, at("2026-03-10"), room);
  REQUIRE(d.runs.size() == 3);
  CHECK(d.runs.back().interval.start == at("2026-03-03"));
  CHECK_FALSE(d.next);
  CHECK(d.watermark == at("2026-03-04"));
  d = decide_ticks(dag, d.watermark, {}, at("2026-05-10"), room);
  CHECK(d.runs.empty());
  CHECK(d.skips.empty());
  CHECK_FALSE(d.next);
  dag.end_date = at("2026-03-04");  // extended: goes on there
  CHECK(decide_ticks(dag, d.watermark, {}, at("2026-05-10"), room).runs.size() == 1);
}

TEST_CASE("without catchup a DAG whose end_date is behind the latest interval runs nothing") {
  Dag dag = with_cron("@daily", at("2001-01-01"));
  dag.end_date = at("2001-06-30");
  const auto d = decide_ticks(dag, {}, {}, at("2026-03-10"), room);
  CHECK(d.runs.empty());
  CHECK_FALSE(d.next);
}

TEST_CASE("in a normal day each tick runs once and asking again changes nothing") {
  const Dag dag = with_cron("@hourly");
  std::optional<WallTime> watermark = at("2026-03-05T00:00"), last_seen;
  int runs = 0;
  for (WallTime now = at("2026-03-05T00:00"); now < at("2026-03-06"); now = now + 30s) {
    const auto d = decide_ticks(dag, watermark, last_seen, now, room);
    runs += static_cast<int>(d.runs.size());
    CHECK(d.skips.empty());
    CHECK(d.hold.empty());
    watermark = d.watermark;
    last_seen = now;
  }
  CHECK(runs == 23);
}

TEST_CASE("after an outage the catch-up policy decides, and each missed tick is a run or a skip") {
  const WallTime watermark = at("2026-03-05T00:00"), now = at("2026-03-05T10:30");
  Dag dag = with_cron("@hourly");
  auto d = decide_ticks(dag, watermark, {}, now, room);
  REQUIRE(d.runs.size() == 1);
  CHECK(d.runs[0].tick == at("2026-03-05T10:00"));
  REQUIRE(d.skips.size() == 9);
  CHECK(d.skips[0].tick == at("2026-03-05T01:00"));
  CHECK(d.skips[0].reason == "catchup off");
  dag.catchup.policy = Policy::latest;
  d = decide_ticks(dag, watermark, {}, now, room);
  CHECK(d.runs.size() == 1);
  CHECK(d.skips.at(0).reason == "catchup latest");
  dag.catchup.policy = Policy::all;
  CHECK(decide_ticks(dag, watermark, {}, now, room).runs.size() == 10);
  dag.catchup.window = 3h;
  d = decide_ticks(dag, watermark, {}, now, room);
  REQUIRE(d.runs.size() == 3);
  CHECK(d.runs[0].tick == at("2026-03-05T08:00"));
  REQUIRE(d.skips.size() == 7);
  CHECK(d.skips[6].reason == "catchup window");
  dag.catchup.window.reset();
  dag.catchup.max_runs = 4;
  d = decide_ticks(dag, watermark, {}, now, room);
  REQUIRE(d.runs.size() == 4);
  CHECK(d.runs[0].tick == at("2026-03-05T07:00"));
  CHECK(d.skips.at(5).reason == "catchup limit");
  CHECK(d.watermark == at("2026-03-05T10:00"));
}

TEST_CASE("what there is no room for stays undecided") {
  const Dag dag = with_cron("@hourly", {}, Policy::all);
  const WallTime now = at("2026-03-05T10:30");
  auto d = decide_ticks(dag, at("2026-03-05T00:00"), {}, now, 4);
  CHECK(d.runs.size() == 4);
  CHECK(d.watermark == at("2026-03-05T04:00"));
  CHECK(d.next == now + limits::reconcile_interval);
  d = decide_ticks(dag, d.watermark, now, now, 100);
  REQUIRE(d.runs.size() == 6);
  CHECK(d.runs[0].tick == at("2026-03-05T05:00"));
  CHECK(d.next == at("2026-03-05T11:00"));
  d = decide_ticks(with_cron("@hourly", at("2026-03-01"), Policy::all), {}, {}, now, 0);
  CHECK(d.runs.empty());
  CHECK_FALSE(d.watermark);
}

TEST_CASE("a clock that steps back repeats nothing and moves no watermark") {
  const Dag dag = with_cron("@hourly", at("2026-01-01"), Policy::all);
  const auto d =
      decide_ticks(dag, at("2026-03-05T10:00"), at("2026-03-05T10:10"), at("2026-03-05T08:10"), room);
  CHECK(d.runs.empty());
  CHECK(d.skips.empty());
  CHECK(d.watermark == at("2026-03-05T10:00"));
  CHECK(d.next == at("2026-03-05T11:00"));
}

TEST_CASE("a clock that steps forward by more than three hours holds, also with catchup") {
  for (const Policy policy : {Policy::none, Policy::all}) {
    const Dag dag = with_cron("@hourly", at("2026-01-01"), policy);
    const WallTime watermark = at("2026-03-05T10:00"), seen = at("2026-03-05T10:10");
    auto d = decide_ticks(dag, watermark, seen, at("2027-03-05T10:10"), room);
    CHECK(d.runs.empty());
    CHECK(d.watermark == watermark);
    CHECK(d.hold.find("2026-03-05T10:10:00Z") != std::string::npos);
    // The clock is put right: no hour is missing.
    d = decide_ticks(dag, d.watermark, seen, at("2026-03-05T11:00"), room);
    CHECK(d.hold.empty());
    CHECK(d.runs.size() == 1);
    // Exactly three hours are still caught up with.
    CHECK(decide_ticks(dag, watermark, seen, seen + 3h, room).hold.empty());
    CHECK_FALSE(decide_ticks(dag, watermark, seen, seen + 3h + 1us, room).hold.empty());
  }
}

TEST_CASE("a zone that is added moves later ticks; no local day runs twice and none is left out") {
  Dag dag = with_cron("@daily", at("2026-03-01"), Policy::all);
  for (const char* zone : {"America/New_York", "Europe/Berlin", "Asia/Tokyo"}) {
    std::optional<WallTime> watermark = at("2026-03-06");  // the run of 5 March in UTC
    dag.schedule.zone = *Zone::find(zone);
    std::vector<WallTime> ticks;
    for (WallTime now = at("2026-03-06T00:10"); now < at("2026-03-10T00:10"); now = now + 30min) {
      const auto d = decide_ticks(dag, watermark, {}, now, room);
      for (const auto& run : d.runs) ticks.push_back(run.tick);
      CHECK(d.skips.empty());
      watermark = d.watermark;
    }
    CAPTURE(zone);
    REQUIRE(ticks.size() == 4);
    // Behind UTC the same date ends some hours later; before UTC it had ended, and the next one comes.
    CHECK(ticks[0] > at("2026-03-06"));
    CHECK(ticks[0] < at("2026-03-07"));
    for (std::size_t i = 1; i < ticks.size(); ++i) CHECK(ticks[i] > ticks[i - 1] + 22h);
  }
}

TEST_CASE("a step over no tick holds nothing") {
  const Dag dag = with_cron("@monthly", at("2026-01-01"));
  const auto d = decide_ticks(dag, at("2026-03-01"), at("2026-03-05"), at("2026-03-06"), room);
  CHECK(d.hold.empty());
  CHECK(d.next == at("2026-04-01"));
}

TEST_CASE("a start_date moved ahead of the watermark skips the ticks before it") {
  const Dag dag = with_cron("@daily", at("2026-03-04"), Policy::all);
  const auto d = decide_ticks(dag, at("2026-03-02"), {}, at("2026-03-06"), room);
  REQUIRE(d.skips.size() == 2);
  CHECK(d.skips[0].reason == "before start_date");
  REQUIRE(d.runs.size() == 2);
  CHECK(d.runs[0].interval.start == at("2026-03-04"));
}

TEST_CASE("a long outage of a fast schedule is decided in bounded steps and every tick is counted") {
  Dag dag = with_cron("@daily");
  dag.schedule.kind = Schedule::Kind::every;
  dag.schedule.every = 1s;
  const WallTime watermark = at("2026-03-01"), now = at("2026-03-03");
  const auto first = decide_ticks(dag, watermark, {}, now, room);
  CHECK(first.skips.size() == limits::list_page);
  CHECK(first.skipped_more > 0);
  CHECK(first.next == now);
  const All all(dag, watermark, now);
  CHECK(all.runs.size() == 1);
  CHECK(all.runs[0].tick == now);
  CHECK(all.skips == 2 * 86'400 - 1);
}

TEST_CASE("25 years of catch-up come in portions, in order, none missing or twice") {
  const All all(with_cron("@daily", at("2001-01-01"), Policy::all), {}, at("2026-01-01"));
  CHECK(all.runs.size() == 9131);
  CHECK(all.runs.front().interval.start == at("2001-01-01"));
  for (std::size_t i = 1; i < all.runs.size(); ++i)
    if (all.runs[i].interval.start != all.runs[i - 1].interval.end)
      FAIL("hole after " << to_iso(all.runs[i].tick));
}

TEST_CASE("a new DAG's catch-up window and limit begin where they allow, with nothing to skip") {
  Dag dag = with_cron("@hourly", at("2001-01-01"), Policy::all);
  dag.catchup.window = 24h;
  auto d = decide_ticks(dag, {}, {}, at("2026-03-05T10:30"), room);
  CHECK(d.runs.size() == 24);
  CHECK(d.skips.empty());
  dag.catchup.max_runs = 5;
  d = decide_ticks(dag, {}, {}, at("2026-03-05T10:30"), room);
  CHECK(d.runs.size() == 5);
  CHECK(d.runs.back().tick == at("2026-03-05T10:00"));
}

TEST_CASE(
    "DST: the lost and the repeated hour of a local cron give one run a day and intervals without holes") {
  Dag dag = with_cron("30 2 * * *", at("2026-03-01"), Policy::all);
  dag.schedule.zone = *Zone::find("Europe/Berlin");
  const auto d = decide_ticks(dag, {}, {}, at("2026-11-10"), room);
  std::set<std::string> days;
  for (std::size_t i = 0; i < d.runs.size(); ++i) {
    days.insert(to_date(d.runs[i].tick));
    if (i > 0) CHECK(d.runs[i].interval.start == d.runs[i - 1].interval.end);
  }
  CHECK(days.size() == d.runs.size());
  CHECK(d.runs.size() == 253);
}

TEST_CASE("jitter delays a run by a fixed time of its tick and loses none") {
  Dag dag = with_cron("@hourly", at("2026-03-01"), Policy::all);
  dag.schedule.jitter = 10min;
  const WallTime tick = at("2026-03-05T11:00");
  auto d = decide_ticks(dag, at("2026-03-05T10:00"), {}, at("2026-03-05T10:59"), room);
  REQUIRE(d.next);
  CHECK(*d.next > tick);
  CHECK(*d.next <= tick + 10min);
  CHECK(decide_ticks(dag, d.watermark, {}, WallTime{d.next->us - 1}, room).runs.empty());
  const auto due = decide_ticks(dag, d.watermark, {}, *d.next, room);
  REQUIRE(due.runs.size() == 1);
  CHECK(due.runs[0].tick == tick);
  dag.dag_id = "other";
  CHECK(decide_ticks(dag, at("2026-03-05T10:00"), {}, at("2026-03-05T10:59"), room).next != d.next);
}

TEST_CASE("jitter beyond the period still gives each tick its run, in order") {
  Dag dag = with_cron("* * * * *", at("2026-03-01"), Policy::all);
  dag.schedule.jitter = 10min;
  std::optional<WallTime> watermark = at("2026-03-05T10:00"), last = watermark;
  int runs = 0;
  for (WallTime now = at("2026-03-05T10:00"); now < at("2026-03-05T12:15"); now = now + 7s) {
    const auto d = decide_ticks(dag, watermark, {}, now, room);
    for (const auto& run : d.runs) {
      CHECK(run.interval.start == *last);
      last = run.tick;
      runs += run.tick <= at("2026-03-05T12:00") ? 1 : 0;
    }
    watermark = d.watermark;
  }
  CHECK(runs == 120);
}

TEST_CASE("at: each listed time gives one run and then there is nothing more") {
  Dag dag;
  dag.dag_id = "etl";
  dag.schedule.kind = Schedule::Kind::at;
  dag.schedule.at = {at("2026-03-01"), at("2026-03-05T06:00")};
  dag.catchup.policy = Policy::all;
  dag.start_date = at("2026-01-01");
  auto d = decide_ticks(dag, {}, {}, at("2026-03-02"), room);
  REQUIRE(d.runs.size() == 1);
  CHECK(d.runs[0].interval == DataInterval{at("2026-03-01"), at("2026-03-01")});
  CHECK(d.next == at("2026-03-05T06:00"));
  d = decide_ticks(dag, d.watermark, {}, at("2026-03-06"), room);
  CHECK(d.runs.size() == 1);
  CHECK_FALSE(d.next);
}

TEST_CASE("at: times still ahead of a new DAG without start_date are waited for") {
  Dag dag;
  dag.schedule.kind = Schedule::Kind::at;
  dag.schedule.at = {at("2026-03-05")};
  const auto d = decide_ticks(dag, {}, {}, at("2026-03-02"), room);
  CHECK(d.next == at("2026-03-05"));
  CHECK(decide_ticks(dag, d.watermark, {}, at("2026-03-05"), room).runs.size() == 1);
}

TEST_CASE("@once runs once, at start_date if that is ahead") {
  Dag dag;
  dag.schedule.kind = Schedule::Kind::once;
  auto d = decide_ticks(dag, {}, {}, at("2026-03-02"), room);
  REQUIRE(d.runs.size() == 1);
  CHECK(d.runs[0].interval.start == at("2026-03-02"));
  CHECK(decide_ticks(dag, d.watermark, {}, at("2026-03-09"), room).runs.empty());
  dag.start_date = at("2026-04-01");
  d = decide_ticks(dag, {}, {}, at("2026-03-02"), room);
  CHECK(d.runs.empty());
  CHECK(d.next == at("2026-04-01"));
  CHECK(decide_ticks(dag, {}, {}, at("2026-03-02"), 0).runs.empty());
  d = decide_ticks(dag, {}, {}, at("2026-05-02"), room);
  CHECK(d.runs.at(0).interval.start == at("2026-04-01"));
}

TEST_CASE("manual, dataset and continuous DAGs have no ticks") {
  for (const auto kind : {Schedule::Kind::none, Schedule::Kind::datasets, Schedule::Kind::continuous}) {
    Dag dag;
    dag.schedule.kind = kind;
    dag.start_date = at("2001-01-01");
    const auto d = decide_ticks(dag, {}, {}, at("2026-03-02"), room);
    CHECK(d.runs.empty());
    CHECK_FALSE(d.next);
    CHECK_FALSE(d.watermark);
  }
}
