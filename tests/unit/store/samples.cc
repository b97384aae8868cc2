#include "samples.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <limits>
#include <stdexcept>

namespace millrace::test {
namespace {

template <class T>
T opened(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

}  // namespace

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "millrace_store_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::unique_ptr<Store> open_store(const Folder& folder) { return opened(Store::open(folder.database())); }
std::unique_ptr<StoreReader> open_reader(const Folder& folder) {
  return opened(StoreReader::open(folder.database()));
}

std::string refusal(const std::filesystem::path& database) {
  const auto result = Store::open(database);
  return result ? "" : result.error().message;
}

std::int64_t Samples::number(std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
}

std::string Samples::text() {
  static const std::array<std::string, 12> pieces = {"a",
                                                     "Z9",
                                                     " ",
                                                     "'",
                                                     "\"",
                                                     "\n",
                                                     "%_",
                                                     "ü",
                                                     "\xF0\x9F\x9A\x82",
                                                     "; DROP TABLE dag_run; --",
                                                     "\\",
                                                     std::string("\0", 1)};
  std::string text;
  for (std::int64_t n = number(0, 6); n > 0; --n) text += pieces[static_cast<std::size_t>(number(0, 11))];
  return text;
}

WallTime Samples::time() {
  switch (number(0, 9)) {
    case 0:
      return {std::numeric_limits<std::int64_t>::min()};
    case 1:
      return {std::numeric_limits<std::int64_t>::max()};
    case 2:
      return {0};
    default:
      return {number(-4'000'000'000'000'000, 4'000'000'000'000'000)};
  }
}

std::optional<WallTime> Samples::maybe_time() {
  if (coin()) return std::nullopt;
  return time();
}

DagRow Samples::dag(std::string dag_id) {
  return {.dag_id = std::move(dag_id),
          .current = {number(0, 9)},
          .paused = coin(),
          .removed = false,
          .watermark = maybe_time()};
}

DagVersionRow Samples::dag_version(std::int64_t id, std::string dag_id, int n) {
  return {.id = {id},
          .dag_id = std::move(dag_id),
          .number = n,
          .hash = fmt::format("hash{}", id),
          .source = text(),
          .file_name = text(),
          .folder = text(),
          .created_at = time()};
}

RunRow Samples::run(std::int64_t id) {
  RunRow r;
  r.id = {id};
  r.dag_id = "d" + text();
  r.run_id = fmt::format("r{}{}", id, text());
  r.execution_date = {number(-1'000'000'000, 1'000'000'000) * 1'000 + id};
  r.data_interval_start = time();
  r.data_interval_end = time();
  r.type = word(RunType::dataset_triggered);
  r.state = word(RunState::failed);
  r.reason = text();
  r.dag_version = {number(0, 5)};
  r.backfill = {number(0, 5)};
  r.params = text();
  r.note = text();
  r.triggered_by = text();
  r.pool = text();
  r.priority = static_cast<int>(number(-1'000, 1'000));
  r.cancel_requested = coin();
  r.rerun = number(0, 9);
  r.queued_at = time();
  r.started_at = maybe_time();
  r.ended_at = maybe_time();
  return r;
}

TaskInstanceRow Samples::task_instance(std::int64_t id, RunId run) {
  TaskInstanceRow r;
  r.id = {id};
  r.run = run;
  r.task_id = fmt::format("t{}{}", id, text());
  r.task = static_cast<TaskIndex>(number(0, std::numeric_limits<TaskIndex>::max()));
  r.map_index = static_cast<int>(number(-1, 1'000));
  r.item = text();
  r.state = word(TaskState::deferred);
  r.reason = text();
  r.try_number = static_cast<int>(number(0, 9));
  r.max_tries = static_cast<int>(number(1, 9));
  r.pool = text();
  r.priority = static_cast<int>(number(-1'000, 1'000));
  r.memory_bytes = number(0, std::int64_t{1} << 50);
  r.scheduled_at = maybe_time();
  r.queued_at = maybe_time();
  r.started_at = maybe_time();
  r.ended_at = maybe_time();
  r.not_before = maybe_time();
  r.note = text();
  r.changed_by = text();
  return r;
}

AttemptRow Samples::attempt(std::int64_t id, const TaskInstanceRow& instance, int try_number) {
  AttemptRow r;
  r.id = {id};
  r.task_instance = instance.id;
  r.run = instance.run;
  r.try_number = try_number;
  r.name = text();
  for (std::int64_t n = number(0, 3); n > 0; --n) r.devices.push_back(text());
  r.memory_bytes = number(0, std::int64_t{1} << 50);
  r.kill_requested = coin();
  r.command = text();
  r.created_at = time();
  if (coin()) {
    r.start = {.pid = number(1, 4'000'000),
               .start_ticks = random_(),
               .boot_id = text(),
               .host = text(),
               .at = time()};
  }
  if (coin()) {
    r.exit = {.kind = word(ExitFacts::Kind::lost),
              .wait_status = static_cast<int>(number(0, 0xffff)),
              .timed_out = coin(),
              .killed = coin(),
              .oom = coin(),
              .log_truncated = coin(),
              .user_us = number(0, 1'000'000'000),
              .system_us = number(0, 1'000'000'000),
              .max_rss_bytes = number(0, std::int64_t{1} << 40),
              .at = time(),
              .message = text()};
    r.outcome = word(Outcome::skipped);
  }
  return r;
}

OutputRow Samples::output(const TaskInstanceRow& instance, std::string key) {
  return {.task_instance = instance.id, .run = instance.run, .key = std::move(key), .value = text()};
}

BackfillRow Samples::backfill(std::int64_t id) {
  BackfillRow r;
  r.id = {id};
  r.spec.dag_id = "d" + text();
  r.spec.from_date = maybe_time();
  r.spec.to_date = maybe_time();
  for (std::int64_t n = number(0, 3); n > 0; --n) r.spec.dates.push_back(time());
  r.spec.reprocess = word(Reprocess::completed);
  r.spec.max_active_runs = static_cast<int>(number(1, 99));
  r.spec.run_backwards = coin();
  for (std::int64_t n = number(0, 3); n > 0; --n) r.spec.task_ids.push_back(text());
  r.spec.include_upstream = coin();
  r.spec.include_downstream = coin();
  r.spec.params = text();
  r.spec.latest_version = coin();
  r.spec.pool = text();
  r.spec.priority = static_cast<int>(number(-9, 9));
  r.spec.cascade = coin();
  r.spec.description = text();
  r.spec.created_by = text();
  r.state = word(BackfillState::cancelled);
  r.root = {number(0, 5)};
  for (std::int64_t n = number(0, 3); n > 0; --n)
    r.sources.push_back({{number(1, 99)}, static_cast<int>(number(1, 30))});
  r.dates_version = {number(0, 9)};
  r.dag_version = {number(0, 9)};
  r.cursor = maybe_time();
  r.counts = {number(0, 99), number(0, 99), number(0, 99), number(0, 99),
              number(0, 99), number(0, 99), number(0, 99)};
  r.terminate = coin();
  r.created_at = time();
  r.started_at = maybe_time();
  r.completed_at = maybe_time();
  return r;
}

BackfillItemRow Samples::item(BackfillId backfill, WallTime date) {
  return {.backfill = backfill,
          .execution_date = date,
          .state = word(ItemState::cancelled),
          .reason = text(),
          .run = {number(0, 9)}};
}

PoolRow Samples::pool(std::string name) {
  return {.name = std::move(name), .slots = static_cast<int>(number(0, 999)), .description = text()};
}

DatasetEventRow Samples::dataset_event(std::int64_t id, std::string dataset) {
  return {.id = id,
          .dataset = std::move(dataset),
          .partition = time(),
          .run = {number(0, 9)},
          .dag_id = text(),
          .run_id = text(),
          .task_id = text(),
          .map_index = static_cast<int>(number(-1, 9)),
          .extra = text(),
          .created_by = text(),
          .version = {number(0, 9)},
          .at = time()};
}

DatasetVersionRow Samples::dataset_version(std::int64_t id, std::string dataset, RunId run,
                                           AttemptId attempt) {
  return {.id = {id},
          .dataset = std::move(dataset),
          .partition = time(),
          .hash = "b3:" + text(),
          .run = run,
          .attempt = attempt,
          .dag_id = text(),
          .run_id = text(),
          .task_id = text(),
          .map_index = static_cast<int>(number(-1, 9)),
          .path = text(),
          .bytes = number(0, 1'000'000),
          .files = number(0, 9),
          .rows = coin() ? std::optional(number(0, 9)) : std::nullopt,
          .schema = text(),
          .created_at = time()};
}

EventRow Samples::event(std::int64_t seq) {
  return {.seq = seq,
          .at = time(),
          .kind = text(),
          .dag_id = text(),
          .run = {number(0, 9)},
          .task_instance = {number(0, 9)},
          .attempt = {number(0, 9)},
          .from = text(),
          .to = text(),
          .cause = text()};
}

RunRow plain_run(std::int64_t id, std::string dag_id) {
  RunRow r;
  r.id = {id};
  r.dag_id = std::move(dag_id);
  r.run_id = fmt::format("run_{}", id);
  r.execution_date = {id * 86'400'000'000};
  r.data_interval_start = r.execution_date;
  r.data_interval_end = r.execution_date + std::chrono::hours{24};
  return r;
}

TaskInstanceRow plain_task(std::int64_t id, RunId run, std::string task_id, TaskIndex task) {
  TaskInstanceRow r;
  r.id = {id};
  r.run = run;
  r.task_id = std::move(task_id);
  r.task = task;
  return r;
}

}  // namespace millrace::test
