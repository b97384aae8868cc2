#include <fmt/format.h>

#include "dags/schedule.h"
#include "tests/sim/simulation.h"

/// Liveness: with all faults over and nobody asking for anything new, every run comes to its end or waits
/// for something with a name.
namespace millrace::sim {
namespace {

/// A backfill of 30 dates, each with a sensor of 9 hours.
constexpr Duration patience = std::chrono::hours{24 * 60};
constexpr std::int64_t most_steps = 400'000;

}  // namespace

void Simulation::mend_everything() {
  quiet_ = true;
  clients_.curious = false;
  disk_.mend();
  power_fails_ = false;
  lock_.reset();
  crash_in_ = 0;
  runner_.rates = {.task_fails = 5};
  runner_.longest_task = std::chrono::minutes{5};
  for (GpuFact& gpu : host_.machine.gpus) gpu.healthy = true;
  host_.config.pools["small"] = {4, "few"};
  if (stale_) stale_->kill();
  stale_.reset();
}

void Simulation::quiet_end() {
  mend_everything();
  // Reports that were lost are said again to who connects anew.
  start_daemon();
  if (!daemon_ || !daemon_->alive()) return wrong("the daemon doesn't start though all is well");
  const MonoTime begun = agenda_.now().mono;
  const auto ask = [this](std::string what, Event event) {
    clients_.ask(*daemon_, *observer_, std::move(what), std::move(event), false);
  };
  ask("pool cpu", PoolSet{{}, "cpu", 8, "", "quiet"});
  for (const std::string& dag_id : dag_names())
    ask("unpause " + dag_id, DagPaused{{}, dag_id, false, "quiet"});
  for (const std::int64_t id : observer_->integers("SELECT id FROM backfill WHERE state = 'paused'"))
    ask("unpause backfill", BackfillAction{BackfillAction::Kind::unpause, {}, BackfillId{id}, "quiet"});
  // Schedules catch up and go on for a while; then no more runs come by themselves.
  while (outcome_.problems.empty() && agenda_.now().mono - begun < std::chrono::minutes{90}) step();
  if (!outcome_.problems.empty()) return;
  for (const std::string& dag_id : dag_names()) ask("pause " + dag_id, DagPaused{{}, dag_id, true, "quiet"});
  for (std::int64_t n = 0; outcome_.problems.empty() && !all_is_done(); ++n) {
    if (n < most_steps && agenda_.now().mono - begun < patience) {
      if (n % 500 == 499) cancel_what_waits_for_people();
      step();
      continue;
    }
    const Duration waited = agenda_.now().mono - begun;
    return wrong(fmt::format("liveness: after {} of quiet: {}", millrace::to_text(waited), stuck()));
  }
  if (outcome_.problems.empty()) check_end();
}

/// Nothing lives, every run and every backfill has ended.
bool Simulation::all_is_done() {
  if (!daemon_ || !daemon_->alive() || !observer_) return false;
  if (daemon_->waiting() > 0 || !runner_.living().empty()) return false;
  return stuck().empty();
}

/// What waits for a person, and says so: a queued run for its DAG to be unpaused, a task for the past that
/// went wrong, or won't come ("task 't' of <date> is failed").
void Simulation::cancel_what_waits_for_people() {
  if (!daemon_ || !daemon_->alive() || !observer_) return;
  std::vector<std::int64_t> runs = observer_->integers(
      "SELECT r.id FROM dag_run r JOIN dag d USING (dag_id) WHERE r.state = 'queued' AND d.is_paused = 1"
      " AND r.run_type <> 'manual' AND r.backfill_id IS NULL");
  for (const std::int64_t run : observer_->integers("SELECT id FROM dag_run WHERE state = 'running'")) {
    bool waits = false;
    const auto tasks =
        observer_->integers("SELECT id FROM task_instance WHERE dag_run_id = ?1 AND state = 'none'", {run});
    for (const std::int64_t id : tasks)
      for (const Wait& wait : daemon_->scheduler().waiting_on(TaskInstanceId{id}, agenda_.now()))
        waits = waits || (wait.kind == "upstream" && wait.detail.find("Z is ") != std::string::npos);
    if (waits) runs.push_back(run);
  }
  for (const std::int64_t run : runs)
    clients_.ask(*daemon_, *observer_, fmt::format("cancel run {}, which waits for people", run),
                 CancelRequested{{}, RunId{run}, "quiet"}, false);
}

std::string Simulation::stuck() {
  if (!observer_) return "no daemon";
  for (const std::int64_t id :
       observer_->integers("SELECT id FROM dag_run WHERE state IN ('queued', 'running')"))
    return fmt::format("run {} ({}) is {}: {}", id,
                       observer_->text("SELECT dag_id || '/' || run_id FROM dag_run WHERE id = ?1", {id}),
                       observer_->text("SELECT state FROM dag_run WHERE id = ?1", {id}),
                       observer_->text("SELECT group_concat(task_id || ' ' || state, ', ') FROM task_instance"
                                       " WHERE dag_run_id = ?1",
                                       {id}));
  for (const std::int64_t id :
       observer_->integers("SELECT id FROM backfill WHERE state IN ('queued', 'running', 'paused')"))
    return fmt::format(
        "backfill {} of {}; items: {}", id,
        observer_->text("SELECT dag_id || ' is ' || state || ', next ' || coalesce(next_date, 'none') || ', '"
                        " || items_queued || ' queued ' || items_running || ' running' FROM backfill"
                        " WHERE id = ?1",
                        {id}),
        observer_->text("SELECT group_concat(execution_date || ' ' || state || ' ' || coalesce(dag_run_id, 0)"
                        " || ' ' || reason, ', ') FROM backfill_item WHERE backfill_id = ?1"
                        " AND state IN ('queued', 'running')",
                        {id}));
  return {};
}

/// The whole database once more, and what a next daemon makes of it.
void Simulation::check_end() {
  std::vector<std::string> problems;
  check_all_rows(observer_->look_at_all(), memory_, problems);
  clients_.check(*observer_, problems, true);
  for (const std::int64_t id : observer_->integers(
           "SELECT id FROM backfill b WHERE state IN ('completed', 'failed') AND items_total <>"
           " (SELECT count(*) FROM backfill_item WHERE backfill_id = b.id)"))
    problems.push_back(fmt::format("backfill {} is done and hasn't an item for each of its dates", id));
  if (!observer_->sound()) problems.push_back("the database isn't sound");
  for (std::string& problem : problems) wrong(std::move(problem));
  outcome_.runs = observer_->integer("SELECT count(*) FROM dag_run");
  trace_.mix(observer_->hash());
}

}  // namespace millrace::sim
