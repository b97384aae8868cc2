#include "daemon/data_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <thread>

#include "base/time.h"
#include "daemon/paths.h"
#include "data/tree_hash.h"
#include "store/database_copy.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t shown_problems = 20;

Paths paths_of(const std::string& data_dir) { return {fs::absolute(data_dir).lexically_normal()}; }

void append(std::vector<std::string>& all, const std::vector<std::string>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

/// What a partition holds must be what its newest version says.
std::string problem_of(const DatasetVersionRow& version, bool hash) {
  const std::string what = fmt::format("{} {}", version.dataset, to_date(version.partition));
  std::error_code error;
  const auto status = fs::status(version.path, error);
  if (!fs::exists(status)) return fmt::format("{}: '{}' isn't there", what, version.path);
  if (fs::is_regular_file(status)) {
    const auto bytes = static_cast<std::int64_t>(fs::file_size(version.path, error));
    if (error || bytes != version.bytes)
      return fmt::format("{}: '{}' has {} bytes, not {}", what, version.path, error ? 0 : bytes,
                         version.bytes);
  }
  if (!hash) return {};
  const auto found = hash_tree(version.path, static_cast<int>(std::thread::hardware_concurrency()));
  if (!found) return fmt::format("{}: {}", what, found.error().message);
  if (found->hash == version.hash) return {};
  return fmt::format("{}: '{}' holds {}, not {}", what, version.path, found->hash, version.hash);
}

}  // namespace

Result<cli::BackupDone> backup_folder(const std::string& data_dir, const std::string& file) {
  const auto copied = copy_database(paths_of(data_dir).database(), fs::absolute(file));
  if (!copied) return std::unexpected(copied.error());
  return cli::BackupDone{fs::absolute(file).string(), copied->bytes, copied->runs, copied->schema, {}};
}

Result<cli::BackupDone> restore_folder(const std::string& file, const std::string& data_dir, bool force) {
  const auto check = check_database(file);
  if (!check) return std::unexpected(check.error());
  std::vector<std::string> problems = check->pages;
  append(problems, check->schema);
  append(problems, check->audit);
  if (!problems.empty())
    return fail(ErrorKind::invalid, fmt::format("'{}' isn't restored: {}", file, problems.front()));
  const Paths paths = paths_of(data_dir);
  std::error_code error;
  if (!force && fs::exists(paths.root, error) && !fs::is_empty(paths.root, error))
    return fail(ErrorKind::conflict,
                fmt::format("'{}' isn't empty; --force puts the copy in the place of its database, which "
                            "stays beside it",
                            paths.root.string()));
  fs::create_directories(paths.root.parent_path(), error);
  if (mkdir(paths.root.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(ErrorKind::unavailable,
                fmt::format("'{}' can't be made: {}", paths.root.string(),
                            std::error_code(errno, std::generic_category()).message()));
  const auto kept = put_in_place(file, paths.database());
  if (!kept) return std::unexpected(kept.error());
  return cli::BackupDone{paths.database().string(), check->facts.bytes, check->facts.runs,
                         check->facts.schema, kept->string()};
}

Result<std::vector<cli::Finding>> verify_folder(const std::string& data_dir, bool hash,
                                                const cli::Progress& progress) {
  const Paths paths = paths_of(data_dir);
  progress("the database");
  const auto check = check_database(paths.database());
  if (!check) return std::unexpected(check.error());
  std::vector<cli::Finding> out;
  out.push_back({"pages", check->facts.bytes, check->pages});
  out.push_back({"references", check->facts.runs, check->references});
  out.push_back({"schema", check->facts.schema, check->schema});
  out.push_back({"audit log", check->audit_rows, check->audit});
  cli::Finding datasets{"datasets", 0, {}};
  std::int64_t left_out = 0;
  const auto looked = for_each_current_version(paths.database(), [&](const DatasetVersionRow& version) {
    ++datasets.seen;
    progress(fmt::format("partition {}: {}", datasets.seen, version.dataset));
    std::string problem = problem_of(version, hash);
    if (problem.empty()) return;
    if (datasets.problems.size() < shown_problems) {
      datasets.problems.push_back(std::move(problem));
    } else {
      ++left_out;
    }
  });
  if (!looked) return std::unexpected(looked.error());
  if (left_out > 0) datasets.problems.push_back(fmt::format("and {} more", left_out));
  out.push_back(std::move(datasets));
  return out;
}

}  // namespace millrace
