#include "daemon/loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/canary.h"
#include "base/crash_point.h"
#include "base/limits.h"
#include "base/log.h"

namespace millrace {
namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

constexpr Duration retry_after = std::chrono::seconds{1};  // of a commit that found no room

/// The store may do it later; any other error is the end of this daemon.
bool passes(const Error& e) { return e.kind == ErrorKind::unavailable || e.kind == ErrorKind::full; }

/// Only with a bug on purpose: deeds come after the commit.
bool is_done_too_early(const Command& command) {
  return (CANARY("spawn_before_commit") && std::holds_alternative<Spawn>(command)) ||
         (CANARY("reply_before_commit") && std::holds_alternative<Reply>(command)) ||
         (CANARY("acknowledge_before_commit") && std::holds_alternative<Acknowledge>(command));
}

}  // namespace

BackfillLoaded to_event(ActiveBackfill backfill, Catalog& catalog) {
  const auto dag_of = [&](DagVersionId id) -> std::shared_ptr<const Dag> {
    const auto version = id ? catalog.find(id) : std::nullopt;
    return version ? version->dag : nullptr;
  };
  auto dag = dag_of(backfill.row.dag_version), dates = dag_of(backfill.row.dates_version);
  return {std::move(backfill.row), std::move(backfill.open_items), std::move(dag), std::move(dates)};
}

Loop::Loop(Ports ports) : ports_(std::move(ports)), next_version_id_(ports_.store.next_ids().dag_version) {}

void Loop::turn() {
  // A question wakes the loop too: it isn't a reason to try the disk again.
  if (stalled() && (ports_.clock.now().mono < retry_at_ || !commit()))
    return answer(ports_.inbox.take_looks());
  Inbox::Taken taken = ports_.inbox.take_all();
  if (!taken.messages.empty() || !taken.looks.empty()) metrics_.waited(taken.waited);
  CRASH_POINT("loop.taken");
  for (Message& message : taken.messages) take(message);
  CRASH_POINT("loop.applied");
  if (!commit()) return answer(taken.looks);
  CRASH_POINT("loop.committed");
  const MonoTime committed = ports_.clock.now().mono;
  for (Command& deed : std::exchange(deeds_, {})) perform(deed);
  CRASH_POINT("loop.performed");
  for (const auto& done : std::exchange(after_commit_, {})) done();
  metrics_.spent(LoopMetrics::Part::perform, ports_.clock.now().mono - committed);
  CRASH_POINT("loop.told");
  answer(taken.looks);
}

void Loop::answer(const std::vector<Look>& looks) {
  if (looks.empty()) return;
  const MonoTime begun = ports_.clock.now().mono;
  for (const Look& look : looks) look(ports_.scheduler, ports_.clock.now());
  metrics_.spent(LoopMetrics::Part::look, ports_.clock.now().mono - begun);
}

void Loop::wake() {
  // A stalled loop has a batch to repeat; what the clock says is for later.
  if (!stalled()) ports_.inbox.post(TimeReached{}, true);
  turn();
}

std::optional<Duration> Loop::due_in() const {
  const Now now = ports_.clock.now();
  if (stalled()) return std::max(retry_at_ - now.mono, Duration{0});
  const NextWake next = ports_.scheduler.next_wake();
  std::optional<Duration> in;
  if (next.mono) in = *next.mono - now.mono;
  if (next.wall && (!in || *next.wall - now.wall < *in)) in = *next.wall - now.wall;
  // A far tick is waited for by the reconciler, which also notices a clock that was set.
  if (!in || *in > limits::reconcile_interval) return {};
  return std::max(*in, Duration{0});
}

void Loop::tend_store() {
  if (const auto gone = ports_.store.sweep(ports_.clock.now().wall); !gone) {
    // A daemon that has nothing else to write hears only here that another one has taken over.
    if (!passes(gone.error())) return ports_.on_fatal(gone.error());
    if (!stalled()) log::warn("store: sweep: {}", gone.error().message);
  }
  CRASH_POINT("reconcile.swept");
  if (const auto pages = ports_.store.checkpoint(); !pages)
    log::warn("store: checkpoint: {}", pages.error().message);
  CRASH_POINT("reconcile.checkpointed");
}

void Loop::take(Message& message) {
  std::visit(Overloaded{[&](Event& event) { apply(std::move(event)); },
                        [&](Request& request) {
                          replies_[request.id] = std::move(request.on_reply);
                          if (!still_holds(request)) return;
                          bring_back(request.event);
                          const std::size_t first = changes_.size();
                          apply(std::move(request.event));
                          note(std::move(request.context), request.id, first, access_.size());
                        },
                        [&](Submission& submission) {
                          const std::size_t first = changes_.size();
                          submit(submission);
                          note(std::move(submission.context), {}, first, access_.size());
                        },
                        [&](AccessChange& change) {
                          const std::size_t first = access_.size();
                          for (AccessRow& row : change.rows) access_.push_back(std::move(row));
                          after_commit_.push_back([done = std::move(change.on_done)] { done({}); });
                          note(std::move(change.context), {}, changes_.size(), first);
                        },
                        [&](Await& wish) { await(wish); }},
             message);
}

