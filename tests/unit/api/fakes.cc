#include "fakes.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>

#include "base/sha256.h"
#include "dags/parser.h"

namespace millrace::testing {
namespace {

template <class Row>
Listed<Row> page_of(const std::vector<Row>& rows) {
  return {rows, static_cast<std::int64_t>(rows.size())};
}

template <class Rows, class Same>
auto first_of(const Rows& rows, Same same) -> std::optional<typename Rows::value_type> {
  const auto at = std::ranges::find_if(rows, same);
  if (at == rows.end()) return std::nullopt;
  return *at;
}

std::shared_ptr<const Dag> small_dag() {
  auto dag = std::make_shared<Dag>();
  dag->dag_id = "etl";
  dag->tags = {"demo"};
  dag->schedule.kind = Schedule::Kind::none;
  Task task;
  task.task_id = "load";
  task.pool = "cpu";
  task.action = CommandAction{};
  dag->tasks.push_back(task);
  dag->upstream.offsets = dag->downstream.offsets = {0, 0};
  dag->order = {0};
  dag->by_name = {{dag->tasks[0].task_id, 0}};
  return dag;
}

FakeRows small_rows() {
  FakeRows rows;
  rows.dags = {
      {.dag_id = "etl", .current = {1}, .paused = false, .removed = false, .watermark = {}, .version = 1}};
  DagVersionRow version;
  version.id = {1};
  version.dag_id = "etl";
  version.number = 1;
  version.hash = "abc";
  version.source = "dag_id: etl\n";
  rows.versions = {version};
  RunRow run;
  run.id = {1};
  run.dag_id = "etl";
  run.run_id = "manual__2001-01-05T00:00:00+00:00";
  run.execution_date = *parse_iso("2001-01-05");
  run.state = RunState::success;
  run.dag_version = {1};
  rows.runs = {run};
  TaskInstanceRow instance;
  instance.id = {7};
  instance.run = {1};
  instance.task_id = "load";
  instance.state = TaskState::success;
  instance.pool = "cpu";
  instance.try_number = 1;
  rows.instances = {instance};
  AttemptRow attempt;
  attempt.id = {9};
  attempt.task_instance = {7};
  attempt.run = {1};
  attempt.name = "etl/manual/load/-1/1";
  attempt.outcome = Outcome::success;
  rows.attempts = {attempt};
  BackfillRow backfill;
  backfill.id = {3};
  backfill.spec.dag_id = "etl";
  rows.backfills = {backfill};
  rows.pools = {{.name = "cpu", .slots = 4, .description = "", .removed = false, .version = 1}};
  return rows;
}

}  // namespace

std::optional<DatasetNameRow> FakeAssets::name(std::int64_t id) {
  for (const DatasetNameRow& row : rows_.datasets)
    if (row.id == id) return row;
  return std::nullopt;
}

std::optional<DatasetNameRow> FakeAssets::name(std::string_view name) {
  for (const DatasetNameRow& row : rows_.datasets)
    if (row.name == name) return row;
  return std::nullopt;
}

std::vector<std::string> FakeReader::dag_ids() {
  std::vector<std::string> out;
  for (const DagRow& row : rows_.dags) out.push_back(row.dag_id);
  return out;
}
std::vector<DagRow> FakeReader::dags() {
  std::vector<DagRow> out = rows_.dags;
  std::erase_if(out, [this](const DagRow& row) { return !sees(row.dag_id); });
  return out;
}
std::optional<DagRow> FakeReader::dag(std::string_view dag_id) {
  return first_of(rows_.dags, [&](const DagRow& row) { return row.dag_id == dag_id && sees(dag_id); });
}
std::optional<DagVersionRow> FakeReader::dag_version(DagVersionId id) {
  return first_of(rows_.versions, [&](const DagVersionRow& row) { return row.id == id; });
}
Result<Listed<RunRow>> FakeReader::runs(const RunFilter& filter, const Page& page) {
  if (page.order_by == "nonsense") return fail(ErrorKind::invalid, "order_by: no such column");
  std::vector<RunRow> shown = rows_.runs;
  std::erase_if(shown, [&](const RunRow& row) {
    const WallTime date = row.execution_date;
    return !sees(row.dag_id) || date < filter.execution_date_from.value_or(date) ||
           date > filter.execution_date_to.value_or(date);
  });
  return page_of(shown);
}
std::optional<RunRow> FakeReader::run(std::string_view dag_id, std::string_view run_id) {
  return first_of(rows_.runs,
                  [&](const RunRow& row) { return row.dag_id == dag_id && row.run_id == run_id; });
}
std::optional<RunRow> FakeReader::run(RunId id) {
  return first_of(rows_.runs, [&](const RunRow& row) { return row.id == id && sees(row.dag_id); });
}
Result<Listed<TaskInstanceRow>> FakeReader::task_instances(const TaskInstanceFilter&, const Page&) {
  return page_of(rows_.instances);
}
std::optional<TaskInstanceRow> FakeReader::task_instance(RunId, std::string_view task_id, int map_index) {
  return first_of(rows_.instances, [&](const TaskInstanceRow& row) {
    return row.task_id == task_id && row.map_index == map_index;
  });
}
Result<Listed<BackfillRow>> FakeReader::backfills(std::string_view, const std::vector<BackfillState>&,
                                                  const Page&) {
  std::vector<BackfillRow> shown = rows_.backfills;
  std::erase_if(shown, [this](const BackfillRow& row) { return !sees(row.spec.dag_id); });
  return page_of(shown);
}
std::optional<BackfillRow> FakeReader::backfill(BackfillId id) {
  return first_of(rows_.backfills,
                  [&](const BackfillRow& row) { return row.id == id && sees(row.spec.dag_id); });
}

std::vector<NamedEvent> FakeReader::named_events(std::int64_t after_seq, std::int64_t last_seq, int limit) {
  std::vector<NamedEvent> page;
  for (const NamedEvent& named : rows_.named_events) {
    if (named.event.seq <= after_seq || named.event.seq > last_seq) continue;
    if (page.size() == static_cast<std::size_t>(limit)) break;
    page.push_back(named);
  }
  return page;
}

std::optional<KeptAnswerRow> FakeAccess::kept_answer(std::string_view owner, std::string_view key) {
  const std::lock_guard lock(mutex_);
  return first_of(kept_, [&](const KeptAnswerRow& row) { return row.owner == owner && row.key == key; });
}

void FakeAccess::store(const std::vector<AccessRow>& rows) {
  const std::lock_guard lock(mutex_);
  for (const AccessRow& row : rows) {
    const auto* fresh = std::get_if<KeptAnswerRow>(&row);
    if (fresh == nullptr) continue;
    std::erase_if(kept_, [&](const KeptAnswerRow& old) {
      return old.owner == fresh->owner && old.key == fresh->key;
    });
    kept_.push_back(*fresh);
  }
}

void FakeBackend::request(Event event, RequestContext context, OnReply on_reply) {
  if (before_step) before_step();
  Reply answer = reply(event);
  if (context.check)
    if (const auto may = context.check(scheduler_, *inside); !may) answer = Reply{{}, may.error()};
  if (!context.key.empty() && !std::holds_alternative<Error>(answer.body)) {
    KeptAnswerRow row;
    row.owner = context.token_id, row.key = context.key, row.fingerprint = context.fingerprint;
    row.created_at = SystemClock().now().wall;
    const auto made = context.answer ? context.answer(*inside, answer) : std::nullopt;
    if (made) row.status = made->status, row.content_type = made->content_type, row.body = made->body;
    access.store({row});
  }
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    contexts_.push_back(std::move(context));
  }
  on_reply(std::move(answer));
}

