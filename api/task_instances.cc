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

Started patch_task_instance(const CallPtr& call, StoreReader& reader) {
  const auto found = find_task_instance(*call, reader);
  if (!found) return std::unexpected(found.error());
  auto body = json_body(*call);
  if (!body) return std::unexpected(std::move(body.error()));
  BodyReader in(*body);
  const auto word = in.text("new_state");
  const auto note = in.text("note");
  for (const std::string_view theirs :
       {"include_upstream", "include_downstream", "include_past", "include_future"}) {
    if (in.boolean(theirs).value_or(false)) in.refuse(theirs, "is not available in this version");
  }
  const auto to = word ? task_state_from(*word) : std::nullopt;
  const bool allowed = to == TaskState::success || to == TaskState::failed || to == TaskState::skipped;
  if (word && !allowed) in.refuse("new_state", "must be success, failed or skipped");
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  if (!word && !note) return refuse_field("new_state", "is missing: nothing to change");
  const auto answer = [call, found = *found](StoreReader& later, const Reply& reply) -> Answer {
    const TaskInstanceRow* given = std::get_if<TaskInstanceRow>(&reply.body);
    const auto& was = found.instance;
    const auto row =
        given != nullptr ? std::optional(*given) : later.task_instance(was.run, was.task_id, was.map_index);
    Shapes shapes(*call, later);
    return list_response(
        "task_instances", std::vector<TaskInstanceRow>{row.value_or(was)}, 1,
        [&](JsonWriter& out, const TaskInstanceRow& r) { shapes.task_instance(out, r, found.run, nullptr); });
  };
  const std::string by = call->who.name;
  if (word) {
    commit(call, MarkTaskRequested{{}, found->run.id, found->instance.id, *to, by, note.value_or("")},
           answer);
  } else {
    commit(call, NoteSet{{}, found->run.id, found->instance.id, *note, by}, answer);
  }
  return {};
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
