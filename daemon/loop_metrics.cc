#include "daemon/loop_metrics.h"

#include <set>
#include <variant>

namespace millrace {
namespace {

using Label = std::pair<std::string_view, std::string_view>;

/// A state that nobody is in is a 0, not a gap.
template <class Word>
void by_state(MetricsText& out, std::string_view name, std::string_view help,
              const std::map<Word, std::size_t>& counts, std::initializer_list<Word> states) {
  out.family(name, "gauge", help);
  for (const Word state : states) {
    const auto found = counts.find(state);
    const Label labels[] = {{"state", to_word(state)}};
    out.sample(found == counts.end() ? 0 : static_cast<double>(found->second), labels);
  }
}

}  // namespace

void LoopMetrics::heard(const Event& event, std::span<const Command> commands, const Scheduler& scheduler,
                        WallTime now) {
  if (const auto* start = std::get_if<AttemptStarted>(&event)) started(*start, scheduler);
  if (const auto* end = std::get_if<AttemptFinished>(&event)) finished(*end, commands, now);
}

void LoopMetrics::started(const AttemptStarted& fact, const Scheduler& scheduler) {
  const auto context = scheduler.attempt_context(fact.attempt);
  // Heard again after a restart: it was counted by the daemon that started it, if any did.
  if (!context || context->task_instance->started_at != fact.facts.at) return;
  const TaskInstanceRow& row = *context->task_instance;
  if (row.scheduled_at && row.queued_at) queue_wait_.observe(*row.queued_at - *row.scheduled_at);
  if (row.queued_at) dispatch_.observe(fact.facts.at - *row.queued_at);
  if (const auto parent = parent_ended_.extract(fact.attempt); !parent.empty())
    hop_.observe(fact.facts.at - parent.mapped());
}

void LoopMetrics::finished(const AttemptFinished& fact, std::span<const Command> commands, WallTime now) {
  parent_ended_.erase(fact.attempt);
  if (fact.facts.kind != ExitFacts::Kind::exited) return;
  exit_report_.observe(now - fact.facts.at);
  for (const Command& command : commands)
    if (const auto* spawn = std::get_if<Spawn>(&command)) parent_ended_[spawn->attempt] = fact.facts.at;
}

void LoopMetrics::committed(std::span<const Change> changes, Duration took) {
  commit_.observe(took);
  rows_.add(changes.size());
  std::set<AttemptId> attempts;  // one batch may write a row more than once
  std::map<RunId, RunType> types;
  for (const Change& change : changes) {
    if (const auto* run = std::get_if<RunRow>(&change)) types[run->id] = run->type;
    const auto* attempt = std::get_if<AttemptRow>(&change);
    if (attempt != nullptr && attempt->outcome && attempts.insert(attempt->id).second)
      attempts_finished_[static_cast<std::size_t>(*attempt->outcome)].add();
  }
  for (const Change& change : changes) {
    const auto* event = std::get_if<EventRow>(&change);
    if (event == nullptr || event->kind != "run") continue;
    const auto state = run_state_from(event->to);
    const auto type = types.find(event->run);
    if (!state || !is_final(*state) || event->from == event->to || type == types.end()) continue;
    runs_finished_[static_cast<std::size_t>(type->second)][*state == RunState::success ? 1 : 0].add();
  }
}

void LoopMetrics::write(MetricsText& out) const {
  out.family("millrace_task_attempts_finished_total", "counter", "Attempts that ended, by outcome.");
  for (std::size_t i = 0; i < outcomes; ++i) {
    const Label labels[] = {{"outcome", to_word(static_cast<Outcome>(i))}};
    out.sample(static_cast<double>(attempts_finished_[i].value()), labels);
  }
  out.family("millrace_runs_finished_total", "counter", "Runs that ended, by type and state.");
  for (std::size_t type = 0; type < run_types; ++type)
    for (std::size_t good = 0; good < 2; ++good) {
      const Label labels[] = {{"run_type", to_word(static_cast<RunType>(type))},
                              {"state", to_word(good == 1 ? RunState::success : RunState::failed)}};
      out.sample(static_cast<double>(runs_finished_[type][good].value()), labels);
    }
  out.histogram("millrace_task_queue_wait_seconds",
                "From ready to admitted: the wait for slots, limits, cpu, memory and devices.", queue_wait_);
  out.histogram("millrace_task_dispatch_seconds",
                "From admitted to the start of the process; a commit lies in it.", dispatch_);
  out.histogram("millrace_task_hop_seconds",
                "From a process's end to the start of the task that waited for it alone.", hop_);
  out.histogram("millrace_exit_report_seconds", "From a process's end to the scheduler's hearing of it.",
                exit_report_);
  out.histogram("millrace_store_commit_seconds", "One transaction, its sync included.", commit_);
  out.counter("millrace_store_committed_rows_total", "Rows written.", rows_.value());
  out.family("millrace_loop_busy_seconds_total", "counter",
             "Time of the loop's thread, by what it did: apply is the scheduler, perform what follows a "
             "commit, look the questions of the API.");
  static constexpr std::string_view names[parts] = {"apply",   "render",  "commit",
                                                    "publish", "perform", "look"};
  for (std::size_t i = 0; i < parts; ++i) {
    const Label labels[] = {{"part", names[i]}};
    out.sample(static_cast<double>(busy_us_[i].value()) / 1e6, labels);
  }
  out.histogram("millrace_loop_lag_seconds", "How long the oldest message of a batch waited for the loop.",
                inbox_wait_);
}

void write_gauges(MetricsText& out, const Scheduler& scheduler) {
  const ActiveCounts counts = scheduler.active_counts();
  by_state(out, "millrace_runs", "Runs that aren't final.", counts.runs,
           {RunState::queued, RunState::running});
  by_state(out, "millrace_task_instances", "Task instances of runs that aren't final.",
           counts.task_instances,
           {TaskState::none, TaskState::scheduled, TaskState::queued, TaskState::running, TaskState::success,
            TaskState::failed, TaskState::up_for_retry, TaskState::up_for_reschedule,
            TaskState::upstream_failed, TaskState::skipped, TaskState::removed, TaskState::restarting,
            TaskState::deferred});
  by_state(out, "millrace_backfills", "Backfills that aren't final.", counts.backfills,
           {BackfillState::queued, BackfillState::running, BackfillState::paused});
  out.family("millrace_dags", "gauge", "DAGs with a file or a submitted text.");
  for (const bool paused : {false, true}) {
    const Label labels[] = {{"paused", paused ? "true" : "false"}};
    out.sample(static_cast<double>(paused ? counts.paused_dags : counts.dags - counts.paused_dags), labels);
  }
  out.gauge("millrace_schedules_held", "DAGs whose schedule is held, as after a step of the clock.",
            static_cast<double>(scheduler.holds().size()));
  const auto pools = scheduler.pools();
  out.family("millrace_pool_slots", "gauge", "Slots of a pool.");
  for (const PoolUse& use : pools) {
    const Label labels[] = {{"pool", use.pool.name}};
    out.sample(use.pool.slots, labels);
  }
  out.family("millrace_pool_slots_used", "gauge", "Slots by what the task instance that asks for them does.");
  for (const PoolUse& use : pools)
    for (const auto& [state, slots] : {std::pair{"running", use.running}, std::pair{"queued", use.queued},
                                       std::pair{"scheduled", use.scheduled}}) {
      const Label labels[] = {{"pool", use.pool.name}, {"state", state}};
      out.sample(slots, labels);
    }
  out.family("millrace_device_in_use", "gauge", "1: an attempt holds this GPU.");
  for (const auto& [device, attempt] : scheduler.devices()) {
    const Label labels[] = {{"uuid", device.uuid}, {"model", device.model}};
    out.sample(attempt ? 1 : 0, labels);
  }
}

}  // namespace millrace
