#include "api/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "api/access.h"
#include "api/call.h"
#include "api/client_address.h"
#include "api/event_hub.h"
#include "api/front.h"
#include "api/http_metrics.h"
#include "api/idempotency.h"
#include "api/listener.h"
#include "api/log_index.h"
#include "api/log_watch.h"
#include "api/login.h"
#include "api/open_streams.h"
#include "api/routes.h"
#include "api/stream_notes.h"
#include "api/stream_slots.h"
#include "base/crash_point.h"
#include "base/log.h"

namespace millrace {

/// Held by the server and by every call that still waits for the loop, so that a late reply finds what it
/// needs.
struct ApiServer::Core : std::enable_shared_from_this<ApiServer::Core> {
  Core(Backend& backend, const Clock& clock, std::int64_t last_event)
      : hub(hub_ports(), last_event),
        notes(hub, log_watch, backend, after(),
              [this](Readers::Job job) { return readers.post(std::move(job)); }),
        services{backend, readers, clock, versions, http_metrics, hub, slots, log_indexes} {
    services.logins = &logins;
    services.keys = &keys;
    services.open_streams = &open_streams;
  }
  ~Core() {
    if (services.data_dir_fd >= 0) ::close(services.data_dir_fd);
  }

  std::expected<Front::Admitted, Problem> admit(const HttpRequest& head);
  /// The same answer, counted.
  HttpListener::Reply measured(const std::string& method, HttpListener::Reply);
  void dispatch(Front::Admitted, HttpRequest, HttpListener::Reply);
  EventHub::Ports hub_ports();
  StreamNotes::After after() {
    return [this](std::chrono::milliseconds delay, std::function<void()> call) {
      listener->after(delay, std::move(call));
    };
  }
  Result<void> open_access(const ApiOptions&, const std::filesystem::path& data_dir);

