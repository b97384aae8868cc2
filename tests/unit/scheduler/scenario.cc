#include "scenario.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

namespace millrace::test {
namespace {

constexpr RequestId asked{1};

std::string word_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid: return "invalid";
    case ErrorKind::not_found: return "not_found";
    case ErrorKind::conflict: return "conflict";
    case ErrorKind::forbidden: return "forbidden";
    case ErrorKind::unavailable: return "unavailable";
    case ErrorKind::overloaded: return "overloaded";
    case ErrorKind::full: return "full";
    case ErrorKind::internal: return "internal";
  }
  return "?";
}

bool is_time(const std::string& word) {
  return word.size() >= 5 && word.find(':') != std::string::npos && word[0] >= '0' && word[0] <= '9';
}

/// `05:30` minutes, `02:00:00` hours, `3d+02:00:00` days.
Duration time_from(std::string text) {
  Duration out{0};
  if (const auto plus = text.find("d+"); plus != std::string::npos) {
    out += std::chrono::hours{24 * std::stoi(text.substr(0, plus))};
    text = text.substr(plus + 2);
  }
  std::vector<int> parts;
  for (const std::string& part : split(text, ':')) parts.push_back(std::stoi(part));
  if (parts.size() == 2) parts.insert(parts.begin(), 0);
  return out + std::chrono::hours{parts.at(0)} + std::chrono::minutes{parts.at(1)} +
         std::chrono::seconds{parts.at(2)};
}

std::string rest(const std::vector<std::string>& words, std::size_t from) {
  std::string out;
  for (std::size_t i = from; i < words.size(); ++i) out += (out.empty() ? "" : " ") + words[i];
  return out;
}

}  // namespace

Scenario::Scenario(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines_.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
}

std::string Scenario::play() {
  std::string out;
  for (const std::string& line : lines_) {
    const std::vector<std::string> ws = words(line);
    if (ws.empty() || ws[0][0] == '#') {
      out += line + "\n";
    } else if (!is_time(ws[0])) {
      header(line);
      out += line + "\n";
    } else {
      boot();
      std::string event = line.substr(0, line.find("=>"));
      event.erase(event.find_last_not_of(" \t") + 1);
      event = rest(words(event), 1);
      const WallTime at = zero_ + time_from(ws[0]);
      if (at > world_.now.wall) world_.advance(at - world_.now.wall);
      said_.clear();
      try {
        step(event);
      } catch (const std::exception& e) {
        throw std::runtime_error(line + ": " + e.what());
      }
      const std::string what = outcome();
      out +=
          fmt::format("{:<{}} => {}\n", fmt::format("{}  {}", ws[0], event), 39, what.empty() ? "-" : what);
      for (const std::string& problem : world_.problems)
        problems.push_back(ws[0] + " " + event + ": " + problem);
      world_.problems.clear();
    }
  }
  return out;
}

void Scenario::header(const std::string& line) {
  const std::string text = line.substr(0, line.find('#'));
  const std::vector<std::string> ws = words(text);
  if (ws[0] == "dag") {
    const auto colon = text.find(':');
    builders_.emplace_back(colon == std::string::npos ? "d" : words(text.substr(3, colon - 3)).at(0));
    builders_.back().edges(text.substr(colon == std::string::npos ? 3 : colon + 1));
    const auto options = std::min(line.find('#'), line.size());
    for (const std::string& part : split(line.substr(std::min(options + 1, line.size())), ';')) {
      if (part.empty()) continue;
      const auto end = part.find(':');
      const std::string task = part.substr(0, end);
      for (const std::string& option : split(part.substr(end + 1), ','))
        builders_.back().option(task == "dag" ? "" : task, option);
    }
    if (booted_) {
      const auto dag = builders_.back().build();
      world_.submit(dag, paused_);
    }
  } else if (ws[0] == "slots") {
    world_.cpu_slots = std::stoi(ws.at(1));
  } else if (ws[0] == "gpus") {
    world_.gpus = std::stoi(ws.at(1));
  } else if (ws[0] == "start") {
    world_.now.wall = date_from(rest(ws, 1));
  } else if (ws[0] == "show") {
    dates_ = true;
  } else if (ws[0] == "paused") {
    paused_ = true;
  } else if (ws[0] == "manual") {
    world_.auto_start = false;
  } else {
    throw std::runtime_error("not a header: " + line);
  }
}