void Loop::await(Await& wish) {
  const bool waits = ports_.scheduler.is_active(wish.run) && awaited_.size() < limits::waiting_calls;
  if (waits) {
    awaited_.emplace(wish.run, std::move(wish.then));
  } else {
    after_commit_.push_back(std::move(wish.then));
  }
}

/// What a change means to those who wait for a run, to files, and to look-ups before the commit.
void Loop::watch(const Change& change) {
  const auto* run = std::get_if<RunRow>(&change);
  if (run != nullptr && is_final(run->state)) {
    const auto [first, last] = awaited_.equal_range(run->id);
    for (auto it = first; it != last; ++it) after_commit_.push_back(std::move(it->second));
    awaited_.erase(first, last);
  }
  // A crash may have come between the deletion of a run of that name and the removal of its files: its tasks
  // would write on at the end of the old logs. This deed comes before those that start them.
  if (run != nullptr && run->version == 1) deeds_.emplace_back(RemoveRunFiles{run->dag_id, run->run_id});
  if (const auto* gone = std::get_if<RunDeletion>(&change)) {
    deleted_runs_.insert(gone->run);
    std::erase_if(uncommitted_runs_, [&](const auto& entry) { return entry.second.id == gone->run; });
  }
}

void Loop::apply_now(Event event) {
  apply(std::move(event));
  turn();
}

void Loop::apply(Event event) {
  first_.push_back(std::move(event));
  while (!first_.empty()) {
    const Event next = std::move(first_.front());
    first_.pop_front();
    const Now now = ports_.clock.now();
    std::vector<Command> commands = ports_.scheduler.apply(next, now);
    metrics_.spent(LoopMetrics::Part::apply, ports_.clock.now().mono - now.mono);
    metrics_.heard(next, commands, ports_.scheduler, now.wall);
    for (Command& command : commands) collect(command, now);
  }
}

void Loop::collect(Command& command, Now now) {
  std::visit(Overloaded{[&](Record& record) {
                          if (const auto* run = std::get_if<RunRow>(&record.change))
                            uncommitted_runs_.insert_or_assign({run->dag_id, run->execution_date}, *run);
                          if (const auto* event = std::get_if<DatasetEventRow>(&record.change))
                            uncommitted_partitions_.insert({event->dataset, event->partition});
                          if (const auto* made = std::get_if<DatasetVersionRow>(&record.change))
                            uncommitted_versions_[{made->dataset, made->partition}] = made->id;
                          watch(record.change);
                          if (const auto* item = std::get_if<BackfillItemRow>(&record.change))
                            uncommitted_items_.insert_or_assign({item->backfill, item->execution_date},
                                                                *item);
                          changes_.push_back(std::move(record.change));
                        },
                        [&](LookUpDates& asked) { first_.push_front(look_up(asked)); },
                        [&](LookUpPartitions& asked) { first_.push_front(look_up(asked)); },
                        [&](LookUpItems& asked) { first_.push_front(look_up(asked)); },
                        [&](LoadRun& asked) { first_.push_front(load(asked.run)); },
                        [&](Spawn& spawn) {
                          render(spawn.attempt, now);
                          deeds_.push_back(command);
                        },
                        [&](auto&) { deeds_.push_back(std::move(command)); }},
             command);
  if (!deeds_.empty() && is_done_too_early(deeds_.back())) {
    perform(deeds_.back());
    deeds_.pop_back();
  }
}

/// Rendered before the commit, so that what will run is on disk with the intent to run it.
void Loop::render(AttemptId attempt, Now now) {
  const auto context = ports_.scheduler.attempt_context(attempt);
  if (!context) return;
  CRASH_POINT("dispatch.rendering");
  const MonoTime begun = ports_.clock.now().mono;
  Result<Rendered> rendered = ports_.dispatcher.render(*context, ports_.scheduler);
  metrics_.spent(LoopMetrics::Part::render, ports_.clock.now().mono - begun);
  const auto mask = ports_.secrets.mask_of(context->run->dag_id);
  if (rendered) {
    if (mask) mask->hide(rendered->command);
    first_.push_back(AttemptRendered{attempt, std::move(rendered->command), versions_of(rendered->reads)});
    rendered_.insert_or_assign(attempt, std::move(rendered->spec));
    CRASH_POINT("dispatch.rendered");
    return;
  }
  ExitFacts facts;
  facts.kind = ExitFacts::Kind::spawn_failed;
  facts.at = now.wall;
  facts.message = std::move(rendered.error().message);
  if (mask) mask->hide(facts.message);
  first_.push_back(AttemptFinished{attempt, std::move(facts), {}, {}, ports_.seed()});
}

