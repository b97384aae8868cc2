#include "daemon/dispatcher.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/limits.h"
#include "daemon/values.h"
#include "data/contract_check.h"
#include "store/secret_texts.h"

namespace millrace {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t shown_command_bytes = 4'096;

std::string quoted(const std::string& word) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"_-./:=@%+,"}.contains(c);
  };
  bool all_plain = !word.empty();
  for (const char c : word) all_plain = all_plain && plain(c);
  if (all_plain) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return out + "'";
}

std::string upper_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c >= 'a' && c <= 'z') {
      out += static_cast<char>(c - 'a' + 'A');
    } else {
      out += (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
    }
  }
  return out;
}

/// A process that finds a name twice takes the one or the other; here the later one wins.
std::vector<std::pair<std::string, std::string>> last_of_each(
    std::vector<std::pair<std::string, std::string>> pairs) {
  std::vector<std::pair<std::string, std::string>> out;
  std::map<std::string, std::size_t, std::less<>> place;
  for (auto& pair : pairs) {
    const auto [known, is_new] = place.emplace(pair.first, out.size());
    if (is_new) {
      out.push_back(std::move(pair));
    } else {
      out[known->second].second = std::move(pair.second);
    }
  }
  return out;
}

}  // namespace

std::string command_line(const std::vector<std::string>& argv) {
  std::string out;
  for (const std::string& word : argv) {
    if (!out.empty()) out += ' ';
    out += quoted(word);
    if (out.size() > shown_command_bytes) return out.substr(0, shown_command_bytes) + " …";
  }
  return out;
}

Capacity Dispatcher::capacity(const Scheduler& scheduler) const {
  Capacity out;
  for (const PoolUse& use : scheduler.pools()) out.pools.push_back({use.pool.name, use.pool.slots});
  out.gpus = static_cast<int>(scheduler.devices().size());
  out.cpu_milli = machine_.cpu_milli;
  out.memory_bytes = machine_.memory_bytes;
  return out;
}

Result<std::string> Dispatcher::dataset_path(const std::string& dataset, WallTime partition) const {
  const std::shared_ptr<const Dag> dag = catalog_.producer(dataset);
  if (!dag) return fail(ErrorKind::not_found, fmt::format("no DAG produces the dataset '{}'", dataset));
  for (const Dataset& candidate : dag->datasets) {
    if (candidate.name != dataset) continue;
    const RunValues values = partition_values(*dag, partition, paths_.datasets_text());
    const auto path =
        millrace::render(candidate.path, [&](std::string_view name) { return standard_value(name, values); });
    if (!path) return std::unexpected(path.error());
    const fs::path full = fs::path{*path}.is_absolute() ? fs::path{*path} : paths_.datasets() / *path;
    return full.lexically_normal().string();
  }
  return fail(ErrorKind::not_found,
              fmt::format("DAG '{}' doesn't declare the dataset '{}'", dag->dag_id, dataset));
}

Result<std::vector<std::string>> Dispatcher::check_command(const std::string& dataset,
                                                           WallTime partition) const {
  const Result<std::string> path = dataset_path(dataset, partition);
  if (!path) return std::unexpected(path.error());
  const std::shared_ptr<const Dag> dag = catalog_.producer(dataset);
  for (const Dataset& candidate : dag->datasets)
    if (candidate.name == dataset)
      return std::vector<std::string>{(program_folder() / "millrace-data").string(),
                                      "check",
                                      "--dataset",
                                      dataset,
                                      "--path",
                                      *path,
                                      "--format",
                                      candidate.format,
                                      "--contract",
                                      contract_json(candidate.contract)};
  return fail(ErrorKind::not_found, fmt::format("the dataset '{}' isn't declared", dataset));
}

Result<std::vector<WallTime>> Dispatcher::input_partitions(const DatasetInput& input,
                                                           const AttemptContext& context,
                                                           const Scheduler& scheduler) const {
  WallTime last = partition_of(*context.run);
  if (input.partition) {
    const Result<std::string> text = render(*input.partition, context, scheduler);
    if (!text) return std::unexpected(text.error());
    const auto date = parse_iso(*text);
    if (!date)
      return fail(ErrorKind::invalid, fmt::format("{}:{}: partition '{}' isn't a date", input.place.line,
                                                  input.place.column, *text));
    last = *date;
  }
  std::vector<WallTime> partitions;
  for (int back = input.window_days - 1; back >= 0; --back)
    partitions.push_back(last - std::chrono::hours{24 * back});
  return partitions;
}

