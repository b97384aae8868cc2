#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/dag_dates.h"
#include "api/gzip.h"
#include "api/handlers.h"
#include "api/shapes.h"
#include "api/ui_words.h"

/// The grid: one byte for each task of each run. docs/ui-api.md says what a byte and a frame are.
namespace millrace::handlers {
namespace {

constexpr int runs_shown = 60, most_runs = 500;

constexpr std::uint8_t state_bits = 0x0f, retried = 0x10, noted = 0x20, mapped = 0x40, absent = 0x80;

/// Which of several instances speaks for a mapped task: what needs eyes first.
int urgency(TaskState state) {
  switch (state) {
    case TaskState::failed: return 12;
    case TaskState::upstream_failed: return 11;
    case TaskState::up_for_retry: return 10;
    case TaskState::running: return 9;
    case TaskState::restarting: return 8;
    case TaskState::queued: return 7;
    case TaskState::scheduled: return 6;
    case TaskState::deferred: return 5;
    case TaskState::up_for_reschedule: return 4;
    case TaskState::none: return 3;
    case TaskState::success: return 2;
    case TaskState::skipped: return 1;
    case TaskState::removed: return 0;
  }
  return 0;
}

struct Grid {
  std::vector<RunBar> runs;  // oldest first
  TaskRows tasks;
  std::string cells;         // run by run
};

void put(std::uint8_t& byte, const Cell& cell, bool first) {
  const auto held = static_cast<TaskState>(byte & state_bits);
  if (first || urgency(cell.state) > urgency(held))
    byte = static_cast<std::uint8_t>((byte & ~state_bits) | static_cast<std::uint8_t>(cell.state));
  if (cell.try_number > 1) byte |= retried;
  if (cell.has_note) byte |= noted;
  if (cell.map_index >= 0) byte |= mapped;
}

void fill_cells(Grid& grid, StoreReader& reader) {
  const std::size_t height = grid.tasks.rows().size();
  std::map<RunId, std::size_t> column;
  std::vector<RunId> ids;
  std::vector<std::uint8_t> bytes(grid.runs.size() * height, absent);
  std::vector<bool> seen(bytes.size());
  for (std::size_t r = 0; r < grid.runs.size(); ++r) {
    column[grid.runs[r].id] = r;
    ids.push_back(grid.runs[r].id);
    if (const auto* places = grid.tasks.find(grid.runs[r].dag_version))
      for (const std::uint32_t row : *places)
        bytes[r * height + row] = grid.tasks.rows()[row].mapped ? mapped : 0;
  }
  RunId of;
  std::size_t base = 0;
  const std::vector<std::uint32_t>* places = nullptr;
  reader.views().each_cell(ids, [&](const Cell& cell) {
    if (cell.run != of) {
      of = cell.run;
      const std::size_t r = column.at(of);
      base = r * height;
      places = grid.tasks.find(grid.runs[r].dag_version);
    }
    if (places == nullptr || cell.task >= places->size()) return;
    // A task that a newer version dropped keeps a removed instance under a number that is another's now.
    const std::size_t at = base + (*places)[cell.task];
    if (cell.state == TaskState::removed && seen[at]) return;
    put(bytes[at], cell, !seen[at]);
    seen[at] = true;
  });
  grid.cells.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::string head_of(const Grid& grid, const Call& call, StoreReader& reader) {
  JsonWriter out;
  out.begin_object().int_field("revision", reader.views().revision());
  out.key("tasks").begin_array();
  for (const TaskRows::Row& task : grid.tasks.rows()) {
    out.begin_object().text_field("id", task.task_id).word_field("group", task.group);
    out.int_field("depth", task.depth).bool_field("mapped", task.mapped).end_object();
  }
  out.end_array().key("runs").begin_array();
  for (const RunBar& run : grid.runs) {
    out.begin_object();
    run_bar_fields(out, run);
    const auto facts = call.services->versions.find(reader, run.dag_version);
    out.int_field("version", facts ? facts->number : 0).bool_field("note", run.has_note).end_object();
  }
  out.end_array().end_object();
  return out.take();
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<std::uint8_t>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k > bytes.size() ? '=' : digits[group >> (18 - 6 * k) & 63];
  }
  return out;
}

/// `MRG1`, the head's length in four bytes (little endian), the head, the matrix.
std::string frame(const std::string& head, const std::string& cells) {
  std::string out = "MRG1";
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(head.size() >> shift & 0xff);
  out += head;
  return out += cells;
}

}  // namespace

Answer ui_grid(const Call& call, StoreReader& reader) {
  const auto row = dag_of_path(call, reader);
  if (!row) return std::unexpected(row.error());
  const auto end = time_in_query(call, "end", clock_of(call, reader, row->dag_id), OfDay::last);
  if (!end) return std::unexpected(end.error());
  const auto wanted = number_in_query(call, "runs", 1, most_runs, runs_shown);
  if (!wanted) return std::unexpected(wanted.error());
  Grid grid;
  grid.runs = reader.views().last_runs(row->dag_id, *end, static_cast<int>(*wanted));
  std::ranges::reverse(grid.runs);
  // Rows in the order of the version in force; what only older runs have comes after.
  if (const auto dag = call.backend().dag_version(row->current)) grid.tasks.of_version(row->current, *dag);
  for (std::size_t r = grid.runs.size(); r-- > 0;)
    if (grid.tasks.find(grid.runs[r].dag_version) == nullptr)
      if (const auto dag = call.backend().dag_version(grid.runs[r].dag_version))
        grid.tasks.of_version(grid.runs[r].dag_version, *dag);
  fill_cells(grid, reader);
  std::string head = head_of(grid, call, reader);
  HttpResponse response;
  if (call.request.header("accept").find("application/octet-stream") != std::string_view::npos) {
    response.content_type = "application/octet-stream";
    response.body = frame(head, grid.cells);
  } else {
    head.pop_back();
    response.body = fmt::format("{},\"cells\":\"{}\"}}", head, base64(grid.cells));
  }
  compress(response, call.request);
  return response;
}

}  // namespace millrace::handlers