void Scenario::boot() {
  if (booted_) return;
  booted_ = true;
  zero_ = world_.now.wall;
  world_.boot();
  for (DagBuilder& builder : builders_) world_.submit(builder.build(), paused_);
}

void Scenario::step(const std::string& event) {
  const std::vector<std::string> ws = words(event);
  const std::string verb = ws.at(0);
  const std::string what = ws.size() > 1 ? ws[1] : "";
  if (verb == "request") return request(ws);
  if (verb == "clear" || verb == "wouldclear") return clear(ws);
  if (verb == "waits") return waits(what);
  if (verb == "backfill")
    return what == "pause" || what == "unpause" || what == "drain" || what == "terminate" || what == "retry"
               ? backfill_action(ws)
               : backfill(ws);
  if (verb == "time" || verb == "timer" || verb == "tick") return send(TimeReached{});
  if (verb == "cancel") return send(CancelRequested{asked, run(what), "anna"});
  if (verb == "mark" || verb == "wouldmark") return mark(ws);
  if (verb == "delete") return send(RunDeleteRequested{asked, run(what), "anna"});
  if (verb == "variable")
    return what == "drop" ? send(VariableRemoved{asked, ws.at(2), "anna"})
                          : send(VariableSet{asked, ws.at(2), "v", "",
                                             what == "make" ? VariableSet::Wish::create
                                                            : VariableSet::Wish::update,
                                             "anna"});
  if (verb == "markrun") return send(MarkRunRequested{asked, run(ws.size() > 2 ? ws[2] : ""),
                                                      run_state_from(what).value(), "anna"});
  if (verb == "note") return send(NoteSet{asked, run(""), {}, rest(ws, 1), "anna"});
  if (verb == "sensor") {
    const auto answer = ws.at(2) == "met"   ? SensorChecked::Answer::met
                        : ws.at(2) == "not" ? SensorChecked::Answer::not_met
                                            : SensorChecked::Answer::failed;
    const TaskInstanceId id = instance(what).id;
    world_.checks.erase(id);
    return send(SensorChecked{answer, id, ""});
  }
  if (verb == "delivered" || verb == "unreached" || verb == "refused")
    return send(NotificationTried{{std::stoll(what)}, verb == "delivered", verb == "refused", verb});
  if (verb == "dataset") return send(DatasetUpdated{asked, what, date_from(ws.at(2)), "{}", "anna"});
  if (verb == "drop")
    return send(DropQueuedEvents{asked, what == "all" ? "" : what, ws.size() > 2 ? ws[2] : "", {}, "anna"});
  if (verb == "links") return links();
  if (verb == "pause" || verb == "unpause")
    return send(DagPaused{asked, what.empty() ? builders_[0].dag().dag_id : what, verb == "pause", "anna"});
  if (verb == "remove")
    return send(DagRemoved{asked, what.empty() ? builders_[0].dag().dag_id : what, "anna"});
  if (verb == "submit") {
    world_.submit(builders_.back().build(), paused_);
    return;
  }
  if (verb == "pool") return send(PoolSet{asked, what, std::stoi(ws.at(2)), "", "anna"});
  if (verb == "dropool") return send(PoolRemoved{asked, what, "anna"});
  if (verb == "restart") {
    world_.seen.clear();
    world_.boot();
    for (std::string& problem : world_.ledger.check(*world_.scheduler))
      world_.problems.push_back(std::move(problem));
    return;
  }
  if (verb == "clock") {
    world_.now.wall = world_.now.wall + duration_from(what);
    return send(TimeReached{});
  }
  exit_step(ws);
}

