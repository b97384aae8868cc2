// Power cuts: what a disk holds that had acknowledged its syncs and nothing else. Of the writes since the
// last sync of a file each one is there, isn't, or is there in part, whatever came before or after it.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "disk.h"
#include "histories.h"
#include "samples.h"

namespace millrace::test {
namespace {

constexpr std::size_t sector = 512;

/// A history of the store as its disk saw it.
struct Record {
  std::vector<DiskStep> steps;
  std::vector<std::size_t> acknowledged;  ///< behind how many steps of the disk each transaction was
  std::vector<std::string> states;        ///< contents() before all and after each transaction
};

/// The history, and then many small transactions with checkpoints between them: the log is begun anew.
Record record_history() {
  Record record;
  const Folder folder;
  Disk& disk = Disk::get();
  disk.start_record();
  {
    const auto store = open_store(folder);
    record.acknowledged.push_back(disk.recorded());
    record.states.push_back(contents(folder.database()));
    std::vector<Step> steps = history();
    for (std::int64_t id = 10; id < 40; ++id) {
      steps.push_back({fmt::format("run {}", id), [id](Store& s) {
                         RunRow run = plain_run(id);
                         run.note = std::string(20'000, static_cast<char>('a' + id % 26));
                         return s.commit(std::vector<Change>{run});
                       }});
      if (id % 6 == 0)
        steps.push_back({"checkpoint", [](Store& s) -> Result<void> {
                           const auto left = s.checkpoint();
                           return left ? Result<void>{} : std::unexpected(left.error());
                         }});
    }
    for (const Step& step : steps) {
      REQUIRE(step.act(*store));
      record.acknowledged.push_back(disk.recorded());
      record.states.push_back(contents(folder.database()));
    }
  }
  record.steps = disk.stop_record();
  return record;
}

void put_on(const DiskStep& step, std::string& bytes) {
  if (step.kind == DiskStep::Kind::truncate) return bytes.resize(static_cast<std::size_t>(step.offset));
  const auto at = static_cast<std::size_t>(step.offset);
  if (bytes.size() < at + step.bytes.size()) bytes.resize(at + step.bytes.size());
  bytes.replace(at, step.bytes.size(), step.bytes);
}

/// The sectors of a write that made it.
void put_on_in_part(const DiskStep& step, std::string& bytes, std::mt19937_64& random) {
  for (std::size_t from = 0; from < step.bytes.size(); from += sector) {
    if (random() % 2 == 0) continue;
    DiskStep piece = step;
    piece.offset += static_cast<std::int64_t>(from);
    piece.bytes = step.bytes.substr(from, sector);
    put_on(piece, bytes);
  }
}

using Files = std::map<std::string, std::string>;

/// Removals before this step are certain: SQLite syncs the folder with the first sync of a log or journal
/// that it has made.
std::size_t folder_synced(const Record& record, std::size_t count) {
  std::size_t last = 0;
  std::set<std::string> old;
  for (std::size_t i = 0; i < count; ++i) {
    const DiskStep& step = record.steps[i];
    if (step.kind == DiskStep::Kind::remove) old.erase(step.file);
    const bool is_log = step.file.ends_with("-wal") || step.file.ends_with("-journal");
    if (step.kind == DiskStep::Kind::sync && is_log && old.insert(step.file).second) last = i;
  }
  return last;
}

/// What is there after a cut behind the first `count` steps.
Files image(const Record& record, std::size_t count, bool syncs_hold, std::mt19937_64& random) {
  std::map<std::string, std::size_t> certain;  // up to which step
  for (std::size_t i = 0; i < count; ++i)
    if (record.steps[i].kind == DiskStep::Kind::sync && syncs_hold) certain[record.steps[i].file] = i;
  const std::size_t removals = syncs_hold ? folder_synced(record, count) : 0;
  Files files;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < count; ++i) {
    const DiskStep& step = record.steps[i];
    const auto sure = certain.find(step.file);
    const bool on_disk = sure != certain.end() && i < sure->second;
    switch (step.kind) {
      case DiskStep::Kind::sync:
        break;
      case DiskStep::Kind::remove:
        if (i >= removals && random() % 2 == 0) break;
        files.erase(step.file);
        std::erase_if(open, [&](std::size_t before) { return record.steps[before].file == step.file; });
        break;
      case DiskStep::Kind::write:
      case DiskStep::Kind::truncate:
        if (on_disk) {
          put_on(step, files[step.file]);
        } else {
          open.push_back(i);
        }
    }
  }
  std::shuffle(open.begin(), open.end(), random);
  const auto fate = random() % 4;  // of all of them: gone, there, or each its own
  for (const std::size_t i : open) {
    const DiskStep& step = record.steps[i];
    const auto own = fate < 2 ? fate : 2 + random() % 3;
    if (own == 0 || own == 2) continue;
    if (own == 4 && step.kind == DiskStep::Kind::write) {
      put_on_in_part(step, files[step.file], random);
    } else {
      put_on(step, files[step.file]);
    }
  }
  return files;
}

/// Why this image isn't what a cut may leave; empty: it is.
std::string recover(const Record& record, const Files& files, std::size_t count) {
  const Folder folder;
  for (const auto& [name, bytes] : files) std::ofstream(folder.path() / name, std::ios::binary) << bytes;
  const auto begun = std::upper_bound(record.acknowledged.begin(), record.acknowledged.end(), count);
  const auto acknowledged = static_cast<std::size_t>(begun - record.acknowledged.begin());
  const auto opened = Store::open(folder.database());
  if (!opened) return "it doesn't open: " + opened.error().message;
  if (const std::string sound = integrity(folder.database()); sound != "ok") return "damaged: " + sound;
  if (acknowledged == 0) return {};
  const std::string found = contents(folder.database());
  const auto from = record.states.begin() + static_cast<std::ptrdiff_t>(acknowledged) - 1;
  const auto to = std::min(from + 2, record.states.end());
  if (std::find(from, to, found) != to) return {};
  return fmt::format("{} transactions were acknowledged, and that isn't what they left", acknowledged - 1);
}

std::size_t wish(const char* name, std::size_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

TEST_CASE("after a power cut at any moment the database opens and has all that was acknowledged") {
  const Record record = record_history();
  const std::size_t images = wish("MILLRACE_IMAGES", 1'000);
  const std::size_t seed = wish("MILLRACE_SEED", 1);
  for (std::size_t n = 0; n < images; ++n) {
    std::mt19937_64 random(seed * 1'000'003 + n);
    const std::size_t count = 1 + random() % record.steps.size();
    const Files files = image(record, count, true, random);
    const std::string wrong = recover(record, files, count);
    INFO("seed " << seed << " image " << n << " cut behind step " << count << " of " << record.steps.size());
    REQUIRE(wrong == "");
  }
  WARN("images of a power cut: " << images << " over " << record.steps.size() << " steps of the disk");
}

TEST_CASE("a disk that only says it has synced loses what was acknowledged: the test above can fail") {
  const Record record = record_history();
  int lost = 0;
  for (std::size_t n = 0; n < 50; ++n) {
    std::mt19937_64 random(n);
    const std::size_t count = record.steps.size() / 2 + random() % (record.steps.size() / 2);
    lost += recover(record, image(record, count, false, random), count).empty() ? 0 : 1;
  }
  CHECK(lost > 10);
}

}  // namespace millrace::test
