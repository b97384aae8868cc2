// The real scheduler on a virtual clock against the matching of schedule_matching.h: random schedules around
// changes of the clock in all zones, restarts, lost commits, outages, steps of the clock, pauses, runs by
// hand. MILLRACE_MATCHING_SEEDS=n plays n histories instead of 60, SEED=n one alone, told in full.
#include "schedule_matching.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "base/limits.h"
#include "dag_builder.h"
#include "dice.h"
#include "world.h"

using namespace millrace;
using namespace millrace::test;
using namespace std::chrono_literals;

namespace {

struct Plan {
  std::unique_ptr<LibraryZone> library;
  std::unique_ptr<ReferenceCron> cron;
  std::shared_ptr<const Dag> dag;
};

class History {
 public:
  explicit History(std::uint64_t seed) : dice_{seed}, crons_(seed) {
    const std::vector<std::string> names = zone_names();
    zone_ = names[dice_.below(names.size())];
    const LibraryZone library(zone_);
    const auto changes = library.transitions(0, 4'000'000'000);
    const std::int64_t middle = changes.empty() ? 1'000'000'000 : changes[dice_.below(changes.size())];
    world.now.wall = {(middle - 3 * 86'400 + std::int64_t(dice_.below(86'400))) * 1'000'000};
    world.boot();
  }

