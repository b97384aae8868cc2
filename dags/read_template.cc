#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "base/limits.h"
#include "dags/read.h"
#include "dags/values.h"

namespace millrace {
namespace {

// The work on a text grows with its length times its templates; this keeps the worst file to about a second.
constexpr std::size_t template_text_bytes = 1u << 20;
constexpr std::size_t templates_per_text = 1'000;

bool is_reasonable(YamlNode node, Diagnostics& out) {
  // A file this wrong has no Dag anyway.
  if (out.entries.size() > limits::diagnostics_per_file * 10) return false;
  const std::string_view text = node.text();
  std::size_t count = 0;
  for (auto at = text.find("{{"); at != std::string_view::npos; at = text.find("{{", at + 2)) ++count;
  if (count > templates_per_text)
    out.add(node.place(), fmt::format("more than {} templates in one text", templates_per_text));
  else if (count > 0 && text.size() > template_text_bytes)
    out.add(node.place(), fmt::format("a text with templates has at most {} bytes", template_text_bytes));
  else
    return true;
  return false;
}

/// From a place inside a block of text that starts at {1, 1} to its place in the file.
Place placed(Place inside, Place start) {
  return {start.line + inside.line - 1, start.column + inside.column - 1};
}

}  // namespace

std::optional<Template> read_template(YamlNode node, const TemplateScope& scope, Diagnostics& out) {
  if (!node.is_scalar() || !is_reasonable(node, out)) return {};
  if (node.style() != YamlNode::Style::block)
    return parse_template(node.text(), node.text_place(), scope, out);
  // Each line of a block is indented in the file, which the text no longer shows.
  Diagnostics inside;
  auto found = parse_template(node.text(), {1, 1}, scope, inside);
  for (Diagnostic& diagnostic : inside.entries) {
    diagnostic.place = placed(diagnostic.place, node.text_place());
    out.entries.push_back(std::move(diagnostic));
  }
  if (found) {
    found->place = node.text_place();
    for (Template::Part& part : found->parts) part.place = placed(part.place, node.text_place());
  }
  return found;
}

std::optional<Template> read_task_template(DagDraft& draft, TaskIndex task, YamlNode node) {
  auto found = read_template(node, draft.scope, draft.out);
  if (!found || found->is_literal()) return found;
  for (const std::string& name : tasks_read_by(*found)) {
    const TaskIndex from = draft.dag.find(name).value();  // a template that reads another isn't found
    if (from == task)
      draft.out.add(node.place(), fmt::format("task '{}' reads its own output", name));
    else
      draft.edges.push_back({from, task, node.place()});
  }
  return found;
}

int read_window_days(YamlNode node, Diagnostics& out) {
  const auto window = as_duration(node);
  if (!window) return 1;
  const auto days = std::chrono::floor<std::chrono::days>(*window);
  if (days != *window || days.count() < 1) {
    out.add(node.place(), fmt::format("'window' must be whole days such as 7d, not '{}'", node.text()));
    return 1;
  }
  return static_cast<int>(days.count());
}

std::vector<std::string> read_texts(YamlNode node) {
  std::vector<std::string> out;
  for (const YamlNode item : node.items()) out.push_back(read_text(item));
  return out;
}

}  // namespace millrace
