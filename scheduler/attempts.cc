#include <utility>

#include <fmt/format.h>

#include "base/canary.h"
#include "scheduler/core.h"
#include "scheduler/retry.h"

namespace millrace {

void Core::admit() {
  admit_due = false;
  for (const Admission::Admitted& admitted : admission.admit()) {
    const Located at = locate(admitted.candidate.id);
    if (!at.run || at.run->instances[at.index].row.state != TaskState::scheduled) {
      admission.release(admitted.candidate.id);
      continue;
    }
    start_attempt(*at.run, at.index, admitted.devices);
  }
}

void Core::start_attempt(Run& run, InstanceIndex i, const std::vector<std::string>& devices) {
  Instance& ti = run.instances[i];
  Attempt attempt;
  attempt.run = &run;
  attempt.index = i;
  attempt.fresh = true;
  AttemptRow& row = attempt.row;
  row.id = {next.next_attempt++};
  row.task_instance = ti.row.id;
  row.run = run.row.id;
  row.try_number = ti.row.try_number + 1;
  row.name = attempt_name(run.row.dag_id, run.row.run_id, ti.row.task_id, ti.row.map_index, row.try_number);
  row.devices = devices;
  row.memory_bytes = ti.row.memory_bytes;
  row.created_at = now.wall;
  const AttemptId id = row.id;
  touch(attempts.emplace(id, std::move(attempt)).first->second);
  ti.attempt = id;
  ++run.live;
  move(run, i, TaskState::queued, "admitted");
  ++ti.row.try_number;
  act(Spawn{id});
}

void Core::on(const AttemptRendered& fact) {
  const auto it = attempts.find(fact.attempt);
  if (it == attempts.end()) return;
  touch(it->second);
  it->second.row.command = fact.command;
  for (const InputVersion& input : fact.inputs)
    new_version_inputs.push_back(
        {fact.attempt, it->second.row.run, input.dataset, input.partition, input.version});
}

void Core::on(const AttemptStarted& fact) {
  const auto it = attempts.find(fact.attempt);
  if (it == attempts.end() || it->second.row.start || it->second.row.outcome) return;
  Attempt& attempt = it->second;
  touch(attempt);
  attempt.row.start = fact.facts;
  Run& run = *attempt.run;
  if (run.instances[attempt.index].row.state != TaskState::queued) return;
  move(run, attempt.index, TaskState::running, "started");
  run.instances[attempt.index].row.started_at = fact.facts.at;
}

void Core::kill(Run& run, InstanceIndex i) {
  const auto it = attempts.find(run.instances[i].attempt);
  if (it == attempts.end() || it->second.row.kill_requested) return;
  touch(it->second);
  it->second.row.kill_requested = true;
  act(Kill{it->first});
}

void Core::close(Attempt& attempt, Outcome outcome) {
  touch(attempt);
  attempt.row.outcome = outcome;
  if (!CANARY("slots_kept") || outcome != Outcome::failed) admission.release(attempt.row.task_instance);
  admit_due = true;
  --attempt.run->live;
}

void Core::on(const AttemptFinished& fact) {
  act(Acknowledge{fact.attempt});
  const auto it = attempts.find(fact.attempt);
  if (it == attempts.end() || it->second.row.outcome) return;
  Attempt& attempt = it->second;
  Run& run = *attempt.run;
  const InstanceIndex i = attempt.index;
  const Verdict verdict = judge(run.dag->tasks[run.instances[i].row.task], fact.facts, fact.output_problem);
  attempt.row.exit = fact.facts;
  record_versions(attempt, fact.published);
  close(attempt, verdict.outcome);
  const bool good = verdict.outcome == Outcome::success || verdict.outcome == Outcome::skipped;
  if (good && !is_final(run.instances[i].row.state) && run.instances[i].row.state != TaskState::restarting)
    store_outputs(run, i, fact.outputs);
  finish(run, i, verdict, fact.seed);
  run.instances[i].attempt = {};
  check_end(run);
}

void Core::finish(Run& run, InstanceIndex i, const Verdict& verdict, std::uint64_t seed) {
  const Instance& ti = run.instances[i];
  if (is_final(ti.row.state) && !CANARY("final_left")) return;  // marked by hand meanwhile
  if (ti.row.state == TaskState::restarting) {
    if (run.row.cancel_requested)
      return move(run, i, TaskState::failed, run.row.reason, std::string(run.row.reason));
    move(run, i, TaskState::none, "the old process is gone");
    return consider(run, ti.row.task);
  }
  if (verdict.outcome == Outcome::success) return succeed(run, i, "exit:0");
  if (verdict.outcome == Outcome::skipped)
    return move(run, i, TaskState::skipped, verdict.reason, verdict.reason);
  fail_or_retry(run, i, verdict, seed);
}

void Core::succeed(Run& run, InstanceIndex i, std::string cause) {
  const TaskIndex t = run.instances[i].row.task;
  std::vector<TaskIndex> followed;
  if (run.dag->tasks[t].branch) {
    const std::string problem = take_branch(run, i, followed);
    if (!problem.empty()) return fail_or_retry(run, i, {Outcome::failed, "branch", problem, -1}, 0);
  }
  move(run, i, TaskState::success, std::move(cause));
  if (run.dag->tasks[t].branch) skip_others(run, t, followed);
  outputs_renewed(run, i);
}

void Core::fail_or_retry(Run& run, InstanceIndex i, const Verdict& verdict, std::uint64_t seed) {
  Instance& ti = run.instances[i];
  std::string cause = verdict.reason;
  if (!verdict.detail.empty()) cause += ": " + verdict.detail;
  const auto retry = run.row.cancel_requested
                         ? std::nullopt
                         : plan_retry(run.dag->tasks[ti.row.task], verdict, ti.row.try_number,
                                      ti.row.max_tries, ti.row.memory_bytes, seed);
  if (!retry) return move(run, i, TaskState::failed, std::move(cause), verdict.reason);
  move(run, i, TaskState::up_for_retry,
       fmt::format("{}; try {} of {} in {}", cause, ti.row.try_number + 1, retry->max_tries,
                   to_text(retry->delay)),
       verdict.reason);
  ti.row.max_tries = retry->max_tries;
  ti.row.memory_bytes = retry->memory_bytes;
  ti.row.not_before = now.wall + retry->delay;
  notify(run, NotifyOn::retry, &ti, cause);
  if (retry->delay == Duration{0}) return make_ready(run, i, "no delay");
  if (CANARY("retry_forgotten")) return;
  arm(ti.due, now.mono + retry->delay, Timer::Kind::due, ti.row.id.value);
}

void Core::store_output(Run& run, InstanceIndex i, const std::string& key, JsonText value) {
  new_outputs.push_back({run.instances[i].row.id, run.row.id, key, value});
  run.outputs[{i, key}] = std::move(value);
}

/// A later try replaces all of an earlier one's: what it doesn't write again is null.
void Core::store_outputs(Run& run, InstanceIndex i, const std::vector<Output>& outputs) {
  std::map<std::string, const JsonText*> wanted;
  for (const Output& output : outputs) wanted[output.key] = &output.value;
  for (auto it = run.outputs.lower_bound({i, std::string{}});
       it != run.outputs.end() && it->first.first == i;) {
    const std::string key = it->first.second;
    it = wanted.contains(key) ? std::next(it) : run.outputs.erase(it);
    if (!wanted.contains(key)) new_outputs.push_back({run.instances[i].row.id, run.row.id, key, "null"});
  }
  for (const auto& [key, value] : wanted) store_output(run, i, key, *value);
}

}  // namespace millrace
