#include "executor/runner/runner.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/crash_point.h"
#include "executor/process_tree.h"

namespace millrace {
namespace {

constexpr std::int64_t first_client_us = 10'000'000;
constexpr std::size_t connections_at_once = 8;

std::string words(int error) { return strerrordesc_np(error); }

}  // namespace

std::string Runner::open(Setup setup) {
  setup_ = std::move(setup);
  pid_ = getpid();
  self_.boot_id = current_boot_id();
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  self_.host = host;
  folder_fd_ = ::open(setup_.folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder_fd_ < 0) return setup_.folder + ": " + words(errno);
  null_fd_ = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  timer_.fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  folder_watch_.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (null_fd_ < 0 || epoll_ < 0 || wake_.fd < 0 || timer_.fd < 0 || folder_watch_.fd < 0)
    return words(errno);
  inotify_add_watch(folder_watch_.fd, setup_.folder.c_str(), IN_DELETE | IN_ONLYDIR);

  cgroups_.open(setup_.folder.substr(setup_.folder.rfind('/') + 1), setup_.cgroup_root, setup_.use_cgroups);
  const JournalOpening opening{runner_protocol, pid_, self_.boot_id, self_.host, cgroups_.folders()};
  if (!journal_.open(folder_fd_, opening)) return "the journal can't be created: " + words(errno);
  CRASH_POINT("runner.journal_made");
  spawner_ = std::make_unique<Spawner>(cgroups_, wake_.fd, null_fd_);
  if (std::string failure = listen_in_folder(); !failure.empty()) return failure;
  CRASH_POINT("runner.listens");
  for (Watch* watch : {&listener_, &wake_, &timer_, &folder_watch_}) add_to_epoll(*watch, EPOLLIN);
  first_client_by_us_ = SystemClock().now().mono.us + first_client_us;
  arm_timer();
  return {};
}

std::string Runner::listen_in_folder() {
  listener_.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // A path of 107 bytes at most: through the open folder it is short however deep the data lie.
  const std::string path = "/proc/self/fd/" + std::to_string(folder_fd_) + "/socket.new";
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  if (bind(listener_.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_.fd, 8) != 0 ||
      // Whoever sees it can connect.
      renameat(folder_fd_, "socket.new", folder_fd_, "socket") != 0) {
    return "no socket: " + words(errno);
  }
  return {};
}

void Runner::add_to_epoll(Watch& watch, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watch;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, watch.fd, &event);
}

// Always before closing: a child that hasn't got to its close-on-exec yet keeps a closed descriptor's events
// coming.
void Runner::remove_from_epoll(const Watch& watch) { epoll_ctl(epoll_, EPOLL_CTL_DEL, watch.fd, nullptr); }

void Runner::run() {
  std::array<epoll_event, 256> events{};
  while (!may_end()) {
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      dispatch(*static_cast<Watch*>(event.data.ptr), event.events);
    }
    end_batch();
  }
  clean_up();
}

void Runner::dispatch(Watch& watch, std::uint32_t events) {
  if (watch.fd < 0) return;  // dealt with earlier in this batch
  switch (watch.kind) {
    case Watch::Kind::listener:
      accept_connection();
      return;
    case Watch::Kind::connection:
      for (const auto& connection : connections_) {
        if (&connection->watch == &watch) return on_connection(*connection, events);
      }
      return;
    case Watch::Kind::spawner:
      take_outcomes();
      return;
    case Watch::Kind::timer:
      on_timer();
      return;
    case Watch::Kind::folder: {
      char names[4096];
      if (read(watch.fd, names, sizeof names) < 0) return;
      // Whoever removes the folder removes the socket in it: then nobody can reach us any more.
      folder_gone_ = faccessat(folder_fd_, "socket", F_OK, 0) != 0;
      return;
    }
    case Watch::Kind::leader:
      on_leader_end(*watch.attempt);
      return;
    case Watch::Kind::survivor:
      on_survivor_end(watch);
      return;
  }
}

void Runner::end_batch() {
  hand_to_spawner();
  if (journal_.wants_compaction(attempts_.size())) compact_journal();
  for (const auto& connection : connections_) {
    if (connection->closing) continue;
    if (!connection->flush()) {
      connection->closing = true;
      continue;
    }
    if (connection->out.empty() == connection->waits_to_write) {
      connection->waits_to_write = !connection->out.empty();
      epoll_event event{};
      event.events = connection->waits_to_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
      event.data.ptr = &connection->watch;
      epoll_ctl(epoll_, EPOLL_CTL_MOD, connection->watch.fd, &event);
    }
  }
  std::erase_if(connections_, [this](const auto& connection) {
    if (!connection->closing) return false;
    if (client_ == connection.get()) client_ = nullptr;
    remove_from_epoll(connection->watch);
    return true;
  });
  forgotten_.clear();
  CRASH_POINT("runner.batch_sent");
  old_watches_.clear();
  arm_timer();
}

bool Runner::may_end() const {
  if (alive_ > 0) return false;
  if (folder_gone_) return true;  // nobody can ever come for the results
  if (!attempts_.empty()) return false;
  return asked_to_end_ || (had_client_ && connections_.empty());
}

void Runner::clean_up() {
  // The socket first: a daemon that comes now must not wait for us.
  unlinkat(folder_fd_, "socket", 0);
  CRASH_POINT("runner.socket_removed");
  close(listener_.fd);
  spawner_.reset();
  cgroups_.remove_folders();
  for (const char* file : {"journal", "journal.new", "log", "lock"}) unlinkat(folder_fd_, file, 0);
  CRASH_POINT("runner.files_removed");
  rmdir(setup_.folder.c_str());
}

