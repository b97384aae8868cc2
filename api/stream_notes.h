#pragma once

#include <map>
#include <string>
#include <vector>

#include "api/backend.h"
#include "api/event_hub.h"
#include "api/log_watch.h"
#include "base/thread_annotations.h"

namespace millrace {

/// What readers of the stream are told beside the record: how full the pools are (once a second at most,
/// while something moves) and how long the logs of a watched run have grown. Works only while somebody reads
/// such a topic.
class StreamNotes {
 public:
  using After = std::function<void(std::chrono::milliseconds, std::function<void()>)>;
  StreamNotes(EventHub& hub, LogWatch& watch, Backend& backend, After after)
      : hub_(hub), watch_(watch), backend_(backend), after_(std::move(after)) {}

  /// From the hub, under its lock: these hand over.
  void on_interest(const std::string& topic, bool wanted);
  void on_told(const std::string& topic);

 private:
  struct WatchedRun {
    std::string dag_id, run_id, folder;
    LogWatch::Token token = 0;
  };
  void watch_run(const std::string& topic, bool wanted);
  void logs_grew(const std::string& topic, const std::vector<std::string>& names);
  void tell_capacity();
  void capacity_window_over();

  EventHub& hub_;
  LogWatch& watch_;
  Backend& backend_;
  After after_;
  Mutex mutex_;
  std::map<std::string, WatchedRun> runs_ GUARDED_BY(mutex_);
  bool capacity_waits_ GUARDED_BY(mutex_) = false;  // within the second after the last one
  bool capacity_moved_ GUARDED_BY(mutex_) = false;  // and something has moved since
};

}  // namespace millrace