  KeysInFlight keys;
  Logins logins;
  OpenStreams open_streams;
  std::unique_ptr<Access> access;
  std::atomic<std::uint64_t> requests = 0;
  std::string request_prefix;  // another one at each start
  Readers readers;
  VersionFacts versions;
  HttpMetrics http_metrics;
  StreamSlots slots{limits::streams};
  LogIndexes log_indexes;
  LogWatch log_watch;
  EventHub hub;
  StreamNotes notes;
  Services services;
  std::unique_ptr<Front> front;
  std::unique_ptr<HttpListener> listener;
  ProxiedClients clients;
  std::uint16_t port = 0;
};

namespace {

/// A name of this address that the front answers for.
std::string_view loopback_name(std::string_view address) {
  return address == "::1" ? "[::1]" : "127.0.0.1";
}

}  // namespace

std::expected<Front::Admitted, Problem> ApiServer::Core::admit(const HttpRequest& head) {
  auto in = front->admit(head);
  // A method that isn't one of the API's is nobody's label: a client may send any.
  if (!in) http_metrics.answered(in.error().code == "bad_request" ? "" : head.method, in.error().status);
  return in;
}

HttpListener::Reply ApiServer::Core::measured(const std::string& method, HttpListener::Reply reply) {
  return [this, method, from = services.clock.now().mono, reply = std::move(reply)](HttpResponse response) {
    http_metrics.answered(method, response.status);
    http_metrics.took(services.clock.now().mono - from);
    reply(std::move(response));
  };
}

EventHub::Ports ApiServer::Core::hub_ports() {
  return {.after = after(),
          .read = [this](Readers::Job job) { return readers.post(std::move(job)); },
          .on_interest = [this](const std::string& topic, bool wanted) { notes.on_interest(topic, wanted); },
          .on_told = [this](const std::string& topic) { notes.on_told(topic); }};
}

void ApiServer::Core::dispatch(Front::Admitted in, HttpRequest request, HttpListener::Reply answer) {
  HttpListener::Reply reply = measured(request.method, std::move(answer));
  if (in.match.route == nullptr) {  // OPTIONS
    HttpResponse response = empty_response();
    response.headers.emplace_back("Allow", in.match.allow);
    return reply(std::move(response));
  }
  auto call = std::make_shared<Call>();
  std::shared_ptr<void> place;
  if (auto client = client_address(request, clients.proxies()); client != request.remote) {
    request.remote = std::move(client);
    place = clients.take(request.remote);
    if (!place) return reply(to_response(too_many_at_once()));
  }
  call->request = std::move(request);
  call->who = std::move(in.who);
  call->authenticated = in.authenticated;
  call->params = std::move(in.match.params);
  call->query = std::move(in.query);
  call->services = &services;
  call->keep = shared_from_this();
  call->on_answer = [reply = std::move(reply), place](HttpResponse response) {
    response.held = place;
    reply(std::move(response));
  };
  call->request_id = fmt::format("{}_{}", request_prefix, ++requests);
  const Handler& handler = in.match.route->handler;
  if (const DirectHandler* direct = std::get_if<DirectHandler>(&handler)) return (*direct)(call);
  if (auto claimed = claim_key(*call, keys); !claimed) {
    return call->answer(std::unexpected(std::move(claimed.error())));
  }
  CRASH_POINT("api.asked");
  const bool posted = readers.post([call, &handler](StoreReader& reader) {
    try {
      const Narrowed narrowed(reader, call->who);
      if (auto known = answer_of_first_time(*call, reader)) return call->answer(std::move(*known));
      if (const ReadHandler* read = std::get_if<ReadHandler>(&handler)) {
        call->answer((*read)(*call, reader));
      } else if (auto started = std::get<ActHandler>(handler)(call, reader); !started) {
        call->answer(std::unexpected(std::move(started.error())));
      }
    } catch (const std::exception& e) {
      call->answer(std::unexpected(internal_problem(e.what())));
    }
  });
  if (!posted)
    call->answer(
        std::unexpected(to_problem(Error{ErrorKind::overloaded, "too many requests wait; try again"})));
}

Result<void> ApiServer::Core::open_access(const ApiOptions& options, const std::filesystem::path& data_dir) {
  const auto file_or = [&](const std::filesystem::path& file, const char* name) {
    return file.empty() ? data_dir / name : file;
  };
  auto reader = options.open_reader();
  if (!reader) return std::unexpected(reader.error());
  auto loaded = Access::load(file_or(options.admin_token_file, "admin.token"),
                             file_or(options.tokens_file, "tokens.json"), (*reader)->access(),
                             services.clock.now().wall);
  if (!loaded) return std::unexpected(loaded.error());
  access = std::move(*loaded);
  keys.set_kept((*reader)->access().kept_answers());
  notes.set_audited((*reader)->access().audit_count());
  services.access = access.get();
  CRASH_POINT("api.access_loaded");
  auto random = new_secret("req_");
  if (!random) return std::unexpected(random.error());
  request_prefix = random->substr(0, 12);
  return {};
}

Result<std::unique_ptr<ApiServer>> ApiServer::start(ApiOptions options, Backend& backend,
                                                    const Clock& clock) {
  auto first_reader = options.open_reader();
  if (!first_reader) return std::unexpected(first_reader.error());
  auto core = std::make_shared<Core>(backend, clock, (*first_reader)->last_event());
  std::error_code error;
  const auto data_dir = std::filesystem::canonical(options.data_dir, error);
  if (error) {
    return fail(ErrorKind::invalid, fmt::format("{}: {}", options.data_dir.string(), error.message()));
  }
  core->services.data_dir = data_dir.string();
  core->services.data_dir_fd = ::open(data_dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (core->services.data_dir_fd < 0) {
    return fail(ErrorKind::unavailable, fmt::format("{}: {}", data_dir.string(), std::strerror(errno)));
  }
  if (auto opened = core->open_access(options, data_dir); !opened) return std::unexpected(opened.error());
  auto listener = HttpListener::bind(options.address, options.port);
  if (!listener) return std::unexpected(listener.error());
  CRASH_POINT("api.bound");
  core->listener = std::move(*listener);
  core->clients.set(options.trusted_proxies, options.connections_per_address);
  core->port = core->listener->port();
  std::vector<std::string> hosts = std::move(options.allowed_hosts);
  for (const char* name : {"127.0.0.1", "localhost", "[::1]"}) {
    hosts.push_back(fmt::format("{}:{}", name, core->port));
  }
  // Cookies know no ports: two daemons on one machine need two names.
  Services& services = core->services;
  services.secure_cookies = options.secure_cookies;
  services.cookie_name =
      options.secure_cookies ? "__Host-millrace_session" : fmt::format("millrace_session_{}", core->port);
  services.base_url = fmt::format("http://{}:{}", loopback_name(options.address), core->port);
  core->front = std::make_unique<Front>(*core->access, clock, services.cookie_name, std::move(hosts));
  if (auto ok = core->readers.start(options.open_reader,
                                    static_cast<std::size_t>(std::max(options.reader_threads, 1)));
      !ok) {
    return std::unexpected(ok.error());
  }
  const auto log_watch = core->log_watch.open();
  if (!log_watch) return std::unexpected(log_watch.error());
  core->listener->watch(*log_watch, limits::log_rest, [core = core.get()] { core->log_watch.read(); });
  core->listener->serve(
      {[core = core.get()](const HttpRequest& head) { return core->admit(head); },
       [core = core.get()](Front::Admitted in, HttpRequest request, HttpListener::Reply reply) {
         core->dispatch(std::move(in), std::move(request), std::move(reply));
       }},
      {options.connections_per_address, options.connections_from_loopback, options.trusted_proxies},
      options.io_threads);
  CRASH_POINT("api.listening");
  log::info("api listens on={}:{}", options.address, core->port);
  return std::unique_ptr<ApiServer>(new ApiServer(std::move(core)));
}

ApiServer::~ApiServer() { stop(); }

std::uint16_t ApiServer::port() const { return core_->port; }

void ApiServer::publish(std::vector<Change> committed, const InMemory& memory, std::size_t audits) {
  core_->notes.audited(audits);
  if (!core_->hub.skip(last_seq_of(committed)))
    core_->hub.publish(published(std::move(committed), memory));
}

void ApiServer::record_use() {
  core_->readers.post_on(
      [core = core_](StoreReader& reader) { core->keys.set_kept(reader.access().kept_answers()); });
  core_->open_streams.end_dead(*core_->access, core_->services.clock.now().wall);
  auto rows = core_->access->due(core_->services.clock.now().wall);
  if (rows.empty()) return;
  core_->services.backend.change_access(std::move(rows), {}, [](const Result<void>& done) {
    if (!done) log::warn("api: when tokens were used isn't recorded: {}", done.error().message);
  });
}

void ApiServer::stop() {
  core_->listener->stop();
  core_->readers.stop();
}

}  // namespace millrace
