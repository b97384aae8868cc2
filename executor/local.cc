#include "executor/local.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "executor/boot_mark.h"
#include "executor/dead_runner.h"
#include "executor/launch.h"
#include "executor/runner_link.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;
constexpr Duration replay_bound = std::chrono::seconds{10};
constexpr Duration death_bound = std::chrono::seconds{2};
constexpr Duration start_bound = std::chrono::seconds{10};

/// Knows which runner, living or dead, holds which attempt; one of the living takes new work.
class Local final : public LocalExecutor {
 public:
  Local(boost::asio::io_context& io, LocalOptions options, ExecutorReports reports)
      : io_(io), options_(std::move(options)), reports_(std::move(reports)) {}

  Result<void> attach();
  void start(AttemptSpec) override;
  void kill(AttemptId, KillReason) override;
  void acknowledge(AttemptId) override;
  std::vector<AttemptId> recover(std::vector<Outstanding>) override;
  const Isolation& isolation() const override { return isolation_; }
  void detach() override;

 private:
  /// Exactly one of the three.
  struct Holder {
    RunnerLink* link = nullptr;
    DeadRunner* dead = nullptr;
    Orphan* orphan = nullptr;  ///< known from the store alone
    bool ended = false;
    bool kill_wanted = false;  ///< whoever holds it next must know: a runner may die with the request unread
    std::unique_ptr<AttemptSpec> spec;  ///< until a runner is known to have it
  };

  void adopt_link(std::unique_ptr<RunnerLink>);
  void adopt_estate(const fs::path& folder, bool say_started);
  Result<RunnerLink*> taker();
  void begin();
  void taken_by(AttemptId, RunnerLink*);
  void on_started(AttemptId, StartFacts);
  void on_finished(AttemptId, ExitFacts);
  void on_closed(RunnerLink*);
  bool bury(RunnerLink*);
  void forget_link(RunnerLink*);
  void report_later(AttemptId, ExitFacts::Kind, std::string message, bool killed = false);
  void watch_unheld(const Outstanding&);
  void drop_empty_estates();

  boost::asio::io_context& io_;
  LocalOptions options_;
  ExecutorReports reports_;
  Isolation isolation_;
  std::vector<std::unique_ptr<RunnerLink>> links_;
  RunnerLink* taker_ = nullptr;  ///< of this build: takes new work
  std::vector<std::unique_ptr<DeadRunner>> estates_;
  std::map<AttemptId, std::unique_ptr<Orphan>> unheld_;
  std::optional<BootMark> boot_mark_;
  std::set<AttemptId> traceless_;  ///< of another boot, lost; the mark stays until all of it is stored
  std::unordered_map<std::int64_t, Holder> holders_;
  bool begun_ = false, detached_ = false;
  /// Set while recovering: an end that the store has is acknowledged instead of reported.
  const std::vector<Outstanding>* recovering_ = nullptr;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // posted calls outlive a destroyed executor

 public:
  ~Local() override {
    *alive_ = false;
    drop_empty_estates();
  }
  Local(const Local&) = delete;
  Local& operator=(const Local&) = delete;
};

Result<void> Local::attach() {
  std::error_code error;
  fs::create_directories(options_.state_dir, error);
  if (error) return fail(ErrorKind::unavailable, options_.state_dir.string() + ": " + error.message());
  chmod(options_.state_dir.c_str(), 0700);
  CRASH_POINT("attach.folder_made");
  boot_mark_.emplace(options_.state_dir);
  std::vector<fs::path> folders;
  for (fs::directory_iterator at(options_.state_dir, error), end; !error && at != end; at.increment(error)) {
    if (at->is_directory(error)) folders.push_back(at->path());
  }
  std::sort(folders.begin(), folders.end());
  for (const fs::path& folder : folders) {
    if (!runner_lives(folder)) {
      adopt_estate(folder, true);
      continue;
    }
    CRASH_POINT("attach.runner_lives");
    // One that the last daemon had just started when it died has no socket yet.
    runner_listens(folder, start_bound);
    auto link = RunnerLink::connect(io_, folder);
    if (link) {
      adopt_link(std::move(*link));
    } else if (!runner_ends(folder, death_bound)) {
      return std::unexpected(link.error());  // it holds attempts that nobody may start a second time
    } else {
      adopt_estate(folder, true);
    }
  }
  const auto current = taker();
  return current ? Result<void>{} : std::unexpected(current.error());
}

