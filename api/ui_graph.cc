#include <fmt/format.h>

#include <algorithm>

#include "api/handlers.h"
#include "api/json.h"
#include "api/shapes.h"
#include "api/ui_words.h"

namespace millrace {

void graph_members(JsonWriter& out, const Dag& dag) {
  out.key("groups").begin_array();
  for (const auto& [name, description] : dag.task_groups)
    out.begin_object().text_field("id", name).word_field("description", description).end_object();
  out.end_array().key("tasks").begin_array();
  for (const Task& task : dag.tasks) {
    out.begin_object().text_field("id", task.task_id).word_field("group", task.task_group);
    out.text_field("label", task.task_id).text_field("pool", task.pool);
    out.text_field("action", action_word(task)).bool_field("mapped", task.expand.has_value());
    out.text_field("trigger_rule", to_word(task.trigger_rule)).end_object();
  }
  out.end_array().key("edges").begin_array();
  for (TaskIndex t = 0; t < dag.tasks.size(); ++t) {
    const auto [first, last] = dag.downstream.of(t);
    for (const TaskIndex* d = first; d != last; ++d)
      out.begin_array().integer(t).integer(*d).end_array();
  }
  out.end_array();
}

namespace handlers {
namespace {

std::vector<std::string_view> upstream_names(const Dag& dag, TaskIndex t) {
  std::vector<std::string_view> out;
  const auto [first, last] = dag.upstream.of(t);
  for (const TaskIndex* u = first; u != last; ++u) out.emplace_back(dag.tasks[*u].task_id);
  std::ranges::sort(out);
  return out;
}

/// What a task says besides its edges, in one text that can be compared.
std::map<std::string, std::string, std::less<>> texts_of(const Dag& dag) {
  std::map<std::string, std::string, std::less<>> out;
  const auto file = parse_json(dag.canonical);
  const JsonValue* tasks = file ? file->find("tasks") : nullptr;
  if (tasks == nullptr) return out;
  for (const JsonMember& task : tasks->members) {
    JsonValue body = task.value;
    std::erase_if(body.members, [](const JsonMember& m) { return m.name == "depends_on"; });
    out.emplace(task.name, to_json(body));
  }
  return out;
}

void write_names(JsonWriter& out, std::string_view name, const std::vector<std::string_view>& names) {
  out.key(name).begin_array();
  for (const std::string_view one : names) out.string(one);
  out.end_array();
}

}  // namespace

Answer ui_graph(const Call& call, StoreReader& reader) {
  const auto row = dag_of_path(call, reader);
  if (!row) return std::unexpected(row.error());
  const auto number = number_in_query(call, "version", 1, INT32_MAX, 0);
  if (!number) return std::unexpected(number.error());
  const auto version = version_of_dag(call, reader, *row, *number);
  if (!version) return std::unexpected(version.error());
  JsonWriter out;
  out.begin_object().int_field("version", version->number);
  graph_members(out, *version->dag);
  out.end_object();
  return json_response(out.take());
}

/// Which tasks a version added, dropped, wired anew or changed.
Answer ui_versions_diff(const Call& call, StoreReader& reader) {
  const auto row = dag_of_path(call, reader);
  if (!row) return std::unexpected(row.error());
  const auto to = number_in_query(call, "to_version", 1, INT32_MAX, 0);
  if (!to) return std::unexpected(to.error());
  const auto later = version_of_dag(call, reader, *row, *to);
  if (!later) return std::unexpected(later.error());
  const auto from = number_in_query(call, "from_version", 1, INT32_MAX, std::max(1, later->number - 1));
  if (!from) return std::unexpected(from.error());
  const auto before = version_of_dag(call, reader, *row, *from);
  if (!before) return std::unexpected(before.error());
  const Dag &old = *before->dag, &now = *later->dag;
  const auto old_texts = texts_of(old), new_texts = texts_of(now);
  std::vector<std::string_view> added, removed, changed;
  JsonWriter out;
  out.begin_object().int_field("from", before->number).int_field("to", later->number);
  out.key("rewired").begin_array();
  for (TaskIndex t = 0; t < now.tasks.size(); ++t) {
    const std::string& name = now.tasks[t].task_id;
    const auto was = old.find(name);
    if (!was) {
      added.emplace_back(name);
      continue;
    }
    const auto old_text = old_texts.find(name), new_text = new_texts.find(name);
    if (old_text != old_texts.end() && new_text != new_texts.end() && old_text->second != new_text->second)
      changed.emplace_back(name);
    const auto before_names = upstream_names(old, *was), after_names = upstream_names(now, t);
    if (before_names == after_names) continue;
    out.begin_object().text_field("task_id", name);
    write_names(out, "upstream_before", before_names);
    write_names(out, "upstream_after", after_names);
    out.end_object();
  }
  out.end_array();
  for (const Task& task : old.tasks)
    if (!now.find(task.task_id)) removed.emplace_back(task.task_id);
  write_names(out, "added", added);
  write_names(out, "removed", removed);
  write_names(out, "changed", changed);
  out.end_object();
  return json_response(out.take());
}

}  // namespace handlers
}  // namespace millrace
