#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/diagnostics.h"
#include "base/time.h"
#include "dags/schedule.h"
#include "dags/template.h"

/// dags/ knows the language and nothing of runs: text in, diagnostics or an immutable `Dag` out. Pure but for
/// the zone database. Everything in a Dag is checked; nobody checks it again.
namespace millrace {

/// Compact JSON text, valid by construction. Keeps the JSON library out of headers.
using JsonText = std::string;

/// Airflow's names, Airflow's meanings, over *final* upstream states.
enum class TriggerRule : std::uint8_t {
  all_success, all_failed, all_done, one_success, one_failed, one_done, none_failed,
  none_failed_min_one_success, none_skipped, all_skipped, always,
};
std::string_view to_word(TriggerRule);

struct RetryPolicy {
  int limit = 0;                            ///< tries after the first
  Duration delay = std::chrono::minutes{5}; ///< before the first retry; Airflow's default
  double backoff = 1;                       ///< delay * backoff^(n-1) before retry n
  Duration max_delay = std::chrono::hours{24};
  bool jitter = false;                      ///< uniform in [delay/2, delay], from a seed in the event
  std::vector<int> on_exit_codes;           ///< empty: any
  std::vector<int> except_exit_codes;
  bool on_lost = false;
  double oom_memory_factor = 1;             ///< `on_oom`: memory request grows by this at each oom
  std::int64_t oom_memory_max = 0;          ///< bytes; 0: no bound but the machine's
  bool on_oom = true;
  friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};

struct Resources {
  std::int64_t cpu_milli = 0;     ///< 0: not reserved
  std::int64_t memory_bytes = 0;  ///< 0: not reserved, not limited
  int gpu = 0;                    ///< devices, each bound to this task alone
  std::int64_t gpu_memory_bytes = 0;
  std::vector<std::string> gpu_model;  ///< substrings of the device's name; empty: any
  bool gpu_optional = false;      ///< runs in the CPU pool where no device exists
  friend bool operator==(const Resources&, const Resources&) = default;
};

/// A value that is read when an attempt starts: the DAG says where, and never holds it.
struct Secret {
  enum class From : std::uint8_t { env, file };
  std::string env;     ///< the variable that tasks find it in
  From from = From::env;
  std::string source;  ///< a variable of the daemon's environment, or an absolute path
  Place place;         ///< of `from`: an attempt that can't have it points here
};

using EnvList = std::vector<std::pair<std::string, Template>>;

struct CommandAction { std::vector<Template> argv; };
/// Run by `/bin/bash -euo pipefail` from a file; parameters arrive as $PARAM_NAME.
struct ScriptAction { Template text; };
struct TriggerDagAction {
  std::string dag_id;
  std::optional<Template> execution_date;  ///< empty: the same as this run's
  std::vector<std::pair<std::string, Template>> params;
  bool wait = true;                        ///< waiting holds no slot
};
struct SensorAction {
  enum class Kind : std::uint8_t { file, dataset, http, run } kind;
  Template target;                     ///< path, dataset name, URL or dag_id
  std::optional<Template> partition;   ///< dataset: an ISO date; run: the execution_date. Empty: this run's
  int window_days = 1;                 ///< dataset: all daily partitions [partition - (n-1)d, partition]
  std::string task_id;                 ///< run: this task of it; empty: the whole run
  Duration poke_interval = std::chrono::seconds{60};
  Duration timeout = std::chrono::hours{24 * 7};
};
/// The contract check of an input dataset, made by the data worker.
struct CheckAction { std::string dataset; };
using Action = std::variant<CommandAction, ScriptAction, TriggerDagAction, SensorAction, CheckAction>;

/// `expand`: the cross product of the keys' values, first key slowest.
struct Expand {
  struct Key {
    std::string name;
    std::vector<JsonText> items;      ///< when written as a list
    std::optional<Template> source;   ///< else one `{{ tasks.X.output.Y }}` that is a JSON list
  };
  std::vector<Key> keys;
  int max_active = 0;                 ///< 0: no bound of its own
  bool is_static() const {
    for (const Key& key : keys)
      if (key.source) return false;
    return true;
  }
};

struct DatasetInput {
  std::string dataset;
  int window_days = 1;                ///< partitions [execution_date - (n-1) days, execution_date]
  std::optional<Template> partition;
  Place place;
};

using TaskIndex = std::uint32_t;

struct Task {
  std::string task_id;
  std::string description;
  Place place;                        ///< of the task's key: a failed run points here
  Action action;
  std::vector<DatasetInput> inputs;
  std::vector<std::string> outputs;   ///< dataset names
  TriggerRule trigger_rule = TriggerRule::all_success;
  RetryPolicy retries;
  std::optional<Duration> timeout;
  int termination_signal = 15;
  Duration termination_grace = std::chrono::seconds{30};
  std::vector<int> skip_exit_codes{99};
  bool branch = false;                ///< its output `branch` names the direct downstream tasks to go on with
  std::optional<Expand> expand;
  std::string pool;                   ///< `cpu` or `gpu` by default, decided at parse time
  int pool_slots = 1;
  int priority = 0;
  Resources resources;
  std::string cwd;                    ///< empty: the folder of the DAG file
  EnvList env;                        ///< DAG's and task's merged, task's own last
  std::string user, group_name;       ///< empty: the daemon's
  std::string task_group;             ///< empty: none
  bool idempotent = false;
  bool depends_on_past = false;
  bool wait_for_downstream = false;
  Place pool_place, gpu_place;        ///< where to point when no such pool or device exists
};

/// `env`, `params`… in a run. Type names as in the language.
struct Param {
  std::string name;
  std::string type;                   ///< string integer number boolean date timestamp array object
  std::optional<JsonText> default_value;
  std::vector<JsonText> enum_values;
  std::optional<double> minimum, maximum;
  std::string pattern, description;
  Place place;
};

struct ContractColumn {
  std::string name, type;
  bool required = false;
  std::optional<double> max_null_fraction;
};
struct Dataset {
  std::string name;
  Template path;
  std::string format;                 ///< parquet csv json dir; default by the path's ending
  std::string description;
  std::string event_time, created_time;  ///< columns; empty: not said
  bool append_only = false;
  std::vector<ContractColumn> contract;
  Place place;
};

struct Catchup {
  enum class Policy : std::uint8_t { none, latest, all } policy = Policy::none;
  std::optional<Duration> window;
  std::optional<int> max_runs;
};

/// Who is told: one URL that a JSON body is posted to, or one command.
struct NotifyTarget {
  std::string webhook;
  std::vector<std::string> command;   ///< argv, no templates: the values arrive by environment
  Place place;
};
struct Notify {
  std::vector<NotifyTarget> on_failure, on_success;  ///< of a run
  std::vector<NotifyTarget> on_retry;                ///< of a task
  std::vector<NotifyTarget> on_late;                 ///< `deadline`, its own targets included
};
/// A run that isn't final by then is late. It goes on.
struct Deadline {
  enum class After : std::uint8_t {
    queued,     ///< since the run was made
    scheduled,  ///< since the end of its data interval; scheduled runs only
  } after = After::queued;
  Duration within{};
};

/// Adjacency as offsets into one array (compressed sparse rows): downstream of t is
/// targets[offsets[t]..offsets[t+1]).
struct Adjacency {
  std::vector<std::uint32_t> offsets;  ///< tasks + 1
  std::vector<TaskIndex> targets;      ///< ascending within a task
  std::pair<const TaskIndex*, const TaskIndex*> of(TaskIndex t) const {
    return {targets.data() + offsets[t], targets.data() + offsets[t + 1]};
  }
};

struct Dag {
  std::string dag_id, description, owner, stage;
  std::vector<std::string> tags;
  Schedule schedule;
  std::optional<WallTime> start_date, end_date;  ///< bounds of execution_date, both inclusive
  Zone timezone;
  Catchup catchup;
  int max_active_runs = 16, max_active_tasks = 16;
  bool depends_on_past = false;
  std::optional<Duration> run_timeout;
  std::vector<Param> params;
  std::vector<Secret> secrets;        ///< of every task
  std::vector<Dataset> datasets;
  Notify notify;
  std::optional<Deadline> deadline;
  std::vector<std::pair<std::string, std::string>> task_groups;  ///< name, description
  std::vector<Task> tasks;            ///< in file order; TaskIndex points here
  Adjacency upstream, downstream;
  std::vector<TaskIndex> order;       ///< one topological order
  std::string canonical;              ///< JSON without comments and key order
  std::string hash;                   ///< sha256 of `canonical`: names the dag_version

  /// Nothing when there is no such task. O(log n).
  std::optional<TaskIndex> find(std::string_view task_id) const;
  std::vector<std::pair<std::string_view, TaskIndex>> by_name;  ///< sorted; views into `tasks`
};

}  // namespace millrace
