#include <fmt/format.h>

#include <chrono>

#include "api/dag_dates.h"
#include "api/handlers.h"
#include "api/shapes.h"
#include "api/ui_words.h"

namespace millrace::handlers {
namespace {

using std::chrono::sys_days;

constexpr int runs_shown = 100'000;  // a DAG that runs each five minutes makes 105,120 in a year

/// The instant at which this date begins in the zone: the end of the gap where midnight doesn't exist.
WallTime begin_of(const Zone& zone, sys_days day) {
  const std::chrono::year_month_day date{day};
  const Zone::Local local{static_cast<int>(date.year()), static_cast<int>(unsigned{date.month()}),
                          static_cast<int>(unsigned{date.day()}), 0, 0, 0};
  const auto instants = zone.from_local(local);
  return instants.empty() ? zone.gap_end(local) : instants.front();
}

std::string text_of(sys_days day) {
  const std::chrono::year_month_day date{day};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), unsigned{date.month()},
                     unsigned{date.day()});
}

/// What a day with several runs is called: what needs eyes first.
int urgency(RunState state) {
  switch (state) {
    case RunState::failed: return 3;
    case RunState::running: return 2;
    case RunState::queued: return 1;
    case RunState::success: return 0;
  }
  return 0;
}

struct Day {
  sys_days date;
  RunState state = RunState::success;
  int runs = 0, late = 0;
  std::optional<double> longest = {};  // of those that ended
};

std::vector<Day> days_of(const std::vector<CalendarRun>& runs, const Zone& zone) {
  std::vector<Day> out;
  for (const CalendarRun& run : runs) {
    const Zone::Local local = zone.to_local(run.execution_date);
    const sys_days date = std::chrono::year{local.year} / local.month / local.day;
    if (out.empty() || out.back().date != date) out.push_back({.date = date, .state = run.state});
    Day& day = out.back();
    ++day.runs;
    if (run.late) ++day.late;
    if (urgency(run.state) > urgency(day.state)) day.state = run.state;
    const auto seconds = seconds_between(run.started_at, run.ended_at);
    if (seconds && seconds > day.longest) day.longest = seconds;
  }
  return out;
}

void write_spans(JsonWriter& out, const std::vector<Day>& days) {
  out.key("spans").begin_array();
  for (std::size_t i = 0; i < days.size();) {
    std::size_t last = i;
    std::int64_t runs = days[i].runs;
    while (last + 1 < days.size() && days[last + 1].state == days[i].state &&
           days[last + 1].date == days[last].date + std::chrono::days{1})
      runs += days[++last].runs;
    out.begin_object().text_field("from", text_of(days[i].date)).text_field("to", text_of(days[last].date));
    out.text_field("state", to_word(days[i].state)).int_field("runs", runs).end_object();
    i = last + 1;
  }
  out.end_array();
}

void write_days(JsonWriter& out, const std::vector<Day>& days) {
  out.key("days").begin_array();
  for (const Day& day : days) {
    out.begin_object().text_field("date", text_of(day.date)).text_field("state", to_word(day.state));
    out.int_field("runs", day.runs).int_field("late", day.late);
    seconds_field(out, "longest_s", day.longest);
    out.end_object();
  }
  out.end_array();
}

void write_odd_days(JsonWriter& out, const Zone& zone, sys_days first, sys_days end) {
  out.key("dst").begin_array();
  WallTime from = begin_of(zone, first);
  for (sys_days day = first; day < end; day += std::chrono::days{1}) {
    const WallTime next = begin_of(zone, day + std::chrono::days{1});
    const double hours = static_cast<double>((next - from).count()) / 3.6e9;
    if (hours != 24)
      out.begin_object().text_field("date", text_of(day)).key("hours").number(hours).end_object();
    from = next;
  }
  out.end_array();
}

}  // namespace

/// One year of a DAG's execution dates in its own zone, run-length coded.
Answer ui_calendar(const Call& call, StoreReader& reader) {
  const auto row = dag_of_path(call, reader);
  if (!row) return std::unexpected(row.error());
  const auto dag = call.backend().dag_version(row->current);
  const Zone zone = dag ? clock_of(call.backend(), dag).zone : Zone{};
  const WallTime now = call.services->clock.now().wall;
  const auto year = number_in_query(call, "year", 1970, 2199, zone.to_local(now).year);
  if (!year) return std::unexpected(year.error());
  const sys_days first = std::chrono::year{static_cast<int>(*year)} / 1 / 1;
  const sys_days end = std::chrono::year{static_cast<int>(*year) + 1} / 1 / 1;
  const auto runs =
      reader.views().runs_in(row->dag_id, begin_of(zone, first), begin_of(zone, end), runs_shown);
  JsonWriter out;
  out.begin_object().int_field("year", *year).text_field("timezone", zone.name());
  out.bool_field("has_deadline", dag && dag->deadline.has_value());
  const auto days = days_of(runs, zone);
  write_spans(out, days);
  write_days(out, days);
  write_odd_days(out, zone, first, end);
  out.bool_field("truncated", runs.size() == static_cast<std::size_t>(runs_shown)).end_object();
  return json_response(out.take());
}

}  // namespace millrace::handlers
