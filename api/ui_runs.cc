#include <algorithm>

#include "api/handlers.h"
#include "api/look_up.h"
#include "api/shapes.h"
#include "api/ui_words.h"

/// How long tasks take: over the last runs, and within one.
namespace millrace::handlers {
namespace {

constexpr int runs_shown = 60, most_runs = 200;
constexpr int runs_compared = 20;          // for what is expected of a run
constexpr int record_lines = 500'000;      // some 100,000 tasks of five moves each

/// Seconds of each task in each of these runs; a mapped task's is its longest instance.
std::vector<std::vector<std::optional<double>>> seconds_of(ViewReader& views, const std::vector<RunBar>& runs,
                                                          const TaskRows& tasks) {
  std::vector<std::vector<std::optional<double>>> out(tasks.rows().size());
  for (auto& row : out) row.resize(runs.size());
  std::map<RunId, std::size_t> column;
  std::vector<RunId> ids;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    column[runs[r].id] = r;
    ids.push_back(runs[r].id);
  }
  views.each_cell(ids, [&](const Cell& cell) {
    if (cell.state != TaskState::success) return;
    const std::size_t r = column.at(cell.run);
    const auto* places = tasks.find(runs[r].dag_version);
    if (places == nullptr || cell.task >= places->size()) return;
    const auto seconds = seconds_between(cell.started_at, cell.ended_at);
    auto& known = out[(*places)[cell.task]][r];
    if (seconds && (!known || *known < *seconds)) known = seconds;
  });
  return out;
}

std::optional<double> quantile_of(const std::vector<std::optional<double>>& row, double share) {
  std::vector<double> samples;
  for (const auto& one : row)
    if (one) samples.push_back(*one);
  return millrace::quantile_of(std::move(samples), share);
}

void add_versions(const Call& call, const std::vector<RunBar>& runs, TaskRows& tasks) {
  for (std::size_t r = runs.size(); r-- > 0;)
    if (tasks.find(runs[r].dag_version) == nullptr)
      if (const auto dag = call.backend().dag_version(runs[r].dag_version))
        tasks.of_version(runs[r].dag_version, *dag);
}

struct Segment {
  std::string_view kind;
  WallTime from;
  std::optional<WallTime> to;
  int attempt = 0;
  std::string_view ended_as{};  ///< the state that came next; of the record, which outlives this
};

/// The kind of a stretch of time in this state; empty: nothing to draw.
std::string_view segment_of(std::string_view state) {
  if (state == "scheduled") return "waiting";
  if (state == "queued" || state == "restarting") return "queued";
  if (state == "running") return "running";
  if (state == "up_for_retry") return "retry_delay";
  if (state == "up_for_reschedule") return "sensor";
  if (state == "deferred") return "child_run";
  return {};
}

std::map<TaskInstanceId, std::vector<Segment>> segments_of(const std::vector<Transition>& record) {
  std::map<TaskInstanceId, std::vector<Segment>> out;
  std::map<TaskInstanceId, int> attempts;
  for (const Transition& line : record) {
    if (line.kind != "task" || !line.task_instance) continue;
    std::vector<Segment>& segments = out[line.task_instance];
    if (!segments.empty() && !segments.back().to) {
      segments.back().to = line.at;
      segments.back().ended_as = line.to;
    }
    if (line.to == "queued") ++attempts[line.task_instance];
    if (const std::string_view kind = segment_of(line.to); !kind.empty())
      segments.push_back({kind, line.at, std::nullopt, attempts[line.task_instance]});
  }
  return out;
}

/// The tasks on the way that decided when the run ended: from the last one to end back over whichever
/// upstream ended last.
std::vector<bool> critical_of(const Dag& dag, const std::vector<std::optional<WallTime>>& ends) {
  std::vector<bool> out(dag.tasks.size());
  std::optional<TaskIndex> at;
  for (TaskIndex t = 0; t < dag.tasks.size(); ++t)
    if (ends[t] && (!at || *ends[t] > *ends[*at])) at = t;
  while (at) {
    out[*at] = true;
    std::optional<TaskIndex> before;
    const auto [first, last] = dag.upstream.of(*at);
    for (const TaskIndex* u = first; u != last; ++u)
      if (ends[*u] && (!before || *ends[*u] > *ends[*before])) before = *u;
    at = before;
  }
  return out;
}

void write_segments(JsonWriter& out, const std::vector<Segment>& segments) {
  out.key("segments").begin_array();
  for (const Segment& segment : segments) {
    out.begin_object().text_field("kind", segment.kind);
    time_field(out, "from", segment.from);
    time_field(out, "to", segment.to);
    out.int_field("try", segment.attempt);
    out.word_field("ended_as", segment.ended_as == "none" ? std::string_view{} : segment.ended_as);
    out.end_object();
  }
  out.end_array();
}

}  // namespace

