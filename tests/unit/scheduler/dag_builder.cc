#include "dag_builder.h"

#include <algorithm>
#include <stdexcept>

namespace millrace::test {
namespace {

Template literal(const std::string& text) {
  Template t;
  t.source = text;
  Template::Part part;
  part.literal = text;
  t.parts.push_back(part);
  return t;
}

Template output_of(const std::string& name) {
  Template t;
  t.source = "{{ " + name + " }}";
  Template::Part part;
  part.name = name;
  t.parts.push_back(part);
  return t;
}

std::string trim(std::string_view s) {
  const auto first = s.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(s.substr(first, s.find_last_not_of(" \t") - first + 1));
}

std::vector<int> codes(const std::string& text) {
  std::vector<int> out;
  for (const std::string& word : words(text)) out.push_back(std::stoi(word));
  return out;
}

TriggerRule rule_from(const std::string& word) {
  for (int i = 0; i <= static_cast<int>(TriggerRule::always); ++i)
    if (to_word(static_cast<TriggerRule>(i)) == word) return static_cast<TriggerRule>(i);
  throw std::runtime_error("no trigger rule " + word);
}

}  // namespace

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string& word : split(text, ' '))
    if (!word.empty()) out.push_back(word);
  return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(separator, at), text.size());
    out.push_back(trim(text.substr(at, end - at)));
    at = end + 1;
  }
  return out;
}

Duration duration_from(std::string_view text) {
  std::size_t used = 0;
  const long long n = std::stoll(std::string(text), &used);
  const std::string unit(text.substr(used));
  if (unit == "ms") return std::chrono::milliseconds{n};
  if (unit == "s") return std::chrono::seconds{n};
  if (unit == "m") return std::chrono::minutes{n};
  if (unit == "h") return std::chrono::hours{n};
  if (unit == "d") return std::chrono::hours{24 * n};
  throw std::runtime_error("no unit in " + std::string(text));
}

WallTime date_from(std::string_view text) {
  const auto date = parse_iso(text);
  if (!date) throw std::runtime_error("no date: " + std::string(text));
  return *date;
}

DagBuilder::DagBuilder(std::string dag_id) : dag_(std::make_shared<Dag>()) {
  dag_->dag_id = std::move(dag_id);
  dag_->schedule.source = "none";
}

Task& DagBuilder::task(const std::string& task_id) {
  for (Task& task : dag_->tasks)
    if (task.task_id == task_id) return task;
  Task& task = dag_->tasks.emplace_back();
  task.task_id = task_id;
  task.pool = "cpu";
  task.action = CommandAction{};
  return task;
}

void DagBuilder::edge(const std::string& from, const std::string& to) {
  task(from), task(to);
  edges_.emplace_back(from, to);
}

DagBuilder& DagBuilder::edges(std::string_view text) {
  for (const std::string& chain : split(text, ',')) {
    std::vector<std::string> before;
    for (std::size_t at = 0; at <= chain.size();) {
      const auto end = std::min(chain.find("->", at), chain.size());
      const std::vector<std::string> step = words(chain.substr(at, end - at));
      for (const std::string& to : step) {
        task(to);
        for (const std::string& from : before) edge(from, to);
      }
      before = step;
      at = end + 2;
    }
  }
  return *this;
}

DagBuilder& DagBuilder::option(const std::string& task_id, std::string_view text) {
  const auto space = text.find(' ');
  const std::string key(text.substr(0, space));
  const std::string value = space == std::string_view::npos ? "" : trim(text.substr(space));
  if (task_id.empty()) dag_option(key, value);
  else task_option(task(task_id), key, value);
  return *this;
}

