#include "executor/dead_runner.h"

#include <system_error>
#include <utility>

#include "base/clock.h"
#include "base/crash_point.h"
#include "base/log.h"

namespace millrace {

namespace fs = std::filesystem;

JournalContents read_journal(const fs::path& file) {
  JournalContents contents;
  const std::string bytes = read_small_file(file.string());
  std::string_view rest = bytes;
  while (const auto record = take_record(rest)) {
    rest.remove_prefix(record->size);
    wire::Reader fields(record->fields);
    if (record->type == MessageType::opened) {
      contents.opening = take_opening(fields);
      continue;
    }
    const AttemptId attempt{fields.number<std::int64_t>()};
    switch (record->type) {
      case MessageType::intent:
        contents.attempts[attempt].name = fields.text();
        break;
      case MessageType::started: {
        StartFacts facts = take_start(fields);
        facts.boot_id = contents.opening.boot_id;
        facts.host = contents.opening.host;
        contents.attempts[attempt].start = std::move(facts);
        break;
      }
      case MessageType::finished:
        contents.attempts[attempt].exit = take_exit(fields);
        break;
      case MessageType::acknowledge:
        contents.attempts.erase(attempt);
        break;
      default:
        break;
    }
  }
  if (!rest.empty()) log::warn("journal={} unreadable_tail_bytes={}", file.string(), rest.size());
  return contents;
}

DeadRunner::DeadRunner(boost::asio::io_context& io, fs::path folder, Reports reports)
    : io_(io),
      folder_(std::move(folder)),
      reports_(std::move(reports)),
      contents_(read_journal(folder_ / "journal")) {}

std::vector<AttemptId> DeadRunner::attempts() const {
  std::vector<AttemptId> ids;
  for (const auto& [id, entry] : contents_.attempts) ids.push_back(id);
  return ids;
}

void DeadRunner::settle(bool say_started) {
  // By id: a report may acknowledge, which takes the entry away.
  for (const AttemptId id : attempts()) {
    const auto at = contents_.attempts.find(id);
    if (at == contents_.attempts.end()) continue;
    if (say_started && at->second.start) reports_.started(id, *at->second.start);
    settle_one(id, at->second);
  }
}

void DeadRunner::settle_one(AttemptId id, JournalEntry& entry) {
  if (entry.exit) return reports_.finished(id, *entry.exit);
  if (contents_.opening.boot_id != current_boot_id()) {
    return lose(id, "host rebooted while it ran: how it ended is unknown");
  }
  auto orphan = std::make_unique<Orphan>(io_, entry.name, entry.start.value_or(StartFacts{}), [this, id] {
    orphans_.erase(id);
    lose(id, "its runner died before it ended: how it ended is unknown");
  });
  if (orphan->alive())
    log::warn("attempt={} name={} runner=dead watched_until_its_end=true", id.value, entry.name);
  orphans_[id] = std::move(orphan);
  orphans_[id]->watch();
}

void DeadRunner::lose(AttemptId id, std::string why) {
  CRASH_POINT("estate.losing");
  const auto at = contents_.attempts.find(id);
  if (at == contents_.attempts.end()) return;
  ExitFacts facts;
  facts.kind = ExitFacts::Kind::lost;
  facts.at = SystemClock().now().wall;
  facts.message = std::move(why);
  at->second.exit = facts;
  reports_.finished(id, std::move(facts));
}

void DeadRunner::report_again(AttemptId id) {
  const auto at = contents_.attempts.find(id);
  if (at == contents_.attempts.end()) return;
  if (at->second.start) reports_.started(id, *at->second.start);
  if (const auto again = contents_.attempts.find(id);
      again != contents_.attempts.end() && again->second.exit) {
    reports_.finished(id, *again->second.exit);
  }
}

void DeadRunner::kill(AttemptId id) {
  if (const auto at = orphans_.find(id); at != orphans_.end()) at->second->kill();
}

void DeadRunner::acknowledge(AttemptId id) {
  const auto at = contents_.attempts.find(id);
  if (at != contents_.attempts.end() && at->second.exit) contents_.attempts.erase(at);
}

void DeadRunner::remove_folder() {
  CRASH_POINT("estate.removing");
  std::error_code ignored;
  for (const std::string& cgroup : contents_.opening.cgroups) {
    for (fs::directory_iterator slot(cgroup, ignored), end; !ignored && slot != end;
         slot.increment(ignored)) {
      std::error_code in_use;
      if (slot->is_directory(in_use)) fs::remove(slot->path(), in_use);
    }
    fs::remove(cgroup, ignored);
  }
  fs::remove_all(folder_, ignored);
  CRASH_POINT("estate.removed");
}

}  // namespace millrace
