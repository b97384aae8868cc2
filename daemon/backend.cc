#include "daemon/backend.h"

#include <fmt/format.h>

#include <type_traits>
#include <utility>

namespace millrace {
namespace {

constexpr const char* full = "the daemon has more requests waiting than it takes; try again in a moment";

/// Fills in the request of the events that have one.
void set_request(Event& event, RequestId request) {
  std::visit(
      [&](auto& e) {
        if constexpr (requires { e.request; }) e.request = request;
      },
      event);
}

}  // namespace

void DaemonBackend::request(Event event, OnReply on_reply) {
  const RequestId id{next_request_++};
  set_request(event, id);
  // In one message, so that nothing comes between: first who waits, then what is asked.
  const bool taken = inbox_.post(Request{id, std::move(event), on_reply});
  if (!taken) on_reply({id, Error{ErrorKind::unavailable, full}});
}

void DaemonBackend::submit_dag(std::string text, std::string by, std::function<void(Submitted)> on_done) {
  ParseResult parsed = parse_dag(text);
  if (!parsed.dag) return on_done({std::move(parsed.diagnostics), {}, false});
  Submission submission{std::move(text), std::move(parsed.dag), from_api,
                        dag_folder_,     std::move(by),         on_done};
  if (inbox_.post(std::move(submission))) return;
  Submitted refused;
  refused.diagnostics.add({}, full);
  on_done(std::move(refused));
}

Diagnostics DaemonBackend::validate_dag(std::string_view text, std::shared_ptr<const Dag>* parsed) {
  ParseResult result = parse_dag(text);
  if (parsed != nullptr) *parsed = std::move(result.dag);
  return std::move(result.diagnostics);
}

void DaemonBackend::ask(std::function<void(const Scheduler&, Now)> look) {
  inbox_.post(Look{std::move(look)}, true);
}

void DaemonBackend::status(std::function<void(DaemonStatus)> on_status) {
  // A stalled loop answers nothing, so that its state is read here and not by a message.
  if (const std::string stalled = loop_->stalled_because(); !stalled.empty()) {
    DaemonStatus status = identity_;
    status.store_ok = false;
    status.store_detail = stalled;
    return on_status(std::move(status));
  }
  ask([identity = identity_, on_status = std::move(on_status)](const Scheduler& scheduler, Now now) {
    DaemonStatus status = identity;
    status.active_runs = scheduler.active_runs();
    status.live_attempts = scheduler.live_attempts().size();
    status.last_loop = now.wall;
    for (const auto& [dag_id, why] : scheduler.holds())
      status.hold += fmt::format("{}{}: {}", status.hold.empty() ? "" : "; ", dag_id, why);
    on_status(std::move(status));
  });
}

std::shared_ptr<const Dag> DaemonBackend::dag_version(DagVersionId id) {
  const auto version = catalog_.find(id);
  return version ? version->dag : nullptr;
}

std::string DaemonBackend::log_path(std::string_view attempt_name) {
  return paths_.log(attempt_name).string();
}

}  // namespace millrace
