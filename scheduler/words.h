#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// The words of states, the same in code, SQL, API and screen (Airflow 3's). docs/states.md holds the moves;
/// a test compares it with `may_move`.
namespace millrace {

enum class RunState : std::uint8_t { queued, running, success, failed };

enum class RunType : std::uint8_t { scheduled, manual, backfill, dataset_triggered };

enum class TaskState : std::uint8_t {
  none,               ///< created; waits for its upstreams (null in JSON)
  scheduled,          ///< its trigger rule holds; waits for admission
  queued,             ///< admitted: slots and devices are held, the intent to start is on disk
  running,            ///< its process is known to live; or a wait without a slot (trigger_dag) is under way
  success,
  failed,
  up_for_retry,       ///< failed and will be tried again at `not_before`; holds nothing
  up_for_reschedule,  ///< a sensor that isn't met; poked again at `not_before`; holds nothing
  upstream_failed,
  skipped,
  removed,            ///< its task is gone from the DAG version that the run moved to
  restarting,         ///< cleared while running: its attempt is being ended, then it starts again
  deferred,           ///< waits for a child run; holds nothing
};

enum class Outcome : std::uint8_t { success, failed, timed_out, oom, cancelled, lost, spawn_failed, skipped };

enum class BackfillState : std::uint8_t { queued, running, paused, completed, failed, cancelled };

/// One date of a backfill.
enum class ItemState : std::uint8_t { queued, running, success, failed, skipped, cancelled };

/// What a notification is about, and what has become of it.
enum class NotifyOn : std::uint8_t { failure, success, retry, late };
enum class NotificationState : std::uint8_t { pending, delivered, failed };

std::string_view to_word(RunState);
std::string_view to_word(RunType);
std::string_view to_word(TaskState);
std::string_view to_word(Outcome);
std::string_view to_word(BackfillState);
std::string_view to_word(ItemState);
std::string_view to_word(NotifyOn);
std::string_view to_word(NotificationState);
std::optional<RunState> run_state_from(std::string_view);
std::optional<RunType> run_type_from(std::string_view);
std::optional<TaskState> task_state_from(std::string_view);
std::optional<Outcome> outcome_from(std::string_view);
std::optional<BackfillState> backfill_state_from(std::string_view);
std::optional<ItemState> item_state_from(std::string_view);
std::optional<NotifyOn> notify_on_from(std::string_view);
std::optional<NotificationState> notification_state_from(std::string_view);

/// success failed upstream_failed skipped removed
bool is_final(TaskState);
bool is_final(RunState);
bool is_final(BackfillState);
/// Whether an attempt of it exists that may be alive: queued running restarting.
bool holds_attempt(TaskState);

/// Whether the machine may move a task from one state to another on its own. An explicit clear (any -> none)
/// and a mark by hand (any -> success | failed | skipped) are separate: see `move` in scheduler.cc.
bool may_move(TaskState from, TaskState to);
bool may_move(RunState from, RunState to);
bool may_move(BackfillState from, BackfillState to);

}  // namespace millrace