void FakeBackend::change_access(std::vector<AccessRow> rows, RequestContext context,
                                std::function<void(Result<void>)> done) {
  access.store(rows);
  {
    const std::lock_guard lock(mutex_);
    contexts_.push_back(std::move(context));
  }
  done({});
}

std::vector<RequestContext> FakeBackend::contexts() const {
  const std::lock_guard lock(mutex_);
  return contexts_;
}

void FakeBackend::submit_dag(std::string text, RequestContext, std::function<void(Submitted)> done) {
  Submitted submitted;
  if (text.find("dag_id") == text.npos) submitted.diagnostics.add({1, 1}, "no 'dag_id'", "add one");
  submitted.dag = DagRow{
      .dag_id = "etl", .current = {1}, .paused = false, .removed = false, .watermark = {}, .version = 1};
  submitted.changed = true;
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(DagSubmitted{});
  }
  done(std::move(submitted));
}

Diagnostics FakeBackend::validate_dag(std::string_view text, std::shared_ptr<const Dag>* parsed) {
  ParseResult result = parse_dag(text);
  *parsed = result.dag;
  return result.diagnostics;
}

void FakeBackend::status(std::function<void(DaemonStatus)> done) {
  DaemonStatus status;
  status.version = "0.0.0";
  status.isolation = "rlimits";
  status.last_loop = WallTime{1};
  done(status);
}

