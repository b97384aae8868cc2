#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "api/backend.h"
#include "api/server.h"
#include "store/reader.h"

namespace millrace::testing {

/// Rows in vectors, shared by all readers of a test. Filled before the server starts.
struct FakeRows {
  std::vector<DagRow> dags;
  std::vector<DagVersionRow> versions;
  std::vector<RunRow> runs;
  std::vector<TaskInstanceRow> instances;
  std::vector<AttemptRow> attempts;
  std::vector<OutputRow> outputs;
  std::vector<BackfillRow> backfills;
  std::vector<PoolRow> pools;
  std::vector<DatasetNameRow> datasets;
  std::vector<DatasetReferenceRow> references;
  std::vector<DatasetEventRow> events;
  std::vector<DatasetEventRunRow> links;
  std::vector<QueuedDatasetEventRow> queued;
  std::vector<DatasetVersionRow> dataset_versions;
  std::vector<VersionInputRow> version_inputs;
  std::vector<Transition> transitions;
  std::optional<PastSeconds> past;
  std::vector<NamedEvent> named_events;  ///< by seq
  /// Shared by copies; held to change attempts while a server runs.
  std::shared_ptr<std::mutex> mutex = std::make_shared<std::mutex>();
};

class FakeAssets final : public AssetReader {
 public:
  explicit FakeAssets(const FakeRows& rows) : rows_(rows) {}
  Result<Listed<DatasetNameRow>> names(const AssetFilter&, const Page&) override {
    return Listed<DatasetNameRow>{rows_.datasets, static_cast<std::int64_t>(rows_.datasets.size())};
  }
  std::optional<DatasetNameRow> name(std::int64_t id) override;
  std::optional<DatasetNameRow> name(std::string_view name) override;
  std::vector<DatasetReferenceRow> references(std::int64_t) override { return rows_.references; }
  Result<Listed<DatasetEventRow>> events(const AssetEventFilter&, const Page&) override {
    return Listed<DatasetEventRow>{rows_.events, static_cast<std::int64_t>(rows_.events.size())};
  }
  std::optional<DatasetEventRow> newest_event(std::string_view) override {
    return rows_.events.empty() ? std::nullopt : std::optional(rows_.events.back());
  }
  std::vector<DatasetEventRunRow> links(std::int64_t) override { return rows_.links; }
  std::vector<WallTime> partitions(std::string_view, WallTime, WallTime) override { return {}; }
  std::vector<DatasetEventRow> events_of_run(RunId) override { return rows_.events; }
  std::vector<QueuedDatasetEventRow> queued(std::string_view, std::string_view,
                                            std::optional<WallTime>) override {
    return rows_.queued;
  }

 private:
  const FakeRows& rows_;
};

class FakeVersions final : public VersionReader {
 public:
  explicit FakeVersions(const FakeRows& rows) : rows_(rows) {}
  std::optional<WrittenDataset> written(std::string_view dataset) override;
  Result<Listed<DatasetVersionRow>> list(const VersionFilter&, const Page&) override;
  std::optional<DatasetVersionRow> find(DatasetVersionId) override;
  Result<Listed<PartitionVersion>> partitions(std::string_view dataset, const Page&) override;
  std::vector<DatasetVersionRow> written_by(RunId) override { return rows_.dataset_versions; }
  std::vector<DatasetVersionRow> written_by(AttemptId, int limit) override;
  std::vector<VersionInputRow> read_by(RunId) override { return rows_.version_inputs; }
  std::vector<VersionInputRow> read_by(AttemptId, int limit) override;
  std::vector<VersionInputRow> readers_of(DatasetVersionId, int limit) override;
  std::vector<AttemptRow> attempts_of(RunId) override { return rows_.attempts; }
  std::optional<AttemptRow> attempt(AttemptId) override;

 private:
  const FakeRows& rows_;
};

/// No history at all.
class FakeViews final : public ViewReader {
 public:
  explicit FakeViews(const FakeRows& rows) : rows_(rows) {}
  std::optional<PastSeconds> past_seconds(std::string_view, std::string_view) override { return rows_.past; }
  std::vector<Transition> transitions(RunId, TaskInstanceId, int) override { return rows_.transitions; }
  std::int64_t revision() override { return 0; }
  std::vector<RunBar> last_runs(std::string_view, std::optional<WallTime>, int) override { return {}; }
  std::vector<RunBar> active_runs(int) override { return {}; }
  std::vector<RunBar> runs_ended_since(WallTime, int) override { return {}; }
  std::vector<std::pair<RunState, std::int64_t>> ended_counts(WallTime) override { return {}; }
  std::vector<std::string> failing_dags(WallTime) override { return {}; }
  std::vector<CalendarRun> runs_in(std::string_view, WallTime, WallTime, int) override { return {}; }
  void each_cell(std::span<const RunId>, const std::function<void(const Cell&)>&) override {}
  std::vector<AttemptBar> attempts_between(WallTime, WallTime, int) override { return {}; }

