#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/thread_annotations.h"
#include "daemon/config.h"
#include "daemon/paths.h"
#include "daemon/webhook.h"
#include "executor/executor.h"
#include "scheduler/events.h"

namespace millrace {

/// Tries deliveries, each at least once; when to try again is the scheduler's. Webhooks are posted on a few
/// threads, started as they are needed, one post to an endpoint at a time: one that doesn't answer holds a
/// thread and keeps nobody else waiting, until as many such endpoints as threads are waited for. A command is
/// an attempt like a task's, held by the runner under a number below zero, which no task's attempt has.
class Notifier {
 public:
  using Report = std::function<void(NotificationTried)>;
  /// `report` is called on the loop's thread or on a webhook thread: it must only hand over.
  Notifier(const Config&, const Paths&, Report);
  ~Notifier();

  void set_executor(Executor& executor) { executor_ = &executor; }
  /// On the loop's thread.
  void deliver(const NotificationRow&);

  static bool owns(AttemptId id) { return id.value < 0; }
  /// The command's process tree is gone. On the loop's thread.
  void ended(AttemptId, const ExitFacts&);

 private:
  void run_command(const NotificationRow&);
  void run_posts();
  /// The oldest one to an endpoint that nobody is posting to.
  std::optional<NotificationRow> take_post() REQUIRES(mutex_);
  WebhookAnswer post(const NotificationRow&) const;

  const Config& config_;
  const Paths& paths_;
  Report report_;
  Executor* executor_ = nullptr;
  std::map<AttemptId, NotificationId> commands_;
  Mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<NotificationRow> posts_ GUARDED_BY(mutex_);
  std::set<std::string, std::less<>> busy_ GUARDED_BY(mutex_);  // endpoints that are being posted to
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace millrace
