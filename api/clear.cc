#include <fmt/format.h>

#include <algorithm>

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
                       [&](JsonWriter& out, const TaskInstanceRow& row) {
                         shapes.task_instance(out, row, cleared != nullptr ? cleared->run : run, nullptr);
                       });
}

/// `task_ids`: names, or Airflow's pairs [task_id, map_index]. Several indexes of one task can't be said in
/// one clear.
void read_task_ids(const JsonValue& body, BodyReader& in, ClearRequested& wish) {
  const JsonValue* list = body.find("task_ids");
  if (list == nullptr || list->is(JsonValue::Kind::null)) return;
  if (!list->is(JsonValue::Kind::array)) return in.refuse("task_ids", "must be a list");
  for (const JsonValue& item : list->items) {
    if (item.is(JsonValue::Kind::string)) {
      wish.task_ids.push_back(item.text);
    } else if (item.is(JsonValue::Kind::array) && item.items.size() == 2 &&
               item.items[0].is(JsonValue::Kind::string) && item.items[1].is(JsonValue::Kind::integer)) {
      if (list->items.size() != 1)
        return in.refuse("task_ids", "a [task_id, map_index] pair must stand alone");
      wish.task_ids.push_back(item.items[0].text);
      wish.map_index = static_cast<int>(std::clamp<std::int64_t>(item.items[1].integer, -1, INT32_MAX));
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
  if (in.boolean("only_new").value_or(false)) in.refuse("only_new", "is not available in this version");
  in.text("note");
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
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
  for (const std::string_view ours :
       {"include_past", "include_future", "only_running", "prevent_running_task"}) {
    if (in.boolean(ours).value_or(false)) in.refuse(ours, "is not available in this version");
  }
  if (!in.boolean("reset_dag_runs").value_or(true)) in.refuse("reset_dag_runs", "false is not available");
  for (const std::string_view date : {"start_date", "end_date"}) {
    if (in.time(date)) in.refuse(date, "is not available in this version: name the run by dag_run_id");
  }
  in.text("note");
  in.accept("task_ids");
  read_task_ids(*body, in, wish);
  if (!run_id) in.refuse("dag_run_id", "is missing: one run is cleared at a time");
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  const auto run = reader.run(call->param("dag_id"), *run_id);
  if (!run) {
    return refuse(404, "not_found", fmt::format("DAG '{}' has no run '{}'", call->param("dag_id"), *run_id));
  }
  wish.run = run->id;
  send_clear(call, std::move(wish), *run, false);
  return {};
}

}  // namespace millrace::handlers
