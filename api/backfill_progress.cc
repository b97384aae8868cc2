#include "api/backfill_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "api/handlers.h"
#include "api/shapes.h"
#include "scheduler/backfill_dates.h"
#include "scheduler/dates_dag.h"

namespace millrace {
namespace {

constexpr int ends_looked_at = 50;       // throughput: of the last runs, so that it follows a change of pace
constexpr int failures_looked_at = 500;  // the causes of more dates than that are hardly others
constexpr std::size_t dates_named = 10;

/// Runs a second, from the last that ended until now; nothing before there are two.
std::optional<double> throughput_of(const BackfillRow& row, StoreReader& reader, WallTime now) {
  std::vector<WallTime> ends = reader.about_backfills().last_ends(row.id, ends_looked_at);
  // Runs that it ran again may have ended before it began.
  std::erase_if(ends, [&](WallTime end) { return end < row.created_at; });
  if (ends.size() < 2) return {};
  const WallTime until = row.completed_at.value_or(now);
  const double span = static_cast<double>(std::max(until, ends.front()).us - ends.back().us) / 1e6;
  return static_cast<double>(ends.size() - 1) / std::max(span, 1e-3);
}

constexpr std::string_view cell_letters = "qrsfkc";  // by ItemState

struct Matrix {
  std::string cells;
  std::vector<WallTime> dates;
  std::int64_t step_us = 0;  // 0: they aren't evenly spaced
};

Matrix matrix_of(const BackfillRow& row, const BackfillDates& dates, WallTime from, WallTime to,
                 StoreReader& reader) {
  Matrix out;
  const auto states = reader.about_backfills().item_states(row.id, from, to);
  const bool cancelled = row.completed_at && row.state != BackfillState::completed && row.counts.queued == 0;
  const char undecided =
      cell_letters[static_cast<std::size_t>(cancelled ? ItemState::cancelled : ItemState::queued)];
  auto next = states.begin();
  bool even = true;
  for (auto date = dates.at_or_after(from); date && *date <= to; date = dates.at_or_after({date->us + 1})) {
    while (next != states.end() && next->first < *date) ++next;
    const bool decided = next != states.end() && next->first == *date;
    out.cells += decided ? cell_letters[static_cast<std::size_t>(next->second)] : undecided;
    if (out.dates.size() == 1) out.step_us = date->us - out.dates[0].us;
    if (out.dates.size() > 1) even = even && date->us - out.dates.back().us == out.step_us;
    out.dates.push_back(*date);
  }
  if (!even) out.step_us = 0;
  return out;
}

void write_spans(JsonWriter& out, const Matrix& matrix) {
  out.key("spans").begin_array();
  for (std::size_t i = 0, end = 0; i < matrix.cells.size(); i = end) {
    while (end < matrix.cells.size() && matrix.cells[end] == matrix.cells[i]) ++end;
    out.begin_object()
        .text_field("from", to_iso(matrix.dates[i]))
        .text_field("to", to_iso(matrix.dates[end - 1]));
    out.int_field("count", static_cast<std::int64_t>(end - i));
    out.text_field("state", to_word(static_cast<ItemState>(cell_letters.find(matrix.cells[i])))).end_object();
  }
  out.end_array();
}

/// Failed dates with one cause.
struct Cause {
  std::int64_t count = 0;
  std::vector<WallTime> dates;
  std::string run_id;  // of the first
  int map_index = -1, try_number = 0;
};
using Causes = std::map<std::pair<std::string, std::string>, Cause>;  // by (task_id, reason)

void add_cause(Causes& causes, const BackfillItemRow& item, StoreReader& reader) {
  const auto note = [&](const std::string& task_id, const std::string& reason) -> Cause& {
    Cause& cause = causes[{task_id, reason}];
    if (!cause.dates.empty() && cause.dates.back() == item.execution_date) return cause;
    ++cause.count;
    if (cause.dates.size() < dates_named) cause.dates.push_back(item.execution_date);
    return cause;
  };
  const auto run = item.run ? reader.run(item.run) : std::nullopt;
  if (!run) {
    note("", item.reason);
    return;
  }
  TaskInstanceFilter filter;
  filter.run = run->id;
  filter.states = {TaskState::failed};
  const auto failed = reader.task_instances(filter, Page{});
  if (!failed || failed->rows.empty()) {
    note("", run->reason);
    return;
  }
  for (const TaskInstanceRow& row : failed->rows) {
    Cause& cause = note(row.task_id, row.reason);
    if (!cause.run_id.empty()) continue;
    cause.run_id = run->run_id;
    cause.map_index = row.map_index;
    cause.try_number = row.try_number;
  }
}

}  // namespace

std::expected<BackfillRow, Problem> find_backfill(const Call& call, StoreReader& reader) {
  auto row = reader.backfill(BackfillId{call.number("backfill_id")});
  if (row) return std::move(*row);
  return refuse(404, "not_found", fmt::format("there is no backfill {}", call.number("backfill_id")),
                "millrace backfill list shows those there are");
}

void write_progress(JsonWriter& out, const BackfillRow& row, StoreReader& reader, WallTime now) {
  const BackfillCounts& n = row.counts;
  const std::int64_t left = n.queued + n.running;
  const auto rate = throughput_of(row, reader, now);
  out.key("progress").begin_object().int_field("done", n.total - left).int_field("total", n.total);
  out.key("runs_per_minute");
  if (rate)
    out.number(std::round(*rate * 6e3) / 1e2);
  else
    out.null();
  const bool going = rate && left > 0 && row.state == BackfillState::running;
  out.key("seconds_left");
  if (going)
    out.number(std::round(static_cast<double>(left) / *rate * 10) / 10);
  else
    out.null();
  time_field(out, "ends_at",
             going ? std::optional(WallTime{
                         now.us + static_cast<std::int64_t>(static_cast<double>(left) / *rate * 1e6)})
                   : std::nullopt);
  out.end_object().key("carries_on").begin_array();
  for (const BackfillRow& other : reader.about_backfills().cascade(row.id)) {
    out.begin_object().int_field("id", other.id.value).text_field("dag_id", other.spec.dag_id);
    out.text_field("state", to_word(other.state));
    out.int_field("done", other.counts.total - other.counts.queued - other.counts.running);
    out.int_field("failed", other.counts.failed).int_field("total", other.counts.total).end_object();
  }
  out.end_array();
}

namespace handlers {

Answer get_backfill(const Call& call, StoreReader& reader) {
  const auto row = find_backfill(call, reader);
  if (!row) return std::unexpected(row.error());
  JsonWriter out;
  Shapes(call, reader).backfill(out, *row, [&] {
    write_progress(out, *row, reader, call.services->clock.now().wall);
  });
  return json_response(out.take());
}

Answer list_backfill_items(const Call& call, StoreReader& reader) {
  const auto backfill = find_backfill(call, reader);
  if (!backfill) return std::unexpected(backfill.error());
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  std::vector<ItemState> states;
  for (const std::string_view word : call.query_values("state")) {
    const auto state = item_state_from(word);
    if (!state) return refuse_field("state", fmt::format("'{}' isn't a state of a backfill's dates", word));
    states.push_back(*state);
  }
  const auto listed = reader.backfill_items(backfill->id, states, *page);
  if (!listed) return std::unexpected(to_problem(listed.error()));
  return list_response(
      "items", *listed, [&](JsonWriter& out, const BackfillItemRow& row) {
        const auto run = row.run ? reader.run(row.run) : std::nullopt;
        out.begin_object().int_field("backfill_id", row.backfill.value);
        date_fields(out, row.execution_date);
        out.text_field("state", to_word(row.state)).word_field("reason", row.reason);
        out.word_field("dag_run_id", run ? run->run_id : "");
        out.word_field("dag_run_state", run ? to_word(run->state) : std::string_view{});
        time_field(out, "start_date", run ? run->started_at : std::nullopt);
        time_field(out, "end_date", run ? run->ended_at : std::nullopt);
        out.end_object();
      });
}

Answer backfill_matrix(const Call& call, StoreReader& reader) {
  const auto row = find_backfill(call, reader);
  if (!row) return std::unexpected(row.error());
  const auto dag = call.backend().dag_version(row->dag_version);
  const auto grid = row->dates_version ? call.backend().dag_version(row->dates_version) : dag;
  if (!dag || !grid)
    return refuse(404, "not_found", "the DAG version of this backfill can't be read any more");
  const LocalClock clock = clock_of(*dag, *grid);
  const auto from = time_in_query(call, "from", clock);
  const auto to = time_in_query(call, "to", clock, OfDay::last);
  if (!from) return std::unexpected(from.error());
  if (!to) return std::unexpected(to.error());
  const BackfillDates dates(*grid, *dag, row->spec);
  const Matrix matrix = matrix_of(*row, dates, from->value_or(dates.earliest().value_or(WallTime{})),
                                  to->value_or(dates.latest().value_or(WallTime{})), reader);
  JsonWriter out;
  out.begin_object().int_field("backfill_id", row->id.value).text_field("dag_id", row->spec.dag_id);
  out.int_field("total_entries", static_cast<std::int64_t>(matrix.cells.size()));
  out.key("letters").begin_object();
  for (std::size_t k = 0; k < cell_letters.size(); ++k)
    out.text_field(cell_letters.substr(k, 1), to_word(static_cast<ItemState>(k)));
  out.end_object();
  time_field(out, "first_date", matrix.dates.empty() ? std::nullopt : std::optional(matrix.dates.front()));
  out.key("step_seconds");
  if (matrix.step_us > 0)
    out.integer(matrix.step_us / 1'000'000);
  else
    out.null();
  out.key("dates");
  if (matrix.step_us > 0) {
    out.null();
  } else {
    out.begin_array();
    for (const WallTime date : matrix.dates) out.string(to_iso(date));
    out.end_array();
  }
  out.text_field("cells", matrix.cells);
  write_spans(out, matrix);
  out.end_object();
  return json_response(out.take());
}

Answer backfill_failures(const Call& call, StoreReader& reader) {
  const auto row = find_backfill(call, reader);
  if (!row) return std::unexpected(row.error());
  const auto items = reader.about_backfills().failed_items(row->id, failures_looked_at);
  Causes causes;
  for (const BackfillItemRow& item : items) add_cause(causes, item, reader);
  std::vector<const Causes::value_type*> order;
  for (const auto& cause : causes) order.push_back(&cause);
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [](const auto* cause) { return cause->second.count; });
  JsonWriter out;
  out.begin_object().int_field("failed", row->counts.failed);
  out.int_field("looked_at", static_cast<std::int64_t>(items.size())).key("groups").begin_array();
  for (const auto* cause : order) {
    out.begin_object().word_field("task_id", cause->first.first).word_field("reason", cause->first.second);
    out.int_field("count", cause->second.count).key("dates").begin_array();
    for (const WallTime date : cause->second.dates) out.string(to_iso(date));
    out.end_array().word_field("dag_run_id", cause->second.run_id);
    out.int_field("map_index", cause->second.map_index).int_field("try_number", cause->second.try_number);
    out.end_object();
  }
  out.end_array().int_field("total_entries", static_cast<std::int64_t>(order.size())).end_object();
  return json_response(out.take());
}

}  // namespace handlers
}  // namespace millrace
