#include "daemon/sensors.h"

#include <fmt/format.h>
#include <httplib.h>
#include <sys/stat.h>

#include <filesystem>

namespace millrace {
namespace {

constexpr std::size_t waiting_gets = 10'000;
constexpr auto get_deadline = std::chrono::seconds{10};

using Answer = SensorChecked::Answer;

/// `http://host:port/path` in two parts, as the client wants them.
std::pair<std::string, std::string> split_url(const std::string& url) {
  const auto host = url.find("://");
  const auto path = url.find('/', host == std::string::npos ? 0 : host + 3);
  if (path == std::string::npos) return {url, "/"};
  return {url.substr(0, path), url.substr(path)};
}

SensorChecked get(TaskInstanceId id, const std::string& url) {
  const auto [server, path] = split_url(url);
  try {
    httplib::Client client(server);
    client.set_connection_timeout(get_deadline);
    client.set_read_timeout(get_deadline);
    client.set_follow_location(false);
    const auto result = client.Get(path);
    if (!result)
      return {Answer::not_met, id, fmt::format("GET {}: {}", url, httplib::to_string(result.error()))};
    const bool met = result->status >= 200 && result->status < 300;
    return {met ? Answer::met : Answer::not_met, id, fmt::format("GET {}: status {}", url, result->status)};
  } catch (const std::exception& problem) {
    return {Answer::failed, id, fmt::format("GET {}: {}", url, problem.what())};
  }
}

}  // namespace

Sensors::~Sensors() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Sensors::check(TaskInstanceId id, const Scheduler& scheduler) {
  SensorChecked answer = look(id, scheduler);
  if (answer.task_instance) report_(std::move(answer));
}

/// No task_instance in the answer: it comes later, or nobody waits any more.
SensorChecked Sensors::look(TaskInstanceId id, const Scheduler& scheduler) {
  const auto context = scheduler.task_context(id);
  if (!context) return {};
  const auto* sensor = std::get_if<SensorAction>(&context->task->action);
  if (sensor == nullptr) return {};
  const Result<std::string> target = dispatcher_.render(sensor->target, *context, scheduler);
  if (!target) return {Answer::failed, id, target.error().message};
  WallTime date = partition_of(*context->run);
  if (sensor->partition) {
    const Result<std::string> text = dispatcher_.render(*sensor->partition, *context, scheduler);
    if (!text) return {Answer::failed, id, text.error().message};
    const auto parsed = parse_iso(*text);
    if (!parsed) return {Answer::failed, id, fmt::format("partition '{}' isn't a date", *text)};
    date = *parsed;
  }
  switch (sensor->kind) {
    case SensorAction::Kind::file: {
      const auto path = dispatcher_.resolve_path(*target, *context);
      struct stat info{};
      const bool there = stat(path.c_str(), &info) == 0;
      return {there ? Answer::met : Answer::not_met, id,
              fmt::format("{} {}", path, there ? "exists" : "isn't there")};
    }
    case SensorAction::Kind::dataset: {
      for (int back = sensor->window_days - 1; back >= 0; --back) {
        const WallTime partition = date - std::chrono::hours{24 * back};
        if (!store_.has_partition(*target, partition))
          return {Answer::not_met, id, fmt::format("{} has no partition {}", *target, to_iso(partition))};
      }
      return {Answer::met, id, fmt::format("{} has its partitions up to {}", *target, to_iso(date))};
    }
    case SensorAction::Kind::run:
      return look_at_run(id, *sensor, *target, date);
    case SensorAction::Kind::http:
      get_later({id, *target});
      return {};
  }
  return {};
}

SensorChecked Sensors::look_at_run(TaskInstanceId id, const SensorAction& sensor, const std::string& dag_id,
                                   WallTime date) {
  const auto run = store_.run_at(dag_id, date);
  if (!run) return {Answer::not_met, id, fmt::format("{} has no run of {}", dag_id, to_iso(date))};
  if (sensor.task_id.empty()) {
    const bool met = run->state == RunState::success;
    return {met ? Answer::met : Answer::not_met, id,
            fmt::format("{} is {}", run->run_id, to_word(run->state))};
  }
  const auto snapshot = store_.load_run(run->id);
  bool any = false;
  for (const TaskInstanceRow& task : snapshot ? snapshot->task_instances : std::vector<TaskInstanceRow>{}) {
    if (task.task_id != sensor.task_id) continue;
    any = true;
    if (task.state != TaskState::success)
      return {Answer::not_met, id,
              fmt::format("{} of {} is {}", task.task_id, run->run_id, to_word(task.state))};
  }
  if (!any) return {Answer::failed, id, fmt::format("{} has no task '{}'", dag_id, sensor.task_id)};
  return {Answer::met, id, fmt::format("{} of {} is success", sensor.task_id, run->run_id)};
}

void Sensors::get_later(Get wanted) {
  bool full = false;
  {
    MutexLock lock(mutex_);
    full = gets_.size() >= waiting_gets;
    if (!full) gets_.push_back(wanted);
  }
  if (full)
    return report_({Answer::not_met, wanted.task_instance, "too many HTTP sensors wait; poked again later"});
  if (!thread_.joinable()) thread_ = std::thread([this] { run_gets(); });
  wake_.notify_one();
}

void Sensors::run_gets() {
  for (;;) {
    Get next;
    {
      MutexLock lock(mutex_);
      while (gets_.empty() && !stopping_) wake_.wait(mutex_);
      if (stopping_) return;
      next = std::move(gets_.front());
      gets_.pop_front();
    }
    report_(get(next.task_instance, next.url));
  }
}

}  // namespace millrace
