#include <algorithm>

#include "scheduler/core.h"

namespace millrace {

void Core::arm(std::optional<MonoTime>& slot, MonoTime at, Timer::Kind kind, std::int64_t id) {
  disarm(slot, kind, id);
  slot = at;
  timers.insert({at, kind, id});
}

void Core::disarm(std::optional<MonoTime>& slot, Timer::Kind kind, std::int64_t id) {
  if (!slot) return;
  timers.erase({*slot, kind, id});
  slot.reset();
}

/// Where a stored wall time lies on this process's clock.
MonoTime Core::mono_at(WallTime at) const { return now.mono + std::max(at - now.wall, Duration{0}); }

void Core::fire_timers() {
  while (!timers.empty() && timers.begin()->at <= now.mono) {
    const Timer timer = *timers.begin();
    timers.erase(timers.begin());
    if (timer.kind == Timer::Kind::run_deadline) {
      Run& run = runs.at(RunId{timer.id});
      run.deadline.reset();
      cancel(run, "timed_out", "run_timeout", true);
      continue;
    }
    if (timer.kind == Timer::Kind::late) {
      missed_deadline(runs.at(RunId{timer.id}));
      continue;
    }
    if (timer.kind == Timer::Kind::notification) {
      Notification& notification = notifications.at(NotificationId{timer.id});
      notification.due.reset();
      act(Deliver{notification.row});
      continue;
    }
    if (timer.kind == Timer::Kind::backfill) {
      const auto it = backfills.find(BackfillId{timer.id});
      if (it == backfills.end()) continue;
      it->second.turn.reset();
      to_advance.insert(it->first);
      continue;
    }
    const Located at = locate(TaskInstanceId{timer.id});
    Instance& ti = at.run->instances[at.index];
    if (timer.kind == Timer::Kind::sensor_deadline) {
      ti.deadline.reset();
      // As in Airflow a sensor's timeout isn't retried.
      move(*at.run, at.index, TaskState::failed, "the sensor's timeout", "timed_out");
    } else {
      ti.due.reset();
      if (ti.row.state == TaskState::up_for_retry) make_ready(*at.run, at.index, "the delay is over");
      else if (ti.row.state == TaskState::up_for_reschedule) check_sensor(*at.run, at.index);
    }
  }
}

void Core::on(const TimeReached&) {
  if (!acting) return;
  fire_timers();
  note_reasons();
  while (!dues.empty() && dues.begin()->first <= now.wall) {
    DagEntry& entry = *find_dag(dues.begin()->second);
    set_due(entry, std::nullopt);
    schedule(entry);
    if (entry.due && *entry.due <= now.wall) break;
  }
  // Room for more runs may have come from other DAGs.
  for (std::string& dag_id : triggers.dags_to_look_at()) to_feed.insert(std::move(dag_id));
}

}  // namespace millrace