void Runner::accept_connection() {
  const int fd = accept4(listener_.fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  auto connection = std::make_unique<Connection>(fd);
  if (!connection->trusted() || connections_.size() >= connections_at_once) return;
  add_to_epoll(connection->watch, EPOLLIN);
  connections_.push_back(std::move(connection));
  CRASH_POINT("runner.accepted");
}

void Runner::on_connection(Connection& connection, std::uint32_t events) {
  if (connection.closing) return;
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;  // writable: end_batch flushes
  if (!connection.read([&](const Frame& frame) { handle(connection, frame); })) connection.closing = true;
}

void Runner::handle(Connection& connection, const Frame& frame) {
  wire::Reader fields(frame.fields);
  if (!connection.greeted) {
    if (frame.type == MessageType::hello) {
      greet(connection, fields);
    } else {
      connection.closing = true;
    }
    return;
  }
  switch (frame.type) {
    case MessageType::start: {
      AttemptSpec spec = take_spec(fields);
      if (fields.ok()) return handle_start(std::move(spec));
      break;
    }
    case MessageType::kill: {
      const AttemptId attempt{fields.number<std::int64_t>()};
      fields.number<std::uint8_t>();
      if (fields.ok()) return handle_kill(attempt);
      break;
    }
    case MessageType::acknowledge: {
      const AttemptId attempt{fields.number<std::int64_t>()};
      if (fields.ok()) return acknowledge(attempt);
      break;
    }
    case MessageType::shutdown_when_idle:
      asked_to_end_ = true;
      return;
    default:
      break;
  }
  connection.closing = true;
}

void Runner::greet(Connection& connection, wire::Reader& fields) {
  const auto protocol = fields.number<std::uint32_t>();
  if (!fields.ok() || protocol != runner_protocol) {
    put_frame(connection.out, MessageType::refused, [&](wire::Writer& w) {
      w.text("this runner speaks protocol " + std::to_string(runner_protocol) + ", not " +
             std::to_string(protocol));
    });
    connection.flush();
    connection.closing = true;
    return;
  }
  // What an older daemon sent and we haven't read is dropped: the new one may already be told that we don't
  // know it.
  if (client_ != nullptr) client_->closing = true;
  client_ = &connection;
  connection.greeted = had_client_ = true;
  const RunnerGreeting greeting{runner_protocol, setup_.identity, pid_,
                                self_.boot_id,   self_.host,      cgroups_.isolation()};
  put_frame(connection.out, MessageType::hello_ok, [&](wire::Writer& w) { put(w, greeting); });
  CRASH_POINT("runner.greeted");
  for (const auto& [id, attempt] : attempts_) report(*attempt);
  put_frame(connection.out, MessageType::replay_done, [](wire::Writer&) {});
  CRASH_POINT("runner.replayed");
}

void Runner::handle_start(AttemptSpec spec) {
  const auto [at, fresh] = attempts_.try_emplace(spec.attempt.value);
  if (!fresh) return report(*at->second);
  auto attempt = std::make_unique<Attempt>();
  attempt->id = spec.attempt;
  attempt->name = spec.name;
  attempt->log_path = spec.log_path;
  attempt->log_bytes = spec.log_bytes;
  attempt->timeout = spec.timeout;
  attempt->termination_signal = spec.termination_signal;
  attempt->termination_grace = spec.termination_grace;
  attempt->leader.attempt = attempt.get();
  at->second = std::move(attempt);
  CRASH_POINT("runner.start_taken");
  journal_.intent(spec.attempt, spec.name);
  to_start_.push_back(std::make_unique<AttemptSpec>(std::move(spec)));
}

void Runner::hand_to_spawner() {
  const std::string failure = journal_.flush();
  if (to_start_.empty()) return;
  CRASH_POINT("runner.intents_written");
  std::vector<std::unique_ptr<AttemptSpec>> specs = std::exchange(to_start_, {});
  if (failure.empty()) return spawner_->submit(std::move(specs));
  for (const auto& spec : specs) {
    const auto at = attempts_.find(spec->attempt.value);
    if (at != attempts_.end()) fail_start(*at->second, "the runner's journal can't be written: " + failure);
  }
}

void Runner::report(const Attempt& attempt) {
  if (client_ == nullptr) return;
  if (attempt.stage == Attempt::Stage::queued) {
    put_frame(client_->out, MessageType::held, [&](wire::Writer& w) { w.number(attempt.id.value); });
    return;
  }
  if (attempt.start.pid != 0) send_started(attempt);
  if (attempt.stage == Attempt::Stage::ended) send_finished(attempt);
}

void Runner::send_started(const Attempt& attempt) {
  if (client_ == nullptr) return;
  put_frame(client_->out, MessageType::started,
            [&](wire::Writer& w) { put(w.number(attempt.id.value), attempt.start); });
}

void Runner::send_finished(const Attempt& attempt) {
  if (client_ == nullptr) return;
  put_frame(client_->out, MessageType::finished,
            [&](wire::Writer& w) { put(w.number(attempt.id.value), attempt.exit); });
}

void Runner::compact_journal() {
  std::string live;
  for (const auto& [id, attempt] : attempts_) {
    const std::int64_t number = id;
    const Attempt& a = *attempt;
    put_record(live, MessageType::intent, [&](wire::Writer& w) { w.number(number).text(a.name); });
    if (a.start.pid != 0) {
      put_record(live, MessageType::started, [&](wire::Writer& w) { put(w.number(number), a.start); });
    }
    if (a.stage == Attempt::Stage::ended) {
      put_record(live, MessageType::finished, [&](wire::Writer& w) { put(w.number(number), a.exit); });
    }
  }
  journal_.compact(live);
}

}  // namespace millrace