void Local::adopt_link(std::unique_ptr<RunnerLink> made) {
  RunnerLink* link = made.get();
  links_.push_back(std::move(made));
  CRASH_POINT("attach.linked");
  link->report_to({
      .held = [this, link](AttemptId id) { taken_by(id, link); },
      .started =
          [this, link](AttemptId id, StartFacts facts) {
            taken_by(id, link);
            on_started(id, std::move(facts));
          },
      .finished =
          [this, link](AttemptId id, ExitFacts facts) {
            taken_by(id, link);
            on_finished(id, std::move(facts));
          },
      .replayed = [] {},
      .closed = [this, link] { on_closed(link); },
  });
  const RunnerGreeting& greeting = link->greeting();
  if (greeting.identity == runner_identity(options_.runner_binary)) {
    taker_ = link;
    isolation_ = greeting.isolation;
  } else {
    log::info("runner={} pid={} build=other: takes no new work, ends when its attempts have",
              link->folder().filename().string(), greeting.pid);
    link->shutdown_when_idle();
  }
}

void Local::adopt_estate(const fs::path& folder, bool say_started) {
  auto estate = std::make_unique<DeadRunner>(
      io_, folder,
      DeadRunner::Reports{[this](AttemptId id, StartFacts facts) { on_started(id, std::move(facts)); },
                          [this](AttemptId id, ExitFacts facts) { on_finished(id, std::move(facts)); }});
  DeadRunner* dead = estate.get();
  for (const AttemptId id : dead->attempts()) {
    Holder& holder = holders_[id.value];
    holder.link = nullptr;
    holder.spec.reset();
    holder.dead = dead;
  }
  estates_.push_back(std::move(estate));
  CRASH_POINT("attach.estate_read");
  if (begun_) {
    dead->settle(say_started);
    for (const AttemptId id : dead->attempts()) {
      const auto at = holders_.find(id.value);
      if (at != holders_.end() && at->second.kill_wanted) dead->kill(id);
    }
  }
  drop_empty_estates();
}

Result<RunnerLink*> Local::taker() {
  if (taker_ != nullptr) return taker_;
  CRASH_POINT("runner.wanted");
  const auto folder = launch_runner(options_);
  if (!folder) return std::unexpected(folder.error());
  auto link = RunnerLink::connect(io_, *folder);
  if (!link) return std::unexpected(link.error());
  CRASH_POINT("runner.greeted_first");
  log::info("runner={} pid={} started isolation=\"{}\"", folder->filename().string(), (*link)->greeting().pid,
            (*link)->greeting().isolation.detail);
  adopt_link(std::move(*link));
  RunnerLink* made = links_.back().get();
  // Its identity is the binary's as of now, which an upgrade may have replaced since: it takes work all the
  // same.
  taker_ = made;
  isolation_ = made->greeting().isolation;
  if (begun_) made->go_on();
  return made;
}

std::vector<AttemptId> Local::recover(std::vector<Outstanding> outstanding) {
  recovering_ = &outstanding;
  std::vector<RunnerLink*> links;
  for (const auto& link : links_) links.push_back(link.get());
  bool all_replayed = true;
  for (RunnerLink* link : links) {
    if (!link->closed() && link->read_replay(replay_bound)) continue;
    if (link->closed() && bury(link)) continue;
    all_replayed = false;
    log::error("runner={} pid={} doesn't say what it holds: its attempts stay as they are",
               link->folder().filename().string(), link->greeting().pid);
  }
  CRASH_POINT("recover.replayed");
  begun_ = true;
  for (std::size_t i = 0; i < estates_.size(); ++i) estates_[i]->settle(true);
  recovering_ = nullptr;
  CRASH_POINT("recover.settled");
  std::vector<AttemptId> unseen;
  for (const Outstanding& attempt : outstanding) {
    if (holders_.contains(attempt.attempt.value)) continue;
    if (attempt.started) {
      watch_unheld(attempt);
    } else if (boot_mark_->is_of_another_boot()) {
      traceless_.insert(attempt.attempt);
      holders_[attempt.attempt.value] = {};
      report_later(attempt.attempt, ExitFacts::Kind::lost,
                   "host rebooted: whether it had begun, and how it ended, is unknown");
    } else if (all_replayed) {
      unseen.push_back(attempt.attempt);
    }
  }
  CRASH_POINT("recover.sorted");
  if (boot_mark_->is_of_another_boot() && traceless_.empty()) boot_mark_->renew();
  for (const auto& link : links_) link->go_on();
  drop_empty_estates();
  return unseen;
}