/// A finished backfill isn't in memory; a retry needs it there, with those it carries on into.
void Loop::bring_back(const Event& event) {
  const auto* action = std::get_if<BackfillAction>(&event);
  if (action == nullptr || action->kind != BackfillAction::Kind::retry_failed) return;
  // What this batch has changed of it is still to be written; the deeds wait for the end of the turn all the
  // same.
  if (!commit()) return;
  CRASH_POINT("backfill.brings_back");
  for (ActiveBackfill& backfill : ports_.store.backfills_to_retry(action->backfill))
    apply(to_event(std::move(backfill), ports_.catalog));
}

/// What a request has to find as it was is looked at with nothing uncommitted beside it.
bool Loop::still_holds(const Request& request) {
  if (!request.context.check) return true;
  if (!commit()) {
    const auto waiting = replies_.extract(request.id);
    const Error unknown{ErrorKind::unavailable, "the database can't be written"};
    waiting.mapped()({request.id, stalled_because().value_or(unknown)});
    return false;
  }
  const Result<void> holds = request.context.check(ports_.scheduler, ports_.store.reader());
  if (!holds) deeds_.emplace_back(Reply{request.id, holds.error()});
  return holds.has_value();
}

void Loop::submit(Submission& submission) {
  Submitted answer;
  answer.diagnostics = check_capacity(*submission.dag, ports_.dispatcher.capacity(ports_.scheduler));
  for (const Dataset& dataset : submission.dag->datasets) {
    const auto producer = ports_.catalog.producer(dataset.name);
    if (producer && producer->dag_id != submission.dag->dag_id)
      answer.diagnostics.add(dataset.place,
                             fmt::format("dataset '{}' is already produced by DAG '{}'; a dataset has "
                                         "one producer",
                                         dataset.name, producer->dag_id));
  }
  const auto known = ports_.scheduler.dag_row(submission.dag->dag_id);
  if (known && !known->removed && submission.file_name == from_api) {
    const auto current = ports_.store.dag_version(known->current);
    if (current && current->file_name != from_api)
      answer.diagnostics.add(
          {}, fmt::format("DAG '{}' is defined by the file '{}' of the DAG folder; change that file",
                          known->dag_id, current->file_name));
  }
  if (!answer.diagnostics.empty()) {
    after_commit_.push_back(
        [answer, done = std::move(submission.on_done)]() mutable { done(std::move(answer)); });
    return;
  }
  auto version = ports_.store.dag_version(submission.dag->dag_id, submission.dag->hash);
  DagVersionId id = version ? version->id : DagVersionId{};
  for (const DagVersionRow& fresh : new_versions_)
    if (fresh.dag_id == submission.dag->dag_id && fresh.hash == submission.dag->hash) id = fresh.id;
  const bool unchanged = known && !known->removed && known->current == id;
  if (!id) {
    id = DagVersionId{next_version_id_++};
    new_versions_.push_back({id, submission.dag->dag_id, 0, submission.dag->hash, std::move(submission.text),
                             submission.file_name, submission.folder, ports_.clock.now().wall});
  }
  CRASH_POINT("submit.version_chosen");
  if (!unchanged) {
    ports_.catalog.set_current(id, {submission.dag, submission.folder});
    apply(DagSubmitted{{}, id, submission.dag, ports_.new_dags_paused, submission.by});
  }
  CRASH_POINT("submit.applied");
  answer.changed = !unchanged;
  answer.dag = ports_.scheduler.dag_row(submission.dag->dag_id);
  after_commit_.push_back(
      [answer, done = std::move(submission.on_done)]() mutable { done(std::move(answer)); });
}

