#include "daemon/daemon.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <filesystem>
#include <utility>

#include "api/server.h"
#include "base/clock.h"
#include "base/crash_point.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/version.h"
#include "daemon/attempt_end.h"
#include "daemon/backend.h"
#include "daemon/dag_folder.h"
#include "daemon/loop.h"
#include "daemon/recovery.h"
#include "daemon/staging_sweep.h"
#include "daemon/trash.h"
#include "executor/local.h"
#include "store/reader.h"

namespace millrace {

namespace fs = std::filesystem;

struct Daemon::Parts {
  Config config;
  Paths paths;
  SystemClock clock;
  boost::asio::io_context io{1};
  boost::asio::signal_set signals{io, SIGTERM, SIGINT};
  boost::asio::steady_timer wake{io};
  boost::asio::steady_timer reconcile{io};
  std::unique_ptr<Store> store;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<Secrets> secrets;
  Scheduler scheduler;
  std::unique_ptr<Dispatcher> dispatcher;
  std::unique_ptr<Inbox> inbox;
  StagingSweep sweep;
  std::unique_ptr<Sensors> sensors;
  std::unique_ptr<Notifier> notifier;
  std::unique_ptr<Trash> trash;
  std::unique_ptr<Loop> loop;
  std::unique_ptr<LocalExecutor> executor;
  std::unique_ptr<DagFolder> folder;
  std::unique_ptr<DaemonBackend> backend;
  std::unique_ptr<ApiServer> api;
  std::function<void()> on_signal;
  int exit_code = 0;

  void step(void (Loop::*part)());
  void arm();
  void await_reconcile();
  void await_signal();
  Result<void> open_store();
  Result<void> join_rooms();
  Result<void> open_executor();
  Result<void> watch_folder();
  Result<void> open_api(const Isolation&);
};

namespace {

/// Other users of the machine have no business here: it holds the token, logs and results.
Result<void> make_private_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder.parent_path(), error);
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(ErrorKind::unavailable,
                fmt::format("can't make the data folder '{}': {}", folder.string(),
                            std::error_code(errno, std::generic_category()).message()));
  struct stat info{};
  if (stat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))
    return fail(ErrorKind::invalid, fmt::format("the data folder '{}' isn't a folder", folder.string()));
  if ((info.st_mode & 077) != 0)
    return fail(ErrorKind::forbidden,
                fmt::format("the data folder '{}' can be read by others (mode {:o}); it holds the "
                            "token and all logs. Run: chmod 700 {}",
                            folder.string(), info.st_mode & 0777, folder.string()));
  return {};
}

/// The token travels in clear text: off this machine only behind something that adds TLS.
Result<void> check_address(const Config& config) {
  const bool loopback = config.address.starts_with("127.") || config.address == "::1";
  if (loopback || config.behind_proxy) return {};
  return fail(ErrorKind::invalid,
              fmt::format("listening on {} would send tokens in clear text; put a proxy with TLS in "
                          "front and say so: behind_proxy: true",
                          config.address));
}

/// Each connection is a descriptor; the usual 1,024 would end the API long before its own limit.
void raise_open_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= limits::open_files_of_daemon) return;
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, limits::open_files_of_daemon);
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) log::warn("open files: {} stay the limit", files.rlim_cur);
}

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  // A short read is as good a seed.
  if (getrandom(&seed, sizeof seed, 0) < 0) seed = static_cast<std::uint64_t>(getpid());
  return seed;
}

}  // namespace

void Daemon::Parts::step(void (Loop::*part)()) {
  try {
    (loop.get()->*part)();
  } catch (const std::exception& problem) {
    // A read of the store failed (StoreError): what is in memory can't be trusted to be whole any more.
    log::error("loop: {}; stopping, running attempts go on", problem.what());
    exit_code = 1;
    io.stop();
    return;
  }
  arm();
}

/// One timer for whatever is next: nothing polls.
void Daemon::Parts::arm() {
  const std::optional<Duration> in = loop->due_in();
  if (!in) {
    wake.cancel();
    return;
  }
  wake.expires_after(*in);
  wake.async_wait([this](auto cancelled) {
    if (!cancelled) step(&Loop::wake);
  });
}

void Daemon::Parts::await_reconcile() {
  reconcile.expires_after(limits::reconcile_interval);
  reconcile.async_wait([this](auto cancelled) {
    if (cancelled) return;
    step(&Loop::wake);
    CRASH_POINT("reconcile.turned");
    if (!config.one_run) folder->scan();
    CRASH_POINT("reconcile.scanned");
    api->record_use();
    CRASH_POINT("reconcile.use_recorded");
    loop->tend_store();
    await_reconcile();
  });
}

void Daemon::Parts::await_signal() {
  signals.async_wait([this](auto error, int signal) {
    if (error) return;
    if (on_signal) {
      on_signal();
      return await_signal();
    }
    log::info("signal={} stopping; {} running attempts go on and are found at the next start", signal,
              scheduler.live_attempts().size());
    CRASH_POINT("stop.signalled");
    io.stop();
  });
}

