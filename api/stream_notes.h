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
/// while something moves), how long the logs of a watched run have grown, and the rows of the audit log.
/// Works only while somebody reads such a topic.
class StreamNotes {
 public:
  using After = std::function<void(std::chrono::milliseconds, std::function<void()>)>;
  /// Runs with a StoreReader on a reader thread; false: too many wait.
  using Read = std::function<bool(std::function<void(StoreReader&)>)>;
  StreamNotes(EventHub& hub, LogWatch& watch, Backend& backend, After after, Read read)
      : hub_(hub), watch_(watch), backend_(backend), after_(std::move(after)), read_(std::move(read)) {}

  /// The newest row of the audit log, before the first audited().
  void set_audited(std::int64_t last);
  /// So many rows more are committed. Loop thread.
  void audited(std::size_t rows);

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
  void read_audit();
  bool tell_audit(StoreReader&);
  void tell_capacity();
  void capacity_window_over();

  EventHub& hub_;
  LogWatch& watch_;
  Backend& backend_;
  After after_;
  Read read_;
  Mutex mutex_;
  std::map<std::string, WatchedRun> runs_ GUARDED_BY(mutex_);
  std::int64_t audit_last_ GUARDED_BY(mutex_) = 0;  // numbers have no gaps: the newest row
  std::int64_t audit_told_ GUARDED_BY(mutex_) = 0;
  bool audit_wanted_ GUARDED_BY(mutex_) = false;
  bool audit_reading_ GUARDED_BY(mutex_) = false;
  bool capacity_waits_ GUARDED_BY(mutex_) = false;  // within the second after the last one
  bool capacity_moved_ GUARDED_BY(mutex_) = false;  // and something has moved since
};

}  // namespace millrace
