#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "tests/sim/checks.h"

namespace millrace::sim {
namespace {

using Move = std::pair<std::string_view, std::string_view>;

/// docs/states.md, read by a person: what the machine may do on its own.
constexpr std::array<Move, 33> moves{{
    {"none", "scheduled"},           {"none", "skipped"},
    {"none", "upstream_failed"},     {"none", "failed"},
    {"none", "removed"},             {"scheduled", "queued"},
    {"scheduled", "up_for_reschedule"}, {"scheduled", "deferred"},
    {"scheduled", "success"},        {"scheduled", "failed"},
    {"scheduled", "up_for_retry"},   {"scheduled", "skipped"},
    {"queued", "running"},           {"queued", "success"},
    {"queued", "failed"},            {"queued", "skipped"},
    {"queued", "up_for_retry"},      {"running", "success"},
    {"running", "failed"},           {"running", "skipped"},
    {"running", "up_for_retry"},     {"up_for_retry", "scheduled"},
    {"up_for_retry", "skipped"},     {"up_for_reschedule", "success"},
    {"up_for_reschedule", "failed"}, {"up_for_reschedule", "up_for_retry"},
    {"up_for_reschedule", "skipped"}, {"deferred", "success"},
    {"deferred", "failed"},          {"deferred", "up_for_retry"},
    {"deferred", "skipped"},         {"restarting", "none"},
    {"restarting", "failed"},
}};

constexpr std::array<Move, 5> run_moves{{{"", "queued"},
                                         {"queued", "running"},
                                         {"queued", "failed"},
                                         {"running", "success"},
                                         {"running", "failed"}}};

/// What a person, a backfill or new data may do: the only way out of a final state.
bool asked_for(const std::string& cause) {
  constexpr std::array<std::string_view, 7> words{"cleared by ",     "marked ",  "run again by ",
                                                  "tried again by ", "expanded again",
                                                  "gone from the DAG", "dataset "};
  return std::ranges::any_of(words, [&](std::string_view word) { return cause.starts_with(word); });
}

template <std::size_t n>
bool listed(const std::array<Move, n>& table, const std::string& from, const std::string& to) {
  return std::ranges::find(table, Move{from, to}) != table.end();
}

void may_start(const Look& look, const EventSeen& event) {
  const auto row = look.seen.tasks.find(event.task_instance);
  if (row == look.seen.tasks.end()) return;  // its run was deleted in the same commit
  const auto dag = look.dag_of_run(row->second.run);
  const Task* task = dag ? look.task_of(row->second) : nullptr;
  if (task == nullptr) return;
  if (permission(task->trigger_rule, upstream_of(look, row->second, *dag)) == Permission::may_start) return;
  look.wrong(fmt::format("I4: task instance {} ('{}') starts at event {} though its parents don't allow it",
                         event.task_instance, row->second.task_id, event.seq));
}

void fold_task(const Look& look, const EventSeen& event) {
  Told& told = look.memory.tasks[event.task_instance];
  if (told.state.empty()) told.state = "none";
  if (told.state != event.from)
    look.wrong(fmt::format("I9: event {} takes task instance {} from {}, it was {}", event.seq,
                           event.task_instance, event.from, told.state));
  const bool asked = asked_for(event.cause);
  if (is_final_word(event.from) && !asked)
    look.wrong(fmt::format("I3: event {} takes task instance {} out of {} to {}: {}", event.seq,
                           event.task_instance, event.from, event.to, event.cause));
  else if (!asked && !listed(moves, event.from, event.to))
    look.wrong(fmt::format("I3: event {}: {} -> {} isn't a move ({})", event.seq, event.from, event.to,
                           event.cause));
  if (event.from == "none" && event.to == "scheduled") may_start(look, event);
  told = {event.to, event.cause};
}

void fold_run(const Look& look, const EventSeen& event) {
  Told& told = look.memory.runs[event.run];
  if (event.to.empty() && event.cause.find("deleted by") != std::string::npos) {
    look.memory.runs.erase(event.run);
    return;
  }
  if (told.state != event.from)
    look.wrong(fmt::format("I9: event {} takes run {} from {}, it was {}", event.seq, event.run, event.from,
                           told.state));
  // A line that says something of a run without moving it.
  if (event.from == event.to) return;
  const bool asked = asked_for(event.cause);
  if (is_final_word(event.from) && !asked)
    look.wrong(fmt::format("I3: event {} takes run {} out of {}: {}", event.seq, event.run, event.from,
                           event.cause));
  else if (!asked && !listed(run_moves, event.from, event.to))
    look.wrong(fmt::format("I3: event {}: run {} -> {} isn't a move", event.seq, event.from, event.to));
  told = {event.to, event.cause};
}

void compare(const Seen& seen, const Memory& memory, std::vector<std::string>& problems) {
  for (const auto& [id, row] : seen.tasks) {
    const auto told = memory.tasks.find(id);
    const std::string& state = told == memory.tasks.end() ? "none" : told->second.state;
    if (row.state != state)
      problems.push_back(fmt::format("I9: task instance {} ('{}') is {}, its events say {}", id, row.task_id,
                                     row.state, state));
  }
  for (const auto& [id, row] : seen.runs) {
    const auto told = memory.runs.find(id);
    if (told == memory.runs.end() || row.state != told->second.state)
      problems.push_back(fmt::format("I9: run {} is {}, its events say {}", id, row.state,
                                     told == memory.runs.end() ? "nothing" : told->second.state));
  }
}

}  // namespace

bool is_final_word(const std::string& state) {
  return state == "success" || state == "failed" || state == "upstream_failed" || state == "skipped" ||
         state == "removed";
}

bool holds_attempt_word(const std::string& state) {
  return state == "queued" || state == "running" || state == "restarting";
}

Permission permission(TriggerRule rule, const std::vector<Told>& upstream) {
  std::size_t good = 0, bad = 0, blocked = 0, skipped = 0, open = 0;
  for (const Told& told : upstream) {
    if (told.state == "removed") continue;
    const bool left_out = told.state == "skipped" && told.cause == "not in this backfill";
    if (told.state == "success" || left_out) ++good;
    else if (told.state == "failed") ++bad;
    else if (told.state == "upstream_failed") ++blocked;
    else if (told.state == "skipped") ++skipped;
    else ++open;
  }
  const std::size_t all = good + bad + blocked + skipped + open, failed = bad + blocked;
  if (all == 0 || rule == TriggerRule::always) return Permission::may_start;
  const auto when_done = [&](bool holds) {
    return open > 0 ? Permission::waits : holds ? Permission::may_start : Permission::wont_start;
  };
  const auto every = [&](bool none_against) {
    return none_against ? when_done(true) : Permission::wont_start;
  };
  const auto one = [&](bool there) { return there ? Permission::may_start : when_done(false); };
  switch (rule) {
    case TriggerRule::all_success: return every(failed + skipped == 0);
    case TriggerRule::all_failed: return every(good + skipped == 0);
    case TriggerRule::all_done: return when_done(true);
    case TriggerRule::one_success: return one(good > 0);
    case TriggerRule::one_failed: return one(failed > 0);
    case TriggerRule::one_done: return one(good + bad > 0);
    case TriggerRule::none_failed: return every(failed == 0);
    case TriggerRule::none_failed_min_one_success:
      return failed > 0 ? Permission::wont_start : when_done(good > 0);
    case TriggerRule::none_skipped: return every(skipped == 0);
    case TriggerRule::all_skipped: return every(good + failed == 0);
    case TriggerRule::always: break;
  }
  return Permission::may_start;
}

std::vector<Told> upstream_of(const Look& look, const TaskSeen& row, const Dag& dag) {
  const auto index = dag.find(row.task_id);
  std::vector<Told> out;
  if (!index) return out;
  std::set<std::string> names;
  const auto [first, last] = dag.upstream.of(*index);
  for (const TaskIndex* u = first; u != last; ++u) names.insert(dag.tasks[*u].task_id);
  for (const auto& [id, other] : look.seen.tasks) {
    if (other.run != row.run || !names.contains(other.task_id)) continue;
    const auto told = look.memory.tasks.find(id);
    out.push_back(told == look.memory.tasks.end() ? Told{"none", ""} : told->second);
  }
  return out;
}

void events_tell_the_state(const Look& look) {
  for (const EventSeen& event : look.seen.events) {
    if (event.seq != look.memory.last_event + 1)
      look.wrong(fmt::format("I9: event {} follows {}", event.seq, look.memory.last_event));
    look.memory.last_event = event.seq;
    if (event.kind == "task") fold_task(look, event);
    else if (event.kind == "run") fold_run(look, event);
  }
  compare(look.seen, look.memory, look.problems);
}

void check_all_rows(const Seen& all, const Memory& memory, std::vector<std::string>& problems) {
  compare(all, memory, problems);
}

}  // namespace millrace::sim
