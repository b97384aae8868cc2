#include "histories.h"

#include <fmt/format.h>

#include "samples.h"
#include "store/migrations.h"
#include "store/sqlite.h"

namespace millrace::test {
namespace {

constexpr WallTime day{86'400'000'000};

RunRow in_state(RunRow run, RunState state, std::int64_t version) {
  run.state = state;
  run.version = version;
  return run;
}

TaskInstanceRow in_state(TaskInstanceRow task, TaskState state, std::int64_t version) {
  task.state = state;
  task.version = version;
  return task;
}

AttemptRow attempt() {
  AttemptRow row;
  row.id = {1};
  row.task_instance = {1};
  row.run = {1};
  row.try_number = 1;
  row.name = "d/run_1/a/-1/1";
  row.command = "true";
  return row;
}

AttemptRow started() {
  AttemptRow row = attempt();
  row.version = 2;
  row.start = StartFacts{.pid = 7, .start_ticks = 8, .boot_id = "boot", .host = "here", .at = day};
  return row;
}

AttemptRow ended() {
  AttemptRow row = started();
  row.version = 3;
  row.exit = ExitFacts{};
  row.outcome = Outcome::success;
  return row;
}

DatasetVersionRow version(std::int64_t id) {
  DatasetVersionRow row;
  row.id = {id};
  row.dataset = "raw";
  row.partition = day;
  row.hash = fmt::format("b3:{}", id);
  row.run = {1};
  row.attempt = {1};
  row.path = "/raw";
  return row;
}

BackfillRow backfill(BackfillState state, std::int64_t row_version) {
  BackfillRow row;
  row.id = {1};
  row.spec.dag_id = "d";
  row.spec.max_active_runs = 2;
  row.state = state;
  row.version = row_version;
  return row;
}

std::vector<Change> backfill_made() {
  std::vector<Change> changes = {backfill(BackfillState::running, 1)};
  // More than the page cache keeps unwritten of one page: many pages in one transaction.
  for (std::int64_t i = 0; i < 200; ++i) {
    BackfillItemRow item;
    item.backfill = {1};
    item.execution_date = {i * day.us};
    item.reason = std::string(100, 'x');
    changes.emplace_back(item);
  }
  return changes;
}

Step commit(std::string name, std::vector<Change> changes) {
  return {std::move(name), [changes = std::move(changes)](Store& store) { return store.commit(changes); }};
}

Step audited(std::string name, std::vector<Change> changes, std::vector<AccessRow> access = {}) {
  return {std::move(name), [changes = std::move(changes), access = std::move(access)](Store& store) {
            Audited entry;
            entry.row.who = "anna";
            entry.row.method = "POST";
            entry.row.path = "/x";
            entry.end_change = changes.size();
            entry.end_access = access.size();
            const std::vector<Audited> audits = {entry};
            Batch batch{.changes = changes, .access = access, .audits = audits};
            batch.answers = [](StoreReader& reader) {
              KeptAnswerRow kept;
              kept.owner = "anna";
              kept.key = fmt::format("k{}", reader.access().audit_count());
              kept.body = "{}";
              return std::vector{kept};
            };
            return store.write(batch);
          }};
}

std::vector<Change> run_asked_for() {
  return {plain_run(1), plain_task(1, {1}, "a"), plain_task(2, {1}, "b", 1),
          EventRow{.seq = 1, .kind = "run"}};
}

std::vector<Change> published() {
  DatasetEventRow event;
  event.id = 1;
  event.dataset = "raw";
  event.partition = day;
  event.version = {1};
  return {ended(),
          in_state(plain_task(1, {1}, "a"), TaskState::success, 3),
          OutputRow{.task_instance = {1}, .run = {1}, .key = "n", .value = "1"},
          version(1),
          DatasetNameRow{.id = 1, .name = "raw"},
          event,
          QueuedDatasetEventRow{.dag_id = "e", .event = 1, .run_date = day}};
}

std::vector<AccessRow> token_and_session() {
  TokenRow token;
  token.id = "tok_1", token.name = "ci", token.role = "viewer", token.secret_sha256 = std::string(64, 'a');
  SessionRow session;
  session.id = "ses_1", session.token_id = "tok_1", session.kind = "browser";
  session.secret_sha256 = std::string(64, 'b');
  session.expires_at = WallTime{100};
  return {token, session};
}

}  // namespace

std::string contents(const std::filesystem::path& database) {
  sqlite::Connection connection(database.string(), sqlite::Mode::read_only);
  std::vector<std::string> tables;
  {
    sqlite::Statement names(connection, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    while (names.step()) tables.emplace_back(names.text(0));
  }
  std::string all;
  for (const std::string& table : tables) {
    if (table == "daemon_epoch") continue;
    std::string columns;
    sqlite::Statement list(connection, fmt::format("SELECT name FROM pragma_table_info('{}')", table));
    while (list.step())
      columns += fmt::format("{}quote(\"{}\")", columns.empty() ? "" : "||','||", list.text(0));
    all += fmt::format("{}\n", table);
    const std::string select = fmt::format("SELECT {} AS row FROM \"{}\" ORDER BY row", columns, table);
    sqlite::Statement rows(connection, select);
    while (rows.step()) all += fmt::format("  {}\n", rows.text(0));
  }
  return all;
}

std::string integrity(const std::filesystem::path& database) {
  sqlite::Connection connection(database.string(), sqlite::Mode::read_only);
  return connection.text("PRAGMA integrity_check(5)").value_or("no answer");
}

std::vector<Step> history() {
  std::vector<Step> steps;
  steps.push_back({"a DAG is submitted", [](Store& store) {
                     const std::vector<Change> changes = {DagRow{.dag_id = "d", .current = {1}}};
                     const std::vector<DagVersionRow> versions = {
                         {.id = {1}, .dag_id = "d", .hash = "h", .source = std::string(9'000, 's')}};
                     return store.commit(changes, versions);
                   }});
  steps.push_back(audited("a run is triggered", run_asked_for()));
  steps.push_back(commit("its intent", {attempt(), in_state(plain_run(1), RunState::running, 2),
                                        in_state(plain_task(1, {1}, "a"), TaskState::running, 2)}));
  steps.push_back(commit("its start", {started()}));
  steps.push_back(commit("its end, and what it published", published()));
  steps.push_back(commit("a second version", {version(2)}));
  steps.push_back(audited("a backfill is made", backfill_made()));
  steps.push_back(commit("the backfill ends", {backfill(BackfillState::completed, 2)}));
  steps.push_back(audited("a token and a session", {}, token_and_session()));
  steps.push_back(audited("a pool and a variable",
                          {PoolRow{.name = "p", .slots = 1}, VariableRow{.key = "v", .value = "1"}}));
  steps.push_back({"import errors", [](Store& store) {
                     const std::vector<ImportErrorRow> rows = {{.file_name = "x.yaml", .message = "bad"}};
                     return store.set_import_errors(rows);
                   }});
  steps.push_back(commit("the run ends", {in_state(plain_run(1), RunState::success, 3)}));
  steps.push_back(audited("the run is deleted", {RunDeletion{.run = {1}, .version = 3}}));
  steps.push_back({"what has expired is swept", [](Store& store) -> Result<void> {
                     const auto gone = store.sweep(WallTime{std::int64_t{4'000'000'000'000'000}});
                     if (!gone) return std::unexpected(gone.error());
                     return {};
                   }});
  return steps;
}

std::vector<std::string> states_of_history() {
  const Folder folder;
  const auto store = open_store(folder);
  std::vector<std::string> states = {contents(folder.database())};
  for (const Step& step : history()) {
    if (const auto done = step.act(*store); !done)
      throw std::runtime_error(fmt::format("{}: {}", step.name, done.error().message));
    states.push_back(contents(folder.database()));
  }
  return states;
}

void make_older(const std::filesystem::path& database, int migrations) {
  sqlite::Connection connection(database.string(), sqlite::Mode::read_write_create);
  connection.exec("PRAGMA journal_mode = WAL");
  const auto first = embedded_migrations().first(static_cast<std::size_t>(migrations));
  if (const auto done = migrate(connection, database, first); !done)
    throw std::runtime_error(done.error().message);
}

}  // namespace millrace::test
