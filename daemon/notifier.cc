#include "daemon/notifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/crash_point.h"
#include "base/limits.h"
#include "scheduler/outcome.h"

namespace millrace {
namespace {

constexpr Duration command_timeout = std::chrono::minutes{1};
constexpr std::size_t webhook_threads = 8;  // so many endpoints may be slow before others wait
constexpr std::int64_t tries_at_most = 16;  // of one notification: the scheduler gives up sooner

/// `https://host:port` of a URL.
std::string_view endpoint_of(std::string_view url) {
  const std::size_t place = url.find("://");
  return url.substr(0, url.find_first_of("/?#", place == url.npos ? 0 : place + 3));
}

}  // namespace

Notifier::Notifier(const Config& config, const Paths& paths, Report report)
    : config_(config), paths_(paths), report_(std::move(report)) {}

Notifier::~Notifier() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Notifier::deliver(const NotificationRow& row) {
  if (row.webhook.empty()) return run_command(row);
  std::size_t wanted = 0;
  {
    MutexLock lock(mutex_);  // bounded by limits::pending_notifications
    posts_.push_back(row);
    wanted = std::min(busy_.size() + posts_.size(), webhook_threads);
  }
  if (threads_.size() < wanted) threads_.emplace_back([this] { run_posts(); });
  wake_.notify_one();
}

void Notifier::run_command(const NotificationRow& row) {
  AttemptSpec spec;
  spec.attempt = {-(row.id.value * tries_at_most + row.tries % tries_at_most)};
  // No DAG's name begins with a tilde.
  spec.name = fmt::format("~notifications/{}/command/-1/{}", row.id.value, row.tries + 1);
  spec.argv = row.command;
  for (const std::string& name : config_.task_environment)
    if (const char* value = std::getenv(name.c_str())) spec.env.emplace_back(name, value);
  if (std::getenv("PATH") == nullptr) spec.env.emplace_back("PATH", "/usr/local/bin:/usr/bin:/bin");
  spec.env.emplace_back("DAG_ID", row.dag_id);
  spec.env.emplace_back("NOTIFICATION_EVENT", to_word(row.on));
  spec.env.emplace_back("NOTIFICATION", row.body);
  spec.cwd = config_.dags.string();
  spec.log_path = paths_.log(spec.name);
  spec.output_path = paths_.output(spec.name);
  spec.timeout = command_timeout;
  spec.log_bytes = limits::log_bytes;
  commands_[spec.attempt] = row.id;
  executor_->start(std::move(spec));
  CRASH_POINT("notify.command_started");
}

void Notifier::ended(AttemptId attempt, const ExitFacts& facts) {
  executor_->acknowledge(attempt);
  CRASH_POINT("notify.command_ended");
  const auto known = commands_.extract(attempt);
  if (known.empty()) return;  // of the daemon before this one, which tries it again
  const Verdict verdict = judge(Task{}, facts, {});
  const bool good = verdict.outcome == Outcome::success;
  const bool hopeless = verdict.outcome == Outcome::spawn_failed;
  std::string detail = good ? "the command has ended well" : verdict.reason;
  if (!verdict.detail.empty()) detail += ": " + verdict.detail;
  report_({known.mapped(), good, hopeless, std::move(detail)});
}

WebhookAnswer Notifier::post(const NotificationRow& row) const {
  return post_webhook(row.webhook, row.body,
                      {{"X-Millrace-Event", std::string{to_word(row.on)}},
                       {"X-Millrace-Notification", fmt::format("{}", row.id.value)}},
                      config_.webhook_allow);
}

std::optional<NotificationRow> Notifier::take_post() {
  auto at = posts_.begin();
  while (at != posts_.end() && busy_.contains(endpoint_of(at->webhook))) ++at;
  if (at == posts_.end()) return std::nullopt;
  std::optional<NotificationRow> row(std::move(*at));
  posts_.erase(at);
  busy_.emplace(endpoint_of(row->webhook));
  return row;
}

void Notifier::run_posts() {
  for (;;) {
    std::optional<NotificationRow> next;
    {
      MutexLock lock(mutex_);
      while (!stopping_ && !(next = take_post())) wake_.wait(mutex_);
      if (!next) return;
    }
    CRASH_POINT("notify.posting");
    const WebhookAnswer answer = post(*next);
    CRASH_POINT("notify.posted");
    report_({next->id, answer.delivered, answer.hopeless, answer.detail});
    {
      MutexLock lock(mutex_);
      busy_.erase(busy_.find(endpoint_of(next->webhook)));
    }
    wake_.notify_all();  // others may wait for this endpoint
  }
}

}  // namespace millrace
