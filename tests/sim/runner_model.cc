#include "tests/sim/runner_model.h"

#include <csignal>
#include <utility>

namespace millrace::sim {
namespace {

/// The one connection that a report is for; 0: all.
constexpr int everybody = 0;

}  // namespace

int RunnerModel::connect(ExecutorReports reports) {
  faults_[Fault::request_lost_with_daemon] += static_cast<std::int64_t>(under_way_.size());
  under_way_.clear();
  connections_.clear();
  connections_[++last_connection_] = std::move(reports);
  return last_connection_;
}

void RunnerModel::disconnect(int connection) {
  connections_.erase(connection);
  for (auto it = under_way_.begin(); it != under_way_.end();) {
    if (it->second.connection != connection) {
      ++it;
      continue;
    }
    auto request = under_way_.extract(it++);
    if (dice_.chance(50)) request.mapped().arrive();
    else ++faults_[Fault::request_lost_with_daemon];
  }
}

void RunnerModel::send(int connection, std::function<void()> arrive) {
  if (!connections_.contains(connection)) return;
  const std::int64_t number = ++sent_;
  under_way_[number] = {connection, std::move(arrive)};
  agenda_.put(latency(), "request reaches the runner", [this, number] {
    auto request = under_way_.extract(number);
    if (!request.empty()) request.mapped().arrive();
  });
}

void RunnerModel::start(int connection, AttemptSpec spec) {
  send(connection, [this, spec = std::move(spec)]() mutable { arrive(std::move(spec)); });
}

void RunnerModel::kill(int connection, AttemptId id) {
  send(connection, [this, id] { arrive_kill(id); });
}

void RunnerModel::acknowledge(int connection, AttemptId id) {
  if (traceless_.erase(id) > 0 && traceless_.empty()) marked_boot_ = boots_;
  send(connection, [this, id] {
    const auto it = held_.find(id);
    if (it != held_.end() && it->second.exit) held_.erase(it);
  });
}

void RunnerModel::arrive(AttemptSpec spec) {
  const AttemptId id = spec.attempt;
  const auto [it, is_new] = held_.try_emplace(id);
  if (!is_new) {
    if (it->second.start) say_started(id);
    if (it->second.exit) say_finished(id);
    return;
  }
  it->second.spec = std::move(spec);
  it->second.life = ++lives_;
  agenda_.put(latency(), "runner starts a process", [this, id, life = lives_] {
    const auto held = held_.find(id);
    if (held != held_.end() && held->second.life == life && !held->second.exit) begin(id);
  });
}

Duration RunnerModel::some_time() {
  const auto most = static_cast<std::size_t>(longest_task.count());
  const std::size_t scale = dice_.chance(20) ? most : dice_.chance(50) ? most / 20 : most / 400;
  return Duration{static_cast<std::int64_t>(1'000 + dice_.below(scale + 1))};
}

ExitFacts RunnerModel::natural_end(const AttemptSpec&) {
  ExitFacts facts;
  if (dice_.chance(rates.task_fails)) facts.wait_status = static_cast<int>(1 + dice_.below(3)) << 8;
  if (dice_.chance(2)) facts.wait_status = 99 << 8;  // the default skip code
  if (dice_.chance(rates.killed)) {
    ++faults_[Fault::task_killed];
    facts.wait_status = SIGKILL;
  }
  if (dice_.chance(rates.out_of_memory)) {
    ++faults_[Fault::task_out_of_memory];
    facts.wait_status = SIGKILL;
    facts.oom = true;
  }
  return facts;
}

void RunnerModel::begin(AttemptId id) {
  Held& held = held_.at(id);
  const std::int64_t life = held.life;
  if (dice_.chance(rates.spawn_failure)) {
    ++faults_[Fault::spawn_failure];
    ExitFacts facts;
    facts.kind = ExitFacts::Kind::spawn_failed;
    facts.message = "no such file";
    return end(id, life, std::move(facts));
  }
  begins(held.spec);
  living_.insert(id);
  StartFacts facts;
  facts.pid = ++pids_;
  facts.start_ticks = static_cast<std::uint64_t>(pids_);
  facts.boot_id = "boot " + std::to_string(boots_);
  facts.host = "host";
  facts.at = agenda_.now().wall;
  held.start = std::move(facts);
  trace_.line("runner: attempt {} begins ({})", id.value, held.spec.name);
  say_started(id);
  Duration after = some_time();
  ExitFacts exit = natural_end(held.spec);
  if (held.spec.timeout && after > *held.spec.timeout) {
    ++faults_[Fault::task_timed_out];
    after = *held.spec.timeout;
    exit = {};
    exit.timed_out = true;
    exit.wait_status = SIGTERM;
  }
  agenda_.put(after, "task ends", [this, id, life, exit] { end(id, life, exit); });
  if (held.killed) arrive_kill(id);
}

void RunnerModel::arrive_kill(AttemptId id) {
  const auto it = held_.find(id);
  if (it == held_.end() || it->second.exit) return;
  it->second.killed = true;
  if (!it->second.start) return;  // as soon as it lives
  Duration after{static_cast<std::int64_t>(dice_.below(500'000))};
  ExitFacts exit;
  exit.killed = true;
  exit.wait_status = SIGTERM;
  if (dice_.chance(rates.slow_to_die)) {
    ++faults_[Fault::task_slow_to_die];
    after = it->second.spec.termination_grace + std::chrono::seconds{1};
    exit.wait_status = SIGKILL;
  }
  agenda_.put(after, "killed task ends", [this, id, life = it->second.life, exit] { end(id, life, exit); });
}

void RunnerModel::end(AttemptId id, std::int64_t life, ExitFacts facts) {
  const auto it = held_.find(id);
  if (it == held_.end() || it->second.life != life || it->second.exit) return;
  living_.erase(id);
  if (it->second.orphaned) {
    facts = {};
    facts.kind = ExitFacts::Kind::lost;
    facts.message = "its runner died";
  }
  facts.at = agenda_.now().wall;
  it->second.exit = facts;
  trace_.line("runner: attempt {} ended kind={} status={:#x} killed={}", id.value,
              static_cast<int>(facts.kind), facts.wait_status, facts.killed);
  say_finished(id);
}

void RunnerModel::say_started(AttemptId id) {
  if (dice_.chance(rates.start_lost)) {
    ++faults_[Fault::start_report_lost];
    return;
  }
  Duration after = latency();
  if (dice_.chance(rates.start_late)) {
    ++faults_[Fault::start_report_late];
    after = Duration{static_cast<std::int64_t>(dice_.below(300'000'000))};
  }
  say(id, after, false, everybody);
}

void RunnerModel::say_finished(AttemptId id) {
  if (dice_.chance(rates.exit_lost)) {
    ++faults_[Fault::exit_report_lost];
    return;
  }
  Duration after = latency();
  if (dice_.chance(rates.exit_late)) {
    ++faults_[Fault::exit_report_late];
    after = Duration{static_cast<std::int64_t>(dice_.below(900'000'000))};
  }
  say(id, after, true, everybody);
  if (!dice_.chance(rates.exit_doubled)) return;
  ++faults_[Fault::exit_report_doubled];
  say(id, after + Duration{static_cast<std::int64_t>(dice_.below(60'000'000))}, true, everybody);
}

/// What is said is what is known now: a report that is under way doesn't change.
void RunnerModel::say(AttemptId id, Duration after, bool finished, int connection) {
  Held& held = held_.at(id);
  const MonoTime now = agenda_.now().mono;
  MonoTime at = now + after;
  if (at < held.next_report) at = held.next_report;
  held.next_report = at;
  const auto start = held.start.value_or(StartFacts{});
  const auto exit = held.exit.value_or(ExitFacts{});
  const int newest = last_connection_;  // who connects later is told by recover()
  agenda_.put(at - now, finished ? "exit report" : "start report", [=, this] {
    std::vector<ExecutorReports> to;
    for (const auto& [number, reports] : connections_)
      if (number <= newest && (connection == everybody || connection == number)) to.push_back(reports);
    for (const ExecutorReports& reports : to) {
      if (finished) reports.finished(id, exit);
      else reports.started(id, start);
    }
  });
}

void RunnerModel::report_lost(int connection, AttemptId id, const std::string& why) {
  agenda_.put(latency(), "attempt is lost", [=, this] {
    const auto it = connections_.find(connection);
    if (it == connections_.end()) return;
    ExitFacts facts;
    facts.kind = ExitFacts::Kind::lost;
    facts.message = why;
    facts.at = agenda_.now().wall;
    it->second.finished(id, facts);
  });
}

std::vector<AttemptId> RunnerModel::recover(int connection, const std::vector<Outstanding>& outstanding) {
  traceless_.clear();
  std::set<AttemptId> wanted;
  for (const Outstanding& attempt : outstanding) wanted.insert(attempt.attempt);
  std::vector<AttemptId> known;
  for (const auto& [id, held] : held_) known.push_back(id);
  for (const AttemptId id : known) {
    const Held& held = held_.at(id);
    if (held.exit && !wanted.contains(id)) {
      held_.erase(id);  // the last daemon stored its end but couldn't say so any more
      continue;
    }
    if (held.start) say(id, latency(), false, connection);
    if (held.exit) say(id, latency(), true, connection);
  }
  std::vector<AttemptId> unseen;
  for (const Outstanding& attempt : outstanding) {
    if (held_.contains(attempt.attempt)) continue;
    if (attempt.started) {
      report_lost(connection, attempt.attempt, "its runner's journal is gone");
    } else if (marked_boot_ != boots_) {
      traceless_.insert(attempt.attempt);
      report_lost(connection, attempt.attempt, "host rebooted: whether it had begun is unknown");
    } else {
      unseen.push_back(attempt.attempt);
    }
  }
  if (traceless_.empty()) marked_boot_ = boots_;
  return unseen;
}

void RunnerModel::die() {
  trace_.line("runner: dies, {} processes live", living_.size());
  for (auto& [id, held] : held_) {
    if (held.exit) continue;
    held.orphaned = true;
    const bool ends_too = !held.start || dice_.chance(50);
    if (!ends_too) continue;
    agenda_.put(latency(), "orphan ends", [this, id, life = held.life] { end(id, life, {}); });
  }
}

void RunnerModel::reboot(bool journal_lost) {
  ++boots_;
  living_.clear();
  under_way_.clear();
  if (journal_lost) {
    held_.clear();
    return;
  }
  for (auto& [id, held] : held_) {
    if (held.exit) continue;
    held.exit.emplace();
    held.exit->kind = ExitFacts::Kind::lost;
    held.exit->message = "host rebooted while it ran";
    held.exit->at = agenda_.now().wall;
  }
}

}  // namespace millrace::sim
