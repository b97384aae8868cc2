#include <fmt/format.h>

#include <algorithm>

#include "api/dag_dates.h"
#include "api/handlers.h"
#include "api/look_up.h"
#include "api/shapes.h"

namespace millrace::handlers {
namespace {

Answer cleared_answer(const Call& call, StoreReader& reader, const Reply& reply, const RunRow& run,
                      bool as_run) {
  Shapes shapes(call, reader);
  const Cleared* cleared = std::get_if<Cleared>(&reply.body);
  if (as_run) {
    const auto now = cleared != nullptr ? std::optional(cleared->run) : reader.run(run.id);
    JsonWriter out;
    shapes.run(out, now.value_or(run));
    return json_response(out.take());
  }
  const auto rows = cleared != nullptr ? cleared->task_instances : std::vector<TaskInstanceRow>{};
  return list_response("task_instances", rows, static_cast<std::int64_t>(rows.size()),
                       [&](JsonWriter& out, const TaskInstanceRow& row) { shapes.task_instance(out, row); });
}

/// `task_ids`: names, and Airflow's pairs [task_id, map_index].
void read_task_ids(const JsonValue& body, BodyReader& in, ClearRequested& wish) {
  in.accept("task_ids");
  const JsonValue* list = body.find("task_ids");
  if (list == nullptr || list->is(JsonValue::Kind::null)) return;
  if (!list->is(JsonValue::Kind::array)) return in.refuse("task_ids", "must be a list");
  for (const JsonValue& item : list->items) {
    if (item.is(JsonValue::Kind::string)) {
      wish.task_ids.push_back(item.text);
    } else if (item.is(JsonValue::Kind::array) && item.items.size() == 2 &&
               item.items[0].is(JsonValue::Kind::string) && item.items[1].is(JsonValue::Kind::integer)) {
      const auto map_index = std::clamp<std::int64_t>(item.items[1].integer, -1, INT32_MAX);
      wish.instances.emplace_back(item.items[0].text, static_cast<int>(map_index));
    } else {
      return in.refuse("task_ids", "must be task ids or [task_id, map_index] pairs");
    }
  }
}

void send_clear(const CallPtr& call, ClearRequested wish, const RunRow& run, bool as_run) {
  commit(call, std::move(wish), [call, run, as_run](StoreReader& later, const Reply& reply) {
    return cleared_answer(*call, later, reply, run, as_run);
  });
}

/// The dates of a clear: those of the body; of the named run; open where past or future are asked for.
struct Reach {
  std::optional<WallTime> from, to;
  bool past = false, future = false;
};

/// The runs that a clear reaches, the named one first.
std::expected<std::vector<RunRow>, Problem> runs_in_reach(const Call& call, StoreReader& reader,
                                                          const std::optional<std::string>& run_id,
                                                          Reach reach) {
  const std::string_view dag_id = call.param("dag_id");
  std::vector<RunRow> runs;
  if (run_id) {
    auto run = reader.run(dag_id, *run_id);
    if (!run)
      return refuse(404, "not_found", fmt::format("DAG '{}' has no run '{}'", dag_id, *run_id));
    reach.from = reach.to = run->execution_date;
    runs.push_back(std::move(*run));
    if (!reach.past && !reach.future) return runs;
  } else if (const auto dag = reader.dag(dag_id); !dag || dag->removed) {
    return refuse(404, "not_found", fmt::format("there is no DAG '{}'", dag_id));
  }
  auto more = runs_around(reader, dag_id, reach.past ? std::nullopt : reach.from,
                          reach.future ? std::nullopt : reach.to);
  if (!more) return std::unexpected(std::move(more.error()));
  for (RunRow& run : *more)
    if (runs.empty() || run.id != runs.front().id) runs.push_back(std::move(run));
  return runs;
}

}  // namespace

Started clear_run(const CallPtr& call, StoreReader& reader) {
  const auto run = find_run(*call, reader);
  if (!run) return std::unexpected(run.error());
  auto body = json_body(*call);
  if (!body) return std::unexpected(std::move(body.error()));
  BodyReader in(*body);
  ClearRequested wish;
  wish.run = run->id;
  wish.by = call->who.name;
  wish.dry_run = in.boolean("dry_run").value_or(true);
  wish.only_failed = in.boolean("only_failed").value_or(false);
  wish.latest_version = in.boolean("run_on_latest_version").value_or(false);
  if (in.boolean("only_new").value_or(false))
    in.refuse("only_new", "is not available: run_on_latest_version brings new tasks in");
  wish.run_note = in.text("note");
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  if (wish.run_note) wish.run_note = without_secrets(*call, run->dag_id, *wish.run_note);
  const bool as_run = !wish.dry_run;
  send_clear(call, std::move(wish), *run, as_run);
  return {};
}

Started clear_task_instances(const CallPtr& call, StoreReader& reader) {
  auto body = json_body(*call);
  if (!body) return std::unexpected(std::move(body.error()));
  BodyReader in(*body);
  ClearRequested wish;
  wish.by = call->who.name;
  const auto run_id = in.text("dag_run_id");
  wish.dry_run = in.boolean("dry_run").value_or(true);
  wish.only_failed = in.boolean("only_failed").value_or(true);
  wish.upstream = in.boolean("include_upstream").value_or(false);
  wish.downstream = in.boolean("include_downstream").value_or(false);
  wish.latest_version = in.boolean("run_on_latest_version").value_or(false);
  wish.only_running = in.boolean("only_running").value_or(false);
  wish.prevent_running = in.boolean("prevent_running_task").value_or(false);
  wish.keep_runs = !in.boolean("reset_dag_runs").value_or(true);
  Reach reach;
  reach.past = in.boolean("include_past").value_or(false);
  reach.future = in.boolean("include_future").value_or(false);
  const LocalClock clock = clock_of(*call, reader, call->param("dag_id"));
  reach.from = in.time("start_date", clock);
  reach.to = in.time("end_date", clock, OfDay::last);
  wish.note = in.text("note");
  read_task_ids(*body, in, wish);
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  const auto runs = runs_in_reach(*call, reader, run_id, reach);
  if (!runs) return std::unexpected(runs.error());
  if (runs->empty()) {
    answer_on_reader(
        call, [call](StoreReader& later) { return cleared_answer(*call, later, Reply{}, RunRow{}, false); });
    return {};
  }
  wish.run = runs->front().id;
  if (wish.note) wish.note = without_secrets(*call, runs->front().dag_id, *wish.note);
  for (std::size_t i = 1; i < runs->size(); ++i) wish.more_runs.push_back((*runs)[i].id);
  send_clear(call, std::move(wish), runs->front(), false);
  return {};
}

}  // namespace millrace::handlers
