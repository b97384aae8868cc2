#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "scheduler/core.h"
#include "scheduler/json_pieces.h"

/// What a DAG wants said. A notification is recorded in the commit of its cause and delivered at least once:
/// it stays pending over restarts until a delivery is heard of or its tries are used up.
namespace millrace {
namespace {

/// Before the second try, the third, …: an endpoint's restart, an outage, a night.
constexpr std::array<Duration, 6> delays{std::chrono::seconds{10}, std::chrono::minutes{1},
                                         std::chrono::minutes{5},  std::chrono::minutes{30},
                                         std::chrono::hours{2},    std::chrono::hours{8}};

/// The program, or the URL without its path: that is where chat services keep the secret.
std::string_view place_of(const NotificationRow& row) {
  const std::string_view url = row.webhook;
  if (url.empty()) return row.command.front();
  return url.substr(0, url.find_first_of("/?#", url.find("://") + 3));
}

class Body {
 public:
  Body& text(std::string_view name, std::string_view value) { return json(name, to_json_string(value)); }
  Body& number(std::string_view name, std::int64_t value) { return json(name, std::to_string(value)); }
  JsonText take() { return out_ + "}"; }

 private:
  Body& json(std::string_view name, const JsonText& value) {
    out_ += fmt::format("{}{}:{}", out_.size() > 1 ? "," : "", to_json_string(name), value);
    return *this;
  }
  JsonText out_ = "{";
};

JsonText body_of(const Run& run, NotifyOn on, const Instance* ti, const std::string& cause, WallTime at) {
  static constexpr std::array<std::string_view, 4> says{"failed", "succeeded", "will be tried again",
                                                        "is late"};
  const std::string what = run.row.run_id + (ti == nullptr ? "" : " task " + ti->row.task_id);
  Body body;
  // `text` is what chat programs show of a posted message.
  body.text("text", fmt::format("{}: {} {}{}{}", run.row.dag_id, what, says[static_cast<std::size_t>(on)],
                                cause.empty() ? "" : ": ", cause));
  body.text("event", to_word(on)).text("at", to_iso(at)).text("dag_id", run.row.dag_id);
  body.text("owner", run.dag->owner).text("dag_run_id", run.row.run_id);
  body.text("execution_date", to_iso(run.row.execution_date)).text("run_type", to_word(run.row.type));
  body.text("state", to_word(run.row.state)).text("reason", run.row.reason).text("cause", cause);
  if (ti == nullptr) return body.take();
  body.text("task_id", ti->row.task_id).number("map_index", ti->row.map_index);
  body.number("try_number", ti->row.try_number).number("max_tries", ti->row.max_tries);
  return body.take();
}

}  // namespace

void Core::notify(const Run& run, NotifyOn on, const Instance* ti, const std::string& cause) {
  const Notify& wanted = run.dag->notify;
  const std::vector<NotifyTarget>* targets[] = {&wanted.on_failure, &wanted.on_success, &wanted.on_retry,
                                                &wanted.on_late};
  for (const NotifyTarget& target : *targets[static_cast<std::size_t>(on)]) {
    Notification made;
    NotificationRow& row = made.row;
    row.id = {next.next_notification++};
    row.dag_id = run.row.dag_id;
    row.run = run.row.id;
    row.on = on;
    row.webhook = target.webhook;
    row.command = target.command;
    row.body = body_of(run, on, ti, cause, now.wall);
    row.created_at = now.wall;
    made.fresh = true;
    Notification& here = notifications.emplace(row.id, std::move(made)).first->second;
    touch(here);
    if (notifications.size() > limits::pending_notifications)
      close(here, NotificationState::failed, "too many notifications wait");
    else
      act(Deliver{here.row});
  }
}

void Core::close(Notification& notification, NotificationState state, const std::string& detail) {
  NotificationRow& row = notification.row;
  touch(notification);
  disarm(notification.due, Timer::Kind::notification, row.id.value);
  row.state = state;
  row.detail = detail;
  row.ended_at = now.wall;
  EventRow said;
  said.kind = "notification";
  said.dag_id = row.dag_id;
  said.run = row.run;
  said.from = to_word(NotificationState::pending);
  said.to = to_word(state);
  said.cause = fmt::format("on_{} to {}: {}", to_word(row.on), place_of(row), detail);
  event(std::move(said));
}

void Core::on(const NotificationTried& fact) {
  const auto it = notifications.find(fact.notification);
  if (it == notifications.end() || it->second.row.state != NotificationState::pending) return;
  Notification& here = it->second;
  touch(here);
  ++here.row.tries;
  here.row.detail = fact.detail;
  if (fact.delivered) return close(here, NotificationState::delivered, fact.detail);
  const auto tries = static_cast<std::size_t>(here.row.tries);
  if (fact.hopeless || tries > delays.size()) return close(here, NotificationState::failed, fact.detail);
  here.row.not_before = now.wall + delays[tries - 1];
  arm(here.due, now.mono + delays[tries - 1], Timer::Kind::notification, here.row.id.value);
}

void Core::on(const NotificationLoaded& fact) {
  Notification loaded;
  loaded.row = fact.row;
  notifications.emplace(fact.row.id, std::move(loaded));
}

/// After a restart: what was under way may have arrived or not, so that it goes out again.
void Core::resume(Notification& notification) {
  const WallTime at = notification.row.not_before.value_or(now.wall);
  arm(notification.due, mono_at(at), Timer::Kind::notification, notification.row.id.value);
}

void Core::arm_deadline(Run& run) {
  disarm(run.late, Timer::Kind::late, run.row.id.value);
  if (!run.dag->deadline || run.row.late_at || run.row.backfill || is_final(run.row.state)) return;
  const Deadline& deadline = *run.dag->deadline;
  if (deadline.after == Deadline::After::scheduled && run.row.type != RunType::scheduled) return;
  const WallTime from =
      deadline.after == Deadline::After::scheduled ? run.row.data_interval_end : run.row.queued_at;
  arm(run.late, mono_at(from + deadline.within), Timer::Kind::late, run.row.id.value);
}

void Core::missed_deadline(Run& run) {
  run.late.reset();
  touch(run);
  run.row.late_at = now.wall;
  const std::string cause = fmt::format("not done within {}", to_text(run.dag->deadline->within));
  run_event(run, std::string(to_word(run.row.state)), "late: " + cause);
  notify(run, NotifyOn::late, nullptr, cause);
}

}  // namespace millrace