void Scenario::exit_step(const std::vector<std::string>& ws) {
  const std::string& verb = ws[0];
  const AttemptId id = attempt(ws.at(1));
  if (verb == "start") {
    StartFacts facts;
    facts.at = world_.now.wall;
    return send(AttemptStarted{id, facts});
  }
  ExitFacts facts = exited(0);
  std::vector<Output> outputs;
  std::string problem;
  if (verb == "exit") {
    facts = exited(std::stoi(ws.at(2)));
    for (std::size_t i = 3; i < ws.size(); ++i) {
      const auto equals = ws[i].find('=');
      outputs.push_back({ws[i].substr(0, equals), ws[i].substr(equals + 1)});
    }
  } else if (verb == "signal") {
    facts = signalled(std::stoi(ws.at(2)));
  } else if (verb == "lost") {
    facts.kind = ExitFacts::Kind::lost;
  } else if (verb == "nospawn") {
    facts.kind = ExitFacts::Kind::spawn_failed;
    facts.message = rest(ws, 2);
  } else if (verb == "timeout") {
    facts = signalled(15);
    facts.timed_out = true;
  } else if (verb == "oom") {
    facts = signalled(9);
    facts.oom = true;
  } else if (verb == "killed") {
    facts = signalled(15);
    facts.killed = true;
  } else if (verb == "badoutput") {
    problem = "not JSON";
  } else {
    throw std::runtime_error("not an event");
  }
  world_.finish(id, facts, outputs, problem);
}

void Scenario::request(const std::vector<std::string>& ws) {
  RunRequested event;
  event.request = asked;
  event.by = "anna";
  event.dag_id = builders_[0].dag().dag_id;
  for (std::size_t i = 1; i < ws.size(); ++i) {
    if (ws[i] == "as") event.run_id = ws.at(++i);
    else if (parse_iso(ws[i])) event.execution_date = date_from(ws[i]);
    else if (ws[i][0] == '{') event.params = ws[i];
    else event.dag_id = ws[i];
  }
  send(event);
}

void Scenario::waits(const std::string& name) {
  world_.seen.clear();
  const std::vector<Wait> waits = world_.scheduler->waiting_on(instance(name).id, world_.now);
  for (const Wait& wait : waits) said_ += (said_.empty() ? "" : "; ") + wait.kind + ": " + wait.detail;
}

void Scenario::links() {
  world_.seen.clear();
  for (const DatasetEventRunRow& row : world_.ledger.links) {
    const std::string run = row.run ? prefix(row.run) : "skipped/", to = run.substr(0, run.find('/'));
    const std::string round = row.rerun > 0 ? fmt::format("+{}", row.rerun) : "";
    said_ += fmt::format("{}{}>{}{}", said_.empty() ? "" : " ", row.event, to, round);
  }
  for (const auto& [key, row] : world_.ledger.queued_events)
    said_ += fmt::format("{}{}:{}", said_.empty() ? "" : " ", row.rerun_only ? "again" : "queued", row.event);
}

Scenario::Name Scenario::parse(const std::string& text) const {
  Name name;
  std::string left = text;
  if (const auto slash = left.rfind('/'); slash != std::string::npos) {
    name.date = left.substr(0, slash);
    left = left.substr(slash + 1);
    // `dag:date/task`; a date with a time has colons too.
    if (const auto colon = name.date.find(':'); colon != std::string::npos && !parse_iso(name.date)) {
      name.dag = name.date.substr(0, colon);
      name.date = name.date.substr(colon + 1);
    }
  } else if (const auto colon = left.find(':'); colon != std::string::npos) {
    name.dag = left.substr(0, colon);
    left = left.substr(colon + 1);
  }
  if (const auto bracket = left.find('['); bracket != std::string::npos) {
    name.mapped = true;
    name.map_index = std::stoi(left.substr(bracket + 1));
    left = left.substr(0, bracket);
  }
  name.task = left;
  return name;
}

RunId Scenario::run(const std::string& text) const {
  std::string dag, date = text;
  if (const auto colon = text.find(':'); colon != std::string::npos && !parse_iso(text)) {
    dag = text.substr(0, colon);
    date = text.substr(colon + 1);
  }
  RunId found;
  for (const auto& [id, row] : world_.ledger.runs)
    if ((dag.empty() || row.dag_id == dag) && (date.empty() || row.execution_date == date_from(date)))
      found = id;
  return found;
}