Result<std::vector<std::string>> Dispatcher::input_paths(const DatasetInput& input,
                                                         const AttemptContext& context,
                                                         const Scheduler& scheduler) const {
  const auto partitions = input_partitions(input, context, scheduler);
  if (!partitions) return std::unexpected(partitions.error());
  std::vector<std::string> paths;
  for (const WallTime partition : *partitions) {
    Result<std::string> path = dataset_path(input.dataset, partition);
    if (!path) return std::unexpected(path.error());
    paths.push_back(std::move(*path));
  }
  return paths;
}

Result<std::vector<std::pair<std::string, WallTime>>> Dispatcher::reads_of(const AttemptContext& context,
                                                                           const Scheduler& scheduler) const {
  std::vector<std::pair<std::string, WallTime>> reads;
  for (const DatasetInput& input : context.task->inputs) {
    const auto partitions = input_partitions(input, context, scheduler);
    if (!partitions) return std::unexpected(partitions.error());
    for (const WallTime partition : *partitions) reads.emplace_back(input.dataset, partition);
  }
  if (const auto* check = std::get_if<CheckAction>(&context.task->action))
    reads.emplace_back(check->dataset, partition_of(*context.run));
  return reads;
}

Result<PublishPlan> Dispatcher::outputs_of(const AttemptContext& context) const {
  std::vector<std::pair<std::string, std::string>> outputs;
  for (const std::string& dataset : context.task->outputs) {
    auto path = dataset_path(dataset, partition_of(*context.run));
    if (!path) return std::unexpected(path.error());
    outputs.emplace_back(dataset, std::move(*path));
  }
  return publish_plan(paths_, context, outputs);
}

std::string Dispatcher::resolve_path(const std::string& path, const AttemptContext& context) const {
  const auto version = catalog_.find(context.run->dag_version);
  if (version && path.empty()) return version->folder;  // as nearly always
  const fs::path folder = version ? fs::path{version->folder} : paths_.root;
  return (fs::path{path}.is_absolute() ? fs::path{path} : folder / path).lexically_normal().string();
}

Result<std::string> Dispatcher::render(const Template& text, const AttemptContext& context,
                                       const Scheduler& scheduler) const {
  if (text.is_literal()) return text.parts.empty() ? std::string{} : text.parts[0].literal;
  return millrace::render(text, lookup(context, scheduler, context.task->env.size()));
}

/// `env_known`: how many of the task's variables may be read: one sees only those before it, so that no two
/// can read each other.
TemplateLookup Dispatcher::lookup(const AttemptContext& context, const Scheduler& scheduler,
                                  std::size_t env_known) const {
  return [this, context, &scheduler, env_known, values = run_values(context, paths_.datasets_text())](
             std::string_view name) mutable -> std::optional<TemplateValue> {
    if (is_neighbour(name)) add_neighbours(values, *context.dag, store_);
    if (auto value = standard_value(name, values)) return value;
    const auto [head, rest] = split_name(name);
    if (head == "item") return json_member(context.task_instance->item, rest);
    if (head == "params") return json_member(context.run->params, rest);
    if (head == "tasks") {
      // A task id may have dots of its own.
      constexpr std::string_view between = ".output.";
      const auto at = rest.find(between);
      if (at == std::string_view::npos) return {};
      const std::string_view task = rest.substr(0, at);
      const auto [key, member] = split_name(rest.substr(at + between.size()));
      const auto found = scheduler.output(context.run->id, task, key);
      return found ? json_member(*found, member) : std::nullopt;
    }
    if (head == "env") {
      for (std::size_t i = env_known; i-- > 0;) {
        if (context.task->env[i].first != rest) continue;
        auto text = millrace::render(context.task->env[i].second, lookup(context, scheduler, i));
        return text ? std::optional{TemplateValue{TemplateValue::Kind::text, std::move(*text), 0}}
                    : std::nullopt;
      }
      return {};
    }
    Result<std::vector<std::string>> paths = fail(ErrorKind::not_found, "");
    if (head == "outputs") {
      const auto path = dataset_path(std::string{rest}, partition_of(*context.run));
      if (path) paths = std::vector{*path};
      // What the task writes itself goes to its staging path first.
      if (const auto plan = context.attempt != nullptr ? outputs_of(context) : Result<PublishPlan>{}; plan)
        for (const StagedOutput& output : plan->outputs)
          if (output.dataset == rest) paths = std::vector{output.staged.string()};
    }
    for (const DatasetInput& input : context.task->inputs)
      if (head == "inputs" && input.dataset == rest) paths = input_paths(input, context, scheduler);
    if (!paths) return {};
    return TemplateValue{TemplateValue::Kind::text, fmt::format("{}", fmt::join(*paths, "\n")), 0};
  };
}

