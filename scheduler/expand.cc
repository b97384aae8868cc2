#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "scheduler/core.h"
#include "scheduler/expansion.h"
#include "scheduler/json_pieces.h"

/// Dynamic mapping. As in Airflow the row of the unexpanded task (map_index -1) becomes the one of map_index
/// 0; an empty list skips it; when a re-run finds fewer items, the surplus instances become `removed`.
namespace millrace {

Result<std::vector<JsonText>> cross_product(const Expand& expand,
                                            const std::vector<std::vector<JsonText>>& values) {
  std::size_t count = 1;
  for (const auto& list : values) {
    count *= list.size();
    if (count > limits::expand_instances)
      return fail(ErrorKind::invalid,
                  fmt::format("expands to more than {} instances", limits::expand_instances));
  }
  const bool plain = expand.keys.size() == 1 && expand.keys[0].name == "item";
  std::vector<JsonText> items;
  items.reserve(count);
  for (std::size_t n = 0; n < count; ++n) {
    std::size_t rest = n, stride = count;
    JsonText item = plain ? "" : "{";
    for (std::size_t k = 0; k < values.size(); ++k) {
      stride /= values[k].size();
      const JsonText& value = values[k][rest / stride];
      rest %= stride;
      if (plain) item = value;
      else item += fmt::format("{}{}:{}", k ? "," : "", to_json_string(expand.keys[k].name), value);
    }
    if (!plain) item += '}';
    items.push_back(std::move(item));
  }
  return items;
}

std::vector<JsonText> static_items(const Expand& expand) {
  std::vector<std::vector<JsonText>> values;
  for (const Expand::Key& key : expand.keys) values.push_back(key.items);
  return cross_product(expand, values).value_or(std::vector<JsonText>{});
}

namespace {

/// `tasks.X.output.Y` -> (X, Y); X may contain dots.
std::optional<std::pair<std::string, std::string>> source_of(const Template& source) {
  for (const Template::Part& part : source.parts) {
    const std::string_view name = part.name;
    const auto middle = name.find(".output.");
    if (!name.starts_with("tasks.") || middle == std::string_view::npos || middle <= 6) continue;
    return std::pair{std::string(name.substr(6, middle - 6)), std::string(name.substr(middle + 8))};
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<JsonText>> Core::items_of(const Run& run, const Expand& how) const {
  std::vector<std::vector<JsonText>> values;
  for (const Expand::Key& key : how.keys) {
    if (!key.source) {
      values.push_back(key.items);
      continue;
    }
    const auto source = source_of(*key.source);
    const auto upstream = source ? run.dag->find(source->first) : std::nullopt;
    const auto text = upstream ? output(run, *upstream, source->second) : std::nullopt;
    if (!text) return fail(ErrorKind::invalid, fmt::format("{} has no value", key.source->source));
    auto list = json_list(*text);
    if (!list) return fail(ErrorKind::invalid, fmt::format("{} isn't a JSON list", key.source->source));
    values.push_back(std::move(*list));
  }
  return cross_product(how, values);
}

bool Core::expand(Run& run, TaskIndex t) {
  const Expand& how = *run.dag->tasks[t].expand;
  Slot& slot = run.slots[t];
  std::uint32_t gone = 0;
  for (std::size_t k = 0; k < slot.size(); ++k)
    if (run.instances[slot[k]].row.state == TaskState::removed) ++gone;
  const bool placeholder = run.instances[slot.first].row.map_index < 0;
  // A part that was cleared by itself keeps its items.
  if (!placeholder && (how.is_static() || slot.waiting + gone < slot.size())) return true;

  auto wanted = items_of(run, how);
  if (!wanted) {
    for (std::size_t k = 0; k < slot.size(); ++k)
      if (run.instances[slot[k]].row.state == TaskState::none)
        move(run, slot[k], TaskState::failed, "expand: " + wanted.error().message, "expand");
    return false;
  }
  std::vector<JsonText> items = std::move(*wanted);
  const bool empty = items.empty();
  const std::size_t before = slot.size();
  for (std::size_t k = 0; k < items.size() && k < before; ++k) {
    const InstanceIndex i = slot[k];
    if (run.instances[i].row.state == TaskState::removed)
      move(run, i, TaskState::none, "expanded again", {}, By::person);
    touch(run, i);
    run.instances[i].row.map_index = static_cast<int>(k);
    run.instances[i].row.item = std::move(items[k]);
  }
  const int priority = run.instances[slot.first].row.priority;
  const auto first_new = static_cast<InstanceIndex>(run.instances.size());
  for (std::size_t k = before; k < items.size(); ++k) {
    const InstanceIndex i = append(run, t, static_cast<int>(k), std::move(items[k]));
    run.instances[i].row.priority = priority;
    slot.more.push_back(i);
    ++slot.waiting;
    ++run.unfinished;
    const auto [first, last] = run.dag->downstream.of(t);
    for (const TaskIndex* d = first; d != last; ++d) ++run.slots[*d].upstream[Bucket::pending];
  }
  if (first_new < run.instances.size()) {
    const TaskInstanceId first = run.instances[first_new].row.id;
    instance_ids[first] = {static_cast<std::int64_t>(run.instances.size() - first_new), run.row.id};
    run.id_ranges.push_back(first);
  }
  for (std::size_t k = std::max<std::size_t>(items.size(), empty ? 1 : 0); k < before; ++k)
    if (run.instances[slot[k]].row.state == TaskState::none)
      move(run, slot[k], TaskState::removed, "expands to fewer items now", "fewer items");
  if (empty && run.instances[slot.first].row.state == TaskState::none)
    move(run, slot.first, TaskState::skipped, "expands to no items", "no items");
  return !empty;
}

}  // namespace millrace
