#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/context.h"

/// One function a command, each in the file of its group; all return an exit code.
namespace millrace::cli {

struct ListOptions {
  int limit = 50;
  int offset = 0;
  std::string query() const;  ///< `limit=50&offset=0`
};

// daemon.cc
struct StatusOptions {
  bool timing = false;
};
int status(Context&, const StatusOptions&);
int timing(Context&);
int version(Context&);
int devices(Context&);

// files.cc
int schema();
int validate(Context&, const std::vector<std::string>& files);
int submit(Context&, const std::vector<std::string>& files);
/// A file, or standard input for `-`; one byte more than a DAG may have at most. Nothing: it complained.
std::optional<std::string> read_file(const std::string& name);

// dags.cc
struct DagsOptions : ListOptions {
  std::string pattern;
  std::vector<std::string> tags;
};
int dags_list(Context&, const DagsOptions&);
int dags_show(Context&, const std::string& dag_id);
int dags_pause(Context&, const std::string& dag_id, bool paused);
int dags_delete(Context&, const std::string& dag_id);

// run.cc
struct RunOptions {
  std::string dag_id, date, run_id, note;
  std::vector<std::string> params;
  bool wait = false, follow = false;
  bool local = false, keep = false;  ///< without a daemon: `dag_id` is a file
  std::string config_file;
};
int run(Context&, const RunOptions&);
/// The request's JSON. Nothing: a bad argument, already complained about.
std::optional<std::string> run_body(const RunOptions&);
/// `[###...]  50 %  1/2  running`
std::string run_progress(const Json& run);

// run_local.cc
using StartLocal = std::function<Result<std::unique_ptr<LocalDaemon>>(ServeOptions)>;
/// One DAG file once, with a daemon of its own that ends with it. SIGINT and SIGTERM cancel the run.
int run_local(Context&, const RunOptions&, const StartLocal&);

// runs.cc
struct RunsOptions : ListOptions {
  std::string dag_id = "~";
  std::vector<std::string> states;
  std::string backfill;
};
struct OneRun {
  std::string dag_id, run_id;  ///< or the execution_date of the run
};
int runs_list(Context&, const RunsOptions&);
int runs_show(Context&, const OneRun&);
int runs_cancel(Context&, const OneRun&);
int runs_clear(Context&, const OneRun&, bool only_failed, bool latest_version);
int runs_delete(Context&, const OneRun&);
int runs_wait(Context&, const OneRun&, bool follow);
/// The run's id: what was given, or the run of that execution_date. Nothing: it complained; `code` says how.
std::optional<std::string> run_id_of(Context&, const OneRun&, int& code);
/// Shows the run until it ends: 0 for success, 1 for failed. `follow` prints each task's moves.
int wait_for_run(Context&, const std::string& dag_id, const std::string& run_id, bool follow);

// tasks.cc
struct OneTask {
  std::string dag_id, run_id, task_id;
  int map_index = -1;
};
struct TasksOptions : ListOptions {
  OneRun run;
  std::vector<std::string> states;
};
int tasks_list(Context&, const TasksOptions&);
int tasks_log(Context&, const OneTask&, int try_number, bool follow);
struct SearchOptions {
  OneTask task;
  int try_number = 0, limit = 100;
  std::string text, level;
  bool ignore_case = false;
};
int tasks_search(Context&, const SearchOptions&);
int tasks_explain(Context&, const OneTask&);
int tasks_mark(Context&, const OneTask&, const std::string& state, const std::string& note);
struct ClearOptions {
  OneTask task;
  bool upstream = false, downstream = false, only_failed = false, dry_run = false;
};
int tasks_clear(Context&, const ClearOptions&);

// backfill.cc
struct BackfillOptions {
  std::string dag_id, from, to, range, reprocess = "none", pool, description;
  std::vector<std::string> dates, tasks, params;
  int max_active_runs = 10, priority = 0;
  bool backwards = false, upstream = false, downstream = false, pinned = false;
  bool yes = false, wait = false, dry_run = false, cascade = false;
};
struct BackfillShown {
  bool items = false, matrix = false;
};
int backfill_create(Context&, const BackfillOptions&);
int backfill_list(Context&, const std::string& dag_id, const ListOptions&);
int backfill_show(Context&, const std::string& id, const BackfillShown&);
int backfill_pause(Context&, const std::string& id, bool paused);
int backfill_cancel(Context&, const std::string& id, bool terminate);
int backfill_retry(Context&, const std::string& id);
int wait_for_backfill(Context&, const std::string& id);
/// The request's JSON. Nothing: a bad argument, already complained about.
std::optional<std::string> backfill_body(const BackfillOptions&);

// datasets.cc
struct DatasetsOptions : ListOptions {
  std::string pattern;
};
struct VersionsOptions : ListOptions {
  std::string dataset, partition, version;
};
struct LineageOptions {
  std::string node;
  int depth = 2;
  bool upstream = false, downstream = false;  ///< neither: both
};
int datasets_list(Context&, const DatasetsOptions&);
int datasets_show(Context&, const std::string& dataset);
int datasets_versions(Context&, const VersionsOptions&);
int datasets_partitions(Context&, const VersionsOptions&);
int lineage(Context&, const LineageOptions&);
// tokens.cc
struct TokenOptions {
  std::string name, role = "viewer", expires;
  std::vector<std::string> dags;
};
int tokens_create(Context&, const TokenOptions&);
int tokens_list(Context&, const ListOptions&);
int tokens_revoke(Context&, const std::string& id);
/// `30d`, `12h`, `45m` or `90s` in seconds.
std::optional<std::int64_t> seconds_of(std::string_view span);

// audit.cc
struct AuditOptions {
  int limit = 50;
  std::string who;
};
int audit_list(Context&, const AuditOptions&);
int audit_verify(Context&);

// events.cc
struct EventsOptions : ListOptions {
  std::string dag_id, run_id, kind, topics;
  bool follow = false;
  int count = 0;  ///< of a followed stream: end after so many; 0: never
};
int events(Context&, const EventsOptions&);
int dataset_events(Context&, const VersionsOptions&);
int queue(Context&, const ListOptions&);
int metrics(Context&);

// variables.cc
int variables_list(Context&, const ListOptions&);
int variables_get(Context&, const std::string& key);
int variables_set(Context&, const std::string& key, const std::string& value, const std::string& description);
int variables_delete(Context&, const std::string& key);

// versions.cc
int dags_versions(Context&, const std::string& dag_id, const ListOptions&);
int dags_diff(Context&, const std::string& dag_id, int from, int to);  ///< 0: the newest and the one before
int dags_preview(Context&, const std::string& dag_id, int count);

// data_folder.cc
int backup(Context&, const Programs&, const std::string& file);
int restore(Context&, const Programs&, const std::string& file, bool force);
int verify(Context&, const Programs&, bool hash);

// open.cc
int open_browser(Context&, bool only_print);

// pools.cc
int pools_list(Context&);
int pools_set(Context&, const std::string& name, int slots, const std::string& description);
int pools_delete(Context&, const std::string& name);

}  // namespace millrace::cli
