#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/disk.h"

struct sqlite3;
struct sqlite3_stmt;

/// The database as somebody with a shell sees it: SQL of its own, none of the store's.
namespace millrace::sim {

struct DagSeen {
  std::string dag_id;
  std::int64_t dag_version = 0;
  bool paused = false, removed = false;
  std::optional<std::int64_t> watermark;
  std::int64_t version = 0;
};
struct RunSeen {
  std::int64_t id = 0;
  std::string dag_id, run_id, type, state;
  std::int64_t execution_date = 0, dag_version = 0, backfill = 0;
  bool cancel_requested = false;
  std::string pool;
  std::int64_t rerun = 0, version = 0;
  bool is_final() const { return state == "success" || state == "failed"; }
};
struct TaskSeen {
  std::int64_t id = 0, run = 0;
  std::string task_id;
  std::int64_t map_index = -1;
  std::string state, reason, pool;
  std::int64_t try_number = 0, memory_bytes = 0;
  std::optional<std::int64_t> not_before;
  std::int64_t version = 0;
};
struct AttemptSeen {
  std::int64_t id = 0, task_instance = 0, run = 0, try_number = 0;
  std::string name, devices;
  bool kill_requested = false, started = false;
  std::string outcome;  ///< empty: it lives
};
struct EventSeen {
  std::int64_t seq = 0, at = 0;
  std::string kind, dag_id;
  std::int64_t run = 0, task_instance = 0, attempt = 0;
  std::string from, to, cause;
};
struct PoolSeen {
  std::int64_t slots = 0, version = 0;
};
struct BackfillSeen {
  std::int64_t id = 0;
  std::string dag_id, state;
  std::int64_t max_active_runs = 0, total = 0, queued = 0, running = 0;
  bool ended = false;  ///< a cancel was asked, or it is done
};

/// What one look brings: all that is active, and all that is new since the last look.
struct Seen {
  std::map<std::string, DagSeen> dags;
  std::map<std::string, PoolSeen> pools;
  std::map<std::int64_t, RunSeen> runs;     ///< active ones, and those that new events name
  std::map<std::int64_t, TaskSeen> tasks;   ///< of these
  std::map<std::int64_t, AttemptSeen> live;
  std::vector<AttemptSeen> new_attempts;
  std::vector<RunSeen> new_runs;
  std::vector<EventSeen> events;
  std::vector<BackfillSeen> backfills;  ///< active ones
};

class Observer {
 public:
  Observer(Disk& disk, std::string path, int program);
  ~Observer();
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  /// Whether somebody has committed since the last call.
  bool changed();
  Seen look();
  /// Every run, every task instance.
  Seen look_at_all();
  /// Up to where it has looked: from there another observer goes on.
  struct Marks {
    std::int64_t event = 0, attempt = 0, run = 0;
  };
  const Marks& marks() const { return marks_; }
  void go_on_after(const Marks& marks) { marks_ = marks; }

  std::int64_t integer(const char* sql, std::vector<std::int64_t> = {}, const std::string* text = nullptr);
  std::string text(const char* sql, std::vector<std::int64_t> = {});
  std::vector<std::int64_t> integers(const char* sql, std::vector<std::int64_t> = {});
  /// A number that equal databases share: every row of every table but what a host writes into it.
  std::uint64_t hash();
  bool sound();  ///< PRAGMA integrity_check

 private:
  class Query;
  Query query(const char* sql);
  std::set<std::int64_t> read_events(Seen&);
  void read_definitions(Seen&);
  void read_active(Seen&, const char* runs_where, const std::vector<std::int64_t>& also);

  Disk& disk_;
  int program_;
  sqlite3* db_ = nullptr;
  std::map<std::string, sqlite3_stmt*, std::less<>> kept_;
  Marks marks_;
  std::int64_t data_version_ = -1;
};

}  // namespace millrace::sim
