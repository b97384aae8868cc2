#include "scheduler/backfill_plan.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>

using namespace millrace;

namespace {

WallTime at(std::string_view text) {
  const auto t = parse_iso(text);
  REQUIRE(t.has_value());
  return *t;
}

Dag with_cron(std::string_view cron, std::string_view zone = "UTC") {
  Dag dag;
  dag.dag_id = "etl";
  dag.schedule.kind = Schedule::Kind::cron;
  dag.schedule.cron = *parse_cron(cron);
  dag.schedule.source = cron;
  dag.schedule.zone = *Zone::find(zone);
  return dag;
}

BackfillSpec range(std::string_view from, std::string_view to) {
  BackfillSpec spec;
  spec.dag_id = "etl";
  spec.from_date = at(from);
  spec.to_date = at(to);
  return spec;
}

BackfillSpec listed(std::vector<std::string_view> dates) {
  BackfillSpec spec;
  spec.dag_id = "etl";
  for (const auto date : dates) spec.dates.push_back(at(date));
  return spec;
}

std::vector<WallTime> all_dates(const Dag& dag, const BackfillSpec& spec) {
  std::vector<WallTime> out;
  for (auto d = first_date(dag, spec); d; d = date_after(dag, spec, *d)) out.push_back(*d);
  return out;
}

std::string refusal(const Dag& dag, const BackfillSpec& spec) {
  const auto ok = check_backfill(dag, dag, spec);
  return ok ? "" : ok.error().message;
}

/// a -> b -> d, a -> c -> d, e alone
Dag diamond() {
  Dag dag = with_cron("@daily");
  for (const char* id : {"a", "b", "c", "d", "e"}) {
    dag.tasks.emplace_back();
    dag.tasks.back().task_id = id;
  }
  for (TaskIndex t = 0; t < 5; ++t) dag.by_name.emplace_back(dag.tasks[t].task_id, t);
  dag.downstream = {{0, 2, 3, 4, 4, 4}, {1, 2, 3, 3}};
  dag.upstream = {{0, 0, 1, 2, 4, 4}, {0, 0, 1, 2}};
  return dag;
}

}  // namespace

TEST_CASE("a range names its execution_dates, both ends included") {
  const auto dates = all_dates(with_cron("@daily"), range("2001-01-01", "2001-01-03"));
  CHECK(dates == std::vector{at("2001-01-01"), at("2001-01-02"), at("2001-01-03")});
  CHECK(all_dates(with_cron("@weekly"), range("2001-01-01", "2001-01-15")) ==
        std::vector{at("2001-01-07"), at("2001-01-14")});
}

TEST_CASE("backwards gives the same dates in the other order") {
  for (const char* cron : {"@daily", "0 */7 * * *", "@monthly"}) {
    const Dag dag = with_cron(cron, "America/New_York");
    BackfillSpec spec = range("2001-01-01T03:00", "2001-05-31T18:00");
    auto forward = all_dates(dag, spec);
    spec.run_backwards = true;
    const auto backward = all_dates(dag, spec);
    std::ranges::reverse(forward);
    CHECK(forward == backward);
    CHECK(count_dates(dag, spec) == std::ssize(forward));
  }
}

TEST_CASE("listed dates are taken once each and in order, whatever their order in the list") {
  const Dag dag = with_cron("@daily");
  BackfillSpec spec = listed({"2001-01-05", "2001-01-02", "2001-01-05"});
  CHECK(all_dates(dag, spec) == std::vector{at("2001-01-02"), at("2001-01-05")});
  CHECK(count_dates(dag, spec) == 2);
  spec.run_backwards = true;
  CHECK(all_dates(dag, spec) == std::vector{at("2001-01-05"), at("2001-01-02")});
}

TEST_CASE("a DAG without ticks steps by a day from from_date") {
  for (const auto kind : {Schedule::Kind::none, Schedule::Kind::datasets, Schedule::Kind::once}) {
    Dag dag;
    dag.schedule.kind = kind;
    BackfillSpec spec = range("2001-01-01T06:00", "2001-01-03T12:00");
    CHECK(all_dates(dag, spec) ==
          std::vector{at("2001-01-01T06:00"), at("2001-01-02T06:00"), at("2001-01-03T06:00")});
    CHECK(count_dates(dag, spec) == 3);
    spec.run_backwards = true;
    CHECK(all_dates(dag, spec).front() == at("2001-01-03T06:00"));
    CHECK(all_dates(dag, spec).size() == 3);
  }
}

