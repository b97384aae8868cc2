#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "scheduler/core.h"

/// Answers to "why doesn't it run?": the gates of one instance in the order in which they are evaluated, who
/// stands in the way, and what a forecast of its start needs. Looks only; changes nothing.
namespace millrace {
namespace {

constexpr std::size_t blockers_listed = 64;    // a person reads fewer
constexpr std::size_t ancestors_followed = 2'000;
constexpr std::int64_t ranked = 10'000;        // a place behind these is "far behind"
constexpr std::size_t rivals = 256;            // before it, in a forecast: more say nothing of a start
constexpr std::size_t holders_weighed = 4'096;
constexpr std::size_t queued_runs_listed = 100;  // each is asked who is before it

Holder holder_of(const Run& run) {
  Holder out;
  out.run = run.row.id;
  out.dag_id = run.row.dag_id;
  out.run_id = run.row.run_id;
  out.state = to_word(run.row.state);
  out.started_at = run.row.started_at;
  out.backfill = run.row.backfill;
  return out;
}

Holder holder_of(const Run& run, const Instance& ti) {
  Holder out = holder_of(run);
  out.instance = ti.row.id;
  out.task_id = ti.row.task_id;
  out.map_index = ti.row.map_index;
  out.state = to_word(ti.row.state);
  out.started_at = ti.row.started_at;
  return out;
}

void block(Gate& gate, Holder holder) {
  if (gate.blockers.size() < blockers_listed) gate.blockers.push_back(std::move(holder));
  else ++gate.more_blockers;
}

Gate gate(std::string_view kind, bool ok, std::int64_t have, std::int64_t need, std::string text) {
  return {std::string(kind), ok, have, need, std::move(text), {}, 0};
}

Claim claim_of(const Candidate& c) {
  return {c.dag_id, {}, c.pool, c.pool_slots, c.cpu_milli, c.memory_bytes, c.gpu, c.run, {}};
}

}  // namespace

void Core::explain_run(const Run& run, Explanation& out) const {
  const bool waits = run.row.state == RunState::queued;
  const auto found = dags.find(run.row.dag_id);
  if (found == dags.end()) return;
  const DagEntry& entry = found->second;
  const bool held = waits && entry.row.paused && run.row.type != RunType::manual && !run.row.backfill;
  out.gates.push_back(gate("paused", !held, held ? 0 : 1, 1,
                           fmt::format("DAG '{}' is {}", run.row.dag_id,
                                       entry.row.paused ? "paused" : "active")));
  if (run.row.backfill) {
    const auto backfill = backfills.find(run.row.backfill);
    if (backfill == backfills.end()) return;
    const int bound = backfill->second.row.spec.max_active_runs;
    out.gates.push_back(gate("backfill_limit", !waits, bound - backfill->second.running, 1,
                             fmt::format("{} of {} runs of backfill {} are active", backfill->second.running,
                                         bound, run.row.backfill.value)));
    return;
  }
  if (held) return;
  const int bound = run.dag->max_active_runs;
  Gate places = gate("max_active_runs", !waits, std::max(0, bound - entry.running), 1,
                     fmt::format("{} of {} runs of '{}' are running", entry.running, bound, run.row.dag_id));
  if (waits) {
    out.runs.slots[""] = bound;
    for (const auto& [date, id] : entry.active) {
      const Run& other = runs.at(id);
      if (other.row.state != RunState::running || other.row.backfill) continue;
      block(places, holder_of(other));
      out.runs.holders.push_back({run.row.dag_id, {}, {}, 1, 0, 0, 0, {}, other.row.started_at});
    }
    for (const QueuedRun& queued : entry.queued) {
      ++out.rank;
      out.runs.waiting.push_back({run.row.dag_id, {}, {}, 1, 0, 0, 0, {}, {}});
      if (queued.id == run.row.id) break;
    }
    out.in_line = static_cast<std::int64_t>(entry.queued.size());
  }
  out.gates.push_back(std::move(places));
}

void Core::explain_upstream(const Run& run, const Instance& ti, Explanation& out) const {
  const TaskIndex t = ti.row.task;
  const bool waits = ti.row.state == TaskState::none;
  std::int64_t all = 0, done = 0;
  Gate gate_of_tasks = gate("upstream", true, 0, 0, {});
  const auto [first, last] = run.dag->upstream.of(t);
  for (const TaskIndex* u = first; u != last; ++u) {
    const Slot& slot = run.slots[*u];
    for (std::size_t k = 0; k < slot.size(); ++k) {
      const Instance& before = run.instances[slot[k]];
      ++all;
      if (is_final(before.row.state)) ++done;
      else if (waits) block(gate_of_tasks, holder_of(run, before));
    }
  }
  gate_of_tasks.ok = !waits || done == all;
  gate_of_tasks.have = done;
  gate_of_tasks.need = all;
  gate_of_tasks.text = all == 0 ? "it has no upstream tasks"
                                : fmt::format("{} of {} upstream tasks are done", done, all);
  const TriggerRule rule = run.dag->tasks[t].trigger_rule;
  if (rule != TriggerRule::all_success) gate_of_tasks.text += fmt::format("; rule {}", to_word(rule));
  // What runs is nearest to its end; who waits himself comes after.
  std::ranges::stable_sort(gate_of_tasks.blockers, {}, [](const Holder& h) { return h.state != "running"; });
  out.gates.push_back(std::move(gate_of_tasks));
  if (waits) out.ancestors = unfinished_before(run, t);
  std::string why;
  if (!waits || past_allows(run, t, &why)) return;
  Gate of_past = gate("upstream", false, 0, 1, why);
  if (const auto it = runs.find(run.past.run); it != runs.end()) block(of_past, holder_of(it->second));
  out.gates.push_back(std::move(of_past));
  out.ancestors.reset();
}

/// Depth first, so that those before come first.
std::optional<std::vector<Ancestor>> Core::unfinished_before(const Run& run, TaskIndex target) const {
  struct Visit { TaskIndex task; const TaskIndex *next, *end; };
  const auto unfinished = [&](TaskIndex t) {
    for (std::size_t k = 0; k < run.slots[t].size(); ++k)
      if (!is_final(run.instances[run.slots[t][k]].row.state)) return true;
    return false;
  };
  std::vector<Ancestor> out;
  std::map<TaskIndex, std::uint32_t> place;
  std::set<TaskIndex> seen{target};
  std::vector<Visit> path{{target, run.dag->upstream.of(target).first, run.dag->upstream.of(target).second}};
  while (!path.empty()) {
    Visit& top = path.back();
    if (top.next != top.end) {
      const TaskIndex u = *top.next++;
      if (!seen.insert(u).second || !unfinished(u)) continue;
      if (seen.size() > ancestors_followed) return std::nullopt;
      path.push_back({u, run.dag->upstream.of(u).first, run.dag->upstream.of(u).second});
      continue;
    }
    const TaskIndex t = top.task;
    path.pop_back();
    if (t == target) break;
    Ancestor& here = out.emplace_back();
    here.task_id = run.dag->tasks[t].task_id;
    for (std::size_t k = 0; k < run.slots[t].size(); ++k) {
      const TaskInstanceRow& row = run.instances[run.slots[t][k]].row;
      if (row.state == TaskState::running) here.started_at = std::max(here.started_at, row.started_at);
    }
    const auto [first, last] = run.dag->upstream.of(t);
    for (const TaskIndex* u = first; u != last; ++u)
      if (const auto it = place.find(*u); it != place.end()) here.upstream.push_back(it->second);
    place[t] = static_cast<std::uint32_t>(out.size() - 1);
  }
  return out;
}

void Core::name_blockers(Gate& gate) const {
  for (Holder& holder : gate.blockers) {
    const Located at = locate(holder.instance);
    if (!at.run) continue;
    std::vector<std::string> devices = std::move(holder.devices);
    holder = holder_of(*at.run, at.run->instances[at.index]);
    holder.devices = std::move(devices);
  }
}

/// Who holds, who is before it in line and what there is: `wanted` ends the line; none: the first `count`.
Contest Core::contest(const Candidate* wanted, std::size_t count) const {
  Contest out;
  for (const PoolUse& use : admission.pools()) out.slots[use.pool.name] = use.pool.slots;
  const MachineUse machine = admission.machine();
  out.cpu_milli = machine.cpu_milli;
  out.memory_bytes = machine.memory_bytes;
  out.gpus = wanted ? admission.devices_for(*wanted) : static_cast<std::int64_t>(gpus.size());
  if (static_cast<std::size_t>(machine.attempts) > holders_weighed) return {};
  const auto named = [this](const Candidate& c, Claim claim) {
    if (const Located at = locate(c.id); at.run) {
      const TaskInstanceRow& row = at.run->instances[at.index].row;
      claim.task_id = row.task_id;
      if (holds_attempt(row.state)) claim.started_at = row.started_at ? row.started_at : row.queued_at;
    }
    return claim;
  };
  bool reached = wanted == nullptr;
  std::int64_t visited = 0;
  const bool of_machine = wanted && (wanted->cpu_milli > 0 || wanted->memory_bytes > 0 || wanted->gpu > 0);
  admission.in_start_order({}, [&](const Candidate& c) {
    const bool rival = !wanted || c.pool == wanted->pool ||
                       (of_machine && (c.cpu_milli > 0 || c.memory_bytes > 0 || c.gpu > 0));
    if (rival) {
      out.waiting.push_back(named(c, claim_of(c)));
      if (c.max_active_tasks_of_run > 0) out.run_limits[c.run] = c.max_active_tasks_of_run;
    }
    reached = reached || c.id == wanted->id;
    if (wanted) return !reached && ++visited < ranked && out.waiting.size() < rivals;
    return out.waiting.size() < count;
  });
  if (!reached) return {};
  admission.each_holder([&](const Candidate& c, const std::vector<std::string>& devices) {
    Claim claim = named(c, claim_of(c));
    claim.gpus = static_cast<std::int64_t>(devices.size());
    out.holders.push_back(std::move(claim));
  });
  return out;
}

void Core::explain_admission(const Run& run, InstanceIndex i, Explanation& out) const {
  const TaskInstanceId id = run.instances[i].row.id;
  for (Gate& found : admission.gates(id, true)) {
    name_blockers(found);
    out.gates.push_back(std::move(found));
  }
  const Candidate mine = candidate(run, i);
  std::int64_t place = 0;
  bool found = false;
  admission.in_start_order(mine.pool, [&](const Candidate& c) {
    ++place;
    found = c.id == id;
    return !found && place < ranked;
  });
  out.rank = found ? place : 0;
  out.in_line = static_cast<std::int64_t>(admission.waiting(mine.pool));
  out.contest = contest(&mine, 0);
}

std::optional<Explanation> Core::explain(TaskInstanceId id, Now at_now) const {
  const Located at = locate(id);
  if (!at.run) return std::nullopt;
  const Run& run = *at.run;
  const Instance& ti = run.instances[at.index];
  Explanation out;
  out.state = ti.row.state;
  out.not_before = ti.row.not_before;
  if (is_final(ti.row.state) || is_orphan(run, ti.row)) return out;
  explain_run(run, out);
  if (run.row.state == RunState::queued) {
    out.ancestors = unfinished_before(run, ti.row.task);
    return out;
  }
  explain_upstream(run, ti, out);
  if (ti.row.state == TaskState::scheduled && admission.waits(id)) {
    explain_admission(run, at.index, out);
    return out;
  }
  if (ti.row.state == TaskState::none || ti.row.state == TaskState::running) return out;
  // The rest waits for one thing, which waiting_on names.
  for (Wait& wait : waiting_on(id, at_now)) {
    Gate only = gate(wait.kind, false, 0, 1, std::move(wait.detail));
    if (const auto child = runs.find(ti.child); child != runs.end()) block(only, holder_of(child->second));
    out.gates.push_back(std::move(only));
  }
  return out;
}

QueueSeen Core::queue(std::size_t limit, const DagFilter& of) const {
  QueueSeen out;
  if (!of) out.contest = contest(nullptr, limit);
  std::int64_t rank = 0;
  if (limit > 0)
    admission.in_start_order({}, [&](const Candidate& c) {
      ++rank;
      const Located at = locate(c.id);
      if (!at.run || (of && !of(c.dag_id))) return true;
      Queued& one = out.tasks.emplace_back();
      one.who = holder_of(*at.run, at.run->instances[at.index]);
      one.rank = rank;
      one.pool = c.pool;
      one.share = to_word(at.run->row.type);
      one.priority = c.priority;
      one.since = c.since;
      for (Gate& stopped : admission.gates(c.id, false))
        if (!stopped.ok) one.gates.push_back(std::move(stopped));
      return out.tasks.size() < limit;
    });
  out.tasks_waiting = of ? waiting_of(of) : static_cast<std::int64_t>(admission.waiting({}));
  // By run and not by DAG: with 10,000 DAGs most have none.
  for (const auto& [id, run] : runs) {
    if (out.runs.size() == std::min(limit, queued_runs_listed)) break;
    if (run.row.state != RunState::queued || (of && !of(run.row.dag_id))) continue;
    Explanation why;
    explain_run(run, why);
    for (Gate& stopped : why.gates)
      if (!stopped.ok) out.runs.push_back({holder_of(run), run.row.queued_at, std::move(stopped)});
  }
  for (const auto& [id, backfill] : backfills)
    if (!of || of(backfill.row.spec.dag_id)) queue_dates(backfill, out);
  return out;
}

/// How many instances of some DAGs wait for admission.
std::int64_t Core::waiting_of(const DagFilter& of) const {
  std::int64_t count = 0;
  for (const auto& [id, run] : runs) {
    if (is_final(run.row.state) || !of(run.row.dag_id)) continue;
    count += std::ranges::count_if(run.instances, [this](const Instance& ti) {
      return ti.row.state == TaskState::scheduled && admission.waits(ti.row.id);
    });
  }
  return count;
}

/// Dates that have no run yet: their backfill's own limit or its pause keeps them.
void Core::queue_dates(const Backfill& backfill, QueueSeen& out) const {
  const BackfillRow& row = backfill.row;
  if (is_final(row.state) || row.counts.queued == 0) return;
  const bool paused = row.state == BackfillState::paused;
  Gate stopped = paused ? gate("paused", false, 0, 1, fmt::format("backfill {} is paused", row.id.value))
                        : gate("backfill_limit", false, row.spec.max_active_runs - backfill.running, 1,
                               fmt::format("{} of {} runs of backfill {} are active", backfill.running,
                                           row.spec.max_active_runs, row.id.value));
  if (!paused)
    for (const auto& [date, item] : backfill.items)
      if (const auto run = runs.find(item.run); run != runs.end() && item.state == ItemState::running)
        block(stopped, holder_of(run->second));
  out.backfills.push_back({row.id, row.spec.dag_id, row.counts.queued, std::move(stopped)});
}

/// The front of the line is asked now and then what it waits for; a reason that has changed becomes an event,
/// so that the history of reasons survives a restart. docs/decisions/010.
void Core::note_reasons() {
  if (now.mono < reasons_due) return;
  reasons_due = now.mono + limits::reconcile_interval;
  std::map<TaskInstanceId, std::string> seen;
  admission.in_start_order({}, [&](const Candidate& c) {
    if (now.wall - c.since < limits::reason_after) return true;
    const std::vector<Wait> waits = admission.blockers(c.id);
    if (waits.empty()) return true;
    const auto known = reasons.find(c.id);
    const std::string before = known == reasons.end() ? std::string{} : known->second;
    seen.emplace(c.id, waits.front().kind);
    if (before != waits.front().kind) {
      EventRow row;
      row.kind = "waits";
      row.dag_id = c.dag_id;
      row.run = c.run;
      row.task_instance = c.id;
      row.from = before;
      row.to = waits.front().kind;
      row.cause = waits.front().detail;
      event(std::move(row));
    }
    return seen.size() < limits::reasons_noted;
  });
  reasons = std::move(seen);
}

}  // namespace millrace