 private:
  const FakeRows& rows_;
};

/// The runs that there are; no backfill is active.
class FakeBackfillQueries final : public BackfillQueries {
 public:
  explicit FakeBackfillQueries(const FakeRows& rows) : rows_(rows) {}
  std::vector<DatedRun> dated_runs(std::string_view, WallTime, WallTime) override {
    std::vector<DatedRun> out;
    for (const RunRow& run : rows_.runs) out.push_back({run.execution_date, run.state, run.id});
    return out;
  }
  std::vector<BackfillRow> active(std::string_view) override { return {}; }
  std::vector<BackfillRow> cascade(BackfillId) override { return {}; }
  std::vector<std::pair<WallTime, ItemState>> item_states(BackfillId, WallTime, WallTime) override {
    return {};
  }
  std::vector<BackfillItemRow> failed_items(BackfillId, int) override { return {}; }
  std::vector<WallTime> last_ends(BackfillId, int) override { return {}; }
  std::vector<RunRow> last_successes(std::string_view, int) override { return {}; }

 private:
  const FakeRows& rows_;
};

/// Tokens, sessions and kept answers as the fake backend "stores" them.
class FakeAccess final : public AccessReader {
 public:
  std::vector<TokenRow> tokens() override { return {}; }
  std::vector<SessionRow> sessions(WallTime) override { return {}; }
  std::optional<KeptAnswerRow> kept_answer(std::string_view owner, std::string_view key) override;
  std::int64_t kept_answers() override { return 0; }
  std::vector<AuditRow> audit_rows(std::string_view, std::int64_t, int) override { return {}; }
  std::int64_t audit_count() override { return 0; }
  std::vector<AuditRow> audit_after(std::int64_t, int) override { return {}; }
  AuditVerdict verify_audit(std::int64_t, int) override { return {}; }

  void store(const std::vector<AccessRow>&);

 private:
  std::mutex mutex_;
  std::vector<KeptAnswerRow> kept_;
};

class FakeReader final : public StoreReader {
 public:
  FakeReader(const FakeRows& rows, FakeAccess& access)
      : rows_(rows), assets_(rows), versions_(rows), views_(rows), access_(access) {}
  AccessReader& access() override { return access_; }
  void see_only(std::optional<Scope> scope) override { scope_ = std::move(scope); }
  std::vector<std::string> dag_ids() override;
  std::vector<DagRow> dags();
  Listed<DagRow> dag_page(int, int, bool) override {
    return {dags(), static_cast<std::int64_t>(dags().size())};
  }
  std::vector<RunId> runs_named(std::string_view) override { return {}; }
  std::optional<DagRow> dag(std::string_view dag_id) override;
  std::vector<DagVersionRow> dag_versions(std::string_view) override { return rows_.versions; }
  std::optional<DagVersionRow> dag_version(DagVersionId) override;
  std::vector<ImportErrorRow> import_errors() override { return {}; }
  Result<Listed<RunRow>> runs(const RunFilter&, const Page&) override;
  std::optional<RunRow> run(std::string_view dag_id, std::string_view run_id) override;
  std::optional<RunRow> run(RunId) override;
  Result<Listed<TaskInstanceRow>> task_instances(const TaskInstanceFilter&, const Page&) override;
  std::optional<RunRow> last_run(std::string_view) override { return {}; }
  std::optional<TaskInstanceRow> task_instance(TaskInstanceId) override { return {}; }
  std::optional<AttemptRow> attempt(AttemptId) override { return {}; }
  std::optional<TaskInstanceRow> task_instance(RunId, std::string_view task_id, int map_index) override;
  std::vector<AttemptRow> attempts(TaskInstanceId) override {
    const std::lock_guard lock(*rows_.mutex);
    return rows_.attempts;
  }
  std::vector<OutputRow> outputs(TaskInstanceId) override { return rows_.outputs; }
  std::vector<RunCount> run_counts(std::vector<std::string>) override { return {}; }
  std::vector<std::pair<std::string, std::int64_t>> state_counts(RunId) override { return {{"success", 1}}; }
  Result<Listed<BackfillRow>> backfills(std::string_view, const std::vector<BackfillState>&,
                                        const Page&) override;
  std::optional<BackfillRow> backfill(BackfillId) override;
  Result<Listed<BackfillItemRow>> backfill_items(BackfillId, const std::vector<ItemState>&,
                                                 const Page&) override {
    return Listed<BackfillItemRow>{};
  }
  BackfillQueries& about_backfills() override { return about_backfills_; }
  std::vector<RunRow> runs_between(std::string_view, WallTime, WallTime) override { return rows_.runs; }
  std::optional<double> mean_run_seconds(std::string_view) override { return 2.0; }
  ViewReader& views() override { return views_; }
  std::vector<PoolRow> pools() override { return rows_.pools; }
  Result<Listed<VariableRow>> variables(const TextMatch&, const Page&) override {
    return Listed<VariableRow>{};
  }
  std::optional<VariableRow> variable(std::string_view) override { return {}; }
  std::vector<DatasetEventRow> dataset_events(std::string_view, int) override { return {}; }
  AssetReader& assets() override { return assets_; }
  VersionReader& versions() override { return versions_; }
  Result<Listed<EventRow>> events(const EventFilter&, const Page&) override { return Listed<EventRow>{}; }
  std::vector<NamedEvent> named_events(std::int64_t after_seq, std::int64_t last_seq, int limit) override;
  std::int64_t last_event() override {
    return rows_.named_events.empty() ? 0 : rows_.named_events.back().event.seq;
  }

