#include "world.h"

#include <fmt/format.h>

namespace millrace::test {

World::World() = default;

void World::boot() {
  scheduler = std::make_unique<Scheduler>();
  kills.clear();
  checks.clear();
  MachineFound machine;
  machine.cpu_milli = 64'000;
  machine.memory_bytes = 64ll << 30;
  for (int i = 0; i < gpus; ++i) machine.gpus.push_back({fmt::format("gpu-{}", i), "H100", 80ll << 30, true});
  apply(machine);
  for (const auto& [name, row] : ledger.pools) apply(PoolLoaded{row});
  for (const auto& [name, row] : ledger.dataset_names) apply(DatasetNameLoaded{row});
  for (const auto& [dag_id, row] : ledger.dags) apply(DagLoaded{row, ledger.versions.at(row.current)});
  std::set<BackfillId> roots;
  for (const auto& [id, row] : ledger.backfills) {
    if (is_final(row.state)) continue;
    apply(ledger.loaded(id, false));
    roots.insert(root_of(row));
  }
  for (const auto& [id, row] : ledger.backfills)
    if (is_final(row.state) && roots.contains(root_of(row))) apply(ledger.loaded(id, false));
  for (const auto& [key, row] : ledger.queued_events) apply(QueuedDatasetEventLoaded{row});
  for (const auto& [id, row] : ledger.notifications)
    if (row.state == NotificationState::pending) apply(NotificationLoaded{row});
  for (const auto& [id, row] : ledger.runs)
    if (!is_final(row.state)) apply(RunLoaded{id, ledger.snapshot(id), ledger.versions.at(row.dag_version)});
  apply(ledger.next_ids());
  if (ledger.pools.empty()) {
    apply(PoolSet{{}, "cpu", cpu_slots, "", "start"});
    apply(PoolSet{{}, "gpu", gpus, "", "start"});
  }
}

void World::send(const Event& event) {
  seen.clear();
  apply(event);
  for (std::string& problem : ledger.check(*scheduler)) problems.push_back(std::move(problem));
}

void World::apply(const Event& event) {
  const std::vector<Command> commands = scheduler->apply(event, now);
  for (std::string& problem : ledger.take(commands)) problems.push_back(std::move(problem));
  std::deque<Event> answers;
  for (const Command& command : commands) {
    seen.push_back(command);
    if (keep_transcript) transcript += to_text(command) + "\n";
    if (const auto* asked = std::get_if<LookUpDates>(&command)) {
      answers.push_back(DatesLookedUp{asked->lookup, ledger.runs_at(*asked)});
    } else if (const auto* partitions = std::get_if<LookUpPartitions>(&command)) {
      answers.push_back(PartitionsLookedUp{partitions->lookup, ledger.partitions(*partitions)});
    } else if (const auto* items = std::get_if<LookUpItems>(&command)) {
      answers.push_back(ItemsLookedUp{items->lookup, ledger.items_at(*items)});
    } else if (const auto* load = std::get_if<LoadRun>(&command)) {
      RunLoaded loaded{load->run, ledger.snapshot(load->run), nullptr};
      if (loaded.snapshot) loaded.dag = ledger.versions.at(loaded.snapshot->run.dag_version);
      answers.push_back(loaded);
    } else if (const auto* spawn = std::get_if<Spawn>(&command)) {
      if (!auto_start) continue;
      StartFacts facts;
      facts.pid = spawn->attempt.value;
      facts.at = now.wall;
      starts_.push_back(AttemptStarted{spawn->attempt, facts});
    } else if (const auto* kill = std::get_if<Kill>(&command)) {
      kills.insert(kill->attempt);
    } else if (const auto* check = std::get_if<CheckSensor>(&command)) {
      checks.insert(check->task_instance);
    }
  }
  // Questions first, all the way down: nothing else may come between a question and its answer.
  ++depth_;
  for (const Event& answer : answers) apply(answer);
  --depth_;
  while (depth_ == 0 && !starts_.empty()) {
    const Event start = starts_.front();
    starts_.pop_front();
    apply(start);
  }
}

void World::submit(std::shared_ptr<const Dag> dag, bool paused) {
  const DagVersionId version{next_version_++};
  ledger.versions[version] = dag;
  send(DagSubmitted{{}, version, dag, paused, "test"});
}

void World::finish(AttemptId attempt, ExitFacts facts, std::vector<Output> outputs,
                   std::string output_problem) {
  kills.erase(attempt);
  facts.at = now.wall;
  send(AttemptFinished{attempt, facts, std::move(outputs), std::move(output_problem), seed++});
}

void World::act(BackfillAction::Kind kind, BackfillId id, RequestId request) {
  if (kind == BackfillAction::Kind::retry_failed) {
    const BackfillId root = root_of(ledger.backfills.at(id));
    for (const auto& [other, row] : std::map(ledger.backfills))
      if (root_of(row) == root) apply(ledger.loaded(other, true));
  }
  send(BackfillAction{kind, request, id, "anna"});
}

ExitFacts exited(int code) {
  ExitFacts facts;
  facts.wait_status = code << 8;
  return facts;
}

ExitFacts signalled(int number) {
  ExitFacts facts;
  facts.wait_status = number;
  return facts;
}

namespace {

std::string opt(const std::optional<WallTime>& t) { return t ? to_iso(*t) : "-"; }

struct Text {
  std::string operator()(const DagRow& r) const {
    return fmt::format("dag {} v{} paused={} removed={} wm={} #{}", r.dag_id, r.current.value, r.paused,
                       r.removed, opt(r.watermark), r.version);
  }
  std::string operator()(const RunRow& r) const {
    return fmt::format("run {} {} {} {} {} by={} cancel={} rerun={} {} {} #{}", r.id.value, r.dag_id,
                       r.run_id, to_word(r.state), r.reason, r.triggered_by, r.cancel_requested, r.rerun,
                       opt(r.started_at), opt(r.ended_at), r.version);
  }
  std::string operator()(const TaskInstanceRow& r) const {
    return fmt::format("ti {} run={} {}[{}] {} {} try={}/{} pool={} prio={} mem={} {} {} {} {} #{}",
                       r.id.value, r.run.value, r.task_id, r.map_index, to_word(r.state), r.reason,
                       r.try_number, r.max_tries, r.pool, r.priority, r.memory_bytes, opt(r.scheduled_at),
                       opt(r.started_at), opt(r.ended_at), opt(r.not_before), r.version);
  }
  std::string operator()(const AttemptRow& r) const {
    return fmt::format("attempt {} ti={} {} kill={} devices={} outcome={} #{}", r.id.value,
                       r.task_instance.value, r.name, r.kill_requested, fmt::join(r.devices, "+"),
                       r.outcome ? to_word(*r.outcome) : "-", r.version);
  }
  std::string operator()(const OutputRow& r) const {
    return fmt::format("output {} {}={}", r.task_instance.value, r.key, r.value);
  }
  std::string operator()(const BackfillRow& r) const {
    return fmt::format("backfill {} {} cursor={} {}/{}/{}/{}/{}/{} #{}", r.id.value, to_word(r.state),
                       opt(r.cursor), r.counts.queued, r.counts.running, r.counts.success, r.counts.failed,
                       r.counts.skipped, r.counts.cancelled, r.version);
  }
  std::string operator()(const BackfillItemRow& r) const {
    return fmt::format("item {} {} {} {} run={} #{}", r.backfill.value, to_iso(r.execution_date),
                       to_word(r.state), r.reason, r.run.value, r.version);
  }
  std::string operator()(const PoolRow& r) const {
    return fmt::format("pool {} {} #{}", r.name, r.slots, r.version);
  }
  std::string operator()(const DatasetVersionRow& r) const {
    return fmt::format("version {} {} {} {} run={} a={}", r.id.value, r.dataset, to_iso(r.partition), r.hash,
                       r.run.value, r.attempt.value);
  }
  std::string operator()(const VersionInputRow& r) const {
    return fmt::format("input a={} {} {} version={}", r.attempt.value, r.dataset, to_iso(r.partition),
                       r.version.value);
  }
  std::string operator()(const DatasetEventRow& r) const {
    return fmt::format("dataset {} {} {}", r.id, r.dataset, to_iso(r.partition));
  }
  std::string operator()(const DatasetNameRow& r) const {
    return fmt::format("dataset name {} {} {} #{}", r.id, r.name, r.uri, r.version);
  }
  std::string operator()(const DatasetReferenceRow& r) const {
    return fmt::format("reference {} {} {} {} {}", r.dataset, to_word(r.use), r.dag_id, r.task_id, r.removed);
  }
  std::string operator()(const QueuedDatasetEventRow& r) const {
    return fmt::format("queued {} {} {} {} {} {}", r.dag_id, r.event, to_iso(r.run_date), r.dataset,
                       r.rerun_only, r.removed);
  }
  std::string operator()(const DatasetEventRunRow& r) const {
    return fmt::format("link {} {} {} {} {} {}", r.event, r.dag_id, r.run.value, r.rerun, r.triggering,
                       r.reason);
  }
  std::string operator()(const NotificationRow& r) const {
    return fmt::format("notification {} on_{} {} tries={} {} {} #{}", r.id.value, to_word(r.on),
                       to_word(r.state), r.tries, opt(r.not_before), r.body, r.version);
  }
  std::string operator()(const EventRow& r) const {
    return fmt::format("event {} {} {} run={} ti={} a={} {}->{} {}", r.seq, r.kind, r.dag_id, r.run.value,
                       r.task_instance.value, r.attempt.value, r.from, r.to, r.cause);
  }
  std::string operator()(const VariableRow& r) const {
    return fmt::format("variable {} {} #{}", r.key, r.removed, r.version);
  }
  std::string operator()(const RunDeletion& r) const {
    return fmt::format("delete run {} #{}", r.run.value, r.version);
  }
  std::string operator()(const RemoveRunFiles& c) const {
    return fmt::format("remove files {}/{}", c.dag_id, c.run_id);
  }
  std::string operator()(const Record& c) const { return std::visit(*this, c.change); }
  std::string operator()(const Spawn& c) const { return fmt::format("spawn {}", c.attempt.value); }
  std::string operator()(const Kill& c) const { return fmt::format("kill {}", c.attempt.value); }
  std::string operator()(const Acknowledge& c) const { return fmt::format("ack {}", c.attempt.value); }
  std::string operator()(const LookUpDates& c) const {
    std::string out = fmt::format("look_up {} {}", c.lookup.value, c.dag_id);
    for (const WallTime date : c.dates) out += " " + to_iso(date);
    return out;
  }
  std::string operator()(const LookUpPartitions& c) const {
    return fmt::format("look_up {} {} {}..{}", c.lookup.value, fmt::join(c.datasets, " "), to_iso(c.from),
                       to_iso(c.to));
  }
  std::string operator()(const LookUpItems& c) const {
    return fmt::format("look_up_items {} {} {} {}", c.lookup.value, c.backfill.value, to_iso(c.from),
                       to_iso(c.to));
  }
  std::string operator()(const LoadRun& c) const { return fmt::format("load {}", c.run.value); }
  std::string operator()(const CheckSensor& c) const {
    return fmt::format("check {}", c.task_instance.value);
  }
  std::string operator()(const Deliver& c) const {
    return fmt::format("deliver {}", c.notification.id.value);
  }
  std::string operator()(const Reply& c) const {
    if (const auto* error = std::get_if<Error>(&c.body)) return "error " + error->message;
    return fmt::format("reply {} {}", c.request.value, c.body.index());
  }
};

}  // namespace

std::string to_text(const Command& command) { return std::visit(Text{}, command); }

}  // namespace millrace::test