std::size_t FakeBackend::wishes() const {
  const std::lock_guard lock(mutex_);
  return events_.size();
}
Event FakeBackend::last() const {
  const std::lock_guard lock(mutex_);
  return events_.back();
}

Served::Served() : rows(small_rows()) {
  std::string name = (std::filesystem::temp_directory_path() / "millrace_api_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder = name;
  backend.dag = small_dag();
  for (const DagRow& row : rows.dags) backend.load(row);
  backend.logs = (folder / "logs").string();
  std::ofstream tokens(folder / "tokens.json");
  tokens << fmt::format(R"({{"tokens":[{{"name":"eye","role":"viewer","sha256":"{}"}},)"
                        R"({{"name":"ops","role":"operator","sha256":"{}"}},)"
                        R"({{"name":"etl_only","role":"operator","sha256":"{}","dags":["et?"]}},)"
                        R"({{"name":"elsewhere","role":"operator","sha256":"{}","dags":["other_*"]}}]}})",
                        sha256_hex(viewer), sha256_hex(operator_), sha256_hex(scoped), sha256_hex(elsewhere));
  tokens.close();
  std::filesystem::permissions(folder / "tokens.json", std::filesystem::perms::owner_read);
  static const SystemClock clock;
  ApiOptions options;
  options.port = 0;
  options.data_dir = folder;
  options.open_reader = [this]() -> Result<std::unique_ptr<StoreReader>> {
    return std::make_unique<FakeReader>(rows, backend.access);
  };
  backend.inside = std::make_unique<FakeReader>(rows, backend.access);
  auto started = ApiServer::start(options, backend, clock);
  if (!started) throw std::runtime_error(started.error().message);
  server = std::move(*started);
  std::ifstream in(folder / "admin.token");
  std::getline(in, admin);
}

Served::~Served() {
  server.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

std::string Served::host() const { return fmt::format("127.0.0.1:{}", server->port()); }

int Served::connect() const {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  timeval limit{10, 0};  // a test that hangs fails instead
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  throw std::runtime_error("no connection");
}

Served::Answer Served::raw(std::string_view bytes, bool head_only) const {
  const int fd = connect();
  Answer answer;
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) break;
    sent += static_cast<std::size_t>(n);
  }
  std::string got;
  char piece[64 << 10];
  std::size_t wanted = std::string::npos;
  while (got.size() < wanted) {
    const ssize_t n = ::recv(fd, piece, sizeof piece, 0);
    if (n <= 0) break;
    got.append(piece, static_cast<std::size_t>(n));
    const std::size_t end = got.find("\r\n\r\n");
    if (end == got.npos) continue;
    const std::size_t at = got.find("Content-Length: ");
    const std::size_t length = at < end && !head_only ? std::stoul(got.substr(at + 16)) : 0;
    wanted = end + 4 + length;
  }
  ::close(fd);
  const std::size_t end = got.find("\r\n\r\n");
  if (got.size() < 12 || end == got.npos) return answer;
  answer.status = std::stoi(got.substr(9, 3));
  answer.head = got.substr(0, end + 2);
  answer.body = got.substr(end + 4);
  answer.closed = answer.head.find("Connection: close") != answer.head.npos;
  return answer;
}

