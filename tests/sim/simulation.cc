#include "tests/sim/simulation.h"

#include <fmt/format.h>

#include <utility>

#include "dags/parser.h"
#include "tests/sim/substitutes.h"

namespace millrace::sim {
namespace {

/// Moments around which clocks change somewhere, and what changes.
struct ClockChange {
  const char* zone;
  const char* at;
  Fault fault;
};
constexpr ClockChange changes[] = {
    {"Europe/Berlin", "2024-03-31T01:00:00Z", Fault::dst_gap_crossed},
    {"Europe/Berlin", "2024-10-27T01:00:00Z", Fault::dst_overlap_crossed},
    {"America/New_York", "2024-03-10T07:00:00Z", Fault::dst_gap_crossed},
    {"America/New_York", "2024-11-03T06:00:00Z", Fault::dst_overlap_crossed},
    {"Australia/Lord_Howe", "2024-10-05T15:30:00Z", Fault::dst_gap_crossed},
    {"Australia/Lord_Howe", "2024-04-06T15:00:00Z", Fault::dst_overlap_crossed},
    {"America/Sao_Paulo", "2018-11-04T03:00:00Z", Fault::dst_gap_crossed},
    {"Asia/Kathmandu", "2024-02-28T18:15:00Z", Fault::count},
    {"UTC", "2023-12-31T23:59:59Z", Fault::count},
};

/// Where this seed's world begins: most often just before clocks change.
WallTime beginning(std::uint64_t seed) {
  Dice dice{seed ^ 0xc10c};
  const ClockChange& change = changes[dice.below(std::size(changes))];
  return *parse_iso(change.at) - std::chrono::minutes{60 + dice.below(20 * 60)};
}

constexpr int observer_programs = 1'000'000;

}  // namespace

Simulation::Simulation(const Settings& settings)
    : settings_(settings),
      dice_{settings.seed},
      agenda_(beginning(settings.seed)),
      trace_(agenda_),
      disk_(settings.seed ^ 0xd15c),
      runner_(agenda_, dice_, trace_, faults_),
      host_{agenda_, disk_, runner_, trace_, dice_, {}, settings.paths, {}},
      clients_(host_, faults_, taste_) {
  trace_.on = settings.trace;
  mount(&disk_);
  disk_.load(*settings.image);
  hooks().crash_point = [this](std::string_view name) { crash_point(name); };
  hooks().logged = [this](std::string_view line) { trace_.line("log: {}", line); };
  host_.on_start = [this](AttemptId id) { check_deed(id, true); };
  host_.on_acknowledge = [this](AttemptId id) { check_deed(id, false); };
  runner_.begins = [this](const AttemptSpec& spec) { process_begins(spec); };
  choose_world();
  choose_faults();
}

Simulation::~Simulation() {
  hooks().crash_point = {};
  hooks().logged = {};
  lock_.reset();
  observer_.reset();
  stale_.reset();
  if (daemon_) daemon_->kill();
  daemon_.reset();
  mount(nullptr);
}

void Simulation::choose_world() {
  taste_.gpus = dice_.chance(40);
  taste_.datasets = dice_.chance(60);
  taste_.sensors = dice_.chance(50);
  taste_.child_runs = dice_.chance(50);
  taste_.mapped = dice_.chance(50);
  taste_.branches = dice_.chance(40);
  const WallTime now = agenda_.now().wall;
  for (const ClockChange& change : changes) {
    const WallTime at = *parse_iso(change.at);
    if (at > now && at - now < std::chrono::hours{21}) {
      taste_.zones = {change.zone, change.zone, "UTC"};
      if (change.fault != Fault::count) clock_changes_.emplace_back(at, change.fault);
    }
  }
  if (taste_.zones.empty()) taste_.zones = {"UTC"};
  taste_.start_date = to_date(now - std::chrono::hours{24});
  length_ = std::chrono::hours{12 + dice_.below(60)};
  pause_of_clients_ = std::chrono::minutes{2 + dice_.below(60)};
  runner_.longest_task = std::chrono::minutes{2 + dice_.below(60)};
  MachineFound& machine = host_.machine;
  machine.cpu_milli = static_cast<std::int64_t>(2 + dice_.below(7)) * 1'000;
  machine.memory_bytes = static_cast<std::int64_t>(8 + dice_.below(24)) << 30;
  const std::size_t gpus = taste_.gpus ? 1 + dice_.below(3) : 0;
  for (std::size_t i = 0; i < gpus; ++i)
    machine.gpus.push_back({fmt::format("gpu-{}", i), "H100", 80ll << 30, true});
  if (dice_.chance(50)) host_.config.pools["small"] = {1 + static_cast<int>(dice_.below(3)), "few"};
  else host_.config.pools["small"] = {4, "few"};
}

void Simulation::wrong(std::string problem) {
  trace_.line("WRONG: {}", problem);
  outcome_.problems.push_back(std::move(problem));
}

void Simulation::crash_point(std::string_view name) {
  if (crash_in_ == 0 || !daemon_ || disk_.program() != daemon_->program() || --crash_in_ > 0) return;
  trace_.line("killed at {}", name);
  ++faults_[in_recovery_ ? Fault::kill_in_recovery : Fault::kill_at_crash_point];
  disk_.kill(daemon_->program());
  // Those stand in a destructor, which may not throw: a dead program does nothing any more all the same.
  if (!name.starts_with("store.stop")) throw Killed{};
}

/// As its supervisor would: again after a while, whatever it died of.
void Simulation::start_daemon() {
  starting_ = false;
  observer_.reset();
  if (daemon_) daemon_->kill();
  daemon_.reset();
  daemon_ = std::make_unique<DaemonProcess>(host_, next_program_++);
  ++outcome_.daemons;
  in_recovery_ = true;
  const bool disturbed = crash_in_ > 0 || disk_.armed() != DiskFault::none || lock_;
  excused_ = disturbed;
  const bool started = daemon_->start();
  in_recovery_ = false;
  trace_.line("daemon {}: {}", daemon_->program(),
              started ? fmt::format("started, epoch {}", daemon_->epoch()) : daemon_->last_words());
  if (!started && !disturbed && !disk_.fault_struck())
    wrong("the daemon doesn't start: " + daemon_->last_words());
  if (!started) return;
  look(true);
  // Where a sync fails the machine is often next: what then isn't on the disk shows.
  if (std::exchange(sync_failed_, false) && !quiet_ && dice_.chance(60)) lose_power_soon(false);
  if (daemon_->alive()) clients_.ask_again(*daemon_, *observer_);
}

void Simulation::start_later(Duration after) {
  if (std::exchange(starting_, true)) return;
  agenda_.put(after, "daemon starts", [this] { start_daemon(); });
}

/// What a daemon's end calls for.
void Simulation::bury() {
  if (power_fails_) lose_power(journal_fails_);
  if (daemon_ && !daemon_->alive() && !starting_) {
    if (daemon_->fatal() && !excused_ && !disk_.fault_struck())
      wrong("the daemon gave up: " + daemon_->last_words());
    sync_failed_ = sync_failed_ || disk_.sync_failed();
    // Whatever broke its disk may take it along before it can close the database.
    if (daemon_->fatal() && dice_.chance(50)) daemon_->kill();
    observer_.reset();
    daemon_.reset();
    start_later(std::chrono::seconds{dice_.chance(80) ? 1 + dice_.below(30) : dice_.below(9'000)});
  }
  if (stale_ && !stale_->alive()) stale_.reset();
}

std::shared_ptr<const Dag> Simulation::dag_of(std::int64_t version) {
  const auto [it, is_new] = dags_.try_emplace(version);
  if (is_new && observer_)
    it->second = parse_dag(observer_->text("SELECT source FROM dag_version WHERE id = ?1", {version})).dag;
  return it->second;
}

void Simulation::process_begins(const AttemptSpec& spec) {
  if (Notifier::owns(spec.attempt)) return;
  if (++begun_[spec.attempt.value] > 1)
    wrong(fmt::format("attempt {} ({}) was started a second time", spec.attempt.value, spec.name));
  const std::string whose = spec.name.substr(0, spec.name.rfind('/') + 1);
  for (const AttemptId other : runner_.living())
    if (!Notifier::owns(other) && runner_.name_of(other).starts_with(whose))
      wrong(fmt::format("attempts {} and {} of {} run at the same time", other.value, spec.attempt.value,
                        whose));
}

/// Deeds follow the commit: an intent is stored before it is acted on, an end before it may be forgotten.
void Simulation::check_deed(AttemptId id, bool start) {
  if (Notifier::owns(id) || !observer_) return;
  const std::int64_t live = observer_->integer(
      "SELECT coalesce(max(outcome IS NULL), -1) FROM task_attempt WHERE id = ?1", {id.value});
  if (start && live != 1) wrong(fmt::format("attempt {} is started and isn't stored as live", id.value));
  if (!start && live == 1)
    wrong(fmt::format("attempt {} may be forgotten and its end isn't stored", id.value));
}

/// What is stored now against all that is known, if anything is new.
void Simulation::look(bool booted) {
  if (!daemon_ || !daemon_->alive()) return;
  if (!observer_) {
    observer_ = std::make_unique<Observer>(disk_, settings_.paths.database().string(),
                                           observer_programs + next_program_++);
    observer_->go_on_after(marks_);
    const std::int64_t last = observer_->integer("SELECT coalesce(max(seq), 0) FROM event");
    if (last < memory_.last_event)
      wrong(fmt::format("I7: the events after {} up to {} are gone", last, memory_.last_event));
  }
  if (!observer_->changed() && !booted) return;
  ++outcome_.looks;
  const Seen seen = observer_->look();
  marks_ = observer_->marks();
  for (const EventSeen& event : seen.events) {
    trace_.mix(static_cast<std::uint64_t>(event.at));
    trace_.mix(event.cause);
    trace_.line("event {}: {} {} run={} ti={} {} -> {}: {}", event.seq, event.kind, event.dag_id, event.run,
                event.task_instance, event.from, event.to, event.cause);
  }
  const std::function shape = [this](std::int64_t version) { return dag_of(version); };
  std::vector<std::string> problems;
  check({.seen = seen,
         .memory = memory_,
         .dag_of = shape,
         .scheduler = daemon_->stalled() ? nullptr : &daemon_->scheduler(),
         .now = agenda_.now(),
         .machine = host_.machine,
         .booted = booted,
         .problems = problems});
  clients_.check(*observer_, problems, booted);
  for (std::string& problem : problems) wrong(std::move(problem));
}

void Simulation::step() {
  const std::int64_t turns = daemon_ ? daemon_->turns() : 0, stale_turns = stale_ ? stale_->turns() : 0;
  const std::string_view label = agenda_.step();
  ++outcome_.steps;
  trace_.mix(label);
  trace_.mix(static_cast<std::uint64_t>(agenda_.now().mono.us));
  const bool only_stale = stale_ && stale_->turns() != stale_turns && daemon_ && daemon_->turns() == turns;
  if (only_stale && observer_) {
    ++faults_[Fault::stale_daemon_acts];
    const std::int64_t before = marks_.event;
    if (observer_->integer("SELECT coalesce(max(seq), 0) FROM event") != before)
      wrong("I8: a daemon whose epoch is over has written");
  }
  while (!clock_changes_.empty() && agenda_.now().wall >= clock_changes_.front().first) {
    ++faults_[clock_changes_.front().second];
    clock_changes_.erase(clock_changes_.begin());
  }
  bury();
  look(false);
}

void Simulation::client_later() {
  const auto most = static_cast<std::size_t>(2 * pause_of_clients_.count());
  agenda_.put(Duration{static_cast<std::int64_t>(1 + dice_.below(most))}, "client", [this] {
    if (quiet_) return;
    if (daemon_ && daemon_->alive() && observer_) {
      DaemonProcess& asked = stale_ && stale_->alive() && dice_.chance(50) ? *stale_ : *daemon_;
      clients_.act(asked, *observer_);
      if (dice_.chance(30) && daemon_->alive()) clients_.ask_again(*daemon_, *observer_);
    }
    client_later();
  });
}

Played Simulation::run() {
  const MonoTime begun = agenda_.now().mono;
  try {
    start_daemon();
    for (const std::string& dag_id : dag_names())
      if (daemon_ && daemon_->alive()) clients_.submit(*daemon_, dag_text(dice_, taste_, dag_id));
    client_later();
    fault_later();
    while (outcome_.problems.empty() && agenda_.now().mono - begun < length_) step();
    outcome_.simulated = agenda_.now().mono - begun;
    if (outcome_.problems.empty()) quiet_end();
  } catch (const BrokenInvariant& broken) {
    wrong(fmt::format("{} (program {} of the daemons)", broken.text, disk_.program()));
  }
  const Disk::Counts& disk = disk_.counts();
  faults_[Fault::writes_dropped] = disk.dropped;
  faults_[Fault::writes_torn] = disk.torn;
  faults_[Fault::writes_reordered] = disk.reordered;
  faults_[Fault::file_resurrected] = disk.resurrected;
  outcome_.faults = faults_;
  outcome_.processes = runner_.processes_begun();
  outcome_.hash = trace_.hash();
  outcome_.trace = trace_.lines();
  return std::move(outcome_);
}

}  // namespace millrace::sim