const TaskInstanceRow& Scenario::instance(const std::string& text) const {
  const Name name = parse(text);
  const TaskInstanceRow* found = nullptr;
  for (const auto& [id, row] : world_.ledger.task_instances) {
    const RunRow& of = world_.ledger.runs.at(row.run);
    if (row.task_id != name.task || (name.mapped && row.map_index != name.map_index)) continue;
    if (!name.dag.empty() && of.dag_id != name.dag) continue;
    if (!name.date.empty() && of.execution_date != date_from(name.date)) continue;
    if (!found || !is_final(row.state)) found = &row;
  }
  if (!found) throw std::runtime_error("no instance " + text);
  return *found;
}

AttemptId Scenario::attempt(const std::string& text) const {
  const Name name = parse(text);
  for (const AttemptId id : world_.ledger.live) {
    const TaskInstanceRow& row = world_.ledger.task_instances.at(world_.ledger.attempts.at(id).task_instance);
    const RunRow& of = world_.ledger.runs.at(row.run);
    if (row.task_id != name.task || (name.mapped && row.map_index != name.map_index)) continue;
    if (!name.dag.empty() && of.dag_id != name.dag) continue;
    if (!name.date.empty() && of.execution_date != date_from(name.date)) continue;
    return id;
  }
  for (auto it = world_.ledger.attempts.rbegin(); it != world_.ledger.attempts.rend(); ++it)
    if (world_.ledger.task_instances.at(it->second.task_instance).task_id == name.task) return it->first;
  throw std::runtime_error("no live attempt of " + text);
}

