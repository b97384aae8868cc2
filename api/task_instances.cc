#include <fmt/format.h>

#include <algorithm>

#include "api/filters.h"
#include "api/handlers.h"
#include "api/look_up.h"
#include "api/shapes.h"

namespace millrace::handlers {
namespace {

Answer list_with(const Call& call, StoreReader& reader, const TaskInstanceFilter& filter) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  const auto listed = reader.task_instances(filter, *page);
  if (!listed) return std::unexpected(to_problem(listed.error()));
  Shapes shapes(call, reader);
  return page_response("task_instances", *listed, *page,
                       [&](JsonWriter& out, const TaskInstanceRow& row) { shapes.task_instance(out, row); });
}

const AttemptRow* newest_of(const std::vector<AttemptRow>& attempts) {
  return attempts.empty() ? nullptr : &attempts.back();
}

}  // namespace

Answer list_task_instances(const Call& call, StoreReader& reader) {
  const auto filter = task_instance_filter(call, reader);
  if (!filter) return std::unexpected(filter.error());
  return list_with(call, reader, *filter);
}

Answer list_task_instances_batch(const Call& call, StoreReader& reader) {
  const auto list = as_list(call);
  if (!list) return std::unexpected(list.error());
  return list_task_instances(*list, reader);
}

/// As in Airflow: an empty list for a mapped task that has no instances yet, 404 for one that isn't mapped.
Answer list_mapped(const Call& call, StoreReader& reader) {
  auto filter = task_instance_filter(call, reader);
  if (!filter) return std::unexpected(filter.error());
  const std::string_view task_id = call.param("task_id");
  const auto run = filter->run ? reader.run(filter->run) : std::nullopt;
  const auto dag = run ? call.backend().dag_version(run->dag_version) : nullptr;
  const auto task = dag ? dag->find(task_id) : std::nullopt;
  if (dag && !task)
    return refuse(404, "not_found", fmt::format("DAG '{}' has no task '{}'", dag->dag_id, task_id));
  if (dag && !dag->tasks[*task].expand)
    return refuse(404, "not_found", fmt::format("task '{}' isn't mapped", task_id));
  filter->task_id = task_id;
  filter->mapped = true;
  return list_with(call, reader, *filter);
}

Answer get_task_instance(const Call& call, StoreReader& reader) {
  const auto found = find_task_instance(call, reader);
  if (!found) return std::unexpected(found.error());
  const auto attempts = reader.attempts(found->instance.id);
  JsonWriter out;
  Shapes(call, reader).task_instance(out, found->instance, found->run, newest_of(attempts));
  return json_response(out.take());
}

Answer list_tries(const Call& call, StoreReader& reader) {
  const auto found = find_task_instance(call, reader);
  if (!found) return std::unexpected(found.error());
  const auto attempts = reader.attempts(found->instance.id);
  Shapes shapes(call, reader);
  return list_response(
      "task_instances", attempts, static_cast<std::int64_t>(attempts.size()),
      [&](JsonWriter& out, const AttemptRow& row) { shapes.attempt(out, row, found->instance, found->run); });
}

Answer get_try(const Call& call, StoreReader& reader) {
  const auto found = find_task_instance(call, reader);
  if (!found) return std::unexpected(found.error());
  for (const AttemptRow& row : reader.attempts(found->instance.id)) {
    if (row.try_number != call.number("try_number")) continue;
    JsonWriter out;
    Shapes(call, reader).attempt(out, row, found->instance, found->run);
    return json_response(out.take());
  }
  return refuse(404, "not_found",
                fmt::format("task '{}' has no try {}", found->instance.task_id, call.param("try_number")));
}

/// Airflow's name for the same: what keeps it from running.
Started task_instance_dependencies(const CallPtr& call, StoreReader& reader) {
  const auto found = find_task_instance(*call, reader);
  if (!found) return std::unexpected(found.error());
  const TaskInstanceId id = found->instance.id;
  ask<std::vector<Wait>>(
      call, [id](const Scheduler& scheduler, Now now) { return scheduler.waiting_on(id, now); },
      [](StoreReader&, const std::vector<Wait>& waits) -> Answer {
        JsonWriter out;
        out.begin_object().key("dependencies").begin_array();
        for (const Wait& wait : waits)
          out.begin_object().text_field("name", wait.kind).text_field("reason", wait.detail).end_object();
        out.end_array().end_object();
        return json_response(out.take());
      });
  return {};
}

/// No operator here makes links; the list is Airflow's, and empty.
Answer list_extra_links(const Call& call, StoreReader& reader) {
  const auto found = find_task_instance(call, reader);
  if (!found) return std::unexpected(found.error());
  JsonWriter out;
  out.begin_object().key("extra_links").begin_object().end_object().int_field("total_entries", 0);
  out.end_object();
  return json_response(out.take());
}

}  // namespace millrace::handlers