Served::Answer Served::ask(std::string_view method, std::string_view target, std::string_view token,
                           std::string_view body, std::string_view content_type,
                           std::string_view more_headers) const {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", method, target, host());
  if (!token.empty()) text += fmt::format("Authorization: Bearer {}\r\n", token);
  if (!body.empty())
    text += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", content_type, body.size());
  text += more_headers;
  text += "\r\n";
  text += body;
  return raw(text, method == "HEAD");
}

std::optional<WrittenDataset> FakeVersions::written(std::string_view dataset) {
  WrittenDataset out{std::string(dataset), 0, 0, {}};
  std::set<WallTime> partitions;
  for (const DatasetVersionRow& row : rows_.dataset_versions) {
    if (row.dataset != dataset) continue;
    ++out.versions;
    partitions.insert(row.partition);
    out.newest = row.id;
  }
  out.partitions = static_cast<std::int64_t>(partitions.size());
  return out.versions > 0 ? std::optional(out) : std::nullopt;
}

Result<Listed<DatasetVersionRow>> FakeVersions::list(const VersionFilter& filter, const Page&) {
  Listed<DatasetVersionRow> out;
  for (auto row = rows_.dataset_versions.rbegin(); row != rows_.dataset_versions.rend(); ++row)
    if (row->dataset == filter.dataset && row->hash.starts_with(filter.hash_prefix) &&
        (!filter.partition || row->partition == *filter.partition))
      out.rows.push_back(*row);
  out.total_entries = static_cast<std::int64_t>(out.rows.size());
  return out;
}

std::optional<DatasetVersionRow> FakeVersions::find(DatasetVersionId id) {
  for (const DatasetVersionRow& row : rows_.dataset_versions)
    if (row.id == id) return row;
  return {};
}

Result<Listed<PartitionVersion>> FakeVersions::partitions(std::string_view dataset, const Page&) {
  std::map<WallTime, PartitionVersion> newest;
  for (const DatasetVersionRow& row : rows_.dataset_versions) {
    if (row.dataset != dataset) continue;
    newest[row.partition].newest = row;
    ++newest[row.partition].versions;
  }
  Listed<PartitionVersion> out;
  for (const auto& [partition, version] : newest) out.rows.push_back(version);
  out.total_entries = static_cast<std::int64_t>(out.rows.size());
  return out;
}

std::vector<DatasetVersionRow> FakeVersions::written_by(AttemptId attempt, int) {
  std::vector<DatasetVersionRow> out;
  for (const DatasetVersionRow& row : rows_.dataset_versions)
    if (row.attempt == attempt) out.push_back(row);
  return out;
}

std::vector<VersionInputRow> FakeVersions::read_by(AttemptId attempt, int) {
  std::vector<VersionInputRow> out;
  for (const VersionInputRow& row : rows_.version_inputs)
    if (row.attempt == attempt) out.push_back(row);
  return out;
}

std::vector<VersionInputRow> FakeVersions::readers_of(DatasetVersionId version, int) {
  std::vector<VersionInputRow> out;
  for (const VersionInputRow& row : rows_.version_inputs)
    if (row.version == version) out.push_back(row);
  return out;
}

std::optional<AttemptRow> FakeVersions::attempt(AttemptId id) {
  for (const AttemptRow& row : rows_.attempts)
    if (row.id == id) return row;
  return {};
}

}  // namespace millrace::testing
