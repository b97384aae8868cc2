#include <fmt/format.h>

#include <algorithm>

#include "api/dag_dates.h"
#include "api/filters.h"
#include "api/handlers.h"
#include "api/look_up.h"
#include "api/params.h"
#include "api/routes.h"
#include "api/shapes.h"
#include "base/limits.h"

namespace millrace::handlers {
namespace {

/// The row a reply carries, or the run as it now is.
Answer run_answer(const Call& call, StoreReader& reader, const Reply& reply, RunId id) {
  const RunRow* given = std::get_if<RunRow>(&reply.body);
  const auto row = given != nullptr ? std::optional(*given) : reader.run(id);
  if (!row) return refuse(404, "not_found", "the run is gone");
  JsonWriter out;
  Shapes(call, reader).run(out, *row);
  return json_response(out.take());
}

std::expected<std::shared_ptr<const Dag>, Problem> dag_to_run(const Call& call, StoreReader& reader,
                                                               std::string_view dag_id) {
  const auto row = reader.dag(dag_id);
  if (row && !row->removed) {
    if (auto dag = call.backend().dag_version(row->current)) return dag;
  }
  return refuse(404, "not_found", fmt::format("there is no DAG '{}'", dag_id),
                "millrace dags list shows those there are");
}

std::expected<RunRequested, Problem> read_trigger(const Call& call, const std::shared_ptr<const Dag>& dag) {
  auto body = json_body(call);
  if (!body) return std::unexpected(std::move(body.error()));
  BodyReader in(*body);
  RunRequested wish;
  wish.dag_id = dag->dag_id;
  wish.by = call.who.name;
  wish.run_id = in.text("dag_run_id");
  const LocalClock clock = clock_of(call.backend(), dag);
  const auto logical = in.time("logical_date", clock);
  const auto execution = in.time("execution_date", clock);
  const auto start = in.time("data_interval_start", clock), end = in.time("data_interval_end", clock);
  const auto conf = in.object("conf");
  wish.note = without_secrets(call, dag->dag_id, in.text("note").value_or(""));
  in.time("run_after");
  in.text("partition_key");
  if (logical && execution && *logical != *execution)
    in.refuse("execution_date", "differs from logical_date");
  if (wish.run_id && !segment_ok("run_id", *wish.run_id)) {
    in.refuse("dag_run_id", "1 to 250 of A-Z a-z 0-9 _ . - + : ~, not starting with a dot");
  }
  if (start.has_value() != end.has_value()) in.refuse("data_interval_end", "start and end go together");
  if (start && end && *end < *start) in.refuse("data_interval_end", "is before data_interval_start");
  if (conf && conf->size() > limits::params_bytes) {
    in.refuse("conf", fmt::format("is larger than {} bytes", limits::params_bytes));
  }
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  wish.execution_date = logical ? logical : execution;
  if (start) wish.interval = DataInterval{*start, *end};
  auto params = read_params("conf", *dag, conf.value_or("{}"));
  if (!params) return std::unexpected(std::move(params.error()));
  wish.params = std::move(*params);
  return wish;
}

}  // namespace

Answer list_runs(const Call& call, StoreReader& reader) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  const auto filter = run_filter(call, reader);
  if (!filter) return std::unexpected(filter.error());
  if (!filter->dag_id.empty() && !reader.dag(filter->dag_id)) {
    return refuse(404, "not_found", fmt::format("there is no DAG '{}'", filter->dag_id));
  }
  const auto listed = reader.runs(*filter, *page);
  if (!listed) return std::unexpected(to_problem(listed.error()));
  Shapes shapes(call, reader);
  return page_response("dag_runs", *listed, *page,
                       [&](JsonWriter& out, const RunRow& row) { shapes.run(out, row); });
}

Answer list_runs_batch(const Call& call, StoreReader& reader) {
  const auto list = as_list(call);
  if (!list) return std::unexpected(list.error());
  return list_runs(*list, reader);
}

Answer get_run(const Call& call, StoreReader& reader) {
  const auto run = find_run(call, reader);
  if (!run) return std::unexpected(run.error());
  JsonWriter out;
  Shapes(call, reader).run(out, *run);
  std::string text = out.take();
  text.back() = ',';  // the run's shape, with its counts beside it
  JsonWriter counts;
  counts.begin_object();
  for (const auto& [state, count] : reader.state_counts(run->id)) counts.int_field(state, count);
  counts.end_object();
  return json_response(fmt::format("{}\"task_counts\":{}}}", text, counts.text()));
}

Started trigger_run(const CallPtr& call, StoreReader& reader) {
  return start_run(call, reader, call->param("dag_id"));
}

Started start_run(const CallPtr& call, StoreReader& reader, std::string_view dag_id) {
  const auto dag = dag_to_run(*call, reader, dag_id);
  if (!dag) return std::unexpected(dag.error());
  auto wish = read_trigger(*call, *dag);
  if (!wish) return std::unexpected(std::move(wish.error()));
  commit(call, std::move(*wish),
         [call](StoreReader& later, const Reply& reply) { return run_answer(*call, later, reply, RunId{}); });
  return {};
}