bool Loop::commit() {
  if (changes_.empty() && new_versions_.empty() && ports_.secrets.unstored().empty() && access_.empty() &&
      keyed_.empty())
    return true;
  const MonoTime begun = ports_.clock.now().mono;
  Batch batch{.changes = changes_,
              .versions = new_versions_,
              .secrets = ports_.secrets.unstored(),
              .access = access_,
              .audits = audits_};
  if (!keyed_.empty()) batch.answers = [this](StoreReader& reader) { return answers(reader); };
  const Result<void> committed = ports_.store.write(batch);
  if (!committed) {
    if (passes(committed.error()))
      stall(committed.error());
    else
      ports_.on_fatal(committed.error());
    return false;
  }
  CRASH_POINT("loop.stored");
  stall(std::nullopt);
  const MonoTime stored = ports_.clock.now().mono;
  metrics_.committed(changes_, stored - begun);
  metrics_.spent(LoopMetrics::Part::commit, stored - begun);
  if (ports_.on_committed) ports_.on_committed(std::move(changes_), audits_.size());
  metrics_.spent(LoopMetrics::Part::publish, ports_.clock.now().mono - stored);
  CRASH_POINT("loop.published");
  changes_.clear();
  new_versions_.clear();
  ports_.secrets.stored();
  access_.clear();
  audits_.clear();
  keyed_.clear();
  uncommitted_runs_.clear();
  uncommitted_partitions_.clear();
  uncommitted_versions_.clear();
  deleted_runs_.clear();
  uncommitted_items_.clear();
  return true;
}

void Loop::stall(std::optional<Error> because) {
  const bool stalls = because.has_value();
  if (!stalls && !stalled_) return;
  if (stalls && !stalled_)
    log::error("store: {}; nothing moves until it can be written, tasks go on", because->message);
  if (!stalls) log::warn("store: writable again");
  stalled_ = stalls;
  retry_at_ = ports_.clock.now().mono + retry_after;
  {
    MutexLock lock(stalled_mutex_);
    stalled_because_ = std::move(because);
  }
  if (stalls) answer_stalled();
}

/// Whoever waits for this batch is told that it isn't stored; it will be as soon as there is room.
void Loop::answer_stalled() {
  Error error = *stalled_because();
  error.message += "; what was asked takes effect when it can be stored: look before asking again";
  for (const Command& deed : deeds_) {
    const Reply* reply = std::get_if<Reply>(&deed);
    if (reply == nullptr) continue;
    auto waiting = replies_.extract(reply->request);
    if (!waiting.empty()) waiting.mapped()({reply->request, error});
  }
  // Those who asked a moment before anybody knew: nothing of theirs has been looked at.
  for (Message& message : ports_.inbox.take_wishes()) refuse(message, *stalled_because());
}

void Loop::refuse(Message& message, const Error& because) {
  std::visit(Overloaded{[&](Request& request) { request.on_reply({request.id, because}); },
                        [&](Submission& submission) {
                          Submitted answer;
                          answer.refused = because;
                          submission.on_done(std::move(answer));
                        },
                        [&](AccessChange& change) { change.on_done(std::unexpected(because)); },
                        [](auto&) {}},
             message);
}

std::optional<Error> Loop::stalled_because() const {
  MutexLock lock(stalled_mutex_);
  return stalled_because_;
}

void Loop::perform(Command& command) {
  std::visit(
      Overloaded{[&](Spawn& spawn) {
                   // An attempt that was cancelled in the same batch has no context any more.
                   auto spec = rendered_.extract(spawn.attempt);
                   if (spec.empty() || !ports_.scheduler.attempt_context(spawn.attempt)) return;
                   CRASH_POINT("dispatch.committed");
                   executor_->start(std::move(spec.mapped()));
                   CRASH_POINT("dispatch.started");
                 },
                 [&](Kill& kill) {
                   CRASH_POINT("kill.committed");
                   executor_->kill(kill.attempt, KillReason::cancel);
                 },
                 [&](Acknowledge& done) {
                   CRASH_POINT("acknowledge.committed");
                   executor_->acknowledge(done.attempt);
                 },
                 [&](CheckSensor& check) {
                   CRASH_POINT("sensor.committed");
                   ports_.sensors.check(check.task_instance, ports_.scheduler);
                 },
                 [&](Deliver& wanted) {
                   CRASH_POINT("notify.committed");
                   ports_.notifier.deliver(wanted.notification);
                 },
                 [&](RemoveRunFiles& gone) {
                   CRASH_POINT("remove_files.committed");
                   if (ports_.remove_files) ports_.remove_files(gone);
                 },
                 [&](Reply& reply) {
                   CRASH_POINT("reply.committed");
                   auto waiting = replies_.extract(reply.request);
                   if (!waiting.empty()) waiting.mapped()(std::move(reply));
                   CRASH_POINT("reply.given");
                 },
                 [&](auto&) {}},
      command);
}

void Loop::respawn(const std::vector<AttemptId>& attempts) {
  const Now now = ports_.clock.now();
  for (const AttemptId attempt : attempts) {
    render(attempt, now);
    deeds_.push_back(Spawn{attempt});
  }
  while (!first_.empty()) {
    Event event = std::move(first_.front());
    first_.pop_front();
    apply(std::move(event));
  }
  CRASH_POINT("respawn.rendered");
  turn();
}

}  // namespace millrace
