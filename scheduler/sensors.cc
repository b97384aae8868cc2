#include <utility>

#include "scheduler/core.h"

/// Sensors wait in up_for_reschedule and hold no slot; the daemon does the looking. Sensors for datasets and
/// runs are looked at again as soon as something happens to what they wait for.
namespace millrace {
namespace {

const SensorAction& sensor_of(const Run& run, InstanceIndex i) {
  return std::get<SensorAction>(run.dag->tasks[run.instances[i].row.task].action);
}

}  // namespace

void Core::watch(const Run& run, InstanceIndex i, bool on) {
  const SensorAction& sensor = sensor_of(run, i);
  if (sensor.kind != SensorAction::Kind::dataset && sensor.kind != SensorAction::Kind::run) return;
  auto& index = sensor.kind == SensorAction::Kind::dataset ? dataset_sensors : run_sensors;
  const std::string key = sensor.target.is_literal() ? sensor.target.source : std::string{};
  if (on) {
    index[key].insert(run.instances[i].row.id);
  } else if (const auto it = index.find(key); it != index.end()) {
    it->second.erase(run.instances[i].row.id);
    if (it->second.empty()) index.erase(it);
  }
}

void Core::wait_for_sensor(Run& run, InstanceIndex i) {
  move(run, i, TaskState::up_for_reschedule, "waits for its sensor");
  Instance& ti = run.instances[i];
  ++ti.row.try_number;
  ti.row.started_at = now.wall;
  arm(ti.deadline, now.mono + sensor_of(run, i).timeout, Timer::Kind::sensor_deadline, ti.row.id.value);
  watch(run, i, true);
  check_sensor(run, i);
}

void Core::check_sensor(Run& run, InstanceIndex i) {
  Instance& ti = run.instances[i];
  if (ti.checking) {
    ti.check_again = true;
    return;
  }
  disarm(ti.due, Timer::Kind::due, ti.row.id.value);
  ti.checking = true;
  act(CheckSensor{ti.row.id});
}

void Core::on(const SensorChecked& fact) {
  const Located at = locate(fact.task_instance);
  if (!at.run) return;
  Instance& ti = at.run->instances[at.index];
  ti.checking = false;
  if (ti.row.state != TaskState::up_for_reschedule) return;
  switch (fact.answer) {
    case SensorChecked::Answer::met:
      return succeed(*at.run, at.index, fact.detail.empty() ? "the sensor's condition holds" : fact.detail);
    case SensorChecked::Answer::failed:
      return fail_or_retry(*at.run, at.index, {Outcome::failed, "sensor", fact.detail, -1}, 0);
    case SensorChecked::Answer::not_met: break;
  }
  if (std::exchange(ti.check_again, false)) return check_sensor(*at.run, at.index);
  arm(ti.due, now.mono + sensor_of(*at.run, at.index).poke_interval, Timer::Kind::due, ti.row.id.value);
}

void Core::poke(const std::set<TaskInstanceId>& sensors, std::string_view task_id, bool by_task) {
  for (const TaskInstanceId id : std::set<TaskInstanceId>(sensors)) {
    const Located at = locate(id);
    if (!at.run) continue;
    if (by_task && sensor_of(*at.run, at.index).task_id != task_id) continue;
    check_sensor(*at.run, at.index);
  }
}

void Core::poke_dataset_sensors(const std::string& dataset) {
  for (const std::string& key : {dataset, std::string{}})
    if (const auto it = dataset_sensors.find(key); it != dataset_sensors.end()) poke(it->second, {}, false);
}

/// `task_id` empty: a run of the DAG has ended; else this task of one.
void Core::poke_run_sensors(const std::string& dag_id, std::string_view task_id) {
  for (const std::string& key : {dag_id, std::string{}})
    if (const auto it = run_sensors.find(key); it != run_sensors.end()) poke(it->second, task_id, true);
}

}  // namespace millrace