TEST_CASE("days of a DAG without ticks are those of its zone, also over a change of the clock") {
  Dag dag;
  dag.schedule.zone = *Zone::find("America/New_York");
  // 2013-03-10 has 23 hours there.
  const auto spring = range("2013-03-09T05:00:00Z", "2013-03-11T23:00:00Z");
  CHECK(all_dates(dag, spring) == std::vector{at("2013-03-09T05:00:00Z"), at("2013-03-10T05:00:00Z"),
                                              at("2013-03-11T04:00:00Z")});
  CHECK(count_dates(dag, spring) == 3);
  // 02:30 is jumped over on the 10th: the first instant after stands for it.
  CHECK(all_dates(dag, range("2013-03-09T07:30:00Z", "2013-03-11T23:00:00Z")) ==
        std::vector{at("2013-03-09T07:30:00Z"), at("2013-03-10T07:00:00Z"), at("2013-03-11T06:30:00Z")});
  // 01:30 comes twice on 2013-11-03: the first, unless the second is where the range begins.
  CHECK(all_dates(dag, range("2013-11-02T05:30:00.5Z", "2013-11-04T23:00:00Z")) ==
        std::vector{at("2013-11-02T05:30:00.5Z"), at("2013-11-03T05:30:00.5Z"),
                    at("2013-11-04T06:30:00.5Z")});
  CHECK(all_dates(dag, range("2013-11-03T06:30:00Z", "2013-11-04T23:00:00Z")) ==
        std::vector{at("2013-11-03T06:30:00Z"), at("2013-11-04T06:30:00Z")});
  // Apia had no 30 December 2011.
  dag.schedule.zone = *Zone::find("Pacific/Apia");
  BackfillSpec apia = range("2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z");
  CHECK(all_dates(dag, apia) ==
        std::vector{at("2011-12-29T10:00:00Z"), at("2011-12-30T10:00:00Z"), at("2011-12-31T10:00:00Z")});
  CHECK(count_dates(dag, apia) == 3);
  apia.run_backwards = true;
  CHECK(all_dates(dag, apia).size() == 3);
}

TEST_CASE("counting days agrees with walking, in every zone and at every time of day") {
  for (const char* zone : {"Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia"})
    for (const char* time : {"00:00", "00:30", "02:30", "10:00", "23:59:59.999999"}) {
      Dag dag;
      dag.schedule.zone = *Zone::find(zone);
      BackfillSpec spec = range(std::string("2011-09-01T") + time, "2013-04-05T13:10");
      INFO(zone << " " << time);
      auto forward = all_dates(dag, spec);
      CHECK(count_dates(dag, spec) == std::ssize(forward));
      CHECK(std::ranges::adjacent_find(forward, std::greater_equal{}) == forward.end());
      spec.run_backwards = true;
      std::ranges::reverse(forward);
      CHECK(all_dates(dag, spec) == forward);
    }
}

TEST_CASE("a DAG changed after the backfill began bounds what is left of it") {
  Dag dag = with_cron("@daily");
  dag.start_date = at("2001-01-02");
  dag.end_date = at("2001-01-03");
  CHECK(all_dates(dag, range("2001-01-01", "2001-01-05")).size() == 2);
  CHECK(count_dates(dag, range("2001-01-01", "2001-01-05")) == 2);
  CHECK(count_dates(dag, listed({"2001-01-01", "2001-01-02"})) == 1);
}