Answer ui_durations(const Call& call, StoreReader& reader) {
  const auto row = dag_of_path(call, reader);
  if (!row) return std::unexpected(row.error());
  const auto wanted = number_in_query(call, "runs", 1, most_runs, runs_shown);
  if (!wanted) return std::unexpected(wanted.error());
  auto runs = reader.views().last_runs(row->dag_id, std::nullopt, static_cast<int>(*wanted));
  std::ranges::reverse(runs);
  TaskRows tasks;
  add_versions(call, runs, tasks);
  const auto seconds = seconds_of(reader.views(), runs, tasks);
  JsonWriter out;
  out.begin_object().key("runs").begin_array();
  for (const RunBar& run : runs) {
    out.begin_object();
    run_bar_fields(out, run);
    const auto facts = call.services->versions.find(reader, run.dag_version);
    out.int_field("version", facts ? facts->number : 0).end_object();
  }
  out.end_array().key("tasks").begin_array();
  for (std::size_t t = 0; t < seconds.size(); ++t) {
    out.begin_object().text_field("id", tasks.rows()[t].task_id);
    seconds_field(out, "p50_s", quantile_of(seconds[t], 0.5));
    seconds_field(out, "p90_s", quantile_of(seconds[t], 0.9));
    out.key("seconds").begin_array();
    for (const auto& one : seconds[t]) {
      if (one) out.number(*one);
      else out.null();
    }
    out.end_array().end_object();
  }
  out.end_array().end_object();
  return json_response(out.take());
}

Answer ui_run_timeline(const Call& call, StoreReader& reader) {
  const auto run = find_run(call, reader);
  if (!run) return std::unexpected(run.error());
  const auto dag = call.backend().dag_version(run->dag_version);
  if (!dag) return refuse(404, "not_found", "the version of this run is gone");
  ViewReader& views = reader.views();
  const auto record = views.transitions(run->id, {}, record_lines);
  const auto segments = segments_of(record);
  std::vector<Cell> cells;
  std::vector<std::optional<WallTime>> ends(dag->tasks.size());
  const std::vector<RunId> only{run->id};
  views.each_cell(only, [&](const Cell& cell) {
    if (cell.task >= dag->tasks.size() || cell.state == TaskState::removed) return;
    cells.push_back(cell);
    ends[cell.task] = std::max(ends[cell.task], cell.started_at ? cell.ended_at : std::nullopt);
  });
  std::ranges::sort(cells, {}, [](const Cell& c) { return std::pair{c.task, c.map_index}; });
  const auto critical = critical_of(*dag, ends);
  const auto others = views.last_runs(run->dag_id, std::nullopt, runs_compared);
  TaskRows tasks;
  const auto& places = tasks.of_version(run->dag_version, *dag);
  add_versions(call, others, tasks);
  const auto past = seconds_of(views, others, tasks);
  JsonWriter out;
  out.begin_object().text_field("dag_id", run->dag_id).text_field("dag_run_id", run->run_id);
  out.text_field("state", to_word(run->state));
  time_field(out, "queued_at", run->queued_at);
  time_field(out, "start", run->started_at);
  time_field(out, "end", run->ended_at);
  out.key("tasks").begin_array();
  for (const Cell& cell : cells) {
    out.begin_object().text_field("task", dag->tasks[cell.task].task_id);
    out.int_field("map_index", cell.map_index);
    out.word_field("state", cell.state == TaskState::none ? std::string_view{} : to_word(cell.state));
    const auto found = segments.find(cell.id);
    write_segments(out, found == segments.end() ? std::vector<Segment>{} : found->second);
    seconds_field(out, "expected_s", quantile_of(past[places[cell.task]], 0.5));
    out.bool_field("critical", critical[cell.task]).end_object();
  }
  out.end_array().end_object();
  return json_response(out.take());
}

}  // namespace millrace::handlers
