#include "data/publish.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/crash_point.h"
#include "data/durable_files.h"
#include "data/parquet_footer.h"
#include "data/tree_hash.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t schema_bytes = 256u << 10;  // beyond this a schema is left out
constexpr std::size_t described_files = 10'000;   // footers read for the rows of one output

std::unexpected<Error> failed(std::string_view what, const fs::path& path) {
  return fail(ErrorKind::unavailable,
              fmt::format("can't {} {}: {}", what, path.string(), std::strerror(errno)));
}

}  // namespace

void describe(const fs::path& root, const std::vector<std::string>& files, PublishedOutput& out) {
  if (files.size() > described_files) return;
  std::int64_t rows = 0;
  std::vector<std::pair<std::string, std::string>> columns;
  bool any = false;
  for (const std::string& file : files) {
    const fs::path path = file.empty() ? root : root / file;
    const auto footer = path.extension() == ".parquet" ? read_parquet_footer(path) : std::nullopt;
    if (!footer) return;
    rows += footer->rows;
    if (!any) columns = footer->columns;
    any = true;
  }
  if (!any) return;
  out.rows = rows;
  nlohmann::json schema = nlohmann::json::array();
  for (const auto& [name, type] : columns) schema.push_back({{"name", name}, {"type", type}});
  out.schema = schema.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (out.schema.size() > schema_bytes) out.schema.clear();
}

Publisher::~Publisher() {
  for (const int fd : locks_) close(fd);
}

Result<void> Publisher::make_scratch() const {
  for (const StagedOutput& output : plan_.outputs) {
    std::error_code error;
    fs::create_directories(output.staged.parent_path(), error);
    if (error)
      return fail(ErrorKind::unavailable, fmt::format("can't make {} for the output {}: {}",
                                                      output.staged.parent_path().string(), output.dataset,
                                                      error.message()));
  }
  return {};
}

Result<PublishReport> Publisher::prepare() {
  PublishReport report;
  for (StagedOutput& output : plan_.outputs) {
    auto prepared = prepare_one(output);
    if (!prepared) return std::unexpected(prepared.error());
    report.outputs.push_back(std::move(*prepared));
  }
  CRASH_POINT("publish.prepared");
  if (auto written = replace_file(plan_.report, report_json(report)); !written)
    return std::unexpected(written.error());
  CRASH_POINT("publish.reported");
  return report;
}

Result<PublishedOutput> Publisher::prepare_one(StagedOutput& output) {
  struct stat facts{};
  if (lstat(output.staged.c_str(), &facts) != 0)
    return fail(ErrorKind::not_found,
                fmt::format("output missing: {}: the task ended well and wrote nothing to {}", output.dataset,
                            output.staged.string()));
  if (auto made = make_folders(output.target.parent_path()); !made) return std::unexpected(made.error());
  if (output.merge && S_ISDIR(facts.st_mode)) {
    if (auto locked = lock(output); !locked) return std::unexpected(locked.error());
    CRASH_POINT("publish.merge_locked");
    if (auto merged = merge(output); !merged) return std::unexpected(merged.error());
    CRASH_POINT("publish.merged");
  }
  const auto tree = hash_tree(output.staged, plan_.threads);
  if (!tree)
    return fail(tree.error().kind, fmt::format("output {}: {}", output.dataset, tree.error().message));
  CRASH_POINT("publish.hashed");
  std::vector<std::string> files;
  for (const HashedFile& file : tree->files) files.push_back(file.path);
  if (auto synced = sync_tree(output.staged, files); !synced) return std::unexpected(synced.error());
  if (lstat(output.staged.c_str(), &facts) != 0) return failed("look at", output.staged);
  CRASH_POINT("publish.synced");
  PublishedOutput out;
  out.dataset = output.dataset;
  out.hash = tree->hash;
  out.path = output.target.string();
  out.bytes = tree->bytes;
  out.files = static_cast<std::int64_t>(tree->files.size());
  out.device = facts.st_dev;
  out.inode = facts.st_ino;
  describe(output.staged, files, out);
  return out;
}

/// Instances of a mapped task that publish into one folder take turns. The lock is on the folder above, so
/// that no file is left of it, and ends with this process.
Result<void> Publisher::lock(const StagedOutput& output) {
  const fs::path parent = output.target.parent_path();
  const int fd = open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failed("open", parent);
  locks_.push_back(fd);
  // Two outputs in one folder: the second lock would wait for the first.
  struct stat mine{}, other{};
  if (fstat(fd, &mine) != 0) return failed("look at", parent);
  for (const int held : locks_)
    if (held != fd && fstat(held, &other) == 0 && other.st_ino == mine.st_ino && other.st_dev == mine.st_dev)
      return {};
  while (flock(fd, LOCK_EX) != 0)
    if (errno != EINTR) return failed("lock", parent);
  return {};
}

/// Lays what is there already beside what the task wrote: linked, not copied.
Result<void> Publisher::merge(StagedOutput& output) const {
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(output.target, error))) return {};
  for (auto at = fs::recursive_directory_iterator(output.target, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    const fs::path to = output.staged / at->path().lexically_relative(output.target);
    if (at->is_directory()) {
      fs::create_directories(to, error);
    } else if (!fs::exists(fs::symlink_status(to))) {
      fs::create_hard_link(at->path(), to, error);
      if (error) fs::copy(at->path(), to, error);
    }
    if (error) break;
  }
  if (!error) return {};
  return fail(ErrorKind::unavailable, fmt::format("output {}: can't join with {}: {}", output.dataset,
                                                  output.target.string(), error.message()));
}

Result<void> Publisher::move() {
  for (const StagedOutput& output : plan_.outputs) {
    if (auto moved = move_into_place(output.staged, output.target); !moved) return moved;
    CRASH_POINT("publish.moved");
  }
  CRASH_POINT("publish.done");
  return {};
}

Result<void> Publisher::refuse(PublishReport report) const {
  return replace_file(plan_.report, report_json(report));
}

void Publisher::remove_scratch() const {
  std::error_code ignored;  // whatever is left is swept by the daemon
  for (const fs::path& folder : plan_.scratch) fs::remove_all(folder, ignored);
}

}  // namespace millrace