void Local::watch_unheld(const Outstanding& attempt) {
  const AttemptId id = attempt.attempt;
  holders_[id.value] = {};
  if (attempt.start.boot_id != current_boot_id()) {
    return report_later(id, ExitFacts::Kind::lost, "host rebooted while it ran: how it ended is unknown");
  }
  auto orphan = std::make_unique<Orphan>(io_, std::string(), attempt.start, [this, id] {
    holders_[id.value].orphan = nullptr;
    unheld_.erase(id);
    report_later(id, ExitFacts::Kind::lost,
                 "its runner and the runner's journal are gone: how it ended is unknown");
  });
  holders_[id.value].orphan = orphan.get();
  orphan->watch();
  unheld_[id] = std::move(orphan);
}

void Local::begin() {
  if (begun_) return;
  begun_ = true;
  for (std::size_t i = 0; i < estates_.size(); ++i) estates_[i]->settle(true);
  for (const auto& link : links_) link->go_on();
}

void Local::start(AttemptSpec spec) {
  begin();
  const AttemptId id = spec.attempt;
  const auto known = holders_.find(id.value);
  if (known != holders_.end() && known->second.dead != nullptr) return known->second.dead->report_again(id);
  if (known != holders_.end() && known->second.orphan != nullptr) return;
  RunnerLink* link = known == holders_.end() ? nullptr : known->second.link;
  if (link == nullptr) {
    const auto current = taker();
    if (!current) {
      log::error("attempt={} no runner: {}", id.value, current.error().message);
      return report_later(id, ExitFacts::Kind::spawn_failed, "no runner: " + current.error().message);
    }
    link = *current;
  }
  if (!link->start(spec)) {
    return report_later(id, ExitFacts::Kind::spawn_failed,
                        "the command and its environment are bigger than 8 MiB; pass big values by file");
  }
  CRASH_POINT("executor.start_queued");
  Holder& holder = holders_[id.value];
  holder.link = link;
  if (!holder.ended) holder.spec = std::make_unique<AttemptSpec>(std::move(spec));
}

void Local::kill(AttemptId id, KillReason reason) {
  const auto at = holders_.find(id.value);
  if (at == holders_.end() || at->second.ended) return;
  at->second.kill_wanted = true;
  if (at->second.link != nullptr) at->second.link->kill(id, reason);
  if (at->second.dead != nullptr) at->second.dead->kill(id);
  if (at->second.orphan != nullptr) at->second.orphan->kill();
}

void Local::acknowledge(AttemptId id) {
  const auto at = holders_.find(id.value);
  if (at == holders_.end() || !at->second.ended) return;
  if (at->second.link != nullptr) at->second.link->acknowledge(id);
  CRASH_POINT("executor.acknowledge_queued");
  if (at->second.dead != nullptr) {
    at->second.dead->acknowledge(id);
    if (at->second.dead->empty()) {
      post_to(io_, [this, alive = alive_] {
        if (*alive) drop_empty_estates();
      });
    }
  }
  holders_.erase(at);
  if (traceless_.erase(id) > 0 && traceless_.empty()) boot_mark_->renew();
}

void Local::taken_by(AttemptId id, RunnerLink* link) {
  Holder& holder = holders_[id.value];
  holder.link = link;
  holder.spec.reset();
}

void Local::on_started(AttemptId id, StartFacts facts) { reports_.started(id, std::move(facts)); }

