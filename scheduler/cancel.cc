#include <utility>

#include <fmt/format.h>

#include "scheduler/core.h"

namespace millrace {

/// The wish is a row, so that a restart goes on with it. What hasn't started is skipped; live attempts are
/// ended, or
/// (`kill_live` false, a drain) may end by themselves. The run is final when the last of them is gone.
void Core::cancel(Run& run, std::string reason, std::string cause, bool kill_live) {
  if (is_final(run.row.state)) return;
  touch(run);
  run_event(run, std::string(to_word(run.row.state)), std::move(cause));
  if (!run.row.cancel_requested) run.row.reason = reason;
  run.row.cancel_requested = true;
  std::vector<RunId> orphans;
  for (InstanceIndex i = 0; i < run.instances.size(); ++i) {
    const Instance& ti = run.instances[i];
    if (ti.attempt) {
      if (kill_live) kill(run, i);
    } else if (!is_final(ti.row.state)) {
      const RunId child = ti.child;
      const Run* started = find_run(child);
      const bool ours = started && started->row.triggered_by == trigger_name(run.row, ti.row.task_id);
      move(run, i, TaskState::skipped, reason, reason);
      if (ours && !parents.contains(child)) orphans.push_back(child);
    }
  }
  check_end(run);
  // A child run that this one has started and nobody else waits for.
  for (const RunId child : orphans)
    if (Run* started = find_run(child))
      cancel(*started, "cancelled", "the run that started it was cancelled", kill_live);
}

void Core::on(const CancelRequested& fact) {
  with_run(fact.run, [this, fact](Run* run) {
    if (!run) return reply(fact.request, Error{ErrorKind::not_found, "there is no such run"});
    if (is_final(run->row.state))
      return reply(fact.request,
                   Error{ErrorKind::conflict,
                         fmt::format("run '{}' has ended: {}", run->row.run_id, to_word(run->row.state))});
    cancel(*run, "cancelled", "cancel requested by " + fact.by, true);
    reply(fact.request, run->row);
  });
}

}  // namespace millrace