  void play(bool changes_of_schedule) {
    submit(dice_.chance(30));
    for (int step = 0; step < 60 && ok(); ++step) {
      go(std::chrono::minutes{dice_.below(dice_.chance(20) ? 2'000 : 200)});
      if (dice_.chance(60)) disturb(changes_of_schedule);
    }
    // A person looks, and all goes well: what is due is decided.
    act([&] { world.send(DagPaused{{}, "d", false, "x"}); }, false);
    go(50h);
    if (!world.scheduler->holds().empty()) wrong("it is still held");
  }

  bool ok() const { return world.problems.empty() && matching.problems.empty() && problems_.empty(); }
  std::vector<std::string> problems() const {
    std::vector<std::string> all = problems_;
    all.insert(all.end(), world.problems.begin(), world.problems.end());
    all.insert(all.end(), matching.problems.begin(), matching.problems.end());
    return all;
  }

  World world;
  ScheduleMatching matching;
  bool keeps_transcript = false;
  std::string transcript;
  std::int64_t restarts = 0, lost = 0, steps = 0, holds = 0;

 private:
  void wrong(const std::string& what) { problems_.push_back(what); }

  /// A cron that ticks now and then in these days, with a policy.
  Plan plan(bool with_start) {
    Plan out;
    out.library = std::make_unique<LibraryZone>(zone_);
    DagBuilder builder("d");
    builder.edges("a");
    Dag& dag = builder.dag();
    dag.max_active_runs = 1'000;
    dag.catchup.policy = static_cast<Catchup::Policy>(dice_.below(3));
    const bool all = dag.catchup.policy == Catchup::Policy::all;
    if (all && dice_.chance(40)) dag.catchup.window = std::chrono::hours{1 + dice_.below(40)};
    if (all && dice_.chance(40)) dag.catchup.max_runs = 1 + static_cast<int>(dice_.below(20));
    const std::int64_t now_s = world.now.wall.us / 1'000'000;
    for (;;) {
      out.cron = std::make_unique<ReferenceCron>(crons_.draw_nightly());
      const DstPolicy dst = crons_.policy();
      if (!out.cron->comes()) continue;
      const auto ticks = out.cron->between(*out.library, dst, now_s, now_s + 86'400).size();
      if (ticks == 0 || ticks > (all ? 30u : 800u)) continue;
      dag.schedule = schedule_of(*out.cron, Zone::find(zone_).value(), dst);
      break;
    }
    if (dice_.chance(20)) dag.schedule.jitter = std::chrono::minutes{1 + dice_.below(30)};
    if (with_start) dag.start_date = world.now.wall + std::chrono::hours{dice_.below(96)} - 48h;
    out.dag = builder.build();
    return out;
  }

  void submit(bool with_start) {
    plans_.push_back(plan(with_start));
    matching.follow(*plans_.back().dag, *plans_.back().cron, *plans_.back().library);
    act([&] { world.submit(plans_.back().dag); }, false);
  }

  /// One event, whose commit may be lost; then the next daemon starts from what was stored before it.
  template <class F>
  void act(F what, bool may_be_lost = true) {
    const bool loses = may_be_lost && dice_.chance(3);
    std::optional<Ledger> stored;
    if (loses) stored = world.ledger;
    world.seen.clear();
    what();
    if (loses) {
      world.ledger = std::move(*stored);
      ++lost;
      restart();
    }
    heard();
  }

  void restart() {
    world.seen.clear();
    world.boot();
    stepped_ = false;
    ++restarts;
  }

  void heard() {
    Decided decided;
    for (const Command& command : world.seen) {
      const auto* record = std::get_if<Record>(&command);
      if (!record) continue;
      if (const auto* dag = std::get_if<DagRow>(&record->change); dag && dag->watermark && starts_plainly())
        matching.begin(*dag->watermark);
      const auto* run = std::get_if<RunRow>(&record->change);
      if (run && run->version == 1 && run->type == RunType::scheduled)
        decided.runs.push_back({run->data_interval_end, run->execution_date});
      const auto* event = std::get_if<EventRow>(&record->change);
      if (!event || event->kind != "tick_skipped") continue;
      const auto space = event->cause.find(' ');
      const WallTime tick = parse_iso(event->cause.substr(0, space)).value();
      const std::string reason = event->cause.substr(space + 1);
      if (reason.starts_with("and "))
        decided.skips.back().more = std::stoll(reason.substr(4));
      else
        decided.skips.push_back({tick, reason, 0});
    }
    if (keeps_transcript) tell(decided);
    matching.take(decided, world.now.wall);
    if (!world.scheduler->holds().empty() && !stepped_) wrong("held without a step of the clock");
  }

  void tell(const Decided& decided) {
    const DagRow* row = world.ledger.dags.contains("d") ? &world.ledger.dags.at("d") : nullptr;
    const Dag& dag = *plans_.back().dag;
    const auto text = [](const std::optional<WallTime>& t) { return t ? to_iso(*t) : std::string("-"); };
    transcript += fmt::format(
        "{} watermark {}{}{}; {} catchup {} {}h {} start {} jitter {}:", to_iso(world.now.wall),
        row ? text(row->watermark) : "-", row && row->paused ? " paused" : "",
        world.scheduler->holds().empty() ? "" : " held", plans_.back().cron->text, int(dag.catchup.policy),
        dag.catchup.window ? dag.catchup.window->count() / 3'600'000'000 : 0,
        dag.catchup.max_runs.value_or(0), text(dag.start_date), to_text(dag.schedule.jitter));
    for (const Decided::Run& run : decided.runs) transcript += " run " + to_iso(run.tick);
    for (const Decided::Skip& skip : decided.skips)
      transcript += fmt::format(" skip {} {} +{}", to_iso(skip.tick), skip.reason, skip.more);
    transcript += "\n";
  }

  bool starts_plainly() const { return !plans_.front().dag->start_date; }

  void time() {
    act([&] { world.send(TimeReached{}); });
    while (!world.ledger.live.empty()) act([&] { world.finish(*world.ledger.live.begin(), exited(0)); });
    const bool held = !world.scheduler->holds().empty();
    holds += held;
    if (!held && !world.ledger.dags.at("d").paused) matching.nothing_is_left(world.now.wall);
  }

  /// Time goes by; the daemon wakes when it asked to.
  void go(Duration by) {
    for (int idle = 0; ok();) {
      const NextWake wake = world.scheduler->next_wake();
      Duration in = by;
      if (wake.mono) in = std::min(in, *wake.mono - world.now.mono);
      if (wake.wall) in = std::min(in, *wake.wall - world.now.wall);
      in = std::max(in, Duration{0});
      idle = in.count() == 0 ? idle + 1 : 0;
      if (idle > 10'000) return wrong("it wakes without end");
      world.advance(in);
      by = by - in;
      time();
      if (by.count() == 0) return;
    }
  }

  void step_clock() {
    const Duration sizes[] = {1s, 1min, 1h, 2h, 4h, 26h, 80h};
    Duration by = sizes[dice_.below(7)];
    if (dice_.chance(50)) by = -by;
    ++steps;
    stepped_ = stepped_ || by > Duration{limits::clock_step_hold};
    world.now.wall = world.now.wall + by;
    time();  // within limits::reconcile_interval
  }

  void disturb(bool changes_of_schedule) {
    switch (dice_.below(changes_of_schedule ? 7 : 6)) {
      case 0:
        return step_clock();
      case 1:
        restart();
        heard();
        return time();
      case 2:  // an outage, in which the clock may be set too
        world.advance(std::chrono::minutes{dice_.below(3'000)});
        if (dice_.chance(30)) world.now.wall = world.now.wall + (dice_.chance(50) ? 5h : -5h);
        restart();
        heard();
        return time();
      case 3: {
        const bool paused = !world.ledger.dags.at("d").paused;
        act([&] { world.send(DagPaused{{}, "d", paused, "x"}); });
        if (!world.ledger.dags.at("d").paused) stepped_ = false;
        return;
      }
      case 4: {  // a date that a due time will want
        const Plan& plan = plans_.back();
        const auto date =
            plan.cron->next(*plan.library, plan.dag->schedule.dst, world.now.wall.us / 1'000'000);
        if (!date) return;
        const WallTime wanted{*date * 1'000'000};
        return act([&] { world.send(RunRequested{{1}, "d", {}, wanted, {}, "{}", "", "x"}); });
      }
      case 5:
        return step_clock();
      default:
        time();
        if (world.ledger.dags.at("d").paused || !world.scheduler->holds().empty() || !matching.last()) return;
        if (dice_.chance(50)) zone_ = zone_names()[dice_.below(zone_names().size())];
        return submit(false);
    }
  }

  Dice dice_;
  RandomCrons crons_;
  std::string zone_;
  std::vector<Plan> plans_;
  std::vector<std::string> problems_;
  bool stepped_ = false;  // forward and by more than is believed, since somebody looked
};

void play_all(bool changes_of_schedule) {
  const char *one = std::getenv("SEED"), *many = std::getenv("MILLRACE_MATCHING_SEEDS");
  const std::uint64_t first = one ? std::stoull(one) : 1, last = one ? first : many ? std::stoull(many) : 60;
  std::int64_t runs = 0, skips = 0, restarts = 0, lost = 0, steps = 0, holds = 0;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    History history(seed);
    history.keeps_transcript = one != nullptr;
    history.play(changes_of_schedule);
    if (one) WARN(history.transcript);
    for (const std::string& problem : history.problems()) FAIL_CHECK("SEED=" << seed << ": " << problem);
    runs += history.matching.runs, skips += history.matching.skips;
    restarts += history.restarts, lost += history.lost, steps += history.steps, holds += history.holds;
  }
  if (many) {
    std::cout << "matching: histories=" << last << " runs=" << runs << " skips=" << skips
              << " restarts=" << restarts << " lost_commits=" << lost << " clock_steps=" << steps << "\n";
  }
  if (one) return;
  CHECK(runs > 1'000);
  CHECK(skips > 1'000);
  CHECK(lost > 100);
  CHECK(holds > 10);
}

}  // namespace

TEST_CASE("every due time is one run or one recorded skip, over restarts, lost commits and clock steps") {
  play_all(false);
}

TEST_CASE("a schedule that changes goes on behind its watermark") { play_all(true); }

TEST_CASE("the matching of due times can fail") {
  const LibraryZone library("Etc/UTC");
  const ReferenceCron cron("0 * * * *");
  Dag dag;
  dag.schedule = schedule_of(cron, Zone{}, {});
  const auto at = [](int hour) { return date_from(fmt::format("2001-01-05T{:02}:00:00", hour)); };
  const auto problems = [&](const Decided& decided, int now) {
    ScheduleMatching matching;
    matching.follow(dag, cron, library);
    matching.begin(at(3));
    matching.take(decided, at(now) + 5min);
    matching.nothing_is_left(at(now) + 5min);
    return matching.problems.size();
  };
  const Decided::Skip skipped{at(4), "catchup off", 0}, other{at(5), "catchup off", 0};
  CHECK(problems({{{at(4), at(3)}}, {}}, 4) == 0);
  CHECK(problems({{{at(6), at(5)}}, {skipped, other}}, 6) == 0);
  CHECK(problems({{{at(6), at(5)}}, {{at(4), "catchup off", 1}}}, 6) == 0);
  CHECK(problems({{{at(6), at(5)}}, {skipped}}, 6) > 0);                    // one is missing
  CHECK(problems({{{at(6), at(5)}}, {{at(4), "catchup off", 2}}}, 6) > 0);  // one too many
  CHECK(problems({{{at(4), at(3)}, {at(4), at(3)}}, {}}, 4) > 0);           // twice
  CHECK(problems({{{at(4), at(3)}}, {skipped}}, 4) > 0);                    // both
  CHECK(problems({{{at(5), at(4)}}, {}}, 4) > 0);                           // early
  CHECK(problems({{{at(4), at(4)}}, {}}, 4) > 0);                           // of another date
  CHECK(problems({{{at(4), at(3)}, {at(5), at(4)}}, {}}, 5) > 0);           // against the policy
  CHECK(problems({}, 4) > 0);                                               // left
}
