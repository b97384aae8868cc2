#include "tests/sim/clients.h"

#include <fmt/format.h>

#include <utility>

#include "base/limits.h"

namespace millrace::sim {
namespace {

std::string short_text(const Reply& reply) {
  if (const auto* error = std::get_if<Error>(&reply.body)) return "refused: " + error->message;
  return fmt::format("done ({})", reply.body.index());
}

}  // namespace

void Clients::submit(DaemonProcess& daemon, const std::string& text) {
  daemon.run([&] {
    daemon.backend().submit_dag(text, {}, [this](const Submitted& answer) {
      const bool good = !answer.refused && answer.diagnostics.empty();
      host_.trace.line("client: submit: {}", !good ? "refused" : answer.changed ? "taken" : "known");
    });
  });
}

void Clients::ask(DaemonProcess& daemon, Observer& observer, std::string what, Event event, bool with_key) {
  const std::int64_t number = ++last_;
  const std::string tag = fmt::format("tag-{}", number);
  Asked asked{std::move(what), with_key ? fmt::format("key-{}", number) : "", std::move(event),
              host_.agenda.now().wall};
  bool tagged = false;
  if (auto* run = std::get_if<RunRequested>(&asked.event)) run->note = tag, tagged = true;
  if (auto* backfill = std::get_if<BackfillRequested>(&asked.event))
    backfill->spec.description = tag, tagged = true;
  if (const auto* gone = std::get_if<RunDeleteRequested>(&asked.event)) deleted_runs_.insert(gone->run.value);
  open_.emplace(number, std::move(asked));
  if (tagged && with_key) tags_[tag] = false;
  send(daemon, observer, number);
}

/// What api/idempotency.cc does with a key: the answer of the first time, if there was one.
void Clients::send(DaemonProcess& daemon, Observer& observer, std::int64_t number) {
  Asked& asked = open_.at(number);
  const std::string key = asked.key;
  if (!key.empty() &&
      observer.integer("SELECT count(*) FROM idempotency_key WHERE key = ?1", {}, &key) > 0) {
    host_.trace.line("client {}: {}: had its answer", number, asked.what);
    open_.erase(number);
    return;
  }
  asked.daemon = daemon.program();
  host_.trace.line("client {}: {}", number, asked.what);
  RequestContext context;
  context.who = "client";
  context.token_id = "token";
  context.key = key;
  context.fingerprint = asked.what;
  context.answer = [](StoreReader&, const Reply& reply) -> std::optional<KeptAnswer> {
    if (std::holds_alternative<Error>(reply.body)) return {};
    return KeptAnswer{200, "text/plain", short_text(reply)};
  };
  daemon.run([&] {
    daemon.backend().request(asked.event, std::move(context), [this, number, &daemon](const Reply& reply) {
      if (!host_.disk.is_dead(daemon.program())) answered(number, reply);
    });
  });
}

void Clients::answered(std::int64_t number, const Reply& reply) {
  const auto it = open_.find(number);
  if (it == open_.end()) return;
  host_.trace.line("client {}: {}: {}", number, it->second.what, short_text(reply));
  note_fault(it->second, reply);
  const auto* error = std::get_if<Error>(&reply.body);
  if (error == nullptr) {
    acknowledged(it->second, reply);
    if (const auto tag = tags_.find(fmt::format("tag-{}", number)); tag != tags_.end()) {
      tag->second = true;
      unchecked_tags_.insert(tag->first);
    }
  }
  // "What was asked takes effect when it can be stored": who has a key may ask again.
  const bool unsure = error != nullptr && error->kind == ErrorKind::full && !it->second.key.empty();
  if (!unsure) open_.erase(it);
}

void Clients::note_fault(const Asked& asked, const Reply& reply) {
  const bool done = !std::holds_alternative<Error>(reply.body);
  if (std::holds_alternative<BackfillRequested>(asked.event) && !done &&
      std::get<Error>(reply.body).kind == ErrorKind::conflict)
    ++faults_[Fault::backfill_overlap];
  if (!done) return;
  if (std::holds_alternative<DagRemoved>(asked.event)) ++faults_[Fault::dag_deleted];
  if (std::holds_alternative<RunDeleteRequested>(asked.event)) ++faults_[Fault::run_deleted];
  if (std::holds_alternative<ClearRequested>(asked.event)) ++faults_[Fault::cleared_mid_run];
  if (std::holds_alternative<CancelRequested>(asked.event)) ++faults_[Fault::cancelled_mid_run];
  if (std::holds_alternative<MarkTaskRequested>(asked.event) ||
      std::holds_alternative<MarkRunRequested>(asked.event))
    ++faults_[Fault::marked_mid_run];
  if (const auto* pool = std::get_if<PoolSet>(&asked.event); pool != nullptr && pool->slots <= 2)
    ++faults_[Fault::pool_shrunk];
  const auto* action = std::get_if<BackfillAction>(&asked.event);
  if (action == nullptr) return;
  using Kind = BackfillAction::Kind;
  if (action->kind == Kind::pause) ++faults_[Fault::backfill_paused];
  if (action->kind == Kind::retry_failed) ++faults_[Fault::backfill_retried];
  if (action->kind == Kind::cancel_drain || action->kind == Kind::cancel_terminate)
    ++faults_[Fault::backfill_cancelled];
}

void Clients::acknowledged(const Asked& asked, const Reply& reply) {
  const auto told = [&](const char* table, std::int64_t id, std::int64_t version) {
    std::int64_t& known = versions_[{table, id}];
    known = std::max(known, version);
    unchecked_[{table, id}] = known;
  };
  if (const auto* run = std::get_if<RunRow>(&reply.body)) told("dag_run", run->id.value, run->version);
  if (const auto* ti = std::get_if<TaskInstanceRow>(&reply.body))
    told("task_instance", ti->id.value, ti->version);
  if (const auto* row = std::get_if<BackfillRow>(&reply.body)) told("backfill", row->id.value, row->version);
  if (const auto* marked = std::get_if<Marked>(&reply.body))
    for (const TaskInstanceRow& ti : marked->task_instances) told("task_instance", ti.id.value, ti.version);
  if (const auto* cleared = std::get_if<Cleared>(&reply.body))
    for (const TaskInstanceRow& ti : cleared->task_instances)
      told("task_instance", ti.id.value, ti.version);
  if (const auto* gone = std::get_if<RunDeleteRequested>(&asked.event)) {
    versions_.erase({"dag_run", gone->run.value});
    unchecked_.erase({"dag_run", gone->run.value});
  }
}

void Clients::ask_again(DaemonProcess& daemon, Observer& observer) {
  std::vector<std::int64_t> numbers;
  for (auto it = open_.begin(); it != open_.end();) {
    const bool unsure = it->second.daemon != daemon.program();
    // Nobody knows what became of one without a key; and keys are kept for a day of the daemon's clock.
    const Duration age = host_.agenda.now().wall - it->second.at;
    const bool too_late = age > limits::idempotency_life - std::chrono::hours{1};
    if (too_late || (unsure && it->second.key.empty())) {
      it = open_.erase(it);
      continue;
    }
    if (unsure || host_.dice.chance(20)) numbers.push_back(it->first);
    ++it;
  }
  for (const std::int64_t number : numbers) {
    // The same one while the first is under way: 409 at once, by api/idempotency.cc.
    if (open_.at(number).daemon == daemon.program() && !daemon.stalled()) continue;
    ++faults_[Fault::request_repeated];
    send(daemon, observer, number);
    if (!daemon.alive()) return;
  }
}

void Clients::check(Observer& observer, std::vector<std::string>& problems, bool all) {
  for (const auto& [key, version] : all ? versions_ : std::exchange(unchecked_, {})) {
    const auto& [table, id] = key;
    const bool is_task = table == "task_instance";
    const std::int64_t stored = observer.integer(
        table == "dag_run"    ? "SELECT version FROM dag_run WHERE id = ?1"
        : table == "backfill" ? "SELECT version FROM backfill WHERE id = ?1"
                              : "SELECT version FROM task_instance WHERE id = ?1",
        {id});
    if (stored >= version) continue;
    // A deleted run takes its tasks along.
    if (stored == 0 && (is_task || deleted_runs_.contains(id))) continue;
    problems.push_back(
        fmt::format("I7: {} {} was acknowledged at version {}, stored is {}", table, id, version, stored));
  }
  unchecked_.clear();
  std::set<std::string> tags = std::exchange(unchecked_tags_, {});
  if (all)
    for (const auto& [tag, known] : tags_) tags.insert(tag);
  for (const std::string& tag : tags) {
    const std::int64_t runs = observer.integer("SELECT count(*) FROM dag_run WHERE note = ?1", {}, &tag);
    const std::int64_t backfills = observer.integer(
        "SELECT count(*) FROM backfill WHERE description = ?1 AND root_backfill_id IS NULL", {}, &tag);
    if (runs > 1 || backfills > 1)
      problems.push_back(fmt::format("I7: '{}' was asked for under one key and is there {} times", tag,
                                     std::max(runs, backfills)));
  }
}

}  // namespace millrace::sim
