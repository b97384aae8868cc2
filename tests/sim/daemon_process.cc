#include "tests/sim/daemon_process.h"

#include <utility>

#include "base/limits.h"
#include "daemon/recovery.h"
#include "store/reader.h"
#include "tests/sim/substitutes.h"

namespace millrace::sim {

/// The daemon's end of its connection to the runner. A dead daemon says nothing.
class DaemonProcess::Engine final : public Executor {
 public:
  Engine(DaemonProcess& daemon, ExecutorReports reports)
      : daemon_(daemon), runner_(daemon.host_.runner), connection_(runner_.connect(std::move(reports))) {}
  ~Engine() override { runner_.disconnect(connection_); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void start(AttemptSpec spec) override {
    if (!lives()) return;
    if (daemon_.host_.on_start) daemon_.host_.on_start(spec.attempt);
    runner_.start(connection_, std::move(spec));
  }
  void kill(AttemptId id, KillReason) override {
    if (lives()) runner_.kill(connection_, id);
  }
  void acknowledge(AttemptId id) override {
    if (!lives()) return;
    if (daemon_.host_.on_acknowledge) daemon_.host_.on_acknowledge(id);
    runner_.acknowledge(connection_, id);
  }
  std::vector<AttemptId> recover(const std::vector<Outstanding>& outstanding) {
    return runner_.recover(connection_, outstanding);
  }

 private:
  bool lives() const { return !daemon_.host_.disk.is_dead(daemon_.program_); }
  DaemonProcess& daemon_;
  RunnerModel& runner_;
  int connection_;
};

DaemonProcess::DaemonProcess(Host& host, int program) : host_(host), program_(program) {}

DaemonProcess::~DaemonProcess() {
  *exists_ = false;
  const int before = host_.disk.program();
  host_.disk.enter(program_);
  engine_.reset();
  backend_.reset();
  loop_.reset();
  store_.reset();
  host_.disk.enter(before);
}

void DaemonProcess::end(std::string why) {
  if (!alive_) return;
  alive_ = false;
  last_words_ = std::move(why);
  host_.trace.line("daemon {}: ends: {}", program_, last_words_);
}

void DaemonProcess::kill() {
  host_.disk.kill(program_);
  engine_.reset();
  fatal_ = false;  // whatever it has found wrong, it was dying
  end("killed");
}

void DaemonProcess::stop() {
  run([this] {
    engine_.reset();
    store_.reset();
  });
  end("stopped");
}

void DaemonProcess::freeze(Duration for_how_long) { frozen_until_ = host_.agenda.now().mono + for_how_long; }

void DaemonProcess::run(const std::function<void()>& what) {
  if (!alive_) return;
  const int before = host_.disk.program();
  host_.disk.enter(program_);
  try {
    what();
  } catch (const Killed&) {
    host_.disk.kill(program_);
  } catch (const std::exception& problem) {
    // As Daemon::Parts::step: what is in memory can't be trusted any more.
    fatal_ = true;
    end(problem.what());
  }
  host_.disk.enter(before);
  if (host_.disk.is_dead(program_)) kill();
}

bool DaemonProcess::start() {
  alive_ = true;
  run([this] {
    if (!boot()) end(last_words_);
  });
  if (!alive_) return false;
  arm();
  reconcile_later();
  return alive_;
}

bool DaemonProcess::boot() {
  auto opened = Store::open(host_.paths.database());
  if (!opened) {
    last_words_ = opened.error().message;
    return false;
  }
  store_ = std::move(*opened);
  auto reader = StoreReader::open(host_.paths.database());
  if (!reader) {
    last_words_ = reader.error().message;
    return false;
  }
  catalog_ = std::make_unique<Catalog>(std::move(*reader));
  auto known = Secrets::open(host_.paths, store_->secret_prints());
  if (!known) {
    last_words_ = known.error().message;
    return false;
  }
  secrets_ = std::move(*known);
  join_rooms();
  load_state(*store_, *catalog_, *loop_, host_.machine);
  const auto unseen = engine_->recover(outstanding(*scheduler_));
  resume(*store_, *scheduler_, *loop_, unseen, host_.agenda);
  ensure_pools(host_.config, host_.machine, *scheduler_, *loop_);
  return alive_;
}

void DaemonProcess::join_rooms() {
  scheduler_ = std::make_unique<Scheduler>();
  dispatcher_ = std::make_unique<Dispatcher>(host_.config, host_.paths, *catalog_, *store_, *secrets_);
  dispatcher_->set_machine(host_.machine);
  inbox_ = std::make_unique<Inbox>([this] { turn_soon(); }, host_.agenda);
  sensors_ = std::make_unique<Sensors>(
      *dispatcher_, *store_, [this](SensorChecked answer) { inbox_->post(std::move(answer), true); });
  notifier_ = std::make_unique<Notifier>(host_.config, host_.paths, [this](NotificationTried answer) {
    inbox_->post(std::move(answer), true);
  });
  loop_ = std::make_unique<Loop>(Loop::Ports{.clock = host_.agenda,
                                             .store = *store_,
                                             .scheduler = *scheduler_,
                                             .catalog = *catalog_,
                                             .dispatcher = *dispatcher_,
                                             .secrets = *secrets_,
                                             .sensors = *sensors_,
                                             .notifier = *notifier_,
                                             .inbox = *inbox_,
                                             .remove_files = {},
                                             .seed = [this] { return host_.dice.next(); },
                                             .on_fatal =
                                                 [this](const Error& error) {
                                                   fatal_ = true;
                                                   end(error.message);
                                                 },
                                             .on_committed = {}});
  ExecutorReports reports{.started = [this](AttemptId id, StartFacts facts) {
                            if (alive_ && !Notifier::owns(id)) post(AttemptStarted{id, std::move(facts)});
                          },
                          .finished =
                              [this](AttemptId id, ExitFacts facts) {
                                if (!alive_) return;
                                if (Notifier::owns(id)) return run([&] { notifier_->ended(id, facts); });
                                post(finished(id, std::move(facts)));
                              }};
  engine_ = std::make_unique<Engine>(*this, std::move(reports));
  loop_->set_executor(*engine_);
  notifier_->set_executor(*engine_);
  backend_ = std::make_unique<DaemonBackend>(*inbox_, *catalog_, *secrets_, host_.paths, "");
  backend_->set_loop(*loop_);
}

/// With what the data worker and $MILLRACE_OUTPUT would say.
AttemptFinished DaemonProcess::finished(AttemptId id, ExitFacts facts) {
  AttemptFinished fact{id, std::move(facts), {}, {}, host_.dice.next()};
  const auto context = scheduler_->attempt_context(id);
  if (!context || fact.facts.kind != ExitFacts::Kind::exited) return fact;
  fact.outputs = {{"n", host_.dice.chance(70) ? "[1,2]" : "[3]"}};
  const Dag& dag = *context->dag;
  const auto [first, last] = dag.downstream.of(context->task_instance->task);
  if (context->task->branch && first != last)
    fact.outputs.push_back({"branch", "\"" + dag.tasks[*first].task_id + "\""});
  if (fact.facts.wait_status != 0 || fact.facts.killed || fact.facts.timed_out) return fact;
  for (const std::string& dataset : context->task->outputs)
    fact.published.push_back({dataset, "b3:" + std::to_string(id.value), "made.csv", 10, 1, {}, ""});
  return fact;
}

void DaemonProcess::post(Event event) { inbox_->post(std::move(event), true); }
void DaemonProcess::submit(Submission submission) { inbox_->post(std::move(submission), true); }

void DaemonProcess::later(Duration after, std::string_view label, void (DaemonProcess::*what)()) {
  host_.agenda.put(after, label, [this, exists = exists_, label, what] {
    if (!*exists || !alive_) return;
    const MonoTime now = host_.agenda.now().mono;
    if (now < frozen_until_) return later(frozen_until_ - now, label, what);
    (this->*what)();
  });
}

void DaemonProcess::turn_soon() {
  if (std::exchange(turning_soon_, true)) return;
  later(Duration{static_cast<std::int64_t>(50 + host_.dice.below(2'000))}, "turn", &DaemonProcess::turn);
}

void DaemonProcess::turn() {
  turning_soon_ = false;
  ++turns_;
  run([this] { loop_->turn(); });
  arm();
}

void DaemonProcess::wake() {
  ++turns_;
  run([this] { loop_->wake(); });
  arm();
}

/// One timer: an earlier one of it that comes meanwhile does no harm.
void DaemonProcess::arm() {
  if (!alive_) return;
  const std::optional<Duration> in = loop_->due_in();
  if (!in) return;
  const std::int64_t number = ++armed_;
  host_.agenda.put(*in, "timer", [this, exists = exists_, number] {
    if (*exists && alive_ && number == armed_) later(Duration{0}, "timer", &DaemonProcess::wake);
  });
}

void DaemonProcess::reconcile_later() {
  later(limits::reconcile_interval, "reconcile", &DaemonProcess::reconcile);
}

void DaemonProcess::reconcile() {
  wake();
  run([this] { loop_->tend_store(); });
  reconcile_later();
}

}  // namespace millrace::sim