std::string Scenario::clock(WallTime at) const {
  const auto s = (at - zero_).count() / 1'000'000;
  if (s >= 86'400)
    return fmt::format("{}d+{:02}:{:02}:{:02}", s / 86'400, s / 3600 % 24, s / 60 % 60, s % 60);
  if (s >= 3600) return fmt::format("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return fmt::format("{:02}:{:02}", s / 60, s % 60);
}

std::string Scenario::prefix(RunId id) const {
  const RunRow& row = world_.ledger.runs.at(id);
  std::string out = row.dag_id == builders_[0].dag().dag_id ? "" : row.dag_id + ":";
  if (!dates_) return out;
  const bool midnight = row.execution_date.us % 86'400'000'000 == 0;
  return out + (midnight ? to_date(row.execution_date) : to_iso(row.execution_date)) + "/";
}

std::string Scenario::name_of(const TaskInstanceRow& row) const {
  return prefix(row.run) + row.task_id + (row.map_index < 0 ? "" : fmt::format("[{}]", row.map_index));
}

std::string Scenario::outcome() {
  std::string out = said_;
  for (const Command& command : world_.seen) {
    const std::string text = told(command);
    if (!text.empty()) out += (out.empty() ? "" : ", ") + text;
  }
  world_.seen.clear();
  return out;
}

std::string Scenario::told(const Command& command) {
  const Ledger& ledger = world_.ledger;
  if (const auto* record = std::get_if<Record>(&command)) return told(record->change);
  if (const auto* spawn = std::get_if<Spawn>(&command)) {
    const AttemptRow& row = ledger.attempts.at(spawn->attempt);
    std::string on = row.devices.empty() ? "" : fmt::format(" on {}", fmt::join(row.devices, "+"));
    return fmt::format("spawn {}#{}{}", name_of(ledger.task_instances.at(row.task_instance)), row.try_number,
                       on);
  }
  if (const auto* kill = std::get_if<Kill>(&command))
    return "kill " + name_of(ledger.task_instances.at(ledger.attempts.at(kill->attempt).task_instance));
  if (const auto* check = std::get_if<CheckSensor>(&command))
    return "check " + name_of(ledger.task_instances.at(check->task_instance));
  if (const auto* wanted = std::get_if<Deliver>(&command))
    return fmt::format("deliver {}", wanted->notification.id.value);
  if (const auto* gone = std::get_if<RemoveRunFiles>(&command)) return "files of " + gone->run_id + " go";
  if (const auto* reply = std::get_if<Reply>(&command)) {
    if (const auto* error = std::get_if<Error>(&reply->body))
      return word_of(error->kind) + ": " + error->message;
    if (const auto* cleared = std::get_if<Cleared>(&reply->body)) {
      std::vector<std::string> names;
      for (const TaskInstanceRow& row : cleared->task_instances) names.push_back(name_of(row));
      return fmt::format("cleared {}", fmt::join(names, " "));
    }
    // One instance is seen by its move.
    const auto* marked = std::get_if<Marked>(&reply->body);
    if (marked && marked->task_instances.size() != 1) {
      std::vector<std::string> names;
      for (const TaskInstanceRow& row : marked->task_instances) names.push_back(name_of(row));
      return fmt::format("marked {}", fmt::join(names, " "));
    }
  }
  return {};
}

std::string Scenario::told(const Change& change) {
  if (const auto* row = std::get_if<TaskInstanceRow>(&change)) {
    const bool moved = !states_.contains(row->id) || states_.at(row->id) != row->state;
    states_[row->id] = row->state;
    if (!moved) return {};
    const std::string why = row->reason.empty() ? "" : fmt::format(" ({})", row->reason);
    switch (row->state) {
      case TaskState::failed:
      case TaskState::skipped:
      case TaskState::removed: return fmt::format("{} {}{}", name_of(*row), to_word(row->state), why);
      case TaskState::upstream_failed:
      case TaskState::restarting:
      case TaskState::deferred: return fmt::format("{} {}", name_of(*row), to_word(row->state));
      case TaskState::up_for_retry:
        return fmt::format("arm {} {}{}", name_of(*row), clock(*row->not_before), why);
      default: return {};
    }
  }
  if (const auto* row = std::get_if<RunRow>(&change)) {
    const bool fresh = !runs_.contains(row->id);
    const bool moved = fresh || runs_.at(row->id) != row->state;
    runs_[row->id] = row->state;
    std::string name = prefix(row->id);
    if (!name.empty()) name.pop_back(), name = " " + name;
    if (moved && (is_final(row->state) || row->state == RunState::queued))
      return fmt::format("run{} {}{}", name, to_word(row->state),
                         row->reason.empty() ? "" : " (" + row->reason + ")");
    return {};
  }
  if (const auto* row = std::get_if<BackfillRow>(&change)) {
    const bool moved = !backfills_.contains(row->id) || backfills_.at(row->id) != row->state;
    backfills_[row->id] = row->state;
    return moved ? fmt::format("backfill {}", to_word(row->state)) : "";
  }
  if (const auto* row = std::get_if<BackfillItemRow>(&change)) {
    const auto key = std::pair{row->backfill, row->execution_date};
    const bool moved = !items_.contains(key) || items_.at(key) != row->state;
    items_[key] = row->state;
    if (!moved || row->state == ItemState::running || row->state == ItemState::success) return {};
    return fmt::format("item {} {} ({})", to_date(row->execution_date), to_word(row->state), row->reason);
  }
  if (const auto* row = std::get_if<NotificationRow>(&change)) {
    const std::string name = fmt::format("notification {}", row->id.value);
    if (row->version == 1) return fmt::format("{} on_{}", name, to_word(row->on));
    if (row->state != NotificationState::pending) return fmt::format("{} {}", name, to_word(row->state));
    return row->not_before ? fmt::format("arm {} {}", name, clock(*row->not_before)) : "";
  }
  if (const auto* row = std::get_if<EventRow>(&change)) {
    if (row->kind == "notification") return row->cause;
    if (row->kind == "tick_skipped") return "tick skipped: " + row->cause;
    if (row->kind == "dataset_skipped") return "dataset skipped: " + row->cause;
    if (row->kind == "hold") return "hold";
  }
  return {};
}

}  // namespace millrace::test
