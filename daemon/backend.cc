#include "daemon/backend.h"

#include <fmt/format.h>

#include <type_traits>
#include <utility>

#include "daemon/process_metrics.h"

namespace millrace {
namespace {

constexpr const char* too_many = "the daemon has more requests waiting than it takes; try again in a moment";

/// Fills in the request of the events that have one.
void set_request(Event& event, RequestId request) {
  std::visit(
      [&](auto& e) {
        if constexpr (requires { e.request; }) e.request = request;
      },
      event);
}

}  // namespace

void DaemonBackend::request(Event event, RequestContext context, OnReply on_reply) {
  const RequestId id{next_request_++};
  if (auto stalled = loop_->stalled_because()) return on_reply({id, std::move(*stalled)});
  set_request(event, id);
  // In one message, so that nothing comes between: first who waits, then what is asked.
  const bool taken = inbox_.post(Request{id, std::move(event), std::move(context), on_reply});
  if (!taken) on_reply({id, Error{ErrorKind::overloaded, too_many}});
}

void DaemonBackend::submit_dag(std::string text, RequestContext context,
                               std::function<void(Submitted)> on_done) {
  ParseResult parsed = parse_dag(text);
  if (!parsed.dag) return on_done({std::move(parsed.diagnostics), {}, false});
  Submitted refused;
  refused.refused = loop_->stalled_because();
  if (refused.refused) return on_done(std::move(refused));
  std::string by = context.who;
  Submission submission{std::move(text), std::move(parsed.dag), from_api, dag_folder_,
                        std::move(by),   std::move(context),    on_done};
  if (inbox_.post(std::move(submission))) return;
  refused.refused = Error{ErrorKind::overloaded, too_many};
  on_done(std::move(refused));
}

void DaemonBackend::change_access(std::vector<AccessRow> rows, RequestContext context,
                                  std::function<void(Result<void>)> on_done) {
  if (auto stalled = loop_->stalled_because()) return on_done(std::unexpected(std::move(*stalled)));
  if (!inbox_.post(AccessChange{std::move(rows), std::move(context), on_done}))
    on_done(fail(ErrorKind::overloaded, too_many));
}

Diagnostics DaemonBackend::validate_dag(std::string_view text, std::shared_ptr<const Dag>* parsed) {
  ParseResult result = parse_dag(text);
  if (parsed != nullptr) *parsed = std::move(result.dag);
  return std::move(result.diagnostics);
}

void DaemonBackend::ask(std::function<void(const Scheduler&, Now)> look) {
  inbox_.ask(std::move(look));
}

void DaemonBackend::status(std::function<void(DaemonStatus)> on_status) {
  ask([this, on_status = std::move(on_status)](const Scheduler& scheduler, Now now) {
    DaemonStatus status = identity_;
    if (const auto stalled = loop_->stalled_because()) {
      status.store_ok = false;
      status.store_detail = stalled->message;
    } else {
      status.last_loop = now.wall;
    }
    status.active_runs = scheduler.active_runs();
    status.live_attempts = scheduler.live_attempts().size();
    for (const auto& [dag_id, why] : scheduler.holds())
      status.hold += fmt::format("{}{}: {}", status.hold.empty() ? "" : "; ", dag_id, why);
    on_status(std::move(status));
  });
}

void DaemonBackend::metrics(std::function<void(MetricsText)> on_metrics) {
  MetricsText text;
  text.family("millrace_build_info", "gauge", "The version of this daemon.");
  const std::pair<std::string_view, std::string_view> version[] = {{"version", identity_.version}};
  text.sample(1, version);
  write_process(text, identity_.started_at, paths_.database());
  text.gauge("millrace_store_writable", "0: the disk is full or gone, and nothing moves.",
             loop_->stalled_because() ? 0 : 1);
  text.gauge("millrace_inbox_messages", "Messages that wait for the loop.",
             static_cast<double>(inbox_.size()));
  loop_->metrics().write(text);
  ask([text = std::move(text), on_metrics = std::move(on_metrics)](const Scheduler& scheduler, Now) mutable {
    write_gauges(text, scheduler);
    on_metrics(std::move(text));
  });
}

void DaemonBackend::await_end(RunId run, std::function<void()> then) {
  inbox_.post(Await{run, std::move(then)}, true);
}

std::shared_ptr<const Dag> DaemonBackend::dag_version(DagVersionId id) {
  const auto version = catalog_.find(id);
  return version ? version->dag : nullptr;
}

std::string DaemonBackend::log_path(std::string_view attempt_name) {
  return paths_.log(attempt_name);
}

}  // namespace millrace