void DagBuilder::task_option(Task& t, const std::string& key, const std::string& value) {
  const auto sensor = [&](SensorAction::Kind kind) {
    SensorAction action;
    action.kind = kind;
    const std::vector<std::string> parts = words(value);
    action.target = literal(parts.empty() ? "x" : parts[0]);
    if (parts.size() > 1) action.task_id = parts[1];
    t.action = action;
  };
  if (key == "retries") t.retries.limit = std::stoi(value);
  else if (key == "delay") t.retries.delay = duration_from(value);
  else if (key == "backoff") t.retries.backoff = std::stod(value);
  else if (key == "max_delay") t.retries.max_delay = duration_from(value);
  else if (key == "jitter") t.retries.jitter = true;
  else if (key == "on_exit_codes") t.retries.on_exit_codes = codes(value);
  else if (key == "except_exit_codes") t.retries.except_exit_codes = codes(value);
  else if (key == "on_lost") t.retries.on_lost = true;
  else if (key == "no_oom") t.retries.on_oom = false;
  else if (key == "memory_factor") t.retries.oom_memory_factor = std::stod(value);
  else if (key == "memory_max") t.retries.oom_memory_max = std::stoll(value);
  else if (key == "memory") t.resources.memory_bytes = std::stoll(value);
  else if (key == "idempotent") t.idempotent = true;
  else if (key == "rule") t.trigger_rule = rule_from(value);
  else if (key == "skip") t.skip_exit_codes = codes(value);
  else if (key == "branch") t.branch = true;
  else if (key == "pool") t.pool = value;
  else if (key == "slots") t.pool_slots = std::stoi(value);
  else if (key == "priority") t.priority = std::stoi(value);
  else if (key == "gpu") t.resources.gpu = std::stoi(value), t.pool = "gpu";
  else if (key == "gpu_optional") t.resources.gpu_optional = true;
  else if (key == "outputs") {
    t.outputs = words(value);
    for (const std::string& name : t.outputs) dag_->datasets.emplace_back().name = name;
  }
  else if (key == "inputs") {
    // inputs NAME [DAYS]
    const std::vector<std::string> ws = words(value);
    t.inputs.push_back({ws.at(0), ws.size() > 1 ? std::stoi(ws[1]) : 1, {}, {}});
  }
  else if (key == "past") t.depends_on_past = true;
  else if (key == "wait_for_downstream") t.wait_for_downstream = true;
  else if (key == "file") sensor(SensorAction::Kind::file);
  else if (key == "dataset") sensor(SensorAction::Kind::dataset);
  else if (key == "run") sensor(SensorAction::Kind::run);
  else if (key == "poke") std::get<SensorAction>(t.action).poke_interval = duration_from(value);
  else if (key == "timeout") std::get<SensorAction>(t.action).timeout = duration_from(value);
  else if (key == "trigger") t.action = TriggerDagAction{value, {}, {}, true};
  else if (key == "trigger_only") t.action = TriggerDagAction{value, {}, {}, false};
  else if (key == "child_date") std::get<TriggerDagAction>(t.action).execution_date = literal(value);
  else if (key == "expand" || key == "expand_from") {
    if (!t.expand) t.expand.emplace();
    const std::vector<std::string> parts = words(value);
    Expand::Key& added = t.expand->keys.emplace_back();
    added.name = parts.at(0);
    if (key == "expand_from") added.source = output_of(parts.at(1));
    else added.items.assign(parts.begin() + 1, parts.end());
  } else if (key == "max_active") t.expand->max_active = std::stoi(value);
  else throw std::runtime_error("no task option " + key);
}

