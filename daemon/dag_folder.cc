#include "daemon/dag_folder.h"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>
#include <set>

#include "base/crash_point.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/sha256.h"
#include "daemon/dag_files.h"
#include "dags/parser.h"

namespace millrace {

namespace fs = std::filesystem;

struct DagFolder::File {
  std::int64_t inode = 0, size = -1, mtime_ns = 0, ctime_ns = 0;
  std::string content_hash;  ///< of the bytes last read
  std::string dag_id;        ///< that it defines; empty: none yet
  bool present = false;
};

struct DagFolder::Watch {
  explicit Watch(boost::asio::io_context& io)
      : changes(io, inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), settle(io) {}
  boost::asio::posix::stream_descriptor changes;
  boost::asio::steady_timer settle;
  std::array<char, 4096> buffer{};
  std::set<std::string> folders;
};

namespace {

constexpr std::size_t files_per_folder = 20'000;
/// Editors write in several steps; one look after the last of them is enough.
constexpr auto settle_time = std::chrono::milliseconds{100};

}  // namespace

DagFolder::DagFolder(boost::asio::io_context& io, fs::path root, Ports ports)
    : root_(std::move(root)), ports_(std::move(ports)), watch_(std::make_unique<Watch>(io)) {}
DagFolder::~DagFolder() = default;

void DagFolder::known(const std::string& file_name, const std::string& dag_id, const std::string& source) {
  File& file = files_[file_name];
  file.content_hash = sha256_hex(source);
  file.dag_id = dag_id;
  file.present = true;
  owner_[dag_id] = file_name;
}

Result<void> DagFolder::start() {
  std::error_code error;
  if (!fs::is_directory(root_, error))
    return fail(ErrorKind::not_found,
                fmt::format("the DAG folder '{}' doesn't exist; make it or name another with "
                            "--dags",
                            root_.string()));
  scan();
  await_change();
  return {};
}

void DagFolder::watch(const fs::path& folder) {
  if (!watch_->folders.insert(folder.string()).second) return;
  const std::uint32_t what =
      IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF;
  if (inotify_add_watch(watch_->changes.native_handle(), folder.c_str(), what) < 0) {
    watch_->folders.erase(folder.string());
    log::warn("dags={} changes aren't noticed at once but at the reconciler's turn: {}", folder.string(),
              std::strerror(errno));
  }
}

void DagFolder::await_change() {
  watch_->changes.async_read_some(boost::asio::buffer(watch_->buffer), [this](auto error, std::size_t) {
    if (error) return;
    watch_->settle.expires_after(settle_time);
    watch_->settle.async_wait([this](auto cancelled) {
      if (!cancelled) scan();
    });
    await_change();
  });
}

void DagFolder::scan() {
  CRASH_POINT("folder.scanning");
  for (auto& [name, file] : files_) file.present = false;
  const FoundFiles found = find_dag_files(root_, files_per_folder, [this](const fs::path& at) { watch(at); });
  for (const FoundFile& one : found.files) {
    File& file = files_[one.name];
    if (one.problem.empty()) {
      read(one.name, found.root, one.file, file);
    } else {
      file.present = true;
      file.size = -1;
      problem(one.name, fmt::format("{}: {}", one.name, one.problem));
    }
  }
  if (found.cut) problem(".", fmt::format("more than {} files; the rest isn't read", files_per_folder));
  if (!found.failed.empty()) log::warn("dags={} can't be listed: {}", root_.string(), found.failed);
  for (auto& [name, file] : files_) {
    if (file.present) continue;
    file.size = -1;
    if (file.dag_id.empty()) {
      clear_problem(name);
    } else {
      problem(name,
              fmt::format("the file is gone; DAG '{}' stays in force as it was last seen. To remove it: "
                          "millrace dags delete {}",
                          file.dag_id, file.dag_id));
    }
  }
  publish();
}

void DagFolder::read(const std::string& name, const fs::path& root, const fs::path& path, File& file) {
  struct stat info{};
  if (stat((root / path).c_str(), &info) != 0) return;
  const auto nanoseconds = [](const timespec& t) {
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
  };
  const bool was_gone = file.size < 0;
  const bool same = file.inode == static_cast<std::int64_t>(info.st_ino) && file.size == info.st_size &&
                    file.mtime_ns == nanoseconds(info.st_mtim) && file.ctime_ns == nanoseconds(info.st_ctim);
  file.present = true;
  if (same) return;
  file.inode = static_cast<std::int64_t>(info.st_ino);
  file.size = info.st_size;
  file.mtime_ns = nanoseconds(info.st_mtim);
  file.ctime_ns = nanoseconds(info.st_ctim);
  const Result<std::string> text = read_dag_file(root, path, limits::dag_file_bytes);
  if (!text) return problem(name, fmt::format("{}: {}", name, text.error().message));
  const std::string hash = sha256_hex(*text);
  if (hash == file.content_hash && !was_gone && !problems_.contains(name)) return;
  if (hash == file.content_hash && !file.dag_id.empty()) return clear_problem(name);
  CRASH_POINT("folder.file_read");
  ParseResult parsed = parse_dag(*text);
  if (!parsed.dag) return problem(name, render(parsed.diagnostics, name, *text));
  const auto owner = owner_.find(parsed.dag->dag_id);
  if (owner != owner_.end() && owner->second != name && files_[owner->second].present)
    return problem(
        name, fmt::format("{}: dag_id '{}' is already defined by {}; two files can't define one DAG", name,
                          parsed.dag->dag_id, owner->second));
  file.content_hash = hash;
  file.dag_id = parsed.dag->dag_id;
  owner_[file.dag_id] = name;
  accept(name, *text, std::move(parsed.dag));
}

void DagFolder::accept(const std::string& name, std::string text, std::shared_ptr<const Dag> dag) {
  CRASH_POINT("folder.accepting");
  clear_problem(name);
  const std::string shown = text;
  const std::string folder = (root_ / name).parent_path().string();
  ports_.submit({std::move(text), std::move(dag), name, folder, "dag folder", {},
                 [this, name, shown](Submitted answer) {
                   if (answer.diagnostics.empty()) {
                     if (answer.changed) log::info("dag={} file={} in force", answer.dag->dag_id, name);
                     return;
                   }
                   problem(name, render(answer.diagnostics, name, shown));
                   files_[name].content_hash.clear();
                   publish();
                 }});
}

void DagFolder::problem(const std::string& name, std::string message) {
  ImportErrorRow& row = problems_[name];
  if (row.message == message) return;
  row.file_name = name;
  row.message = std::move(message);
  row.at = ports_.wall();
  problems_changed_ = true;
  log::warn("file={} not taken; the last good version stays in force: {}", name, row.message);
}

void DagFolder::clear_problem(const std::string& name) {
  if (problems_.erase(name) > 0) problems_changed_ = true;
}

void DagFolder::publish() {
  if (!problems_changed_) return;
  problems_changed_ = false;
  std::vector<ImportErrorRow> rows;
  for (const auto& [name, row] : problems_) rows.push_back(row);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].id = static_cast<std::int64_t>(i) + 1;
  CRASH_POINT("folder.problems_told");
  ports_.report(std::move(rows));
}

}  // namespace millrace
