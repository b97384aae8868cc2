#include "api/stream_notes.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "api/event_text.h"
#include "base/limits.h"

namespace millrace {
namespace {

constexpr int audit_at_a_time = 100;

struct LogName {
  std::string_view task_id;
  int map_index = -1, try_number = 0;
};

/// `load.-1.2.log`: the task, its map index and the try. A task id may hold dots, the last parts don't.
std::optional<LogName> read_log_name(std::string_view name) {
  if (!name.ends_with(".log")) return std::nullopt;
  name.remove_suffix(4);
  LogName read;
  for (int* part : {&read.try_number, &read.map_index}) {
    const std::size_t dot = name.rfind('.');
    if (dot == name.npos) return std::nullopt;
    const auto [end, error] = std::from_chars(name.data() + dot + 1, name.data() + name.size(), *part);
    if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
    name = name.substr(0, dot);
  }
  read.task_id = name;
  return read;
}

}  // namespace

void StreamNotes::set_audited(std::int64_t last) {
  MutexLock lock(mutex_);
  audit_last_ = last;
}

void StreamNotes::audited(std::size_t rows) {
  MutexLock lock(mutex_);
  audit_last_ += static_cast<std::int64_t>(rows);
  if (rows == 0 || !audit_wanted_ || std::exchange(audit_reading_, true)) return;
  after_(std::chrono::milliseconds{0}, [this] { read_audit(); });
}

void StreamNotes::read_audit() {
  const bool taken = read_([this](StoreReader& reader) {
    bool more = true;
    while (more) more = tell_audit(reader);
  });
  if (!taken) after_(limits::stream_window, [this] { read_audit(); });
}

/// Tells some rows; whether there may be more.
bool StreamNotes::tell_audit(StoreReader& reader) {
  std::int64_t from = 0;
  {
    MutexLock lock(mutex_);
    if (!audit_wanted_ || audit_told_ >= audit_last_) return audit_reading_ = false;
    from = audit_told_;
  }
  const std::vector<AuditRow> rows = reader.access().audit_after(from, audit_at_a_time);
  std::string text;
  for (const AuditRow& row : rows) text += audit_text(row);
  if (!text.empty()) hub_.tell("audit", text);
  MutexLock lock(mutex_);
  if (rows.empty()) return audit_reading_ = false;
  audit_told_ = std::max(audit_told_, rows.back().id);
  return true;
}

void StreamNotes::on_interest(const std::string& topic, bool wanted) {
  if (topic == "audit") {
    MutexLock lock(mutex_);
    audit_wanted_ = wanted;
    if (wanted) audit_told_ = audit_last_;
    return;
  }
  if (!topic.starts_with("run:")) return;
  after_(std::chrono::milliseconds{0}, [this, topic, wanted] { watch_run(topic, wanted); });
}

void StreamNotes::on_told(const std::string& topic) {
  if (topic == "capacity") {
    MutexLock lock(mutex_);
    capacity_moved_ = true;
    if (std::exchange(capacity_waits_, true)) return;
    after_(std::chrono::milliseconds{0}, [this] { capacity_window_over(); });
  } else if (topic.starts_with("run:")) {
    // The run's first attempt makes the folder of its logs.
    MutexLock lock(mutex_);
    if (const auto at = runs_.find(topic); at != runs_.end()) watch_.look_again(at->second.token);
  }
}

void StreamNotes::watch_run(const std::string& topic, bool wanted) {
  MutexLock lock(mutex_);
  const auto at = runs_.find(topic);
  if (!wanted) {
    if (at == runs_.end()) return;
    watch_.remove(at->second.token);
    runs_.erase(at);
    return;
  }
  if (at != runs_.end()) return;
  const std::size_t slash = topic.find('/');
  WatchedRun run;
  run.dag_id = topic.substr(4, slash - 4);
  run.run_id = topic.substr(slash + 1);
  run.folder = backend_.log_path(attempt_name(run.dag_id, run.run_id, "any", -1, 1));
  run.folder.resize(run.folder.rfind('/'));
  run.token = watch_.add(run.folder,
                         [this, topic](const std::vector<std::string>& names) { logs_grew(topic, names); });
  runs_.emplace(topic, std::move(run));
}

void StreamNotes::logs_grew(const std::string& topic, const std::vector<std::string>& names) {
  WatchedRun run;
  {
    MutexLock lock(mutex_);
    const auto at = runs_.find(topic);
    if (at == runs_.end()) return;
    run = at->second;
  }
  std::string text;
  for (const std::string& name : names) {
    const auto log = read_log_name(name);
    struct stat facts{};
    if (!log || ::lstat((run.folder + "/" + name).c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) continue;
    text += log_text(run.dag_id, run.run_id, log->task_id, log->map_index, log->try_number, facts.st_size);
  }
  // Nothing known of what grew: whoever follows looks for himself.
  hub_.tell(topic, names.empty() ? std::string(": logs grew\n\n") : text);
}

void StreamNotes::tell_capacity() {
  backend_.ask([this](const Scheduler& scheduler, Now) {
    after_(std::chrono::milliseconds{0},
           [this, pools = scheduler.pools()] { hub_.tell("capacity", capacity_text(pools)); });
  });
}

void StreamNotes::capacity_window_over() {
  {
    MutexLock lock(mutex_);
    if (!std::exchange(capacity_moved_, false)) {
      capacity_waits_ = false;
      return;
    }
  }
  tell_capacity();
  after_(limits::stream_capacity, [this] { capacity_window_over(); });
}

}  // namespace millrace