void DagBuilder::dag_option(const std::string& key, const std::string& value) {
  Dag& d = *dag_;
  if (key == "schedule") {
    d.schedule.source = value;
    if (value == "once") d.schedule.kind = Schedule::Kind::once;
    else if (value == "continuous") d.schedule.kind = Schedule::Kind::continuous;
    else d.schedule.kind = Schedule::Kind::cron, d.schedule.cron = parse_cron("@" + value).value();
  } else if (key == "datasets" || key == "any_dataset") {
    d.schedule.kind = Schedule::Kind::datasets;
    d.schedule.datasets = words(value);
    d.schedule.any = key == "any_dataset";
  } else if (key == "partition") {
    PartitionMapping& to = d.schedule.partition;
    std::vector<std::string> parts = words(value);  // a cron's blanks are written as _
    for (std::string& part : parts) std::ranges::replace(part, '_', ' ');
    if (parts.at(0) == "none") to.kind = PartitionMapping::Kind::none;
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
      if (parts[i] == "to") to.kind = PartitionMapping::Kind::to, to.to = parse_cron(parts[i + 1]).value();
      else if (parts[i] == "each") to.each = parse_cron(parts[i + 1]).value();
      else if (parts[i] == "window") to.window_days = std::stoi(parts[i + 1]);
    }
  } else if (key == "timezone") {
    d.timezone = d.schedule.zone = Zone::find(value).value();
  } else if (key == "policy") {
    d.schedule.policy = value == "coalesce" ? EventPolicy::coalesce : EventPolicy::one_run_per_event;
  } else if (key == "start_date") d.start_date = date_from(value);
  else if (key == "end_date") d.end_date = date_from(value);
  else if (key == "catchup")
    d.catchup.policy = value == "latest" ? Catchup::Policy::latest : Catchup::Policy::all;
  else if (key == "max_active_runs") d.max_active_runs = std::stoi(value);
  else if (key == "max_active_tasks") d.max_active_tasks = std::stoi(value);
  else if (key == "past") d.depends_on_past = true;
  else if (key == "run_timeout") d.run_timeout = duration_from(value);
  else if (key == "notify") {
    const NotifyTarget target{value.starts_with("http") ? value : "", {value}, {}};
    for (auto* targets : {&d.notify.on_failure, &d.notify.on_success, &d.notify.on_retry, &d.notify.on_late})
      targets->push_back(target);
  } else if (key == "deadline") {
    d.deadline.emplace().within = duration_from(words(value).at(0));
    if (words(value).size() > 1) d.deadline->after = Deadline::After::scheduled;
  } else if (key == "param") {
    Param param;
    param.name = words(value).at(0);
    param.type = words(value).at(1);
    if (words(value).size() > 2) param.default_value = words(value)[2];
    d.params.push_back(param);
  } else throw std::runtime_error("no DAG option " + key);
}

std::shared_ptr<const Dag> DagBuilder::build() {
  Dag& d = *dag_;
  d.by_name.clear();
  for (TaskIndex t = 0; t < d.tasks.size(); ++t) d.by_name.emplace_back(d.tasks[t].task_id, t);
  std::sort(d.by_name.begin(), d.by_name.end());
  std::vector<std::vector<TaskIndex>> up(d.tasks.size()), down(d.tasks.size());
  for (const auto& [from, to] : edges_) {
    up[d.find(to).value()].push_back(d.find(from).value());
    down[d.find(from).value()].push_back(d.find(to).value());
  }
  const auto pack = [](std::vector<std::vector<TaskIndex>>& lists) {
    Adjacency packed;
    packed.offsets.push_back(0);
    for (auto& list : lists) {
      std::sort(list.begin(), list.end());
      list.erase(std::unique(list.begin(), list.end()), list.end());
      packed.targets.insert(packed.targets.end(), list.begin(), list.end());
      packed.offsets.push_back(static_cast<std::uint32_t>(packed.targets.size()));
    }
    return packed;
  };
  d.upstream = pack(up);
  d.downstream = pack(down);
  std::vector<std::size_t> missing;
  for (const auto& list : up) missing.push_back(list.size());
  d.order.clear();
  for (TaskIndex t = 0; t < d.tasks.size(); ++t)
    if (missing[t] == 0) d.order.push_back(t);
  for (std::size_t k = 0; k < d.order.size(); ++k)
    for (const TaskIndex next : down[d.order[k]])
      if (--missing[next] == 0) d.order.push_back(next);
  if (d.order.size() != d.tasks.size()) throw std::runtime_error("a cycle");
  return dag_;
}

}  // namespace millrace::test