TEST_CASE("87,672 hourly dates are counted within milliseconds") {
  const Dag dag = with_cron("@hourly");
  const BackfillSpec spec = range("2015-01-01", "2024-12-31T23:00");
  const auto begin = std::chrono::steady_clock::now();
  CHECK(count_dates(dag, spec) == 87'672);
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(took < std::chrono::milliseconds{500});  // far above what it takes: the machine may be busy
}

TEST_CASE("counting agrees with walking, over DST changes and with every kind of schedule") {
  for (const char* zone :
       {"UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Cairo"})
    for (const char* cron : {"@hourly", "@daily", "30 2 * * *", "0 0 * * *", "*/20 0-3 * * sun",
                             "15 6 1,15 * mon", "0 12 29 2 *", "59 23 * 10 *"})
      for (const auto missing : {DstMissing::shift, DstMissing::skip})
        for (const auto duplicate : {DstDuplicate::first, DstDuplicate::last, DstDuplicate::both}) {
          Dag dag = with_cron(cron, zone);
          dag.schedule.dst = {missing, duplicate};
          const BackfillSpec spec = range("2015-02-03T01:20", "2017-04-05T13:10");
          INFO(zone << " " << cron);
          CHECK(count_dates(dag, spec) == std::ssize(all_dates(dag, spec)));
        }
  Dag dag;
  dag.schedule.kind = Schedule::Kind::every;
  dag.schedule.every = std::chrono::minutes{95};
  CHECK(count_dates(dag, range("2001-01-01", "2001-02-01")) ==
        std::ssize(all_dates(dag, range("2001-01-01", "2001-02-01"))));
  dag.schedule.kind = Schedule::Kind::at;
  dag.schedule.at = {at("2001-01-01"), at("2001-01-05"), at("2001-03-01")};
  CHECK(count_dates(dag, range("2001-01-01", "2001-02-01")) == 2);
  CHECK(count_dates(dag, range("2001-01-06", "2001-02-01")) == 0);
}

TEST_CASE("what can't be backfilled is refused and the message names the field") {
  Dag dag = with_cron("@daily");
  dag.start_date = at("2001-01-01");
  dag.end_date = at("2001-06-30");
  CHECK(refusal(dag, range("2001-01-01", "2001-06-30")).empty());
  // What is left of a day beyond a bound holds nothing that would be missed.
  CHECK(refusal(dag, range("2000-12-31T06:00", "2001-06-30T23:59:59")).empty());
  CHECK(refusal(dag, range("2001-02-01", "2001-01-01")) ==
        "to_date: 2001-01-01T00:00:00Z is before from_date 2001-02-01T00:00:00Z");
  CHECK(refusal(dag, range("2000-12-31", "2001-01-05")) ==
        "from_date: 2000-12-31T00:00:00Z is before the DAG's start_date 2001-01-01T00:00:00Z");
  CHECK(refusal(dag, range("2001-01-01", "2001-07-01")) ==
        "to_date: 2001-07-01T00:00:00Z is after the DAG's end_date 2001-06-30T00:00:00Z");
  CHECK(refusal(dag, range("2001-01-01T01:00", "2001-01-01T23:00")) ==
        "to_date: the schedule '@daily' has no execution_date from 2001-01-01T01:00:00Z to "
        "2001-01-01T23:00:00Z");
  CHECK(refusal(dag, BackfillSpec{}).starts_with("from_date: missing"));
  CHECK(refusal(dag, listed({"2001-01-05T06:00"})) ==
        "dates: 2001-01-05T06:00:00Z isn't an execution_date of the schedule '@daily'; the next one is "
        "2001-01-06T00:00:00Z");
  CHECK(refusal(dag, listed({"2002-01-05"})).starts_with("dates: 2002-01-05T00:00:00Z is after"));
  BackfillSpec both = range("2001-01-01", "2001-01-05");
  both.dates = {at("2001-01-01")};
  CHECK(refusal(dag, both).starts_with("dates: give either"));
  BackfillSpec none = range("2001-01-01", "2001-01-05");
  none.max_active_runs = 0;
  CHECK(refusal(dag, none) == "max_active_runs: 0 (at least 1)");
}

TEST_CASE("an unknown task id is refused with a suggestion") {
  Dag dag = with_cron("@daily");
  dag.tasks.emplace_back();
  dag.tasks.back().task_id = "transform";
  dag.by_name = {{dag.tasks[0].task_id, 0}};
  BackfillSpec spec = range("2001-01-01", "2001-01-05");
  spec.task_ids = {"transfrm"};
  CHECK(refusal(dag, spec) == "task_ids: 'etl' has no task 'transfrm'; did you mean 'transform'?");
  spec.task_ids = {"transform"};
  CHECK(refusal(dag, spec).empty());
}

TEST_CASE("a date's plan follows from its run and reprocess_behavior") {
  using enum PlannedDate::Action;
  BackfillSpec spec;
  RunRow run;
  const auto plan = [&](RunState state, Reprocess reprocess) {
    run.state = state;
    spec.reprocess = reprocess;
    const auto planned = plan_date(spec, at("2001-01-01"), run);
    CHECK(planned.execution_date == at("2001-01-01"));
    CHECK_FALSE(planned.reason.empty());
    return planned.action;
  };
  CHECK(plan_date(spec, at("2001-01-01"), {}).action == create);
  for (const auto reprocess : {Reprocess::none, Reprocess::failed, Reprocess::completed}) {
    CHECK(plan(RunState::queued, reprocess) == active);
    CHECK(plan(RunState::running, reprocess) == active);
  }
  CHECK(plan(RunState::success, Reprocess::none) == skip);
  CHECK(plan(RunState::success, Reprocess::failed) == skip);
  CHECK(plan(RunState::success, Reprocess::completed) == rerun);
  CHECK(plan(RunState::failed, Reprocess::none) == skip);
  CHECK(plan(RunState::failed, Reprocess::failed) == rerun);
  CHECK(plan(RunState::failed, Reprocess::completed) == rerun);
}

TEST_CASE("an overlap names the first date that both would touch") {
  const Dag dag = with_cron("@daily");
  const auto january = range("2001-01-01", "2001-01-31");
  CHECK(first_overlap(dag, january, range("2001-01-20", "2001-02-10")) == at("2001-01-20"));
  CHECK(first_overlap(dag, range("2001-01-20", "2001-02-10"), january) == at("2001-01-20"));
  CHECK_FALSE(first_overlap(dag, january, range("2001-02-01", "2001-02-10")));
  CHECK(first_overlap(dag, january, listed({"2001-03-01", "2001-01-07", "2001-01-05"})) == at("2001-01-05"));
  CHECK(first_overlap(dag, listed({"2001-03-01", "2001-01-07"}), january) == at("2001-01-07"));
  CHECK_FALSE(first_overlap(dag, january, listed({"2001-03-01"})));
  CHECK(first_overlap(dag, listed({"2001-03-01", "2001-03-02"}), listed({"2001-03-02"})) == at("2001-03-02"));
  // They touch each other's range, but there is no date between.
  CHECK_FALSE(first_overlap(with_cron("@weekly"), range("2001-01-01", "2001-01-10"),
                            range("2001-01-08", "2001-01-14")));
}

TEST_CASE("days of a DAG without ticks overlap only when they are counted from the same time of day") {
  const Dag manual;
  const auto a = range("2001-01-01", "2001-01-31");
  CHECK(first_overlap(manual, a, range("2001-01-10", "2001-02-10")) == at("2001-01-10"));
  CHECK_FALSE(first_overlap(manual, a, range("2001-01-10T06:00", "2001-02-10")));
  CHECK(first_overlap(manual, a, listed({"2001-01-10T06:00", "2001-01-11"})) == at("2001-01-11"));
}

TEST_CASE("chosen tasks are the named ones and what was asked for up and down from them") {
  const Dag dag = diamond();
  using Chosen = std::vector<TaskIndex>;
  BackfillSpec spec;
  CHECK(chosen_tasks(dag, spec) == Chosen{0, 1, 2, 3, 4});
  spec.task_ids = {"b"};
  CHECK(chosen_tasks(dag, spec) == Chosen{1});
  spec.include_upstream = true;
  CHECK(chosen_tasks(dag, spec) == Chosen{0, 1});
  spec.include_downstream = true;
  CHECK(chosen_tasks(dag, spec) == Chosen{0, 1, 3});
  spec.include_upstream = false;
  spec.task_ids = {"e", "c"};
  CHECK(chosen_tasks(dag, spec) == Chosen{2, 3, 4});
}
