#include "scheduler/words.h"

#include <array>
#include <cstddef>

namespace millrace {
namespace {

using std::string_view;

constexpr std::array<string_view, 4> run_states{"queued", "running", "success", "failed"};
constexpr std::array<string_view, 4> run_types{"scheduled", "manual", "backfill", "dataset_triggered"};
constexpr std::array<string_view, 13> task_states{
    "none",         "scheduled",         "queued",          "running", "success", "failed",
    "up_for_retry", "up_for_reschedule", "upstream_failed", "skipped", "removed", "restarting",
    "deferred"};
constexpr std::array<string_view, 8> outcomes{"success",   "failed", "timed_out",    "oom",
                                              "cancelled", "lost",   "spawn_failed", "skipped"};
constexpr std::array<string_view, 6> backfill_states{"queued",    "running", "paused",
                                                     "completed", "failed",  "cancelled"};
constexpr std::array<string_view, 6> item_states{"queued", "running", "success",
                                                 "failed", "skipped", "cancelled"};
constexpr std::array<string_view, 4> notify_ons{"failure", "success", "retry", "late"};
constexpr std::array<string_view, 3> notification_states{"pending", "delivered", "failed"};

template <class Enum, std::size_t N>
std::optional<Enum> find(const std::array<string_view, N>& words, string_view word) {
  for (std::size_t i = 0; i < N; ++i)
    if (words[i] == word) return static_cast<Enum>(i);
  return std::nullopt;
}

}  // namespace

string_view to_word(RunState s) { return run_states[static_cast<std::size_t>(s)]; }
string_view to_word(RunType t) { return run_types[static_cast<std::size_t>(t)]; }
string_view to_word(TaskState s) { return task_states[static_cast<std::size_t>(s)]; }
string_view to_word(Outcome o) { return outcomes[static_cast<std::size_t>(o)]; }
string_view to_word(BackfillState s) { return backfill_states[static_cast<std::size_t>(s)]; }
string_view to_word(ItemState s) { return item_states[static_cast<std::size_t>(s)]; }
string_view to_word(NotifyOn o) { return notify_ons[static_cast<std::size_t>(o)]; }
string_view to_word(NotificationState s) { return notification_states[static_cast<std::size_t>(s)]; }

std::optional<RunState> run_state_from(string_view w) { return find<RunState>(run_states, w); }
std::optional<RunType> run_type_from(string_view w) { return find<RunType>(run_types, w); }
std::optional<TaskState> task_state_from(string_view w) { return find<TaskState>(task_states, w); }
std::optional<Outcome> outcome_from(string_view w) { return find<Outcome>(outcomes, w); }
std::optional<BackfillState> backfill_state_from(string_view w) {
  return find<BackfillState>(backfill_states, w);
}
std::optional<ItemState> item_state_from(string_view w) { return find<ItemState>(item_states, w); }
std::optional<NotifyOn> notify_on_from(string_view w) { return find<NotifyOn>(notify_ons, w); }
std::optional<NotificationState> notification_state_from(string_view w) {
  return find<NotificationState>(notification_states, w);
}

bool is_final(TaskState s) {
  switch (s) {
    case TaskState::success:
    case TaskState::failed:
    case TaskState::upstream_failed:
    case TaskState::skipped:
    case TaskState::removed: return true;
    case TaskState::none:
    case TaskState::scheduled:
    case TaskState::queued:
    case TaskState::running:
    case TaskState::up_for_retry:
    case TaskState::up_for_reschedule:
    case TaskState::restarting:
    case TaskState::deferred: return false;
  }
  return false;
}

bool is_final(RunState s) { return s == RunState::success || s == RunState::failed; }

bool is_final(BackfillState s) {
  return s == BackfillState::completed || s == BackfillState::failed || s == BackfillState::cancelled;
}

bool holds_attempt(TaskState s) {
  return s == TaskState::queued || s == TaskState::running || s == TaskState::restarting;
}

bool may_move(TaskState from, TaskState to) {
  using enum TaskState;
  switch (from) {
    case none:
      return to == scheduled || to == skipped || to == upstream_failed || to == failed || to == removed;
    case scheduled:
      return to == queued || to == up_for_reschedule || to == deferred || to == success || to == failed ||
             to == up_for_retry || to == skipped;
    case queued:
      return to == running || to == success || to == failed || to == skipped || to == up_for_retry ||
             to == restarting;
    case running:
      return to == success || to == failed || to == skipped || to == up_for_retry || to == restarting;
    case up_for_retry: return to == scheduled || to == skipped;
    case up_for_reschedule: return to == success || to == failed || to == up_for_retry || to == skipped;
    case deferred: return to == success || to == failed || to == up_for_retry || to == skipped;
    case restarting: return to == none || to == failed;
    case success:
    case failed:
    case upstream_failed:
    case skipped:
    case removed: return false;
  }
  return false;
}

bool may_move(RunState from, RunState to) {
  switch (from) {
    case RunState::queued: return to == RunState::running || to == RunState::failed;
    case RunState::running: return is_final(to);
    case RunState::success:
    case RunState::failed: return false;
  }
  return false;
}

bool may_move(BackfillState from, BackfillState to) {
  using enum BackfillState;
  switch (from) {
    case queued: return to == running || to == paused || to == cancelled;
    case running: return to == paused || is_final(to);
    case paused: return to == running || to == cancelled;
    case completed:
    case failed:
    case cancelled: return false;
  }
  return false;
}

}  // namespace millrace