void Local::on_finished(AttemptId id, ExitFacts facts) {
  Holder& holder = holders_[id.value];
  const bool repeated = std::exchange(holder.ended, true);
  if (recovering_ != nullptr) {
    const bool wanted = std::any_of(recovering_->begin(), recovering_->end(),
                                    [id](const Outstanding& attempt) { return attempt.attempt == id; });
    if (!wanted) return acknowledge(id);  // the last daemon stored its end but couldn't say so any more
  } else if (repeated && holder.dead != nullptr) {
    return;  // reported by the runner before it died
  }
  reports_.finished(id, std::move(facts));
}

void Local::on_closed(RunnerLink* link) {
  if (detached_) return;
  if (taker_ == link) taker_ = nullptr;
  if (recovering_ != nullptr) return;  // recover() buries it
  // From the loop: the link is still on the stack, and reports may start new attempts.
  post_to(io_, [this, link, alive = alive_] {
    if (!*alive) return;
    CRASH_POINT("executor.runner_lost");
    begun_ = true;
    bury(link);
  });
}

/// Hands the attempts of a closed link to its runner's estate and drops the link; false if the runner lives.
bool Local::bury(RunnerLink* link) {
  const fs::path folder = link->folder();
  if (!runner_ends(folder, death_bound)) {
    log::error(
        "runner={} pid={} closed its connection but lives; its attempts go on unwatched until the next start",
        folder.filename().string(), link->greeting().pid);
    return false;
  }
  std::size_t left = 0;
  for (const auto& [id, holder] : holders_) left += holder.link == link && !holder.ended ? 1 : 0;
  if (left > 0) {
    log::error("runner={} pid={} died attempts={}", folder.filename().string(), link->greeting().pid, left);
  }
  std::error_code ignored;
  if (fs::exists(folder, ignored)) adopt_estate(folder, false);
  CRASH_POINT("executor.runner_buried");
  forget_link(link);
  return true;
}

void Local::forget_link(RunnerLink* link) {
  std::vector<std::unique_ptr<AttemptSpec>> unread;
  std::vector<AttemptId> unknown;
  for (auto& [id, holder] : holders_) {
    if (holder.link != link) continue;
    holder.link = nullptr;
    if (holder.ended) continue;
    // Not in its journal, so that it has never begun with it.
    if (holder.spec && holder.kill_wanted) {
      holder.spec.reset();
      report_later(AttemptId{id}, ExitFacts::Kind::spawn_failed, "it was told to end before it had started",
                   true);
    } else if (holder.spec) {
      unread.push_back(std::move(holder.spec));
    } else {
      unknown.push_back(AttemptId{id});
    }
  }
  std::erase_if(links_, [link](const auto& owned) { return owned.get() == link; });
  std::sort(unknown.begin(), unknown.end());
  for (const AttemptId id : unknown) {
    report_later(id, ExitFacts::Kind::lost,
                 "its runner and the runner's journal are gone: how it ended is unknown");
  }
  std::sort(unread.begin(), unread.end(),
            [](const auto& a, const auto& b) { return a->attempt < b->attempt; });
  for (auto& spec : unread) start(std::move(*spec));
}

void Local::report_later(AttemptId id, ExitFacts::Kind kind, std::string message, bool killed) {
  ExitFacts facts;
  facts.kind = kind;
  facts.killed = killed;
  facts.at = SystemClock().now().wall;
  facts.message = std::move(message);
  post_to(io_, [this, id, facts = std::move(facts), alive = alive_] {
    if (*alive) on_finished(id, facts);
  });
}

void Local::drop_empty_estates() {
  std::erase_if(estates_, [](const auto& estate) {
    if (!estate->empty()) return false;
    estate->remove_folder();
    return true;
  });
}

void Local::detach() {
  detached_ = true;
  taker_ = nullptr;
  links_.clear();
  drop_empty_estates();
  estates_.clear();
  unheld_.clear();
  holders_.clear();
}

}  // namespace

Result<std::unique_ptr<LocalExecutor>> LocalExecutor::open(boost::asio::io_context& io, LocalOptions options,
                                                           ExecutorReports reports) {
  auto local = std::make_unique<Local>(io, std::move(options), std::move(reports));
  if (const auto attached = local->attach(); !attached) return std::unexpected(attached.error());
  return local;
}

}  // namespace millrace