Started patch_run(const CallPtr& call, StoreReader& reader) {
  const auto run = find_run(*call, reader);
  if (!run) return std::unexpected(run.error());
  auto body = json_body(*call);
  if (!body) return std::unexpected(std::move(body.error()));
  if (auto ok = apply_update_mask(*call, *body, {"state", "note"}); !ok)
    return std::unexpected(std::move(ok.error()));
  BodyReader in(*body);
  const auto state = in.text("state");
  const auto note = in.text("note");
  const auto to = state ? run_state_from(*state) : std::nullopt;
  if (state && (!to || *to == RunState::running)) in.refuse("state", "must be queued, success or failed");
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  if (!state && !note) return refuse_field("state", "is missing: nothing to change");
  const RunId id = run->id;
  const std::string by = call->who.name;
  const auto answer = [call, id](StoreReader& later, const Reply& reply) {
    return run_answer(*call, later, reply, id);
  };
  if (note) {
    NoteSet wish{{}, id, {}, without_secrets(*call, run->dag_id, *note), by};
    if (!state) {
      commit(call, std::move(wish), answer);
      return {};
    }
    call->backend().request(std::move(wish), call->context(),
                            [](const Reply&) {});  // in order before the next; its answer says enough
  }
  if (*to == RunState::queued) {
    ClearRequested wish;
    wish.run = id;
    wish.by = by;
    commit(call, std::move(wish),
           [call, id](StoreReader& later, const Reply&) { return run_answer(*call, later, Reply{}, id); });
  } else {
    commit(call, MarkRunRequested{{}, id, *to, by}, answer);
  }
  return {};
}

Started cancel_run(const CallPtr& call, StoreReader& reader) {
  const auto run = find_run(*call, reader);
  if (!run) return std::unexpected(run.error());
  const RunId id = run->id;
  commit(call, CancelRequested{{}, id, call->who.name},
         [call, id](StoreReader& later, const Reply& reply) { return run_answer(*call, later, reply, id); });
  return {};
}

Started delete_run(const CallPtr& call, StoreReader& reader) {
  const auto run = find_run(*call, reader);
  if (!run) return std::unexpected(run.error());
  commit(call, RunDeleteRequested{{}, run->id, call->who.name},
         [](StoreReader&, const Reply&) -> Answer { return empty_response(); });
  return {};
}

namespace {

/// What a task gives as its result: its output `return_value` as in Airflow, else all of them by name.
void write_result(JsonWriter& out, StoreReader& reader, TaskInstanceId id) {
  const auto outputs = reader.outputs(id);
  const auto only = std::ranges::find(outputs, "return_value", &OutputRow::key);
  if (only != outputs.end()) {
    out.raw(only->value);
    return;
  }
  out.begin_object();
  for (const OutputRow& row : outputs) out.raw_field(row.key, row.value);
  out.end_object();
}

void write_results(const Call& call, StoreReader& reader, RunId run, JsonWriter& out) {
  out.key("results").begin_object();
  for (const std::string_view task_id : call.query_values("result")) {
    TaskInstanceFilter filter;
    filter.run = run;
    filter.task_id = task_id;
    const auto listed = reader.task_instances(filter, Page{.limit = static_cast<int>(limits::list_page)});
    if (!listed || listed->rows.empty()) continue;
    out.key(task_id);
    const bool mapped = listed->rows.front().map_index >= 0;
    if (mapped) out.begin_array();
    for (const TaskInstanceRow& row : listed->rows) write_result(out, reader, row.id);
    if (mapped) out.end_array();
  }
  out.end_object();
}

Answer ended_answer(const Call& call, StoreReader& reader) {
  const auto run = find_run(call, reader);
  if (!run) return std::unexpected(run.error());
  if (!is_final(run->state)) {
    auto problem = refuse(503, "unavailable", "too many wait, or the run was taken up again: ask once more");
    problem.error().headers.emplace_back("Retry-After", "1");
    return problem;
  }
  JsonWriter out;
  out.begin_object().text_field("state", to_word(run->state)).text_field("dag_run_id", run->run_id);
  write_results(call, reader, run->id, out);
  out.end_object();
  HttpResponse response = json_response(out.take());
  const std::string_view accept = call.request.header("accept");
  if (accept.find("ndjson") != accept.npos && accept.find("application/json") == accept.npos) {
    response.content_type = "application/x-ndjson";
    response.body += '\n';
  }
  return response;
}

}  // namespace

/// Answers when the run is final; until then the call is an entry in the loop's list, no thread.
Started wait_for_run(const CallPtr& call, StoreReader& reader) {
  const auto run = find_run(*call, reader);
  if (!run) return std::unexpected(run.error());
  const auto answer = [call] {
    answer_on_reader(call, [call](StoreReader& later) { return ended_answer(*call, later); });
  };
  if (is_final(run->state)) return answer(), Started{};
  call->backend().await_end(run->id, answer);
  return {};
}

}  // namespace millrace::handlers
