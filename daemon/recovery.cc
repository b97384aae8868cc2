#include "daemon/recovery.h"

#include <unistd.h>

#include <csignal>
#include <set>
#include <thread>

#include "base/crash_point.h"
#include "base/log.h"

namespace millrace {

void load_state(Store& store, Catalog& catalog, Loop& loop, const MachineFound& machine) {
  loop.apply_now(machine);
  CRASH_POINT("recovery.machine_told");
  for (PoolRow& pool : store.pools()) loop.apply_now(PoolLoaded{std::move(pool)});
  CRASH_POINT("recovery.pools_loaded");
  for (DatasetNameRow& row : store.dataset_names()) loop.apply_now(DatasetNameLoaded{std::move(row)});
  CRASH_POINT("recovery.dataset_names_loaded");
  for (auto& [key, version] : store.variables()) loop.apply_now(VariableLoaded{std::move(key), version});
  CRASH_POINT("recovery.variables_loaded");
  std::size_t dags = 0;
  for (DagRow& row : store.dags()) {
    const auto version = catalog.find(row.current);
    if (!version) {
      log::error("dag={} isn't loaded: its current version can't be read; its runs wait", row.dag_id);
      continue;
    }
    ++dags;
    if (!row.removed) catalog.set_current(row.current, *version);
    loop.apply_now(DagLoaded{std::move(row), version->dag});
    CRASH_POINT("recovery.dag_loaded");
  }
  std::set<BackfillId> roots;
  for (ActiveBackfill& backfill : store.active_backfills()) {
    roots.insert(root_of(backfill.row));
    loop.apply_now(to_event(std::move(backfill), catalog));
    CRASH_POINT("recovery.backfill_loaded");
  }
  for (const BackfillId root : roots)
    for (BackfillRow& row : store.cascade(root))
      if (is_final(row.state)) loop.apply_now(to_event({std::move(row), {}}, catalog));
  CRASH_POINT("recovery.backfills_loaded");
  for (QueuedDatasetEventRow& row : store.queued_dataset_events())
    loop.apply_now(QueuedDatasetEventLoaded{std::move(row)});
  CRASH_POINT("recovery.queued_events_loaded");
  for (NotificationRow& row : store.pending_notifications())
    loop.apply_now(NotificationLoaded{std::move(row)});
  CRASH_POINT("recovery.notifications_loaded");
  std::size_t runs = 0;
  for (const RunId id : store.active_runs()) {
    std::optional<RunSnapshot> snapshot = store.load_run(id);
    if (!snapshot) continue;
    const auto version = catalog.find(snapshot->run.dag_version);
    if (!version) {
      log::error("run={} isn't loaded: its version can't be read", snapshot->run.run_id);
      continue;
    }
    ++runs;
    loop.apply_now(RunLoaded{id, std::move(snapshot), version->dag});
    CRASH_POINT("recovery.run_loaded");
  }
  log::info("loaded dags={} runs={} epoch={}", dags, runs, store.epoch());
}

void resume(Store& store, Scheduler& scheduler, Loop& loop, const std::vector<AttemptId>& unseen,
            const Clock& clock) {
  const NextIds ids = store.next_ids();
  std::vector<AttemptId> to_start, to_end;
  for (const AttemptId id : unseen) {
    const auto context = scheduler.attempt_context(id);
    if (context) (context->attempt->kill_requested ? to_end : to_start).push_back(id);
  }
  CRASH_POINT("recovery.unseen_sorted");
  loop.apply_now(RecoveryDone{ids.run, ids.task_instance, ids.attempt, ids.backfill, ids.event,
                              ids.dataset_event, ids.dataset_name, ids.dataset_version, ids.notification});
  CRASH_POINT("recovery.done");
  for (const AttemptId id : to_end) {
    ExitFacts facts;
    facts.wait_status = SIGKILL;
    facts.killed = true;
    facts.at = clock.now().wall;
    facts.message = "it was cancelled before it started";
    loop.apply_now(AttemptFinished{id, std::move(facts), {}, {}, 0});
  }
  CRASH_POINT("recovery.unseen_ended");
  loop.respawn(to_start);
  CRASH_POINT("recovery.unseen_started");
}

std::vector<Outstanding> outstanding(const Scheduler& scheduler) {
  std::vector<Outstanding> out;
  for (const AttemptId id : scheduler.live_attempts()) {
    const auto context = scheduler.attempt_context(id);
    if (!context) continue;
    const auto& start = context->attempt->start;
    out.push_back({id, start.has_value(), start.value_or(StartFacts{})});
  }
  return out;
}

void ensure_pools(const Config& config, const MachineFound& machine, const Scheduler& scheduler, Loop& loop) {
  std::map<std::string, Config::Pool> wanted = config.pools;
  const auto known = scheduler.pools();
  const auto exists = [&](std::string_view name) {
    for (const PoolUse& use : known)
      if (use.pool.name == name) return true;
    return false;
  };
  if (!exists("cpu"))
    wanted.insert(
        {"cpu", {static_cast<int>(std::max<std::int64_t>(1, machine.cpu_milli / 1'000)), "CPU tasks"}});
  if (!exists("gpu") && !machine.gpus.empty())
    wanted.insert({"gpu", {static_cast<int>(machine.gpus.size()), "GPU tasks, one device each"}});
  for (const auto& [name, pool] : wanted) {
    bool same = false;
    for (const PoolUse& use : known)
      same = same || (use.pool.name == name && use.pool.slots == pool.slots &&
                      (pool.description.empty() || use.pool.description == pool.description));
    if (!same) loop.apply_now(PoolSet{{}, name, pool.slots, pool.description, "configuration"});
  }
}

MachineFound find_machine(const Config& config, const std::vector<Device>& devices) {
  MachineFound machine;
  const std::int64_t cores = std::max(1u, std::thread::hardware_concurrency());
  machine.cpu_milli = config.cpu_milli.value_or(cores * 1'000);
  const std::int64_t pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  machine.memory_bytes = config.memory_bytes.value_or(pages * page);
  for (const Device& device : devices)
    machine.gpus.push_back({device.uuid, device.model, device.memory_bytes, device.healthy});
  return machine;
}

}  // namespace millrace