Result<void> Daemon::Parts::open_store() {
  paths.root = fs::absolute(config.data).lexically_normal();
  config.dags = fs::absolute(config.dags).lexically_normal();
  if (const auto made = make_private_folder(paths.root); !made) return made;
  CRASH_POINT("start.folder_made");
  auto opened = Store::open(paths.database());
  if (!opened) return std::unexpected(opened.error());
  store = std::move(*opened);
  CRASH_POINT("start.store_opened");
  auto reader = StoreReader::open(paths.database());
  if (!reader) return std::unexpected(reader.error());
  catalog = std::make_unique<Catalog>(std::move(*reader));
  auto known = Secrets::open(paths, store->secret_prints());
  if (!known) return std::unexpected(known.error());
  secrets = std::move(*known);
  return {};
}

Result<void> Daemon::Parts::join_rooms() {
  dispatcher = std::make_unique<Dispatcher>(config, paths, *catalog, *store, *secrets);
  inbox = std::make_unique<Inbox>([this] { boost::asio::post(io, [this] { step(&Loop::turn); }); }, clock);
  sensors = std::make_unique<Sensors>(*dispatcher, *store,
                                      [this](SensorChecked answer) { inbox->post(std::move(answer), true); });
  notifier = std::make_unique<Notifier>(
      config, paths, [this](NotificationTried answer) { inbox->post(std::move(answer), true); });
  trash = std::make_unique<Trash>(io, paths);
  loop = std::make_unique<Loop>(Loop::Ports{
      .clock = clock,
      .store = *store,
      .scheduler = scheduler,
      .catalog = *catalog,
      .dispatcher = *dispatcher,
      .secrets = *secrets,
      .sensors = *sensors,
      .notifier = *notifier,
      .inbox = *inbox,
      .remove_files = [this](const RemoveRunFiles& run) { trash->take(run.dag_id, run.run_id); },
      .seed = random_seed,
      .on_fatal =
          [this](const Error& error) {
            log::error("store: {}; stopping, running attempts go on", error.message);
            exit_code = 1;
            io.stop();
          },
      .on_committed =
          [this](std::vector<Change> committed, std::size_t audits) {
            if (!api) return;
            const auto task = [this](TaskInstanceId id) -> const TaskInstanceRow* {
              const auto found = scheduler.task_context(id);
              return found ? found->task_instance : nullptr;
            };
            api->publish(std::move(committed), {[this](RunId id) { return scheduler.run(id); }, task},
                         audits);
          },
      .new_dags_paused = config.one_run,
  });
  return {};
}

Result<void> Daemon::Parts::open_executor() {
  ExecutorReports reports{
      .started =
          [this](AttemptId id, StartFacts facts) {
            if (!Notifier::owns(id)) inbox->post(AttemptStarted{id, std::move(facts)}, true);
          },
      .finished =
          [this](AttemptId id, ExitFacts facts) {
            if (Notifier::owns(id)) return notifier->ended(id, facts);
            CRASH_POINT("report.finished_heard");
            const auto context = scheduler.attempt_context(id);
            const auto mask = context ? secrets->mask_of(context->run->dag_id) : nullptr;
            inbox->post(attempt_end(id, std::move(facts), context, paths, mask.get(), random_seed()), true);
            CRASH_POINT("report.finished_posted");
            if (!context) return;
            if (auto plan = dispatcher->outputs_of(*context)) sweep.remove(std::move(plan->scratch));
          }};
  auto opened = LocalExecutor::open(io,
                                    {.runner_binary = program_folder() / "millrace-runner",
                                     .state_dir = paths.runner(),
                                     .cgroup_root = {},
                                     .use_cgroups = config.cgroups},
                                    std::move(reports));
  if (!opened) return std::unexpected(opened.error());
  executor = std::move(*opened);
  loop->set_executor(*executor);
  notifier->set_executor(*executor);
  return {};
}

Result<void> Daemon::Parts::watch_folder() {
  folder = std::make_unique<DagFolder>(
      io, config.dags,
      DagFolder::Ports{.wall = [this] { return clock.now().wall; },
                       .submit = [this](Submission submission) { inbox->post(std::move(submission), true); },
                       .report =
                           [this](std::vector<ImportErrorRow> rows) {
                             if (const auto set = store->set_import_errors(rows); !set)
                               log::warn("store: import errors aren't recorded: {}", set.error().message);
                           }});
  if (config.one_run) return {};
  for (const DagRow& row : store->dags()) {
    const auto current = store->dag_version(row.current);
    if (current && current->file_name != from_api && !row.removed)
      folder->known(current->file_name, row.dag_id, current->source);
  }
  return folder->start();
}

