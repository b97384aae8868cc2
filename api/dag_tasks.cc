#include <fmt/format.h>

#include "api/handlers.h"
#include "api/shapes.h"

namespace millrace {
namespace {

void time_delta(JsonWriter& out, std::string_view name, Duration duration) {
  constexpr std::int64_t day = 86'400'000'000;
  const std::int64_t us = duration.count();
  out.key(name).begin_object().text_field("__type", "TimeDelta").int_field("days", us / day);
  out.int_field("seconds", us % day / 1'000'000).int_field("microseconds", us % 1'000'000).end_object();
}

void names(JsonWriter& out, std::string_view field, const Dag& dag, const Adjacency& edges, TaskIndex task) {
  out.key(field).begin_array();
  const auto [begin, end] = edges.of(task);
  for (const TaskIndex* at = begin; at != end; ++at) out.string(dag.tasks[*at].task_id);
  out.end_array();
}

}  // namespace

void Shapes::task(JsonWriter& out, const Dag& dag, TaskIndex index) {
  const Task& task = dag.tasks[index];
  out.begin_object();
  out.text_field("task_id", task.task_id).text_field("task_display_name", task.task_id);
  out.word_field("doc_md", task.description).word_field("owner", dag.owner);
  out.text_field("operator_name", action_word(task)).text_field("trigger_rule", to_word(task.trigger_rule));
  names(out, "downstream_task_ids", dag, dag.downstream, index);
  names(out, "upstream_task_ids", dag, dag.upstream, index);
  out.bool_field("is_mapped", task.expand.has_value()).word_field("task_group", task.task_group);
  out.text_field("pool", task.pool).int_field("pool_slots", task.pool_slots);
  out.int_field("priority_weight", task.priority).text_field("weight_rule", "downstream");
  out.text_field("queue", "default").int_field("retries", task.retries.limit);
  time_delta(out, "retry_delay", task.retries.delay);
  out.key("retry_exponential_backoff").number(task.retries.backoff);
  if (task.timeout) {
    time_delta(out, "execution_timeout", *task.timeout);
  } else {
    out.null_field("execution_timeout");
  }
  out.bool_field("depends_on_past", task.depends_on_past)
      .bool_field("wait_for_downstream", task.wait_for_downstream);
  time_field(out, "start_date", dag.start_date);
  time_field(out, "end_date", dag.end_date);
  out.key("extra_links").begin_array().end_array().key("template_fields").begin_array().end_array();
  out.key("params").begin_object().end_object().key("class_ref").begin_object().end_object();
  out.text_field("ui_color", "#fff").text_field("ui_fgcolor", "#000");
  out.key("resources").begin_object().int_field("cpu_milli", task.resources.cpu_milli);
  out.int_field("memory_bytes", task.resources.memory_bytes)
      .int_field("gpu", task.resources.gpu)
      .end_object();
  out.int_field("line", task.place.line);
  out.end_object();
}

namespace handlers {
namespace {

std::expected<std::shared_ptr<const Dag>, Problem> current_dag(const Call& call, StoreReader& reader) {
  const auto row = reader.dag(call.param("dag_id"));
  if (row && !row->removed) {
    if (auto dag = call.backend().dag_version(row->current)) return dag;
  }
  return refuse(404, "not_found", fmt::format("there is no DAG '{}'", call.param("dag_id")));
}

}  // namespace

Answer list_tasks(const Call& call, StoreReader& reader) {
  const auto dag = current_dag(call, reader);
  if (!dag) return std::unexpected(dag.error());
  Shapes shapes(call, reader);
  TaskIndex index = 0;
  return list_response("tasks", (*dag)->tasks, static_cast<std::int64_t>((*dag)->tasks.size()),
                       [&](JsonWriter& out, const Task&) { shapes.task(out, **dag, index++); });
}

Answer get_task(const Call& call, StoreReader& reader) {
  const auto dag = current_dag(call, reader);
  if (!dag) return std::unexpected(dag.error());
  const auto index = (*dag)->find(call.param("task_id"));
  if (!index)
    return refuse(404, "not_found",
                  fmt::format("DAG '{}' has no task '{}'", (*dag)->dag_id, call.param("task_id")));
  JsonWriter out;
  Shapes(call, reader).task(out, **dag, *index);
  return json_response(out.take());
}

}  // namespace handlers
}  // namespace millrace
