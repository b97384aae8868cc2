#include "scheduler/scheduler.h"

#include <utility>

#include "base/canary.h"
#include "base/invariant.h"
#include "base/limits.h"
#include "scheduler/core.h"

namespace millrace {

struct Scheduler::State {
  Core core;
};

Scheduler::Scheduler() : state_(std::make_unique<State>()) {}
Scheduler::~Scheduler() = default;

std::vector<Command> Scheduler::apply(const Event& event, Now now) { return state_->core.apply(event, now); }

std::vector<Command> Core::apply(const Event& fact, Now at) {
  notice_clock_step(at);
  now = at;
  std::visit([this](const auto& f) { on(f); }, fact);
  if (acting) settle();
  return take_commands();
}

/// An outage or a sleeping host moves both clocks; a correction of the wall clock moves only that one. Ticks
/// that such a step skips over are held.
void Core::notice_clock_step(Now at) {
  const Duration step = (at.wall - now.wall) - (at.mono - now.mono);
  if (!acting || step <= limits::clock_step_hold) return;
  for (auto& [dag_id, entry] : dags)
    if (!entry.held_since) entry.held_since = now.wall;
}

void Core::settle() {
  for (;;) {
    if (worked < worklist.size()) {
      const Considered next_one = worklist[worked++];
      if (Run* run = find_run(next_one.run)) evaluate(*run, next_one.task);
    } else if (!ended.empty()) {
      worklist.clear(), worked = 0;
      const RunId id = ended.front();
      ended.erase(ended.begin());
      if (Run* run = find_run(id)) end(*run);
    } else if (!to_feed.empty()) {
      // Before runs start: a queued run takes more events, a running one doesn't.
      const std::string dag_id = *to_feed.begin();
      to_feed.erase(to_feed.begin());
      if (DagEntry* entry = find_dag(dag_id)) feed(*entry);
    } else if (!to_start.empty()) {
      const std::string dag_id = *to_start.begin();
      to_start.erase(to_start.begin());
      if (DagEntry* entry = find_dag(dag_id)) start_runs(*entry);
    } else if (!to_advance.empty()) {
      const BackfillId id = *to_advance.begin();
      to_advance.erase(to_advance.begin());
      if (const auto it = backfills.find(id); it != backfills.end()) advance(it->second);
    } else if (admit_due) {
      admit();
    } else {
      break;
    }
  }
  worklist.clear(), worked = 0;
}

void Core::reply(RequestId request, Error error) {
  if (request) act(Reply{request, std::move(error)});
}

void Core::reply(RequestId request, decltype(Reply::body) body) {
  if (request) act(Reply{request, std::move(body)});
}

Bucket bucket_of(const TaskInstanceRow& row) {
  switch (row.state) {
    case TaskState::success: return Bucket::success;
    case TaskState::failed: return Bucket::failed;
    case TaskState::upstream_failed: return Bucket::upstream_failed;
    case TaskState::skipped: return row.reason == not_chosen ? Bucket::success : Bucket::skipped;
    case TaskState::removed: return Bucket::absent;
    default: return Bucket::pending;
  }
}

void Core::move(Run& run, InstanceIndex i, TaskState to, std::string cause, std::string reason, By by) {
  Instance& ti = run.instances[i];
  const TaskState from = ti.row.state;
  INVARIANT(by == By::person || may_move(from, to));
  const Bucket before = bucket_of(ti.row);
  leave(run, i);
  touch(run, i);
  ti.row.state = to;
  ti.row.reason = std::move(reason);
  if (to != TaskState::up_for_retry) ti.row.not_before.reset();
  if (to == TaskState::none) ti.row.scheduled_at.reset(), ti.row.queued_at.reset(), ti.row.started_at.reset();
  if (to == TaskState::scheduled)
    ti.row.scheduled_at = now.wall, ti.row.queued_at.reset(), ti.row.started_at.reset();
  if (to == TaskState::queued) ti.row.queued_at = now.wall;
  if (is_final(to)) ti.row.ended_at = now.wall;
  else ti.row.ended_at.reset();
  task_event(run, ti, std::string(to_word(from)), std::move(cause));
  if (is_final(from) && !is_final(to)) ++run.unfinished;
  if (!is_final(from) && is_final(to)) --run.unfinished;
  if (from == TaskState::none) --run.slots[ti.row.task].waiting;
  if (to == TaskState::none) ++run.slots[ti.row.task].waiting;
  recount(run, ti.row.task, before, bucket_of(ti.row));
  if (!is_final(to)) return;
  past_changed(run, ti.row.task);
  if (!run_sensors.empty()) poke_run_sensors(run.row.dag_id, ti.row.task_id);
  check_end(run);
}

void Core::leave(Run& run, InstanceIndex i) {
  Instance& ti = run.instances[i];
  disarm(ti.due, Timer::Kind::due, ti.row.id.value);
  switch (ti.row.state) {
    case TaskState::scheduled: admission.remove(ti.row.id); break;
    case TaskState::up_for_reschedule:
      disarm(ti.deadline, Timer::Kind::sensor_deadline, ti.row.id.value);
      watch(run, i, false);
      break;
    case TaskState::deferred:
      if (const auto it = parents.find(ti.child); it != parents.end()) {
        it->second.erase(ti.row.id);
        if (it->second.empty()) parents.erase(it);
      }
      ti.child = {};
      break;
    default: break;
  }
}

void Core::recount(Run& run, TaskIndex task, Bucket from, Bucket to) {
  if (from == to) return;
  const auto [first, last] = run.dag->downstream.of(task);
  for (const TaskIndex* d = first; d != last; ++d) {
    UpstreamCounts& counts = run.slots[*d].upstream;
    --counts[from];
    ++counts[to];
    consider(run, *d);
  }
}

void Core::move(Run& run, RunState to, std::string cause, std::string reason, By by) {
  const RunState from = run.row.state;
  INVARIANT(by == By::person || may_move(from, to));
  DagEntry& entry = *find_dag(run.row.dag_id);
  touch(run);
  const bool counts = !run.row.backfill;
  if (from == RunState::queued) entry.queued.erase(place_in_line(run.row));
  if (from == RunState::running && counts) --entry.running;
  run.row.state = to;
  run.row.reason = std::move(reason);
  if (!counts && is_final(from) && !is_final(to)) ++entry.backfilling;
  if (!counts && !is_final(from) && is_final(to)) --entry.backfilling;
  if (to == RunState::queued) {
    entry.active[run.row.execution_date] = run.row.id;
    entry.queued.insert(place_in_line(run.row));
    to_start.insert(run.row.dag_id);
    run.row.started_at.reset(), run.row.ended_at.reset();
  }
  if (to == RunState::running) {
    entry.active[run.row.execution_date] = run.row.id;
    if (counts) ++entry.running;
    run.row.started_at = now.wall;
    run.row.ended_at.reset();
  }
  if (is_final(to)) {
    entry.active.erase(run.row.execution_date);
    run.row.ended_at = now.wall;
    disarm(run.deadline, Timer::Kind::run_deadline, run.row.id.value);
    disarm(run.late, Timer::Kind::late, run.row.id.value);
    if (!CANARY("place_not_passed_on")) to_start.insert(run.row.dag_id);
    triggers.look_again(run.row.dag_id, run.row.execution_date);
  }
  to_feed.insert(run.row.dag_id);
  run_event(run, std::string(to_word(from)), std::move(cause));
}

void Core::move(Backfill& backfill, BackfillState to, std::string cause, By by) {
  const BackfillState from = backfill.row.state;
  INVARIANT(by == By::person || may_move(from, to));
  touch(backfill);
  backfill.row.state = to;
  if (is_final(to)) backfill.row.completed_at = now.wall, backfills_due = true;
  EventRow row;
  row.kind = "backfill";
  row.dag_id = backfill.row.spec.dag_id;
  row.from = to_word(from);
  row.to = to_word(to);
  row.cause = std::to_string(backfill.row.id.value) + ": " + cause;
  event(std::move(row));
}

NextWake Scheduler::next_wake() const {
  const Core& core = state_->core;
  NextWake wake;
  if (!core.timers.empty()) wake.mono = core.timers.begin()->at;
  if (!core.dues.empty()) wake.wall = core.dues.begin()->first;
  return wake;
}

std::optional<AttemptContext> Scheduler::attempt_context(AttemptId id) const {
  return state_->core.attempt_context(id);
}

std::optional<AttemptContext> Scheduler::task_context(TaskInstanceId id) const {
  return state_->core.context(state_->core.locate(id));
}

std::optional<JsonText> Scheduler::output(RunId id, std::string_view task_id, std::string_view key) const {
  const auto it = state_->core.runs.find(id);
  if (it == state_->core.runs.end()) return std::nullopt;
  const auto task = it->second.dag->find(task_id);
  return task ? state_->core.output(it->second, *task, key) : std::nullopt;
}

std::optional<Explanation> Scheduler::explain(TaskInstanceId id, Now now) const {
  return state_->core.explain(id, now);
}

QueueSeen Scheduler::queue(std::size_t limit, const DagFilter& of) const {
  return state_->core.queue(limit, of);
}

DagPage Scheduler::dags(const DagWish& wish) const { return state_->core.dag_index.find(wish); }

std::vector<std::string> Scheduler::dag_words(std::string_view kind,
                                              const std::function<bool(std::string_view)>& may_see) const {
  return state_->core.dag_index.words(kind, may_see);
}

DagCounts Scheduler::dag_counts() const { return state_->core.dag_index.counts(); }

MachineUse Scheduler::machine() const { return state_->core.admission.machine(); }

std::vector<std::pair<WallTime, std::string>> Scheduler::due(WallTime until, std::size_t limit,
                                                             const DagFilter& of) const {
  std::vector<std::pair<WallTime, std::string>> out;
  for (const auto& tick : state_->core.dues) {
    if (tick.first > until || out.size() == limit) break;
    if (!of || of(tick.second)) out.push_back(tick);
  }
  return out;
}

std::vector<PoolUse> Scheduler::pools() const { return state_->core.pool_use(); }

std::vector<std::pair<GpuFact, AttemptId>> Scheduler::devices() const {
  std::vector<std::pair<GpuFact, AttemptId>> out;
  for (const auto& [gpu, holder] : state_->core.admission.devices()) {
    const Core::Located at = state_->core.locate(holder);
    out.emplace_back(gpu, at.run ? at.run->instances[at.index].attempt : AttemptId{});
  }
  return out;
}

std::shared_ptr<const Dag> Scheduler::dag(std::string_view dag_id) const {
  const auto it = state_->core.dags.find(dag_id);
  return it == state_->core.dags.end() || it->second.row.removed ? nullptr : it->second.dag;
}

std::optional<DagRow> Scheduler::dag_row(std::string_view dag_id) const {
  const auto it = state_->core.dags.find(dag_id);
  return it == state_->core.dags.end() ? std::nullopt : std::optional(it->second.row);
}

const RunRow* Scheduler::run(RunId id) const {
  const auto it = state_->core.runs.find(id);
  return it == state_->core.runs.end() ? nullptr : &it->second.row;
}

Result<CascadePlan> Scheduler::cascade(const BackfillSpec& spec) const {
  const Core& core = state_->core;
  const auto it = core.dags.find(spec.dag_id);
  if (it == core.dags.end() || !it->second.dag)
    return fail(ErrorKind::not_found, no_such_dag(core, spec.dag_id));
  const DagInForce dag{it->second.row.current, it->second.dag};
  const auto maker_of = [&](const std::string& dataset) { return core.maker_of(dataset); };
  return plan_cascade(core.in_force(), dag, dates_dag(dag, maker_of), spec);
}

std::vector<AttemptId> Scheduler::live_attempts() const {
  std::vector<AttemptId> out;
  for (const auto& [id, attempt] : state_->core.attempts) out.push_back(id);
  return out;
}

ActiveCounts Scheduler::active_counts(const DagFilter& of) const {
  return state_->core.active_counts(of);
}

std::size_t Scheduler::active_runs() const {
  const DagCounts counts = dag_counts();
  return static_cast<std::size_t>(counts.running + counts.queued);
}

bool Scheduler::is_active(RunId id) const {
  const auto it = state_->core.runs.find(id);
  return it != state_->core.runs.end() && !is_final(it->second.row.state);
}

std::vector<std::pair<std::string, std::string>> Scheduler::holds() const {
  return state_->core.dag_index.holds();
}

std::vector<Wait> Scheduler::waiting_on(TaskInstanceId id, Now now) const {
  return state_->core.waiting_on(id, now);
}

}  // namespace millrace