Result<void> Daemon::Parts::open_api(const Isolation& isolation) {
  backend = std::make_unique<DaemonBackend>(*inbox, *catalog, *secrets, paths, config.dags.string());
  backend->set_loop(*loop);
  backend->set_scan([this](std::function<void()> done) {
    boost::asio::post(io, [this, done = std::move(done)] {
      if (!config.one_run) folder->scan();
      done();
    });
  });
  DaemonStatus identity;
  identity.version = millrace::version;
  identity.started_at = clock.now().wall;
  identity.isolation = isolation.detail;
  backend->set_identity(std::move(identity));
  ApiOptions options;
  options.address = config.address;
  options.port = static_cast<std::uint16_t>(config.port);
  options.allowed_hosts = config.allowed_hosts;
  options.connections_per_address = config.connections_per_address;
  options.connections_from_loopback = config.connections_from_loopback;
  options.trusted_proxies = config.trusted_proxies;
  options.secure_cookies = config.behind_proxy;
  options.data_dir = paths.root;
  options.open_reader = [database = paths.database()] { return StoreReader::open(database); };
  auto started = ApiServer::start(std::move(options), *backend, clock);
  if (!started) return std::unexpected(started.error());
  api = std::move(*started);
  return {};
}

Daemon::Daemon(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Daemon::~Daemon() {
  if (!parts_) return;
  if (parts_->api) parts_->api->stop();
  CRASH_POINT("stop.api_stopped");
  if (parts_->executor) parts_->executor->detach();
  CRASH_POINT("stop.executor_detached");
}

Result<std::unique_ptr<Daemon>> Daemon::start(Config config) {
  umask(077);
  // What this process holds of secrets goes into no core dump, and no process of its user may look for it.
  prctl(PR_SET_DUMPABLE, 0);
  signal(SIGPIPE, SIG_IGN);
  raise_open_files();
  log::set_level(config.log_level);
  if (crash_points::armed) log::warn("MILLRACE_CRASH_POINT is set: this process may kill itself, for a test");
  if (const auto checked = check_address(config); !checked) return std::unexpected(checked.error());
  auto parts = std::make_unique<Parts>();
  parts->config = std::move(config);
  if (const auto opened = parts->open_store(); !opened) return std::unexpected(opened.error());
  std::vector<Device> devices = parts->config.declared_gpus;
  if (devices.empty() && parts->config.discover_gpus) {
    auto found = discover_devices();
    if (found) {
      devices = std::move(*found);
    } else {
      log::warn("gpus: {}; none are used", found.error().message);
    }
  }
  CRASH_POINT("start.devices_found");
  if (const auto joined = parts->join_rooms(); !joined) return std::unexpected(joined.error());
  CRASH_POINT("start.rooms_joined");
  const MachineFound machine = find_machine(parts->config, devices);
  parts->dispatcher->set_machine(machine);
  if (const auto opened = parts->open_executor(); !opened) return std::unexpected(opened.error());
  CRASH_POINT("start.executor_opened");
  load_state(*parts->store, *parts->catalog, *parts->loop, machine);
  CRASH_POINT("start.state_loaded");
  const auto unseen = parts->executor->recover(outstanding(parts->scheduler));
  CRASH_POINT("start.attempts_found");
  resume(*parts->store, parts->scheduler, *parts->loop, unseen, parts->clock);
  CRASH_POINT("start.resumed");
  const std::vector<AttemptId> living = parts->scheduler.live_attempts();
  parts->sweep.remove_all_but(parts->paths.staging(), {living.begin(), living.end()});
  CRASH_POINT("start.staging_swept");
  ensure_pools(parts->config, machine, parts->scheduler, *parts->loop);
  CRASH_POINT("start.pools_set");
  if (const auto watched = parts->watch_folder(); !watched) return std::unexpected(watched.error());
  CRASH_POINT("start.folder_watched");
  const Isolation& isolation = parts->executor->isolation();
  if (const auto opened = parts->open_api(isolation); !opened) return std::unexpected(opened.error());
  CRASH_POINT("start.serving");
  log::info("serving address={}:{} data={} dags={} cpu={} memory={} gpus={} isolation=\"{}\"",
            parts->config.address, parts->api->port(), parts->paths.root.string(),
            parts->config.dags.string(), machine.cpu_milli / 1'000, machine.memory_bytes, devices.size(),
            isolation.detail);
  return std::unique_ptr<Daemon>(new Daemon(std::move(parts)));
}

int Daemon::run(std::function<void()> on_signal) {
  parts_->on_signal = std::move(on_signal);
  parts_->await_signal();
  parts_->await_reconcile();
  parts_->step(&Loop::turn);
  CRASH_POINT("start.turned");
  parts_->io.run();
  CRASH_POINT("stop.loop_left");
  return parts_->exit_code;
}

void Daemon::stop() {
  boost::asio::post(parts_->io, [this] { parts_->io.stop(); });
}

std::uint16_t Daemon::port() const { return parts_->api->port(); }

}  // namespace millrace