 private:
  bool sees(std::string_view dag_id) const { return !scope_ || scope_->has(dag_id); }

  const FakeRows& rows_;
  std::optional<Scope> scope_;
  FakeBackfillQueries about_backfills_{rows_};
  FakeAssets assets_;
  FakeVersions versions_;
  FakeViews views_;
  FakeAccess& access_;
};

/// Keeps the wishes that reach it and answers each at once with `reply`.
class FakeBackend final : public Backend {
 public:
  void request(Event, RequestContext, OnReply) override;
  void submit_dag(std::string text, RequestContext, std::function<void(Submitted)>) override;
  void change_access(std::vector<AccessRow>, RequestContext, std::function<void(Result<void>)>) override;
  Diagnostics validate_dag(std::string_view text, std::shared_ptr<const Dag>* parsed) override;
  void ask(std::function<void(const Scheduler&, Now)> look) override { look(scheduler_, Now{}); }
  void status(std::function<void(DaemonStatus)>) override;
  void metrics(std::function<void(MetricsText)> done) override { done({}); }
  std::shared_ptr<const Dag> dag_version(DagVersionId) override { return dag; }
  std::shared_ptr<const Dag> maker(const std::string& dataset) override {
    const auto found = makers.find(dataset);
    return found == makers.end() ? nullptr : found->second;
  }
  std::string log_path(std::string_view attempt_name) override {
    return logs + "/" + std::string(attempt_name) + ".log";
  }

  std::shared_ptr<const SecretMask> secret_mask(std::string_view) override { return mask; }
  void await_end(RunId, std::function<void()> then) override { then(); }
  void scan_dags(std::function<void()> done) override { done(); }

  std::size_t wishes() const;
  Event last() const;
  std::function<void()> before_step;  ///< what happens between a handler's look and the loop's step
  std::function<Reply(const Event&)> reply = [](const Event&) { return Reply{{}, Done{}}; };
  std::shared_ptr<const Dag> dag;
  std::map<std::string, std::shared_ptr<const Dag>> makers;  ///< by dataset
  std::string logs;
  std::shared_ptr<const SecretMask> mask;  ///< shared with the readers of logs
  FakeAccess access;
  std::unique_ptr<StoreReader> inside;  ///< what a transaction would see
  std::vector<RequestContext> contexts() const;

  /// The scheduler knows a DAG.
  void load(const DagRow& row) { scheduler_.apply(DagLoaded{row, dag}, Now{}); }

 private:
  Scheduler scheduler_;
  mutable std::mutex mutex_;
  std::vector<Event> events_;
  std::vector<RequestContext> contexts_;
};

/// A FakeBackend and a real server on a free loopback port, with one DAG `etl`, its run `manual__1`, task
/// `load` with one try, and tokens of each role.
struct Served {
  Served();
  ~Served();

  FakeRows rows;
  FakeBackend backend;
  std::filesystem::path folder;
  std::unique_ptr<ApiServer> server;
  std::string admin;
  static constexpr std::string_view viewer = "viewer-token-of-the-tests";
  static constexpr std::string_view operator_ = "operator-token-of-the-tests";
  static constexpr std::string_view scoped = "token-limited-to-et?";
  static constexpr std::string_view elsewhere = "token-limited-to-other_*";

  struct Answer {
    int status = 0;
    std::string head, body;
    bool closed = false;  ///< the server ended the connection after it
  };
  /// A connection, given up after ten seconds of silence: a test that hangs fails instead.
  int connect() const;
  /// Sends the bytes as they are and reads one answer.
  Answer raw(std::string_view bytes, bool head_only = false) const;
  /// A request as a well-behaved client makes it.
  Answer ask(std::string_view method, std::string_view target, std::string_view token,
             std::string_view body = {}, std::string_view content_type = "application/json",
             std::string_view more_headers = {}) const;
  std::string host() const;
};

}  // namespace millrace::testing