Result<Dispatcher::Environment> Dispatcher::environment(const AttemptContext& context,
                                                        const Scheduler& scheduler,
                                                        const PublishPlan& plan) const {
  Environment out;
  for (const std::string& name : config_.task_environment)
    if (const char* value = std::getenv(name.c_str())) out.emplace_back(name, value);
  if (std::getenv("PATH") == nullptr) out.emplace_back("PATH", "/usr/local/bin:/usr/bin:/bin");
  for (auto& pair : standard_environment(run_values(context, paths_.datasets_text())))
    out.push_back(std::move(pair));
  for (const Param& param : context.dag->params) {
    const auto value = json_member(context.run->params, param.name);
    if (!value) continue;
    out.emplace_back("PARAM_" + upper_name(param.name), plain_text(*value));
    if (secret_name(param.name)) secrets_.watch_for(context.dag->dag_id, out.back().first, out.back().second);
  }
  for (const DatasetInput& input : context.task->inputs) {
    const auto paths = input_paths(input, context, scheduler);
    if (!paths) return std::unexpected(paths.error());
    out.emplace_back("INPUT_" + upper_name(input.dataset), fmt::format("{}", fmt::join(*paths, "\n")));
  }
  for (const StagedOutput& output : plan.outputs)
    out.emplace_back("OUTPUT_" + upper_name(output.dataset), output.staged.string());
  for (std::size_t i = 0; i < context.task->env.size(); ++i) {
    auto value = millrace::render(context.task->env[i].second, lookup(context, scheduler, i));
    if (!value) return std::unexpected(value.error());
    out.emplace_back(context.task->env[i].first, std::move(*value));
  }
  auto secrets = secrets_.values(*context.dag);
  if (!secrets) return std::unexpected(secrets.error());
  for (auto& pair : *secrets) out.push_back(std::move(pair));
  out.emplace_back("MILLRACE_OUTPUT", paths_.output(context.attempt->name));
  out.emplace_back("MILLRACE_URL", fmt::format("http://{}:{}", config_.address, config_.port));
  // Set without a device too: a CPU task must not find one by itself.
  out.emplace_back("CUDA_VISIBLE_DEVICES", fmt::format("{}", fmt::join(context.attempt->devices, ",")));
  return last_of_each(std::move(out));
}

Result<Rendered> Dispatcher::render(const AttemptContext& context, const Scheduler& scheduler) const {
  Rendered out;
  AttemptSpec& spec = out.spec;
  spec.attempt = context.attempt->id;
  spec.name = context.attempt->name;
  if (const auto* command = std::get_if<CommandAction>(&context.task->action)) {
    for (const Template& word : command->argv) {
      auto text = render(word, context, scheduler);
      if (!text) return std::unexpected(text.error());
      spec.argv.push_back(std::move(*text));
    }
  } else if (const auto* script = std::get_if<ScriptAction>(&context.task->action)) {
    auto text = render(script->text, context, scheduler);
    if (!text) return std::unexpected(text.error());
    spec.argv = {"/bin/bash", "-euo", "pipefail", "-c", std::move(*text)};
  } else if (const auto* check = std::get_if<CheckAction>(&context.task->action)) {
    auto argv = check_command(check->dataset, partition_of(*context.run));
    if (!argv) return std::unexpected(argv.error());
    spec.argv = std::move(*argv);
  } else {
    return fail(ErrorKind::internal, "this kind of task has no process");
  }
  const auto plan = outputs_of(context);
  if (!plan) return std::unexpected(plan.error());
  auto environment = this->environment(context, scheduler, *plan);
  if (!environment) return std::unexpected(environment.error());
  auto reads = reads_of(context, scheduler);
  if (!reads) return std::unexpected(reads.error());
  out.reads = std::move(*reads);
  out.command = command_line(spec.argv);
  if (!plan->outputs.empty()) spec.argv = publishing_command(*plan, std::move(spec.argv));
  spec.env = std::move(*environment);
  spec.cwd = resolve_path(context.task->cwd, context);
  spec.log_path = paths_.log(spec.name);
  spec.output_path = paths_.output(spec.name);
  spec.timeout = context.task->timeout;
  spec.termination_signal = context.task->termination_signal;
  spec.termination_grace = context.task->termination_grace;
  spec.memory_bytes = context.attempt->memory_bytes;
  spec.cpu_milli = context.task->resources.cpu_milli;
  spec.log_bytes = limits::log_bytes;
  spec.user = context.task->user;
  spec.group = context.task->group_name;
  return out;
}

}  // namespace millrace
