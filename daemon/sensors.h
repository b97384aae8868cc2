#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <string>
#include <thread>

#include "base/thread_annotations.h"
#include "daemon/dispatcher.h"
#include "scheduler/scheduler.h"
#include "store/store.h"

namespace millrace {

/// Looks whether a sensor's condition holds. Files, datasets and runs are looked at on the loop thread at
/// once; an HTTP GET takes a thread of its own, started with the first one, so that a slow server delays
/// nothing.
class Sensors {
 public:
  using Report = std::function<void(SensorChecked)>;
  /// `report` is called on the loop thread or on the HTTP thread: it must only hand over.
  Sensors(Dispatcher& dispatcher, Store& store, Report report)
      : dispatcher_(dispatcher), store_(store), report_(std::move(report)) {}
  ~Sensors();

  void check(TaskInstanceId, const Scheduler&);

 private:
  struct Get {
    TaskInstanceId task_instance;
    std::string url;
  };
  SensorChecked look(TaskInstanceId, const Scheduler&);
  SensorChecked look_at_run(TaskInstanceId, const SensorAction&, const std::string& dag_id, WallTime date);
  void get_later(Get);
  void run_gets();

  Dispatcher& dispatcher_;
  Store& store_;
  Report report_;
  Mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Get> gets_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace millrace
