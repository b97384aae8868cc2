#include <fmt/format.h>

#include <algorithm>

#include "api/handlers.h"
#include "api/look_up.h"
#include "api/shapes.h"

namespace millrace::handlers {
namespace {

/// The instance that the path names; for a mapped task without a map_index its first one, meaning all.
std::expected<FoundTask, Problem> find_to_mark(const Call& call, StoreReader& reader, bool& all_mapped) {
  auto found = find_task_instance(call, reader);
  if (found || call.query_value("map_index") ||
      std::ranges::count(call.params, "map_index", [](const auto& param) { return param.first; }) != 0)
    return found;
  const auto run = find_run(call, reader);
  if (!run) return found;
  auto first = reader.task_instance(run->id, call.param("task_id"), 0);
  if (!first) return found;
  all_mapped = true;
  return FoundTask{*run, std::move(*first)};
}

struct MarkWish {
  MarkTaskRequested mark;
  std::optional<std::string> note;
  bool has_state = false;
};

std::expected<MarkWish, Problem> read_mark(const Call& call, StoreReader& reader, bool dry_run) {
  MarkWish wish;
  const auto found = find_to_mark(call, reader, wish.mark.all_mapped);
  if (!found) return std::unexpected(found.error());
  auto body = json_body(call);
  if (!body) return std::unexpected(std::move(body.error()));
  if (auto ok = apply_update_mask(call, *body, {"new_state", "note"}); !ok)
    return std::unexpected(std::move(ok.error()));
  BodyReader in(*body);
  const auto word = in.text("new_state");
  wish.note = in.text("note");
  wish.mark.upstream = in.boolean("include_upstream").value_or(false);
  wish.mark.downstream = in.boolean("include_downstream").value_or(false);
  const bool past = in.boolean("include_past").value_or(false);
  const bool future = in.boolean("include_future").value_or(false);
  const auto to = word ? task_state_from(*word) : std::nullopt;
  const bool allowed = to == TaskState::success || to == TaskState::failed || to == TaskState::skipped;
  if (word && !allowed) in.refuse("new_state", "must be success, failed or skipped");
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  if (!word && (!wish.note || dry_run)) return refuse_field("new_state", "is missing: nothing to change");
  if (wish.note) wish.note = without_secrets(call, found->run.dag_id, *wish.note);
  wish.has_state = word.has_value();
  wish.mark.run = found->run.id;
  wish.mark.task_instance = found->instance.id;
  wish.mark.to = to.value_or(TaskState::success);
  wish.mark.by = call.who.name;
  wish.mark.note = wish.note.value_or("");
  wish.mark.dry_run = dry_run;
  if (!past && !future) return wish;
  const std::optional date(found->run.execution_date);
  const auto runs = runs_around(reader, found->run.dag_id, past ? std::nullopt : date,
                                future ? std::nullopt : date);
  if (!runs) return std::unexpected(runs.error());
  for (const RunRow& run : *runs)
    if (run.id != found->run.id) wish.mark.more_runs.push_back(run.id);
  return wish;
}

HttpResponse marked_response(const Call& call, StoreReader& reader,
                             const std::vector<TaskInstanceRow>& rows) {
  Shapes shapes(call, reader);
  return list_response("task_instances", rows, static_cast<std::int64_t>(rows.size()),
                       [&](JsonWriter& out, const TaskInstanceRow& row) { shapes.task_instance(out, row); });
}

Started mark(const CallPtr& call, StoreReader& reader, bool dry_run) {
  auto wish = read_mark(*call, reader, dry_run);
  if (!wish) return std::unexpected(std::move(wish.error()));
  const auto answer = [call](StoreReader& later, const Reply& reply) -> Answer {
    if (const auto* one = std::get_if<TaskInstanceRow>(&reply.body))
      return marked_response(*call, later, {*one});
    if (const auto* marked = std::get_if<Marked>(&reply.body))
      return marked_response(*call, later, marked->task_instances);
    return marked_response(*call, later, {});
  };
  if (wish->has_state) {
    commit(call, std::move(wish->mark), answer);
  } else {
    commit(call, NoteSet{{}, wish->mark.run, wish->mark.task_instance, *wish->note, call->who.name}, answer);
  }
  return {};
}

}  // namespace

Started patch_task_instance(const CallPtr& call, StoreReader& reader) { return mark(call, reader, false); }

Started would_patch_task_instance(const CallPtr& call, StoreReader& reader) {
  return mark(call, reader, true);
}

}  // namespace millrace::handlers
